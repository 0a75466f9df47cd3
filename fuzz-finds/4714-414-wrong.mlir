// wrong, -O0 v3: @main result 0 (y0) element 2 B=31: found -8.59628905e-84, expected -8.59628905e-84 within 3.05401537e-98
// dlc-fuzz --seed 4714 --only 414 --train
// dlc-fuzz: data 144744577103601 |
module {
  func.func @main(%arg0: tensor<1x3xf64> {dl.name = "x0"}) -> (tensor<1x3xf64> {dl.name = "y0"}) {
    %0 = dl.gelu %arg0 approximate tanh : tensor<1x3xf64>
    return %0 : tensor<1x3xf64>
  }
}
