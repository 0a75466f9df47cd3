// The sum of two elements that may be anything, here NaN, may be anything too.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 21347951504480 train |
module {
  func.func @main(%arg0: tensor<6x2x6xbf16> {dl.name = "x3"}, %arg1: tensor<6x2x6xbf16> {dl.name = "x4"}) -> (tensor<6x2x6xbf16> {dl.name = "y4"}) {
    %0 = dl.fma %arg0, %arg0, %arg1 : tensor<6x2x6xbf16>
    %1 = dl.acos %0 : tensor<6x2x6xbf16>
    return %1 : tensor<6x2x6xbf16>
  }
}
