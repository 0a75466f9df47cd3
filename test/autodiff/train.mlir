// RUN: dlc-opt --dl-autodiff-train="optimizer-attributes={momentum}" %s | FileCheck %s
// RUN: not dlc-opt --dl-autodiff-train="optimizer-attributes=3" %s 2>&1 | FileCheck %s --check-prefix=TEXT
// RUN: not dlc-opt --dl-autodiff-train="loss-attributes={logits}" %s 2>&1 | FileCheck %s --check-prefix=LOSS

// TEXT: attributes '3' are not a list such as {momentum, nesterov}
// LOSS: 'dl.sparse_categorical_cross_entropy' has no attribute 'logits': write from_logits

// @main stays for inference; what is frozen is not trained.
// CHECK-LABEL: func.func @main
// CHECK: dl.dropout
// CHECK-LABEL: func.func @train_step
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32, #dl.dims<B, 4>> {dl.name = "x"}
// CHECK-SAME: dl.param = #dl.param<"w", he_normal(1.000000e+00), trainable>
// CHECK-SAME: %[[KEY:.*]]: tensor<i64> {dl.param = #dl.param<"random/key", constant(0.000000e+00), optimizer>}
// CHECK-SAME: tensor<?xi32, #dl.dims<B>> {dl.name = "label", dl.range = array<i64: 0, 3>}
// CHECK-SAME: tensor<f32> {dl.name = "lr", dl.usual = 1.000000e-02 : f64}, %{{.*}}: tensor<f32> {dl.name = "l2", dl.usual = {{[-+.e0-9]+}} : f64}, %{{.*}}: tensor<f32> {dl.name = "momentum", dl.usual = {{[-+.e0-9]+}} : f64}
// CHECK-SAME: #dl.param<"w/momentum", constant(0.000000e+00), optimizer>
// CHECK-SAME: -> (tensor<f32> {dl.name = "loss"}, tensor<?x3xf32, #dl.dims<B, 3>> {dl.name = "y"}
// CHECK-SAME: tensor<4x3xf32> {dl.state = "w"}, tensor<i64> {dl.state = "random/key"}, tensor<4x3xf32> {dl.state = "w/momentum"})
// CHECK-NOT: dl.dropout
// CHECK: dl.sgd
dl.symbol @B : 1 to 64
func.func @main(%x: tensor<?x4xf32, #dl.dims<B, 4>> {dl.name = "x"},
                %w: tensor<4x3xf32> {dl.param = #dl.param<"w", he_normal(1.0), trainable>},
                %b: tensor<3xf32> {dl.param = #dl.param<"b", constant(0.0), non_trainable>}) -> (tensor<?x3xf32, #dl.dims<B, 3>> {dl.name = "y"}) {
  %d = dl.dropout %x rate 5.000000e-01 : tensor<?x4xf32, #dl.dims<B, 4>>
  %z = dl.matmul %d, %w : tensor<?x4xf32, #dl.dims<B, 4>>, tensor<4x3xf32>
  %c = dl.broadcast %b dims [1] : tensor<3xf32> -> tensor<?x3xf32, #dl.dims<B, 3>>
  %s = dl.add %z, %c : tensor<?x3xf32, #dl.dims<B, 3>>
  %y = dl.softmax %s axis 1 : tensor<?x3xf32, #dl.dims<B, 3>>
  return %y : tensor<?x3xf32, #dl.dims<B, 3>>
}
