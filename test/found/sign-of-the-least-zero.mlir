// Which of two zeros the least is, is left open, and digamma's pole shows it.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 176232966464587 |
module {
  func.func @main(%arg0: tensor<2x2x1x2xf32> {dl.name = "x2"}, %arg1: tensor<2x2x1x2xf32> {dl.name = "x3"}, %arg2: tensor<2x2x0x2xf32> {dl.name = "x4"}) -> (tensor<2x2xf32> {dl.name = "y1"}) {
    %0 = dl.concat %arg1, %arg0, %arg2 axis 2 : tensor<2x2x1x2xf32>, tensor<2x2x1x2xf32>, tensor<2x2x0x2xf32>
    %1 = dl.min %0 dims [0, 3] : tensor<2x2x2x2xf32>
    %2 = dl.digamma %1 : tensor<2x2xf32>
    return %2 : tensor<2x2xf32>
  }
}
