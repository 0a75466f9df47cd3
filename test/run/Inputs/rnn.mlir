func.func @main(%x: tensor<4xf32> {dl.name = "x"}, %gain: tensor<f32> {dl.name = "gain", dl.usual = 0.5 : f64},
                %w: tensor<4x8xf32> {dl.param = #dl.param<"w", xavier_uniform(1.0), trainable>},
                %u: tensor<8x8xf32> {dl.param = #dl.param<"u", xavier_uniform(1.0), trainable>},
                %h: tensor<1x8xf32> {dl.param = #dl.param<"h", constant(0.25), state>})
    -> (tensor<1x8xf32> {dl.name = "y"}, tensor<1x8xf32> {dl.state = "h"}) {
  %r = dl.reshape %x : tensor<4xf32> -> tensor<1x4xf32>
  %a = dl.matmul %r, %w : tensor<1x4xf32>, tensor<4x8xf32>
  %b = dl.matmul %h, %u : tensor<1x8xf32>, tensor<8x8xf32>
  %g = dl.broadcast %gain dims [] : tensor<f32> -> tensor<1x8xf32>
  %c = dl.mul %b, %g : tensor<1x8xf32>
  %s = dl.add %a, %c : tensor<1x8xf32>
  %n = dl.tanh %s : tensor<1x8xf32>
  return %n, %n : tensor<1x8xf32>, tensor<1x8xf32>
}
