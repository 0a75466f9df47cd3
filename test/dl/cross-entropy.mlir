// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --canonicalize | FileCheck %s --check-prefix=CANON
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// CHECK-LABEL: func @sparse
// PARTS-LABEL: func @sparse
func.func @sparse(%x: tensor<?x10xf32, #dl.dims<B, 10>>, %t: tensor<?xi8, #dl.dims<B>>) -> tensor<f32> {
  // CHECK: dl.sparse_categorical_cross_entropy %{{.*}}, %{{.*}} {from_logits}
  // PARTS: dl.iota axis 1 : tensor<?x10xi32
  // PARTS: dl.extent <B> : tensor<f32>
  %l = dl.sparse_categorical_cross_entropy %x, %t {from_logits} : tensor<?x10xf32, #dl.dims<B, 10>>, tensor<?xi8, #dl.dims<B>>
  return %l : tensor<f32>
}

// PARTS-LABEL: func @probabilities_are_held
func.func @probabilities_are_held(%x: tensor<8x10xf64>, %t: tensor<8xi64>) -> tensor<f64> {
  // PARTS: %[[LOG:.*]] = dl.log %{{.*}} : tensor<8xf64>
  // PARTS: %[[LOW:.*]] = dl.constant -1.0{{0*}}e+02
  // PARTS: dl.maximum %[[LOG]], %[[LOW]]
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<8x10xf64>, tensor<8xi64>
  return %l : tensor<f64>
}

// CANON-LABEL: func @sparse_of_softmax(
// CANON-SAME: %[[X:[a-z0-9]+]]: tensor<8x10xf32>
func.func @sparse_of_softmax(%x: tensor<8x10xf32>, %t: tensor<8xi32>) -> tensor<f32> {
  // CANON-NOT: dl.softmax
  // CANON: dl.sparse_categorical_cross_entropy %[[X]], %{{.*}} {from_logits}
  %p = dl.softmax %x axis 1 : tensor<8x10xf32>
  %l = dl.sparse_categorical_cross_entropy %p, %t : tensor<8x10xf32>, tensor<8xi32>
  return %l : tensor<f32>
}

// CANON-LABEL: func @softmax_along_the_batch
func.func @softmax_along_the_batch(%x: tensor<8x10xf32>, %t: tensor<8xi32>) -> tensor<f32> {
  // CANON: dl.softmax
  %p = dl.softmax %x axis 0 : tensor<8x10xf32>
  %l = dl.sparse_categorical_cross_entropy %p, %t : tensor<8x10xf32>, tensor<8xi32>
  return %l : tensor<f32>
}

// CANON-LABEL: func @softmax_of_logits
func.func @softmax_of_logits(%x: tensor<8x10xf32>, %t: tensor<8xi32>) -> tensor<f32> {
  // CANON: dl.softmax
  %p = dl.softmax %x axis 1 : tensor<8x10xf32>
  %l = dl.sparse_categorical_cross_entropy %p, %t {from_logits} : tensor<8x10xf32>, tensor<8xi32>
  return %l : tensor<f32>
}

// CHECK-LABEL: func @categorical
// CANON-LABEL: func @categorical(
// CANON-SAME: %[[X:[a-z0-9]+]]: tensor<8x10xf32>
func.func @categorical(%x: tensor<8x10xf32>, %t: tensor<8x10xf32>) -> tensor<f32> {
  // CHECK: dl.categorical_cross_entropy %{{.*}}, %{{.*}} : tensor<8x10xf32>, tensor<8x10xf32>
  // CANON: dl.categorical_cross_entropy %[[X]], %{{.*}} {from_logits}
  %p = dl.softmax %x axis 1 : tensor<8x10xf32>
  %l = dl.categorical_cross_entropy %p, %t : tensor<8x10xf32>, tensor<8x10xf32>
  return %l : tensor<f32>
}

// CHECK-LABEL: func @binary
// CANON-LABEL: func @binary(
// CANON-SAME: %[[X:[a-z0-9]+]]: tensor<8xf32>
func.func @binary(%x: tensor<8xf32>, %t: tensor<8xf32>) -> tensor<f32> {
  // CHECK: dl.binary_cross_entropy %{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>
  // CANON: dl.binary_cross_entropy %[[X]], %{{.*}} {from_logits}
  %p = dl.sigmoid %x : tensor<8xf32>
  %l = dl.binary_cross_entropy %p, %t : tensor<8xf32>, tensor<8xf32>
  return %l : tensor<f32>
}
