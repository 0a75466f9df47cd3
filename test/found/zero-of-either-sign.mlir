// Nothing times what is 0 within its bound is a zero of either sign, and a division tells them apart.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 205759736422763 train |
module {
  func.func @main(%arg0: tensor<1x8x8x3xbf16> {dl.param = #dl.param<"x7", constant(5.000000e-01), trainable>}, %arg1: tensor<1x8x8x3xbf16> {dl.name = "z4"}, %arg2: tensor<1x8x8x3xbf16> {dl.name = "z3"}) -> (tensor<1x8x8x3xbf16> {dl.name = "y3"}) {
    %0 = dl.lgamma %arg2 : tensor<1x8x8x3xbf16>
    %1 = dl.relu %arg1 : tensor<1x8x8x3xbf16>
    %2 = dl.mul %1, %0 : tensor<1x8x8x3xbf16>
    %3 = dl.div %arg0, %2 : tensor<1x8x8x3xbf16>
    return %3 : tensor<1x8x8x3xbf16>
  }
}
