// The gradient of a mean divided by the number of elements as bf16 holds it: 256 for 257.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 1142381227998 train | B=257
module {
  dl.symbol @B : 0 to 267
  func.func @main(%arg0: tensor<?xbf16, #dl.dims<B>> {dl.name = "x3"}) -> (tensor<bf16> {dl.name = "y3"}) {
    %0 = dl.mean %arg0 dims [0] : tensor<?xbf16, #dl.dims<B>>
    return %0 : tensor<bf16>
  }
}
