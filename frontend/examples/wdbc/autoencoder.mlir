// 30 measures through 3 units and back.
dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x30xf32, #dl.dims<B, 30>> {dl.name = "measures"},
                %w1: tensor<30x3xf32> {dl.param = #dl.param<"encode.weight", xavier_uniform(1.0), trainable>},
                %b1: tensor<3xf32> {dl.param = #dl.param<"encode.bias", constant(0.0), trainable>},
                %w2: tensor<3x30xf32> {dl.param = #dl.param<"decode.weight", xavier_uniform(1.0), trainable>},
                %b2: tensor<30xf32> {dl.param = #dl.param<"decode.bias", constant(0.0), trainable>})
    -> (tensor<?x30xf32, #dl.dims<B, 30>> {dl.name = "again"}, tensor<?x3xf32, #dl.dims<B, 3>> {dl.name = "code"}) {
  %0 = dl.matmul %x, %w1 : tensor<?x30xf32, #dl.dims<B, 30>>, tensor<30x3xf32>
  %1 = dl.broadcast %b1 dims [1] : tensor<3xf32> -> tensor<?x3xf32, #dl.dims<B, 3>>
  %2 = dl.add %0, %1 : tensor<?x3xf32, #dl.dims<B, 3>>
  %code = dl.tanh %2 : tensor<?x3xf32, #dl.dims<B, 3>>
  %3 = dl.matmul %code, %w2 : tensor<?x3xf32, #dl.dims<B, 3>>, tensor<3x30xf32>
  %4 = dl.broadcast %b2 dims [1] : tensor<30xf32> -> tensor<?x30xf32, #dl.dims<B, 30>>
  %again = dl.add %3, %4 : tensor<?x30xf32, #dl.dims<B, 30>>
  return %again, %code : tensor<?x30xf32, #dl.dims<B, 30>>, tensor<?x3xf32, #dl.dims<B, 3>>
}
