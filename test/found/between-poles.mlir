// A sum of 10^15 lies between whole numbers, where lgamma has its poles; moved by its bound it meets whole numbers alone.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 5962220050404 |
module {
  func.func @main(%arg0: tensor<1x6x8x32xf64> {dl.param = #dl.param<"x1", constant(5.000000e-01), trainable>}, %arg1: tensor<2x1x2x16xf64> {dl.param = #dl.param<"x2", constant(5.000000e-01), state>}) -> (tensor<2x1x2x16xf64> {dl.name = "y3"}) {
    %0 = dl.conv2d %arg0, %arg1 strides [2, 1] groups 16 : tensor<1x6x8x32xf64>, tensor<2x1x2x16xf64>
    %1 = dl.conv2d_weight_grad %arg0, %0 strides [2, 1] groups 16 : tensor<1x6x8x32xf64>, tensor<1x3x8x16xf64> -> tensor<2x1x2x16xf64>
    %2 = dl.lgamma %1 : tensor<2x1x2x16xf64>
    return %2 : tensor<2x1x2x16xf64>
  }
}
