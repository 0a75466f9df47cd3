// A condition that may go either way, and what it chooses may be anything: both at once.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 182965238056429 |
module {
  func.func @main(%arg0: tensor<4x4x2xbf16> {dl.name = "z3"}, %arg1: tensor<2x4x4x2xbf16> {dl.name = "z4"}, %arg2: tensor<2x4x4x2xbf16> {dl.name = "z5"}) -> (tensor<4x4x2xbf16> {dl.name = "y2"}) {
    %0 = dl.constant 2.000000e+00 : tensor<2x4x4x2xbf16>
    %1 = dl.fma %arg2, %arg1, %0 : tensor<2x4x4x2xbf16>
    %value, %index = dl.argmax %1 axis 0 : tensor<2x4x4x2xbf16>
    %2 = dl.cast %index : tensor<4x4x2xi64> -> tensor<4x4x2xbf16>
    %3 = dl.compare lt %2, %arg0 : tensor<4x4x2xbf16>
    %4 = dl.select %3, %2, %value : tensor<4x4x2xbf16>
    return %4 : tensor<4x4x2xbf16>
  }
}
