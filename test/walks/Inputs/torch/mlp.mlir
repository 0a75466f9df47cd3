dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x6xf32, #dl.dims<B, 6>> {dl.name = "x"},
                %w0: tensor<6x16xf32> {dl.param = #dl.param<"0.weight", he_normal(1.0), trainable>},
                %b0: tensor<16xf32> {dl.param = #dl.param<"0.bias", constant(0.0), trainable>},
                %w2: tensor<16x3xf32> {dl.param = #dl.param<"2.weight", he_normal(1.0), trainable>},
                %b2: tensor<3xf32> {dl.param = #dl.param<"2.bias", constant(0.0), trainable>})
    -> (tensor<?x3xf32, #dl.dims<B, 3>> {dl.name = "y"}) {
  %0 = dl.matmul %x, %w0 : tensor<?x6xf32, #dl.dims<B, 6>>, tensor<6x16xf32>
  %1 = dl.broadcast %b0 dims [1] : tensor<16xf32> -> tensor<?x16xf32, #dl.dims<B, 16>>
  %2 = dl.add %0, %1 : tensor<?x16xf32, #dl.dims<B, 16>>
  %3 = dl.relu %2 : tensor<?x16xf32, #dl.dims<B, 16>>
  %4 = dl.matmul %3, %w2 : tensor<?x16xf32, #dl.dims<B, 16>>, tensor<16x3xf32>
  %5 = dl.broadcast %b2 dims [1] : tensor<3xf32> -> tensor<?x3xf32, #dl.dims<B, 3>>
  %6 = dl.add %4, %5 : tensor<?x3xf32, #dl.dims<B, 3>>
  %7 = dl.softmax %6 axis 1 : tensor<?x3xf32, #dl.dims<B, 3>>
  return %7 : tensor<?x3xf32, #dl.dims<B, 3>>
}
