// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// CHECK-LABEL: func @example
// PARTS-LABEL: func @example
func.func @example(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32> {
  // CHECK: dl.avg_pool2d %{{.*}} kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
  // PARTS: %[[SUM:.*]] = dl.sum_pool2d
  // PARTS: %[[COUNT:.*]] = dl.constant 4.0
  // PARTS: dl.div %[[SUM]], %[[COUNT]]
  %y = dl.avg_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>
  return %y : tensor<1x4x4x3xf32>
}

// CHECK-LABEL: func @taps
// PARTS-LABEL: func @taps
func.func @taps(%x: tensor<1x8x8x3xf32>) -> tensor<1x4x4x3xf32> {
  // CHECK: kernel [3, 3] strides [2, 2] padding [1, 1, 0, 0] count_include_pad
  // PARTS: dl.constant 9.0
  %y = dl.avg_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 0, 0] count_include_pad : tensor<1x8x8x3xf32>
  return %y : tensor<1x4x4x3xf32>
}

// PARTS-LABEL: func @pixels
func.func @pixels(%x: tensor<?x8x8x3xf32, #dl.dims<B, 8, 8, 3>>) -> tensor<?x4x4x3xf32, #dl.dims<B, 4, 4, 3>> {
  // PARTS: %[[ONES:.*]] = dl.constant 1.0{{.*}} : tensor<1x8x8x1xf32>
  // PARTS: %[[COUNTS:.*]] = dl.sum_pool2d %[[ONES]] kernel [3, 3] strides [2, 2] padding [1, 1, 0, 0]
  // PARTS: dl.reshape %[[COUNTS]] : tensor<1x4x4x1xf32> -> tensor<4x4xf32>
  %y = dl.avg_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 0, 0] : tensor<?x8x8x3xf32, #dl.dims<B, 8, 8, 3>>
  return %y : tensor<?x4x4x3xf32, #dl.dims<B, 4, 4, 3>>
}
