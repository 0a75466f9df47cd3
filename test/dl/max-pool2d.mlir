// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func @example
// CHECK: dl.max_pool2d %{{.*}} kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
func.func @example(%x: tensor<1x8x8x3xf32>) -> (tensor<1x4x4x3xf32>, tensor<1x4x4x3xi8>) {
  %y, %i = dl.max_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
  return %y, %i : tensor<1x4x4x3xf32>, tensor<1x4x4x3xi8>
}

// CHECK-LABEL: func @large_window
func.func @large_window(%x: tensor<1x12x12x1xi32>) -> tensor<1x1x2x1xi32> {
  %y, %i = dl.max_pool2d %x kernel [12, 11] : tensor<1x12x12x1xi32>
  return %i : tensor<1x1x2x1xi32>
}

// CHECK-LABEL: func @symbolic
func.func @symbolic(%x: tensor<?x?x7x3xf32, #dl.dims<B, H, 7, 3>>) -> tensor<?x?x4x3xf32, #dl.dims<B, (H - 1) floordiv 2 + 1, 4, 3>> {
  %y, %i = dl.max_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<?x?x7x3xf32, #dl.dims<B, H, 7, 3>>
  return %y : tensor<?x?x4x3xf32, #dl.dims<B, (H - 1) floordiv 2 + 1, 4, 3>>
}

// CHECK-LABEL: func @derivatives
func.func @derivatives(%x: tensor<1x8x8x3xf32>, %dy: tensor<1x4x4x3xf32>, %i: tensor<1x4x4x3xi8>) -> (tensor<1x8x8x3xf32>, tensor<1x4x4x3xf32>) {
  // CHECK: dl.max_pool2d_grad {{.*}} kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32>, tensor<1x4x4x3xi8> -> tensor<1x8x8x3xf32>
  %dx = dl.max_pool2d_grad %dy, %i kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32>, tensor<1x4x4x3xi8> -> tensor<1x8x8x3xf32>
  // CHECK: dl.max_pool2d_pick {{.*}} kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>, tensor<1x4x4x3xi8>
  %y = dl.max_pool2d_pick %x, %i kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>, tensor<1x4x4x3xi8>
  return %dx, %y : tensor<1x8x8x3xf32>, tensor<1x4x4x3xf32>
}
