// A masked store of one bf16 lane wrote 32 bits where the CPU has AVX-512: over the element behind it.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 69428263316012 |
func.func @main(%x: tensor<1x1x1x1xbf16> {dl.name = "x3"}, %w: tensor<1x1x1x1xbf16> {dl.name = "x4"})
    -> (tensor<1x1x2x1xbf16> {dl.name = "y0"}) {
  %0 = dl.conv2d %x, %w padding [0, 1, 0, 0] : tensor<1x1x1x1xbf16>, tensor<1x1x1x1xbf16>
  return %0 : tensor<1x1x2x1xbf16>
}
