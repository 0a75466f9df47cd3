// A bound of more than a period of the tangent holds a pole, wherever its ends lie.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 41175019785204 |
module {
  func.func @main(%arg0: tensor<2x11xbf16> {dl.param = #dl.param<"x1", constant(5.000000e-01), trainable>}, %arg1: tensor<11x2xbf16> {dl.param = #dl.param<"x2", constant(5.000000e-01), trainable>}) -> (tensor<11x11xbf16> {dl.name = "y0"}) {
    %0 = dl.matmul %arg0 transposed, %arg1 transposed : tensor<2x11xbf16>, tensor<11x2xbf16>
    %1 = dl.tan %0 : tensor<11x11xbf16>
    return %1 : tensor<11x11xbf16>
  }
}
