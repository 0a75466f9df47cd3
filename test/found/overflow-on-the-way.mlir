// A sum of terms of both signs may reach either infinity first, whatever its value.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 247843530135160 |
module {
  func.func @main(%arg0: tensor<1x1x3x65xf32> {dl.param = #dl.param<"x2", constant(5.000000e-01), non_trainable>}, %arg1: tensor<2x2x5x13xf32> {dl.name = "x3"}) -> (tensor<1x1x3x65xf32> {dl.state = "x2"}) {
    %0 = dl.conv2d %arg0, %arg1 padding [1, 0, 3, 3] groups 13 : tensor<1x1x3x65xf32>, tensor<2x2x5x13xf32>
    %1 = dl.conv2d_input_grad %0, %arg1 padding [1, 0, 3, 3] groups 13 : tensor<1x4x5x13xf32>, tensor<2x2x5x13xf32> -> tensor<1x1x3x65xf32>
    return %1 : tensor<1x1x3x65xf32>
  }
}
