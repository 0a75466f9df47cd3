// Batch and rows of a transposed operand were taken for one dimension where the stride between batches is symbolic.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 3 | B=2 | B=5
dl.symbol @B : 1 to 54
func.func @main(%x: tensor<?x2xf32, #dl.dims<B, 2>> {dl.name = "x"}, %z: tensor<2x?x2xf32, #dl.dims<2, B, 2>> {dl.name = "z"})
    -> (tensor<2x2x2xf32> {dl.name = "y"}) {
  %0 = dl.matmul %z transposed, %x : tensor<2x?x2xf32, #dl.dims<2, B, 2>>, tensor<?x2xf32, #dl.dims<B, 2>>
  return %0 : tensor<2x2x2xf32>
}
