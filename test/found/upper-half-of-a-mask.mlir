// A part of what is concatenated under a tail: on AVX2 LLVM read the upper half of the vector whether the mask had it or not.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 110455576488452 |
module {
  func.func @main(%arg0: tensor<1x1x1xbf16> {dl.param = #dl.param<"x0", constant(5.000000e-01), trainable>}, %arg1: tensor<1x1x3xbf16> {dl.name = "x1"}, %arg2: tensor<1x1x1xi64> {dl.name = "x2"}, %arg3: tensor<1x1x1xi64> {dl.name = "x3"}, %arg4: tensor<1x1x3xi1> {dl.name = "z4"}) -> (tensor<1x1x3xbf16> {dl.name = "y0"}) {
    %0 = dl.matmul %arg0, %arg1 : tensor<1x1x1xbf16>, tensor<1x1x3xbf16>
    %1 = dl.concat %arg2, %arg3, %arg3 axis 2 : tensor<1x1x1xi64>, tensor<1x1x1xi64>, tensor<1x1x1xi64>
    %2 = dl.cast %1 : tensor<1x1x3xi64> -> tensor<1x1x3xbf16>
    %3 = dl.select %arg4, %2, %0 : tensor<1x1x3xbf16>
    return %3 : tensor<1x1x3xbf16>
  }
}
