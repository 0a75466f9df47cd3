// Each reduction is read and printed as it was written; nothing to reduce folds away.
// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt -canonicalize %s | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: @each
func.func @each(%x: tensor<?x4x5xf32, #dl.dims<B, 4, 5>>) -> (tensor<?x5xf32, #dl.dims<B, 5>>, tensor<f32>, tensor<4xf32>,
    tensor<4x5xf32>, tensor<?x4xf32, #dl.dims<B, 4>>, tensor<?x4xi64, #dl.dims<B, 4>>) {
  // CHECK: dl.sum %{{.*}} dims [1] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  %0 = dl.sum %x dims [1] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  // CHECK: dl.mean %{{.*}} dims [0, 1, 2] :
  %1 = dl.mean %x dims [0, 1, 2] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  // CHECK: dl.max %{{.*}} dims [0, 2] :
  %2 = dl.max %x dims [0, 2] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  // CHECK: dl.min %{{.*}} dims [0] :
  %3 = dl.min %x dims [0] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  // CHECK: %{{.*}}, %{{.*}} = dl.argmax %{{.*}} axis 2 :
  %value, %index = dl.argmax %x axis 2 : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  // CHECK: dl.sum_products %{{.*}}, %{{.*}} dims [1] :
  %4 = dl.sum_products %x, %x dims [1] : tensor<?x4x5xf32, #dl.dims<B, 4, 5>>
  return %0, %1, %2, %3, %value, %index : tensor<?x5xf32, #dl.dims<B, 5>>, tensor<f32>, tensor<4xf32>,
    tensor<4x5xf32>, tensor<?x4xf32, #dl.dims<B, 4>>, tensor<?x4xi64, #dl.dims<B, 4>>
}
// FOLD-LABEL: @nothing
// FOLD-SAME: %[[X:.*]]: tensor<4xf32>
func.func @nothing(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = dl.sum %x dims [] : tensor<4xf32>
  %1 = dl.max %0 dims [] : tensor<4xf32>
  %2 = dl.min %1 dims [] : tensor<4xf32>
  // FOLD-NEXT: return %[[X]]
  return %2 : tensor<4xf32>
}
