// RUN: dlc-opt %s --dl-kernels-form --split-input-file | FileCheck %s
// RUN: dlc-opt %s --dl-kernels-form=fuse=false --split-input-file | FileCheck %s --check-prefix=APART

// Bias and activation follow the product in its kernel; the second product reads memory.
// CHECK-LABEL: func.func @main
// CHECK: %[[H:.*]] = call @[[FIRST:k[0-9]+]](%arg0, %arg1, %arg2)
// CHECK: call @[[SECOND:k[0-9]+]](%[[H]], %arg3)
// CHECK: func.func private @[[FIRST]]
// CHECK: dl.matmul
// CHECK: dl.broadcast
// CHECK: dl.add
// CHECK: dl.relu
// CHECK: func.func private @[[SECOND]]
// APART-LABEL: func.func @main
// APART-COUNT-4: call @k
func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x16xf32>, %b: tensor<16xf32>, %v: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %p = dl.matmul %x, %w : tensor<8x16xf32>, tensor<16x16xf32>
  %s = dl.broadcast %b dims [1] : tensor<16xf32> -> tensor<8x16xf32>
  %a = dl.add %p, %s : tensor<8x16xf32>
  %r = dl.relu %a : tensor<8x16xf32>
  %y = dl.matmul %r, %v : tensor<8x16xf32>, tensor<16x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

// Equal kernels are one function.
// CHECK-LABEL: func.func @main
// CHECK: call @[[K:k[0-9]+]]
// CHECK: call @[[K]]
// CHECK: func.func private @[[K]]
// CHECK-NOT: func.func private
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %p = dl.matmul %x, %w : tensor<8x8xf32>, tensor<8x8xf32>
  %q = dl.matmul %p, %w : tensor<8x8xf32>, tensor<8x8xf32>
  return %q : tensor<8x8xf32>
}

// -----

// A softmax is one pass over rows.
// CHECK-LABEL: func.func @main
// CHECK: call @[[K:k[0-9]+]](%arg0)
// CHECK-NOT: call
// CHECK: func.func private @[[K]]
func.func @main(%x: tensor<8x100xf32>) -> tensor<8x100xf32> {
  %m = dl.max %x dims [1] : tensor<8x100xf32>
  %s = dl.broadcast %m dims [0] : tensor<8xf32> -> tensor<8x100xf32>
  %d = dl.sub %x, %s : tensor<8x100xf32>
  %e = dl.exp %d : tensor<8x100xf32>
  %t = dl.sum %e dims [1] : tensor<8x100xf32>
  %u = dl.broadcast %t dims [0] : tensor<8xf32> -> tensor<8x100xf32>
  %y = dl.div %e, %u : tensor<8x100xf32>
  return %y : tensor<8x100xf32>
}

// -----

// What feeds the epilogue alone is computed in it: no kernel of its own for %v * %m.
// CHECK-LABEL: func.func @main
// CHECK: call @[[K:k[0-9]+]]
// CHECK-NOT: call
// CHECK: return
func.func @main(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>, %v: tensor<8x4xf32>, %m: tensor<f32>) -> tensor<8x4xf32> {
  %p = dl.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %b = dl.broadcast %m dims [] : tensor<f32> -> tensor<8x4xf32>
  %q = dl.mul %v, %b : tensor<8x4xf32>
  %y = dl.add %p, %q : tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

// Joining the sum with the last product would enclose the row reduction, which stands between them.
// CHECK-LABEL: func.func @main
// CHECK-SAME: in another kernel, reads the one and feeds the other
func.func @main(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %p = dl.matmul %x, %x : tensor<8x8xf32>, tensor<8x8xf32>
  %s = dl.sum %p dims [1] : tensor<8x8xf32>
  %b = dl.broadcast %s dims [0] : tensor<8xf32> -> tensor<8x8xf32>
  %y = dl.add %p, %b : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

// A mask that the epilogue reads, and that is a result too, is given beside the product.
// CHECK-LABEL: func.func @main
// CHECK: call @[[K:k[0-9]+]]
// CHECK-NOT: call
// CHECK: func.func private @[[K]]
// CHECK: dl.conv2d_input_grad
func.func @main(%h: tensor<4x8x8x16xf32>, %dy: tensor<4x8x8x32xf32>, %w: tensor<3x3x16x32xf32>) -> (tensor<4x8x8x16xf32>, tensor<4x8x8x16xi1>) {
  %zero = dl.constant 0.0 : tensor<4x8x8x16xf32>
  %mask = dl.compare gt %h, %zero : tensor<4x8x8x16xf32>
  %dx = dl.conv2d_input_grad %dy, %w padding [1, 1, 1, 1] : tensor<4x8x8x32xf32>, tensor<3x3x16x32xf32> -> tensor<4x8x8x16xf32>
  %y = dl.select %mask, %dx, %zero : tensor<4x8x8x16xf32>
  return %y, %mask : tensor<4x8x8x16xf32>, tensor<4x8x8x16xi1>
}

// -----

// The bias is read along one of the two summed dimensions, which no emitter of rows takes: two kernels that are taken, not one
// that falls to plain loops.
// CHECK-LABEL: func.func @main
// CHECK-SAME: no emitter would take the two as one kernel: the columns' dimensions are read apart
// CHECK-COUNT-2: call @k
func.func @main(%x: tensor<4x8x16xf32>, %b: tensor<16xf32>) -> tensor<4xf32> {
  %c = dl.broadcast %b dims [2] : tensor<16xf32> -> tensor<4x8x16xf32>
  %p = dl.mul %x, %c : tensor<4x8x16xf32>
  %y = dl.sum %p dims [1, 2] : tensor<4x8x16xf32>
  return %y : tensor<4xf32>
}
