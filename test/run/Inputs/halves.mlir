dl.symbol @H : 2 to 64
dl.symbol @W : 2 to 64
func.func @main(%x: tensor<?x?xf32, #dl.dims<H, W>> {dl.name = "x"},
                %z: tensor<?xf32, #dl.dims<(H floordiv 2) * (W floordiv 2) + H mod 2>> {dl.name = "z"})
    -> (tensor<?xf32, #dl.dims<(H floordiv 2) * (W floordiv 2) + H mod 2>> {dl.name = "y"}) {
  %0 = dl.exp %z : tensor<?xf32, #dl.dims<(H floordiv 2) * (W floordiv 2) + H mod 2>>
  return %0 : tensor<?xf32, #dl.dims<(H floordiv 2) * (W floordiv 2) + H mod 2>>
}
