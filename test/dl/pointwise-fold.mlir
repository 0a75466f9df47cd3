// What folds away among pointwise ops, and what would change a bit and stays.
// RUN: dlc-opt -canonicalize %s | FileCheck %s

// CHECK-LABEL: @neutral_elements
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @neutral_elements(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = dl.constant 1.0 : tensor<4xf32>
  %zero = dl.constant 0.0 : tensor<4xf32>
  %minus_zero = dl.constant -0.0 : tensor<4xf32>
  %0 = dl.mul %one, %x : tensor<4xf32>
  %1 = dl.div %0, %one : tensor<4xf32>
  %2 = dl.sub %1, %zero : tensor<4xf32>
  %3 = dl.add %minus_zero, %2 : tensor<4xf32>
  %4 = dl.maximum %3, %3 : tensor<4xf32>
  %5 = dl.minimum %4, %4 : tensor<4xf32>
  %6 = dl.neg %5 : tensor<4xf32>
  %7 = dl.neg %6 : tensor<4xf32>
  // CHECK-NEXT: return %[[X]]
  return %7 : tensor<4xf32>
}
// -0 + 0 is 0, -0 - -0 is 0, 0 * NaN is NaN.
// CHECK-LABEL: @not_neutral
func.func @not_neutral(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = dl.constant 0.0 : tensor<4xf32>
  %minus_zero = dl.constant -0.0 : tensor<4xf32>
  // CHECK: dl.add
  %0 = dl.add %x, %zero : tensor<4xf32>
  // CHECK: dl.sub
  %1 = dl.sub %0, %minus_zero : tensor<4xf32>
  // CHECK: dl.mul
  %2 = dl.mul %1, %zero : tensor<4xf32>
  return %2 : tensor<4xf32>
}
// CHECK-LABEL: @integers
// CHECK-SAME: %[[X:.*]]: tensor<4xi32>
func.func @integers(%x: tensor<4xi32>) -> tensor<4xi32> {
  %zero = dl.constant 0.0 : tensor<4xi32>
  %0 = dl.add %x, %zero : tensor<4xi32>
  // CHECK-NEXT: return %[[X]]
  return %0 : tensor<4xi32>
}
// In f32 1e8 + 1 is 1e8; 1 / 3 is the f32 next to it.
// CHECK-LABEL: @constants_round_as_stored
func.func @constants_round_as_stored() -> (tensor<f32>, tensor<f32>, tensor<bf16>) {
  %big = dl.constant 1.0e8 : tensor<f32>
  %one = dl.constant 1.0 : tensor<f32>
  %three = dl.constant 3.0 : tensor<f32>
  // CHECK-DAG: %[[SUM:.*]] = dl.constant 1.000000e+08 : tensor<f32>
  %0 = dl.add %big, %one : tensor<f32>
  // CHECK-DAG: %[[THIRD:.*]] = dl.constant 0.3333333432674408 : tensor<f32>
  %1 = dl.div %one, %three : tensor<f32>
  // CHECK-DAG: %[[SHORT:.*]] = dl.constant 0.333984375 : tensor<bf16>
  %2 = dl.cast %1 : tensor<f32> -> tensor<bf16>
  // CHECK: return %[[SUM]], %[[THIRD]], %[[SHORT]]
  return %0, %1, %2 : tensor<f32>, tensor<f32>, tensor<bf16>
}
// 1 + 2^-8 + 2^-40 is nearer to 1 + 2^-7 than to 1, but a tie once it is an f32; so too where constants are multiplied, as kernels do it.
// CHECK-LABEL: @constants_round_once
func.func @constants_round_once() -> (tensor<bf16>, tensor<bf16>) {
  %x = dl.constant 1.0039062500009095 : tensor<f64>
  %y = dl.constant 1.0039062500009095 : tensor<bf16>
  %one = dl.constant 1.0 : tensor<bf16>
  %0 = dl.cast %x : tensor<f64> -> tensor<bf16>
  %1 = dl.mul %y, %one : tensor<bf16>
  // CHECK-DAG: %[[CAST:.*]] = dl.constant 1.007812{{5|50*e}}
  // CHECK-DAG: %[[KEPT:.*]] = dl.constant 1.0039062500009095 : tensor<bf16>
  // CHECK: return %[[CAST]], %[[KEPT]]
  return %0, %1 : tensor<bf16>, tensor<bf16>
}
// Sums of zeros have IEEE's signs.
// CHECK-LABEL: @zeros
func.func @zeros() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %p = dl.constant 0.0 : tensor<f32>
  %n = dl.constant -0.0 : tensor<f32>
  %0 = dl.add %n, %p : tensor<f32>
  %1 = dl.add %p, %n : tensor<f32>
  %2 = dl.add %n, %n : tensor<f32>
  %3 = dl.sub %n, %p : tensor<f32>
  // CHECK-DAG: %[[P:.*]] = dl.constant 0.000000e+00
  // CHECK-DAG: %[[N:.*]] = dl.constant -0.000000e+00
  // CHECK: return %[[P]], %[[P]], %[[N]], %[[N]]
  return %0, %1, %2, %3 : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}
// Not x, x, 0, 0, 1, 0, true: x may be infinite or NaN.
// CHECK-LABEL: @what_nan_and_infinity_forbid
func.func @what_nan_and_infinity_forbid(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %zero = dl.constant 0.0 : tensor<4xf32>
  %low = dl.constant 0xFFF0000000000000 : tensor<4xf32>
  // CHECK: dl.maximum
  %0 = dl.maximum %x, %low : tensor<4xf32>
  // CHECK: dl.sub
  %1 = dl.sub %x, %x : tensor<4xf32>
  // CHECK: dl.mul
  %2 = dl.mul %zero, %x : tensor<4xf32>
  // CHECK: dl.div
  %3 = dl.div %x, %x : tensor<4xf32>
  // CHECK: dl.div
  %4 = dl.div %zero, %x : tensor<4xf32>
  // CHECK: dl.compare eq
  %5 = dl.compare eq %x, %x : tensor<4xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
// CHECK-LABEL: @choices
// CHECK-SAME: %[[C:.*]]: tensor<4xi1>, %[[X:.*]]: tensor<4xf32>, %[[Z:.*]]: tensor<4xf32>
func.func @choices(%c: tensor<4xi1>, %x: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %true = dl.constant 1.0 : tensor<4xi1>
  %false = dl.constant 0.0 : tensor<4xi1>
  %0 = dl.select %true, %x, %z : tensor<4xf32>
  %1 = dl.select %false, %x, %z : tensor<4xf32>
  %2 = dl.select %c, %x, %x : tensor<4xf32>
  %3 = dl.not %c : tensor<4xi1>
  %4 = dl.not %3 : tensor<4xi1>
  // CHECK: return %[[X]], %[[Z]], %[[X]], %[[C]]
  return %0, %1, %2, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
// CHECK-LABEL: @casts_there_and_back
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>, %[[I:.*]]: tensor<4xi8>
func.func @casts_there_and_back(%x: tensor<4xf32>, %i: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xi8>) {
  %0 = dl.cast %x : tensor<4xf32> -> tensor<4xf64>
  %1 = dl.cast %0 : tensor<4xf64> -> tensor<4xf32>
  // CHECK: dl.cast %[[X]] : tensor<4xf32> -> tensor<4xbf16>
  %2 = dl.cast %x : tensor<4xf32> -> tensor<4xbf16>
  // CHECK: %[[ROUNDED:.*]] = dl.cast
  %3 = dl.cast %2 : tensor<4xbf16> -> tensor<4xf32>
  %4 = dl.cast %i : tensor<4xi8> -> tensor<4xbf16>
  %5 = dl.cast %4 : tensor<4xbf16> -> tensor<4xi8>
  // CHECK: return %[[X]], %[[ROUNDED]], %[[I]]
  return %1, %3, %5 : tensor<4xf32>, tensor<4xf32>, tensor<4xi8>
}
// CHECK-LABEL: @relu_twice
func.func @relu_twice(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-COUNT-1: dl.relu
  // CHECK-NOT: dl.relu
  %0 = dl.relu %x : tensor<4xf32>
  %1 = dl.relu %0 : tensor<4xf32>
  return %1 : tensor<4xf32>
}
