// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func @example
// CHECK: dl.conv2d %{{.*}}, %{{.*}} strides [2, 2] padding [1, 1, 1, 1] : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>
func.func @example(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) -> tensor<2x4x4x16xf32> {
  %y = dl.conv2d %x, %w strides [2, 2] padding [1, 1, 1, 1] : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>
  return %y : tensor<2x4x4x16xf32>
}

// CHECK-LABEL: func @defaults_are_left_out
// CHECK: dl.conv2d %{{.*}}, %{{.*}} : tensor<1x28x28x1xf64>, tensor<5x5x1x20xf64>
func.func @defaults_are_left_out(%x: tensor<1x28x28x1xf64>, %w: tensor<5x5x1x20xf64>) -> tensor<1x24x24x20xf64> {
  %y = dl.conv2d %x, %w strides [1, 1] padding [0, 0, 0, 0] dilation [1, 1] groups 1 : tensor<1x28x28x1xf64>, tensor<5x5x1x20xf64>
  return %y : tensor<1x24x24x20xf64>
}

// CHECK-LABEL: func @uneven
// CHECK: strides [2, 1] padding [0, 1, 2, 0] dilation [1, 3] groups 2
func.func @uneven(%x: tensor<1x9x7x4xbf16>, %w: tensor<3x2x2x6xbf16>) -> tensor<1x5x5x6xbf16> {
  %y = dl.conv2d %x, %w strides [2, 1] padding [0, 1, 2, 0] dilation [1, 3] groups 2 : tensor<1x9x7x4xbf16>, tensor<3x2x2x6xbf16>
  return %y : tensor<1x5x5x6xbf16>
}

// CHECK-LABEL: func @symbolic
func.func @symbolic(%x: tensor<?x?x?x3xf32, #dl.dims<B, H, W, 3>>, %w: tensor<3x3x3x8xf32>)
    -> tensor<?x?x?x8xf32, #dl.dims<B, H, (W - 1) floordiv 2 + 1, 8>> {
  %y = dl.conv2d %x, %w strides [1, 2] padding [1, 1, 1, 1] : tensor<?x?x?x3xf32, #dl.dims<B, H, W, 3>>, tensor<3x3x3x8xf32>
  return %y : tensor<?x?x?x8xf32, #dl.dims<B, H, (W - 1) floordiv 2 + 1, 8>>
}

// CHECK-LABEL: func @gradients
func.func @gradients(%x: tensor<2x8x8x3xf32>, %w: tensor<2x2x3x16xf32>, %dy: tensor<2x4x4x16xf32>)
    -> (tensor<2x8x8x3xf32>, tensor<2x2x3x16xf32>) {
  // CHECK: dl.conv2d_input_grad {{.*}} strides [2, 2] : tensor<2x4x4x16xf32>, tensor<2x2x3x16xf32> -> tensor<2x8x8x3xf32>
  %dx = dl.conv2d_input_grad %dy, %w strides [2, 2] : tensor<2x4x4x16xf32>, tensor<2x2x3x16xf32> -> tensor<2x8x8x3xf32>
  // CHECK: dl.conv2d_weight_grad {{.*}} strides [2, 2] : tensor<2x8x8x3xf32>, tensor<2x4x4x16xf32> -> tensor<2x2x3x16xf32>
  %dw = dl.conv2d_weight_grad %x, %dy strides [2, 2] : tensor<2x8x8x3xf32>, tensor<2x4x4x16xf32> -> tensor<2x2x3x16xf32>
  return %dx, %dw : tensor<2x8x8x3xf32>, tensor<2x2x3x16xf32>
}
