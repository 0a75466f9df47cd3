dl.symbol @B : 1 to 64
func.func @main(%image: tensor<?x6x8x2xf32, #dl.dims<B, 6, 8, 2>> {dl.name = "x"},
                %w: tensor<3x3x2x4xf32> {dl.param = #dl.param<"conv.weight", he_normal(1.0), trainable>},
                %b: tensor<4xf32> {dl.param = #dl.param<"conv.bias", constant(0.0), trainable>},
                %gamma: tensor<4xf32> {dl.param = #dl.param<"norm.gamma", constant(1.0), trainable>},
                %beta: tensor<4xf32> {dl.param = #dl.param<"norm.beta", constant(0.0), trainable>},
                %mean: tensor<4xf32> {dl.param = #dl.param<"norm.running_mean", constant(0.0), non_trainable>},
                %var: tensor<4xf32> {dl.param = #dl.param<"norm.running_var", constant(1.0), non_trainable>},
                %fw: tensor<48x5xf32> {dl.param = #dl.param<"classifier.weight", he_normal(1.0), trainable>},
                %fb: tensor<5xf32> {dl.param = #dl.param<"classifier.bias", constant(0.0), trainable>})
    -> (tensor<?x5xf32, #dl.dims<B, 5>> {dl.name = "y"}) {
  %0 = dl.conv2d %image, %w padding [1, 1, 1, 1] : tensor<?x6x8x2xf32, #dl.dims<B, 6, 8, 2>>, tensor<3x3x2x4xf32>
  %1 = dl.broadcast %b dims [3] : tensor<4xf32> -> tensor<?x6x8x4xf32, #dl.dims<B, 6, 8, 4>>
  %2 = dl.add %0, %1 : tensor<?x6x8x4xf32, #dl.dims<B, 6, 8, 4>>
  %3 = dl.batch_norm %2, %gamma, %beta, %mean, %var : tensor<?x6x8x4xf32, #dl.dims<B, 6, 8, 4>>, tensor<4xf32>
  %4 = dl.relu %3 : tensor<?x6x8x4xf32, #dl.dims<B, 6, 8, 4>>
  %5, %i = dl.max_pool2d %4 kernel [2, 2] strides [2, 2] : tensor<?x6x8x4xf32, #dl.dims<B, 6, 8, 4>>
  %6 = dl.reshape %5 : tensor<?x3x4x4xf32, #dl.dims<B, 3, 4, 4>> -> tensor<?x48xf32, #dl.dims<B, 48>>
  %7 = dl.matmul %6, %fw : tensor<?x48xf32, #dl.dims<B, 48>>, tensor<48x5xf32>
  %8 = dl.broadcast %fb dims [1] : tensor<5xf32> -> tensor<?x5xf32, #dl.dims<B, 5>>
  %9 = dl.add %7, %8 : tensor<?x5xf32, #dl.dims<B, 5>>
  return %9 : tensor<?x5xf32, #dl.dims<B, 5>>
}
