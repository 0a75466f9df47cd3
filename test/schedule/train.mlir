// RUN: dlc-opt %s --dl-kernels-form --dl-plan --dl-schedule --split-input-file | FileCheck %s

// The update lies over the old weight, after the product that still reads it; nothing is copied.
// CHECK: dlx.program @program.step of @step
// CHECK-SAME: writes [0]
// CHECK: %[[W:.*]] = dlx.buffer param 0
// CHECK: dlx.stage
// CHECK: dlx.launch "k0{{[a-z]*}}" {{.*}}%[[W]]
// CHECK: dlx.stage
// CHECK: dlx.launch "k1{{[a-z]*}}"
// CHECK-NOT: dlx.copy
func.func @step(%x: tensor<8x8xf32>, %w: tensor<8x8xf32> {dl.param = #dl.param<"w", constant(0.0), trainable>})
    -> (tensor<8x8xf32>, tensor<8x8xf32> {dl.state = "w"}) {
  %y = dl.matmul %x, %w : tensor<8x8xf32>, tensor<8x8xf32>
  %n = dl.add %w, %w : tensor<8x8xf32>
  return %y, %n : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// A reader of the new value that reads the old one too: the new value lies beside the old and is copied at the end.
// CHECK: dlx.program @program.step
// CHECK: dlx.copy
func.func @step(%w: tensor<8x8xf32> {dl.param = #dl.param<"w", constant(0.0), trainable>})
    -> (tensor<8x8xf32>, tensor<8x8xf32> {dl.state = "w"}) {
  %n = dl.matmul %w, %w : tensor<8x8xf32>, tensor<8x8xf32>
  %y = dl.matmul %n, %w : tensor<8x8xf32>, tensor<8x8xf32>
  return %y, %n : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// What depends on parameters alone is prepared once.
// CHECK: dlx.program @program.main.prepare
// CHECK-SAME: is_prepare
// CHECK: dlx.launch "k0
// CHECK: dlx.program @program.main of @main
// CHECK-SAME: after @program.main.prepare
// CHECK: dlx.buffer prepared 0
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x8xf32> {dl.param = #dl.param<"w", constant(0.0), trainable>}) -> tensor<8x8xf32> {
  %n = dl.exp %w : tensor<8x8xf32>
  %y = dl.matmul %x, %n : tensor<8x8xf32>, tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

// A scan: its steps move over the sequence, carried buffers are exchanged, a captured weight is packed before the loop.
// CHECK: dlx.program @program.main
// CHECK: %[[VIEW:.*]] = dlx.view
// CHECK: dlx.loop <7> moving(%[[VIEW]]) swapping(%{{.*}}) with(%{{.*}})
// CHECK-NOT: pack"
func.func @main(%h: tensor<4x8xf32>, %x: tensor<7x4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %r = dl.scan <7> carry(%h) inputs(%x) captures(%w) {
  ^bb0(%c: tensor<4x8xf32>, %s: tensor<4x8xf32>, %u: tensor<8x8xf32>):
    %p = dl.matmul %c, %u transposed : tensor<4x8xf32>, tensor<8x8xf32>
    %n = dl.add %p, %s : tensor<4x8xf32>
    dl.yield %n : tensor<4x8xf32>
  } : (tensor<4x8xf32>, tensor<7x4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

// An embedding's update goes with the sums of its gradient, in place, though the old rows are read by the look-up before.
// CHECK: dlx.program @program.step of @step
// CHECK-SAME: writes [0]
// CHECK: %[[OLD:.*]] = dlx.buffer param 0
// CHECK: %[[NEW:.*]] = dlx.buffer param 0
// CHECK: dlx.launch "k0" {{.*}}(%[[OLD]],
// CHECK: dlx.launch "k1.list"
// CHECK: dlx.launch "k1.sum" {{.*}}%[[OLD]], {{.*}}%[[NEW]])
// CHECK-NOT: dlx.copy
func.func @step(%i: tensor<6xi64>, %w: tensor<9x8xf32> {dl.param = #dl.param<"w", constant(0.0), trainable>})
    -> (tensor<6x8xf32>, tensor<9x8xf32> {dl.state = "w"}) {
  %y = dl.gather %w, %i axis 0 : tensor<9x8xf32>, tensor<6xi64>
  %e = dl.exp %y : tensor<6x8xf32>
  %g = dl.scatter_sum %e, %i axis 0 : tensor<6x8xf32>, tensor<6xi64> -> tensor<9x8xf32>
  %n = dl.sub %w, %g : tensor<9x8xf32>
  return %e, %n : tensor<6x8xf32>, tensor<9x8xf32>
}
