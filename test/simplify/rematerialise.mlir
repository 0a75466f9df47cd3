// One value of a chain behind a contraction is kept, the last one that gives all others; what follows is made again where it is read.
// RUN: dlc-opt %s --dl-autodiff-gradient --canonicalize --cse --dl-simplify-rematerialise | FileCheck %s
// RUN: dlc-opt %s --dl-autodiff-gradient --canonicalize --cse --dl-simplify-rematerialise=every=2 | FileCheck %s --check-prefix=TWO

// CHECK-LABEL: func.func @main_grad
// CHECK: %[[Y:.*]] = dl.matmul %arg0, %arg1
// CHECK-NEXT: %[[T:.*]] = dl.tanh %[[Y]]
// CHECK-NEXT: %[[E:.*]] = dl.exp %[[T]]
// CHECK: dl.matmul %[[E]], %arg2
// CHECK-NOT: %[[E]]{{[^0-9]}}
// CHECK: %[[E2:.*]] = dl.exp %[[T]] {dlx.late}
// CHECK-NEXT: dl.matmul %[[E2]] transposed
// CHECK: return
// TWO-LABEL: func.func @main_grad
// TWO-COUNT-2: dl.matmul %arg0, %arg1
// TWO: return
func.func @main(%x: tensor<64x4xf32>, %w: tensor<4x64xf32>, %v: tensor<64x64xf32>) -> (tensor<64x64xf32> {dl.name = "y"}) {
  %0 = dl.matmul %x, %w : tensor<64x4xf32>, tensor<4x64xf32>
  %1 = dl.tanh %0 : tensor<64x64xf32>
  %2 = dl.exp %1 : tensor<64x64xf32>
  %3 = dl.matmul %2, %v : tensor<64x64xf32>, tensor<64x64xf32>
  return %3 : tensor<64x64xf32>
}
