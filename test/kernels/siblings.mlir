// Column reductions that read one tensor are one kernel, but not where one needs another's result.
// RUN: dlc-opt %s --dl-kernels-form | FileCheck %s

// CHECK-LABEL: func.func private @k0
// CHECK: dl.sum %
// CHECK: dl.sum_products
// CHECK: return
// CHECK-LABEL: func.func private @k1
// CHECK: dl.sum %
// CHECK-NOT: dl.sum
// CHECK: return
func.func @main(%x: tensor<600x8xf32>, %dy: tensor<600x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %0 = dl.sum %dy dims [0] : tensor<600x8xf32>
  %1 = dl.sum_products %dy, %x dims [0] : tensor<600x8xf32>
  %2 = dl.broadcast %0 dims [1] : tensor<8xf32> -> tensor<600x8xf32>
  %3 = dl.sub %dy, %2 : tensor<600x8xf32>
  %4 = dl.sum %3 dims [0] : tensor<600x8xf32>
  return %0, %1, %4 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}
