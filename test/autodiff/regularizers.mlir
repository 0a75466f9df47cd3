// RUN: dlc-opt --dl-autodiff-train="loss=mse regularizers=clip_norm,l1,max_norm,weight_decay frozen=b*" %s | FileCheck %s
// RUN: not dlc-opt --dl-autodiff-train="loss=mse regularizers=l3" %s 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not dlc-opt --dl-autodiff-train="loss=mse regularizers=l2" %s 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not dlc-opt --dl-autodiff-train="loss=mse regularizers=max_norm frozen=w" %s 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not dlc-opt --dl-autodiff-train="loss=mse frozen=c*" %s 2>&1 | FileCheck %s --check-prefix=FROZEN

// NAME: no regulariser is called 'l3': write one of clip_value, clip_norm, l2, l1, weight_decay, max_norm
// TWICE: 'l2' is given twice: 'sgd' has it itself
// NONE: max_norm holds parameters of rank 2 or more, and none is trained: leave it out
// FROZEN: --freeze 'c*': no parameter of the model has such a name

// What is frozen is so in all functions; the numbers are inputs; the gradient is scaled, then decayed; the new parameter is held.
// CHECK-LABEL: @main
// CHECK-SAME: #dl.param<"b", constant(0.000000e+00), non_trainable>
// CHECK-LABEL: @train_step
// CHECK-SAME: #dl.param<"b", constant(0.000000e+00), non_trainable>
// CHECK-SAME: {dl.name = "lr", dl.usual = 1.000000e-02 : f64}, %{{.*}}: tensor<f32> {dl.name = "l2"
// CHECK-SAME: {dl.name = "clip_norm", {{[^}]*}}}, %{{.*}}: tensor<f32> {dl.name = "l1", {{[^}]*}}}
// CHECK-SAME: -> (tensor<f32> {dl.name = "loss"}, tensor<6x4xf32> {dl.name = "y"}, tensor<3x4xf32> {dl.state = "w"})
// CHECK: %[[SQUARES:.*]] = dl.sum_products
// CHECK: dl.sqrt %[[SQUARES]] : tensor<f32>
// CHECK: dl.minimum
// CHECK: dl.sgd
// CHECK: dl.sum_products %{{.*}}, %{{.*}} dims [0] : tensor<3x4xf32>
func.func @main(%x: tensor<6x3xf32> {dl.name = "x"}, %w: tensor<3x4xf32> {dl.param = #dl.param<"w", he_normal(1.0), trainable>},
                %b: tensor<4xf32> {dl.param = #dl.param<"b", constant(0.0), trainable>}) -> (tensor<6x4xf32> {dl.name = "y"}) {
  %0 = dl.matmul %x, %w : tensor<6x3xf32>, tensor<3x4xf32>
  %1 = dl.broadcast %b dims [1] : tensor<4xf32> -> tensor<6x4xf32>
  %2 = dl.add %0, %1 : tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}
