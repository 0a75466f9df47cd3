func.func @main(%x: tensor<2xf32> {dl.name = "x"}) -> tensor<2xf32> {
  %y = dl.exp %x : tensor<2xf32>
  return %y : tensor<2xf32>
}
