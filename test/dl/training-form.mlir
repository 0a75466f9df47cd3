// RUN: dlc-opt %s --dl-autodiff-train="loss=sparse_categorical_cross_entropy optimizer=sgd" --cse | FileCheck %s

// CHECK-LABEL: func @train_step
// CHECK: dl.batch_norm_train
// CHECK: %[[U:.*]] = dl.random_uniform %{{.*}} stream 0 : tensor<4x3xf32>
// CHECK: %[[DROPPED:.*]] = dl.compare lt %[[U]]
// CHECK: dl.select %[[DROPPED]]
// The backward pass drops the same elements.
// CHECK: dl.sparse_categorical_cross_entropy {{.*}} {from_logits}
// CHECK-NOT: dl.random_uniform
// CHECK: dl.select %[[DROPPED]]
func.func @main(%x: tensor<4x3xf32> {dl.name = "x"},
                %g: tensor<3xf32> {dl.param = #dl.param<"bn.gamma", constant(1.0), trainable>},
                %b: tensor<3xf32> {dl.param = #dl.param<"bn.beta", constant(0.0), trainable>},
                %m: tensor<3xf32> {dl.param = #dl.param<"bn.running_mean", constant(0.0), non_trainable>},
                %v: tensor<3xf32> {dl.param = #dl.param<"bn.running_var", constant(1.0), non_trainable>})
    -> (tensor<4x3xf32> {dl.name = "y"}) {
  %n = dl.batch_norm %x, %g, %b, %m, %v : tensor<4x3xf32>, tensor<3xf32>
  %d = dl.dropout %n rate 0.5 : tensor<4x3xf32>
  %y = dl.softmax %d axis 1 : tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
