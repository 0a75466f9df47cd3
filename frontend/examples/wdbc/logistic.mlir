// Logistic regression on 30 standardised measures: one number, the probability of the second class.
dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x30xf32, #dl.dims<B, 30>> {dl.name = "measures"},
                %w: tensor<30x1xf32> {dl.param = #dl.param<"weight", constant(0.0), trainable>},
                %b: tensor<1xf32> {dl.param = #dl.param<"bias", constant(0.0), trainable>})
    -> (tensor<?x1xf32, #dl.dims<B, 1>> {dl.name = "probability"}) {
  %0 = dl.matmul %x, %w : tensor<?x30xf32, #dl.dims<B, 30>>, tensor<30x1xf32>
  %1 = dl.broadcast %b dims [1] : tensor<1xf32> -> tensor<?x1xf32, #dl.dims<B, 1>>
  %2 = dl.add %0, %1 : tensor<?x1xf32, #dl.dims<B, 1>>
  %3 = dl.sigmoid %2 : tensor<?x1xf32, #dl.dims<B, 1>>
  return %3 : tensor<?x1xf32, #dl.dims<B, 1>>
}
