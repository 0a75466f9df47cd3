// Whether a point of the plane lies in a ring: 2-32-2, relu and softmax.
dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x2xf32, #dl.dims<B, 2>> {dl.name = "point"},
                %w1: tensor<2x32xf32> {dl.param = #dl.param<"hidden.weight", he_uniform(1.0), trainable>},
                %b1: tensor<32xf32> {dl.param = #dl.param<"hidden.bias", uniform(1.0), trainable>},
                %w2: tensor<32x2xf32> {dl.param = #dl.param<"out.weight", xavier_uniform(1.0), trainable>},
                %b2: tensor<2xf32> {dl.param = #dl.param<"out.bias", constant(0.0), trainable>})
    -> (tensor<?x2xf32, #dl.dims<B, 2>> {dl.name = "probabilities"}) {
  %0 = dl.matmul %x, %w1 : tensor<?x2xf32, #dl.dims<B, 2>>, tensor<2x32xf32>
  %1 = dl.broadcast %b1 dims [1] : tensor<32xf32> -> tensor<?x32xf32, #dl.dims<B, 32>>
  %2 = dl.add %0, %1 : tensor<?x32xf32, #dl.dims<B, 32>>
  %3 = dl.relu %2 : tensor<?x32xf32, #dl.dims<B, 32>>
  %4 = dl.matmul %3, %w2 : tensor<?x32xf32, #dl.dims<B, 32>>, tensor<32x2xf32>
  %5 = dl.broadcast %b2 dims [1] : tensor<2xf32> -> tensor<?x2xf32, #dl.dims<B, 2>>
  %6 = dl.add %4, %5 : tensor<?x2xf32, #dl.dims<B, 2>>
  %7 = dl.softmax %6 axis 1 : tensor<?x2xf32, #dl.dims<B, 2>>
  return %7 : tensor<?x2xf32, #dl.dims<B, 2>>
}
