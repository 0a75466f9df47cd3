// lgamma(2) is 0 within its bound, and that times infinity NaN or an infinity: a condition that may go either way chooses between such
// a product and NaN.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 57869262830718 |
module {
  func.func @main(%arg0: tensor<1xf64> {dl.name = "x4"}, %arg1: tensor<7xi32> {dl.name = "x5"}, %arg2: tensor<7xf64> {dl.name = "x6"}, %arg3: tensor<7xf64> {dl.name = "z8"}, %arg4: tensor<7xi32> {dl.name = "z8z"}, %arg5: tensor<7xf64> {dl.name = "z9"}) -> (tensor<7xf64> {dl.name = "y7"}) {
    %0 = dl.minimum %arg1, %arg4 : tensor<7xi32>
    %1 = dl.gather %arg0, %0 axis 0 : tensor<1xf64>, tensor<7xi32>
    %2 = dl.lgamma %1 : tensor<7xf64>
    %3 = dl.mul %arg2, %2 : tensor<7xf64>
    %4 = dl.rsqrt %arg5 : tensor<7xf64>
    %5 = dl.compare lt %3, %arg3 : tensor<7xf64>
    %6 = dl.select %5, %3, %4 : tensor<7xf64>
    return %6 : tensor<7xf64>
  }
}
