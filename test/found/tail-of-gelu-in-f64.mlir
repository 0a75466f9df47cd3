// Far below 0 an error of the exponent's is many of the value's, and f64 has no more digits for it.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 165184758817503 |
module {
  func.func @main(%arg0: tensor<2x7xf64> {dl.name = "x2"}) -> (tensor<2x2xf64> {dl.name = "y2"}) {
    %0 = dl.slice %arg0 offsets <0, 3> sizes <2, 2> strides [1, 1] : tensor<2x7xf64>
    %1 = dl.gelu %0 approximate tanh : tensor<2x2xf64>
    return %1 : tensor<2x2xf64>
  }
}
