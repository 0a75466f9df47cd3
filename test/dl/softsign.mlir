// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-kernels-form | FileCheck %s --check-prefix=FUSED

// A new pointwise op follows a product in its kernel at once.
// FUSED: func.func private @k0
// FUSED: dl.matmul
// FUSED-NEXT: dl.softsign
// CHECK-LABEL: @main
func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %p = dl.matmul %x, %x : tensor<4x4xf32>, tensor<4x4xf32>
  // CHECK: dl.softsign %{{.*}} : tensor<4x4xf32>
  %y = dl.softsign %p : tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
