// digamma near a pole, its exponential, and a cosine of 10^27: differences see nothing of the slope there.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 61279949777290 train |
func.func @main(%x: tensor<2x2x2x2xbf16> {dl.name = "x4"}) -> (tensor<2x2x2x2xbf16> {dl.name = "y12"}) {
  %0 = dl.digamma %x : tensor<2x2x2x2xbf16>
  %1 = dl.expm1 %0 : tensor<2x2x2x2xbf16>
  %2 = dl.cos %1 : tensor<2x2x2x2xbf16>
  return %2 : tensor<2x2x2x2xbf16>
}
