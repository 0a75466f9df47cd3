dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x784xf32, #dl.dims<B, 784>> {dl.name = "image"},
                %w: tensor<784x10xf32> {dl.param = #dl.param<"w", xavier_uniform(1.0), trainable>},
                %h: tensor<10xf32> {dl.param = #dl.param<"h", constant(0.0), state>})
    -> (tensor<?x10xf32, #dl.dims<B, 10>> {dl.name = "probabilities"}, tensor<10xf32> {dl.state = "h"}) {
  %l = dl.matmul %x, %w : tensor<?x784xf32, #dl.dims<B, 784>>, tensor<784x10xf32>
  %b = dl.broadcast %h dims [1] : tensor<10xf32> -> tensor<?x10xf32, #dl.dims<B, 10>>
  %s = dl.add %l, %b : tensor<?x10xf32, #dl.dims<B, 10>>
  %y = dl.softmax %s axis 1 : tensor<?x10xf32, #dl.dims<B, 10>>
  %r = dl.slice %w offsets <0, 0> sizes <1, 10> strides [1, 1] : tensor<784x10xf32>
  %f = dl.reshape %r : tensor<1x10xf32> -> tensor<10xf32>
  %n = dl.add %h, %f : tensor<10xf32>
  return %y, %n : tensor<?x10xf32, #dl.dims<B, 10>>, tensor<10xf32>
}
