dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x784xf32, #dl.dims<B, 784>> {dl.name = "image"},
                %w: tensor<784x10xf32> {dl.param = #dl.param<"w", constant(0.0), trainable>})
    -> (tensor<?x10xf32, #dl.dims<B, 10>> {dl.name = "logits"}) {
  %y = dl.matmul %x, %w : tensor<?x784xf32, #dl.dims<B, 784>>, tensor<784x10xf32>
  return %y : tensor<?x10xf32, #dl.dims<B, 10>>
}
