// An image narrower than the stride has no pixel in the later residues; their tiles were stored beside it.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 1 |
func.func @main(%dy: tensor<1x1x1x1xf32> {dl.name = "dy"}, %w: tensor<1x1x1x1xf32> {dl.name = "w"})
    -> (tensor<1x1x1x1xf32> {dl.name = "dx"}) {
  %0 = dl.conv2d_input_grad %dy, %w strides [1, 2] : tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32> -> tensor<1x1x1x1xf32>
  return %0 : tensor<1x1x1x1xf32>
}
