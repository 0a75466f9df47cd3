// What training keeps, and what runs carry.
// RUN: dlc-opt --dl-autodiff-train="loss=mse optimizer=sgd" %s -split-input-file -verify-diagnostics

func.func @main(%x: tensor<4x3xf32> {dl.name = "x"},
                %g: tensor<3xf32> {dl.param = #dl.param<"bn.gamma", constant(1.0), trainable>},
                %b: tensor<3xf32> {dl.param = #dl.param<"bn.beta", constant(0.0), trainable>},
                // expected-error@+1 {{training keeps parameter 'bn.running_mean' with the weights, but it is state: write non_trainable}}
                %m: tensor<3xf32> {dl.param = #dl.param<"bn.running_mean", constant(0.0), state>},
                %v: tensor<3xf32> {dl.param = #dl.param<"bn.running_var", constant(1.0), non_trainable>}) -> (tensor<4x3xf32>) {
  %n = dl.batch_norm %x, %g, %b, %m, %v : tensor<4x3xf32>, tensor<3xf32>
  return %n : tensor<4x3xf32>
}
