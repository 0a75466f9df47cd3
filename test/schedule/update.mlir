// A part of a state is written where it lies, where nothing reads the old value later; else the whole is copied.
// RUN: dlc-opt %s --dl-kernels-form --dl-plan --dl-schedule --split-input-file | FileCheck %s

// CHECK-LABEL: dlx.program @program.main
// CHECK-DAG: %[[C:.*]] = dlx.buffer state 0 bytes <64>
// CHECK-DAG: %[[U:.*]] = dlx.buffer input 0
// CHECK: dlx.place %[[C]], %[[U]] bytes <16> rows <1> offset <32> stride <64>
// CHECK-NOT: dlx.copy
// CHECK-NOT: dlx.take
// CHECK: }
func.func @main(%u: tensor<1x4xf32>, %c: tensor<4x4xf32> {dl.param = #dl.param<"c", constant(0.0), state>})
    -> (tensor<4x4xf32> {dl.state = "c"}) {
  %n = dl.update_slice %c, %u offsets <2, 0> : tensor<4x4xf32>, tensor<1x4xf32>
  return %n : tensor<4x4xf32>
}

// -----

// The old value is an output: it is copied before.
// CHECK-LABEL: dlx.program @program.main
// CHECK-DAG: %[[C:.*]] = dlx.buffer state 0 bytes <64>
// CHECK-DAG: %[[Y:.*]] = dlx.buffer output 0
// CHECK: dlx.copy %[[Y]], %{{.*}} bytes <64>
// CHECK: dlx.place %{{.*}}, %{{.*}} bytes <16> rows <1> offset <32>
// CHECK-NOT: dlx.copy
// CHECK: }
func.func @main(%u: tensor<1x4xf32>, %c: tensor<4x4xf32> {dl.param = #dl.param<"c", constant(0.0), state>})
    -> (tensor<4x4xf32>, tensor<4x4xf32> {dl.state = "c"}) {
  %n = dl.update_slice %c, %u offsets <2, 0> : tensor<4x4xf32>, tensor<1x4xf32>
  return %c, %n : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// The old value is read with the new one: the new one lies beside it, whole, and is copied at the end.
// CHECK-LABEL: dlx.program @program.main
// CHECK: %[[C:.*]] = dlx.buffer state 0 bytes <64>
// CHECK: dlx.take %[[NEW:.*]], %{{.*}} bytes <64> rows <1> offset <0> stride <64>
// CHECK-NEXT: dlx.place %[[NEW]], %{{.*}} bytes <16> rows <1> offset <32>
// CHECK: dlx.copy %{{.*}}, %[[NEW]] bytes <64>
func.func @main(%u: tensor<1x4xf32>, %c: tensor<4x4xf32> {dl.param = #dl.param<"c", constant(0.0), state>})
    -> (tensor<4x4xf32>, tensor<4x4xf32> {dl.state = "c"}) {
  %n = dl.update_slice %c, %u offsets <2, 0> : tensor<4x4xf32>, tensor<1x4xf32>
  %s = dl.add %n, %c : tensor<4x4xf32>
  return %s, %n : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Two dimensions in part: a kernel.
// CHECK-LABEL: dlx.program @program.main
// CHECK: dlx.launch
// CHECK-NOT: dlx.place
func.func @main(%u: tensor<1x2xf32>, %c: tensor<4x4xf32> {dl.param = #dl.param<"c", constant(0.0), state>})
    -> (tensor<4x4xf32> {dl.state = "c"}) {
  %n = dl.update_slice %c, %u offsets <2, 1> : tensor<4x4xf32>, tensor<1x2xf32>
  return %n : tensor<4x4xf32>
}
