// Taps that no window has were left out of the packed filter, counted by elements: the second channel of a tap went with them.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 2 | B=1 | B=3
dl.symbol @B : 0 to 45
func.func @main(%x: tensor<?x2x1x2xf32, #dl.dims<B, 2, 1, 2>> {dl.name = "x"}, %w: tensor<2x3x2x1xf32> {dl.name = "w"})
    -> (tensor<?x2x1x1xf32, #dl.dims<B, 2, 1, 1>> {dl.name = "y"}) {
  %0 = dl.conv2d %x, %w strides [2, 1] padding [2, 0, 0, 2] : tensor<?x2x1x2xf32, #dl.dims<B, 2, 1, 2>>, tensor<2x3x2x1xf32>
  return %0 : tensor<?x2x1x1xf32, #dl.dims<B, 2, 1, 1>>
}
