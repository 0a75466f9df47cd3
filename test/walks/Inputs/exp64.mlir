func.func @main(%x: tensor<8xf64> {dl.name = "x"}) -> (tensor<8xf64> {dl.name = "y"}) {
  %0 = dl.exp %x : tensor<8xf64>
  return %0 : tensor<8xf64>
}
