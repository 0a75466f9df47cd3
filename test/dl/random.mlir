// Positional ops are read and printed as they were written; a constant extent is a constant.
// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt -canonicalize %s | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: @each
func.func @each(%key: tensor<i64>) {
  // CHECK: dl.iota axis 1 : tensor<?x4xi64, #dl.dims<B, 4>>
  %0 = dl.iota axis 1 : tensor<?x4xi64, #dl.dims<B, 4>>
  // CHECK: dl.extent <B, 28> : tensor<f32>
  %1 = dl.extent <B, 28> : tensor<f32>
  // CHECK: dl.random_uniform %{{.*}} stream 3 : tensor<4x5xf32>
  %2 = dl.random_uniform %key stream 3 : tensor<4x5xf32>
  // CHECK: dl.random_normal %{{.*}} stream 4 : tensor<?xf32, #dl.dims<B>>
  %3 = dl.random_normal %key stream 4 : tensor<?xf32, #dl.dims<B>>
  return
}
// FOLD-LABEL: @extents
func.func @extents() -> (tensor<f32>, tensor<i64>) {
  // FOLD-DAG: %[[CONSTANT:.*]] = dl.constant 1.120000e+02 : tensor<f32>
  %0 = dl.extent <4, 28> : tensor<f32>
  // FOLD-DAG: %[[SYMBOLIC:.*]] = dl.extent <B, 28>
  %1 = dl.extent <B, 28> : tensor<i64>
  // FOLD: return %[[CONSTANT]], %[[SYMBOLIC]]
  return %0, %1 : tensor<f32>, tensor<i64>
}
