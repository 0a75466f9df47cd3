func.func @main(%x: tensor<8x4xf32> {dl.name = "x"}, %w: tensor<4x3xf32> {dl.param = #dl.param<"w", constant(0.5), trainable>}, %u: tensor<4x3xf32> {dl.param = #dl.param<"u", constant(0.5), trainable>})
    -> (tensor<8x3xf32> {dl.name = "p"}) {
  %0 = dl.matmul %x, %w : tensor<8x4xf32>, tensor<4x3xf32>
  %1 = dl.softmax %0 axis 1 : tensor<8x3xf32>
  return %1 : tensor<8x3xf32>
}
