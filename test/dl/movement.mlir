// Each movement op is read and printed as it was written.
// RUN: dlc-opt %s | dlc-opt | FileCheck %s
dl.symbol @B : 1 to 64
dl.symbol @P : 0 to 1023

// CHECK-LABEL: @broadcast
func.func @broadcast(%x: tensor<5xf32>) -> tensor<?x5xf32, #dl.dims<B, 5>> {
  // CHECK: dl.broadcast %{{.*}} dims [1] : tensor<5xf32> -> tensor<?x5xf32, #dl.dims<B, 5>>
  %y = dl.broadcast %x dims [1] : tensor<5xf32> -> tensor<?x5xf32, #dl.dims<B, 5>>
  return %y : tensor<?x5xf32, #dl.dims<B, 5>>
}
// CHECK-LABEL: @reshape
func.func @reshape(%x: tensor<?x4x5xf32, #dl.dims<B, 4, 5>>) -> tensor<?x20xf32, #dl.dims<B, 20>> {
  // CHECK: dl.reshape %{{.*}} : tensor<?x4x5xf32, #dl.dims<B, 4, 5>> -> tensor<?x20xf32, #dl.dims<B, 20>>
  %y = dl.reshape %x : tensor<?x4x5xf32, #dl.dims<B, 4, 5>> -> tensor<?x20xf32, #dl.dims<B, 20>>
  return %y : tensor<?x20xf32, #dl.dims<B, 20>>
}
// CHECK-LABEL: @transpose
func.func @transpose(%x: tensor<2x3x4xi64>) -> tensor<4x2x3xi64> {
  // CHECK: dl.transpose %{{.*}} permutation [2, 0, 1] : tensor<2x3x4xi64>
  %y = dl.transpose %x permutation [2, 0, 1] : tensor<2x3x4xi64>
  return %y : tensor<4x2x3xi64>
}
// CHECK-LABEL: @slice
func.func @slice(%x: tensor<?x9xf32, #dl.dims<B, 9>>) -> tensor<?x3xf32, #dl.dims<B, 3>> {
  // CHECK: dl.slice %{{.*}} offsets <0, 2> sizes <B, 3> strides [1, 3] : tensor<?x9xf32, #dl.dims<B, 9>>
  %y = dl.slice %x offsets <0, 2> sizes <B, 3> strides [1, 3] : tensor<?x9xf32, #dl.dims<B, 9>>
  return %y : tensor<?x3xf32, #dl.dims<B, 3>>
}
// The bounds of B say that there is a last row.
// CHECK-LABEL: @last_row
func.func @last_row(%x: tensor<?x9xf32, #dl.dims<B, 9>>) -> tensor<1x9xf32> {
  // CHECK: offsets <B - 1, 0> sizes <1, 9>
  %y = dl.slice %x offsets <B - 1, 0> sizes <1, 9> strides [1, 1] : tensor<?x9xf32, #dl.dims<B, 9>>
  return %y : tensor<1x9xf32>
}
// CHECK-LABEL: @pad
func.func @pad(%x: tensor<?x5xf32, #dl.dims<B, 5>>) -> tensor<?x12xf32, #dl.dims<B * 2 + 2, 12>> {
  // CHECK: dl.pad %{{.*}} low <1, 1> high <2, 2> interior [1, 1] value 5.000000e-01 : tensor<?x5xf32, #dl.dims<B, 5>>
  %y = dl.pad %x low <1, 1> high <2, 2> interior [1, 1] value 0.5 : tensor<?x5xf32, #dl.dims<B, 5>>
  return %y : tensor<?x12xf32, #dl.dims<B * 2 + 2, 12>>
}
// CHECK-LABEL: @concat
func.func @concat(%past: tensor<?x8xf32, #dl.dims<P, 8>>, %new: tensor<1x8xf32>) -> tensor<?x8xf32, #dl.dims<P + 1, 8>> {
  // CHECK: dl.concat %{{.*}}, %{{.*}} axis 0 : tensor<?x8xf32, #dl.dims<P, 8>>, tensor<1x8xf32>
  %y = dl.concat %past, %new axis 0 : tensor<?x8xf32, #dl.dims<P, 8>>, tensor<1x8xf32>
  return %y : tensor<?x8xf32, #dl.dims<P + 1, 8>>
}
// CHECK-LABEL: @reverse
func.func @reverse(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  // CHECK: dl.reverse %{{.*}} dims [1] : tensor<4x5xf32>
  %y = dl.reverse %x dims [1] : tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}
