// Two results of rank 0 in one kernel ended the compiler: a kernel without dimensions has no columns.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 1 |
func.func @main(%x: tensor<f32> {dl.name = "x"}) -> (tensor<f32> {dl.name = "y"}, tensor<f32> {dl.name = "z"}) {
  %0 = dl.abs %x : tensor<f32>
  %1 = dl.add %0, %0 : tensor<f32>
  return %0, %1 : tensor<f32>, tensor<f32>
}
