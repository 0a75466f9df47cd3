// Where the sigmoid of f64 is a subnormal number, the reference lost bits that x sigmoid(x) has.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 150996830330726 |
module {
  func.func @main(%arg0: tensor<2x1x9x15xf64> {dl.param = #dl.param<"x0", constant(5.000000e-01), non_trainable>}, %arg1: tensor<1x1x15x2xf64> {dl.param = #dl.param<"x1", constant(5.000000e-01), non_trainable>}) -> (tensor<1x1x15x2xf64> {dl.state = "x1"}) {
    %0 = dl.conv2d %arg0, %arg1 strides [1, 3] padding [1, 0, 1, 0] : tensor<2x1x9x15xf64>, tensor<1x1x15x2xf64>
    %1 = dl.conv2d_weight_grad %arg0, %0 strides [1, 3] padding [1, 0, 1, 0] : tensor<2x1x9x15xf64>, tensor<2x3x3x2xf64> -> tensor<1x1x15x2xf64>
    %2 = dl.silu %1 : tensor<1x1x15x2xf64>
    return %2 : tensor<1x1x15x2xf64>
  }
}
