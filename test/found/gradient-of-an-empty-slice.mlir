// The gradient of a slice without elements, by steps of two, had a margin of -1 element.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 1 train |
func.func @main(%x: tensor<2x3xf32> {dl.name = "x"}) -> (tensor<2x0xf32> {dl.name = "y"}) {
  %0 = dl.slice %x offsets <0, 1> sizes <2, 0> strides [1, 2] : tensor<2x3xf32>
  return %0 : tensor<2x0xf32>
}
