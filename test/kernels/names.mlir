// Kernels get names that no entry has.
// RUN: dlc-opt %s --dl-kernels-form | FileCheck %s

// CHECK: func.func @k0(
// CHECK: call @k1(
// CHECK: func.func private @k1(
func.func @k0(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = dl.tanh %x : tensor<8xf32>
  return %y : tensor<8xf32>
}
