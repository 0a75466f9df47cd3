// What folds away among movements, and that nothing else does.
// RUN: dlc-opt -canonicalize %s | FileCheck %s

// CHECK-LABEL: @nothing_moves
// CHECK-SAME: %[[X:.*]]: tensor<4x5xf32>
func.func @nothing_moves(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = dl.transpose %x permutation [0, 1] : tensor<4x5xf32>
  %1 = dl.reshape %0 : tensor<4x5xf32> -> tensor<4x5xf32>
  %2 = dl.broadcast %1 dims [0, 1] : tensor<4x5xf32> -> tensor<4x5xf32>
  %3 = dl.slice %2 offsets <0, 0> sizes <4, 5> strides [1, 1] : tensor<4x5xf32>
  %4 = dl.pad %3 low <0, 0> high <0, 0> interior [0, 0] value 1.0 : tensor<4x5xf32>
  %5 = dl.concat %4 axis 0 : tensor<4x5xf32>
  %6 = dl.reverse %5 dims [] : tensor<4x5xf32>
  %7 = dl.reverse %6 dims [0] : tensor<4x5xf32>
  %8 = dl.reverse %7 dims [0] : tensor<4x5xf32>
  // CHECK-NEXT: return %[[X]]
  return %8 : tensor<4x5xf32>
}
// CHECK-LABEL: @transposes_compose
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
func.func @transposes_compose(%x: tensor<2x3x4xf32>) -> (tensor<3x4x2xf32>, tensor<2x3x4xf32>) {
  %0 = dl.transpose %x permutation [2, 0, 1] : tensor<2x3x4xf32>
  %1 = dl.transpose %0 permutation [2, 0, 1] : tensor<4x2x3xf32>
  %2 = dl.transpose %0 permutation [1, 2, 0] : tensor<4x2x3xf32>
  // CHECK: %[[Y:.*]] = dl.transpose %[[X]] permutation [1, 2, 0]
  // CHECK-NEXT: return %[[Y]], %[[X]]
  return %1, %2 : tensor<3x4x2xf32>, tensor<2x3x4xf32>
}
// CHECK-LABEL: @reshapes_compose
// CHECK-SAME: %[[X:.*]]: tensor<4x6xf32>
func.func @reshapes_compose(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %0 = dl.reshape %x : tensor<4x6xf32> -> tensor<24xf32>
  // CHECK: dl.reshape %[[X]] : tensor<4x6xf32> -> tensor<3x8xf32>
  %1 = dl.reshape %0 : tensor<24xf32> -> tensor<3x8xf32>
  return %1 : tensor<3x8xf32>
}
// CHECK-LABEL: @broadcasts_compose
// CHECK-SAME: %[[X:.*]]: tensor<5xf32>
func.func @broadcasts_compose(%x: tensor<5xf32>) -> tensor<3x4x5x6xf32> {
  %0 = dl.broadcast %x dims [1] : tensor<5xf32> -> tensor<4x5xf32>
  // CHECK: dl.broadcast %[[X]] dims [2] : tensor<5xf32> -> tensor<3x4x5x6xf32>
  %1 = dl.broadcast %0 dims [1, 2] : tensor<4x5xf32> -> tensor<3x4x5x6xf32>
  return %1 : tensor<3x4x5x6xf32>
}
// CHECK-LABEL: @slices_compose
// CHECK-SAME: %[[X:.*]]: tensor<20xf32>
func.func @slices_compose(%x: tensor<20xf32>) -> tensor<2xf32> {
  %0 = dl.slice %x offsets <3> sizes <6> strides [3] : tensor<20xf32>
  // CHECK: dl.slice %[[X]] offsets <6> sizes <2> strides [6]
  %1 = dl.slice %0 offsets <1> sizes <2> strides [2] : tensor<6xf32>
  return %1 : tensor<2xf32>
}
// CHECK-LABEL: @constants_move_freely
func.func @constants_move_freely() -> tensor<6x3xf32> {
  %0 = dl.constant 2.0 : tensor<4xf32>
  %1 = dl.broadcast %0 dims [1] : tensor<4xf32> -> tensor<2x4xf32>
  %2 = dl.reshape %1 : tensor<2x4xf32> -> tensor<4x2xf32>
  %3 = dl.transpose %2 permutation [1, 0] : tensor<4x2xf32>
  %4 = dl.slice %3 offsets <0, 1> sizes <2, 3> strides [1, 1] : tensor<2x4xf32>
  %5 = dl.reverse %4 dims [1] : tensor<2x3xf32>
  // CHECK-NEXT: %[[C:.*]] = dl.constant 2.000000e+00 : tensor<6x3xf32>
  // CHECK-NEXT: return %[[C]]
  %6 = dl.pad %5 low <1, 0> high <3, 0> interior [0, 0] value 2.0 : tensor<2x3xf32>
  return %6 : tensor<6x3xf32>
}
// CHECK-LABEL: @another_value_is_a_margin
func.func @another_value_is_a_margin() -> tensor<6xf32> {
  %0 = dl.constant 0.0 : tensor<4xf32>
  // CHECK: dl.pad
  %1 = dl.pad %0 low <1> high <1> interior [0] value -0.0 : tensor<4xf32>
  return %1 : tensor<6xf32>
}
// CHECK-LABEL: @reverses_of_other_dimensions
func.func @reverses_of_other_dimensions(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  // CHECK-COUNT-2: dl.reverse
  %0 = dl.reverse %x dims [0] : tensor<4x5xf32>
  %1 = dl.reverse %0 dims [1] : tensor<4x5xf32>
  return %1 : tensor<4x5xf32>
}
