// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: @sgd
// CHECK: dl.sgd %{{.*}}, %{{.*}} scalars(%{{.*}}, %{{.*}}) : tensor<8x4xf32>
// CHECK: dl.sgd %{{.*}}, %{{.*}} slots(%{{.*}}) scalars(%{{.*}}, %{{.*}}, %{{.*}}) {momentum, nesterov} : tensor<8x4xf32>
func.func @sgd(%w: tensor<8x4xf32>, %g: tensor<8x4xf32>, %v: tensor<8x4xf32>, %lr: tensor<f32>, %l2: tensor<f32>, %m: tensor<f32>)
    -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  %a = dl.sgd %w, %g scalars(%lr, %l2) : tensor<8x4xf32>
  %b, %c = dl.sgd %w, %g slots(%v) scalars(%lr, %l2, %m) {momentum, nesterov} : tensor<8x4xf32>
  return %a, %b, %c : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}
