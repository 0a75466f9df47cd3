// A target without FMA rounds the product too; where the sum cancels, the bound has to know.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 221266290767772 |
func.func @main(%x: tensor<2x4x4x1xf32> {dl.name = "x1"}, %y: tensor<2x4x4x1xf32> {dl.name = "x2"}, %z: tensor<2x4x4x1xf32> {dl.name = "x3"})
    -> (tensor<2x4x4x1xf32> {dl.name = "y1"}) {
  %0 = dl.fma %x, %y, %z : tensor<2x4x4x1xf32>
  return %0 : tensor<2x4x4x1xf32>
}
