// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// PARTS-NOT: dl.lamb
// CHECK-LABEL: @optimizers
// CHECK: dl.adagrad %{{.*}}, %{{.*}} slots(%{{.*}}) scalars(%{{.*}}, %{{.*}}, %{{.*}}) : tensor<8x4xf32>
// CHECK: dl.adadelta %{{.*}}, %{{.*}} slots(%{{.*}}, %{{.*}}) scalars(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : tensor<8x4xf32>
// CHECK: dl.rmsprop %{{.*}}, %{{.*}} slots(%{{.*}}, %{{.*}}, %{{.*}}) scalars({{.*}}) {centered, momentum} : tensor<8x4xf32>
// CHECK: dl.lamb %{{.*}}, %{{.*}} slots(%{{.*}}, %{{.*}}) scalars({{.*}}) : tensor<8x4xf32>
// CHECK: dl.lion %{{.*}}, %{{.*}} slots(%{{.*}}) scalars(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : tensor<8x4xf32>
func.func @optimizers(%w: tensor<8x4xf32>, %g: tensor<8x4xf32>, %s: tensor<f32>) -> tensor<8x4xf32> {
  %a:2 = dl.adagrad %w, %g slots(%w) scalars(%s, %s, %s) : tensor<8x4xf32>
  %b:3 = dl.adadelta %a#0, %g slots(%w, %w) scalars(%s, %s, %s, %s) : tensor<8x4xf32>
  %c:4 = dl.rmsprop %b#0, %g slots(%w, %w, %w) scalars(%s, %s, %s, %s, %s) {centered, momentum} : tensor<8x4xf32>
  %d:3 = dl.lamb %c#0, %g slots(%w, %w) scalars(%s, %s, %s, %s, %s, %s, %s) : tensor<8x4xf32>
  %e:2 = dl.lion %d#0, %g slots(%w) scalars(%s, %s, %s, %s) : tensor<8x4xf32>
  return %e#0 : tensor<8x4xf32>
}
