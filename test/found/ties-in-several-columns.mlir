// Differences at ties that cancel along the direction were taken for a derivative.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 177560194262881 train |
module {
  func.func @main(%arg0: tensor<3xbf16> {dl.name = "x0"}, %arg1: tensor<2x1x2x1xbf16> {dl.param = #dl.param<"x2", constant(5.000000e-01), trainable>}, %arg2: tensor<480x13xbf16> {dl.name = "z4"}) -> (tensor<3xbf16> {dl.name = "y0"}, tensor<2x3x3x1xbf16> {dl.name = "y1"}, tensor<480x13xbf16> {dl.name = "y3"}, tensor<13xbf16> {dl.name = "y4"}) {
    %0 = dl.sum_pool2d_grad %arg1 kernel [2, 1] strides [1, 2] dilation [2, 1] : tensor<2x1x2x1xbf16> -> tensor<2x3x3x1xbf16>
    %value, %index = dl.argmax %arg2 axis 0 : tensor<480x13xbf16>
    return %arg0, %0, %arg2, %value : tensor<3xbf16>, tensor<2x3x3x1xbf16>, tensor<480x13xbf16>, tensor<13xbf16>
  }
}
