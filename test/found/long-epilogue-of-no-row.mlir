// Ten rows in steps of three: in the last step two of three residues have no row, and where a tile has one, what follows the sums in
// a function of its own was stored behind the result.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 175389096851053 |
func.func @main(%w: tensor<2x1x1x2xf32> {dl.name = "x3"}, %dy: tensor<2x5x10x2xf32> {dl.name = "z1"})
    -> (tensor<2x10x4x1xf32> {dl.name = "y3"}) {
  %0 = dl.conv2d_input_grad %dy, %w strides [3, 1] padding [3, 3, 3, 3] dilation [3, 1] : tensor<2x5x10x2xf32>, tensor<2x1x1x2xf32> -> tensor<2x10x4x1xf32>
  %1 = dl.asin %0 : tensor<2x10x4x1xf32>
  return %1 : tensor<2x10x4x1xf32>
}
