// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func @example
func.func @example(%x: tensor<1x8x8x3xf32>, %dy: tensor<1x4x4x3xf32>) -> (tensor<1x4x4x3xf32>, tensor<1x8x8x3xf32>) {
  // CHECK: dl.sum_pool2d %{{.*}} kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
  %y = dl.sum_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
  // CHECK: dl.sum_pool2d_grad %{{.*}} kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32> -> tensor<1x8x8x3xf32>
  %dx = dl.sum_pool2d_grad %dy kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32> -> tensor<1x8x8x3xf32>
  return %y, %dx : tensor<1x4x4x3xf32>, tensor<1x8x8x3xf32>
}
