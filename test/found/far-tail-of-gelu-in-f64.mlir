// Below 1e-100 the exponent's error is hundreds of the value's.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 103736001011657 |
module {
  func.func @main(%arg0: tensor<2x3x4xf64> {dl.name = "x0"}) -> (tensor<2x3x4xf64> {dl.name = "y2"}) {
    %0 = dl.gelu %arg0 approximate tanh : tensor<2x3x4xf64>
    return %0 : tensor<2x3x4xf64>
  }
}
