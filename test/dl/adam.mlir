// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: @adam
// CHECK: dl.adam %{{.*}}, %{{.*}} slots(%{{.*}}, %{{.*}}) scalars(%{{.*}}) : tensor<8x4xf32>
// CHECK: dl.adamw %{{.*}}, %{{.*}} slots(%{{.*}}, %{{.*}}) scalars(%{{.*}}) : tensor<8x4xf32>
func.func @adam(%w: tensor<8x4xf32>, %g: tensor<8x4xf32>, %s: tensor<f32>) -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  %a:3 = dl.adam %w, %g slots(%w, %w) scalars(%s, %s, %s, %s, %s, %s, %s) : tensor<8x4xf32>
  %b:3 = dl.adamw %a#0, %g slots(%a#1, %a#2) scalars(%s, %s, %s, %s, %s, %s, %s) : tensor<8x4xf32>
  return %b#0, %b#1, %b#2 : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}
