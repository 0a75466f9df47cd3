// Dropout, running statistics and a net that learns: all that a training step writes.
dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x784xf32, #dl.dims<B, 784>> {dl.name = "image"},
                %w1: tensor<784x32xf32> {dl.param = #dl.param<"fc1.weight", he_uniform(1.0), trainable>},
                %g: tensor<32xf32> {dl.param = #dl.param<"bn.weight", constant(1.0), trainable>},
                %b: tensor<32xf32> {dl.param = #dl.param<"bn.bias", constant(0.0), trainable>},
                %m: tensor<32xf32> {dl.param = #dl.param<"bn.mean", constant(0.0), non_trainable>},
                %v: tensor<32xf32> {dl.param = #dl.param<"bn.var", constant(1.0), non_trainable>},
                %w2: tensor<32x10xf32> {dl.param = #dl.param<"fc2.weight", xavier_uniform(1.0), trainable>})
    -> (tensor<?x10xf32, #dl.dims<B, 10>> {dl.name = "probabilities"}) {
  %0 = dl.matmul %x, %w1 : tensor<?x784xf32, #dl.dims<B, 784>>, tensor<784x32xf32>
  %1 = dl.batch_norm %0, %g, %b, %m, %v : tensor<?x32xf32, #dl.dims<B, 32>>, tensor<32xf32>
  %2 = dl.relu %1 : tensor<?x32xf32, #dl.dims<B, 32>>
  %3 = dl.dropout %2 rate 0.3 : tensor<?x32xf32, #dl.dims<B, 32>>
  %4 = dl.matmul %3, %w2 : tensor<?x32xf32, #dl.dims<B, 32>>, tensor<32x10xf32>
  %5 = dl.softmax %4 axis 1 : tensor<?x10xf32, #dl.dims<B, 10>>
  return %5 : tensor<?x10xf32, #dl.dims<B, 10>>
}
