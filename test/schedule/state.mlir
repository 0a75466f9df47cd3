// Old values of parameters and states are read before new ones are written over them.
// RUN: dlc-opt %s --dl-kernels-form --dl-plan --dl-schedule | FileCheck %s

// CHECK-LABEL: dlx.program @program.old
// CHECK-SAME: scratch {{[0-9]+}} prepared 0 {
// CHECK-DAG: %[[W:.*]] = dlx.buffer state 0 
// CHECK-DAG: %[[NEW:.*]] = dlx.buffer state 0 
// CHECK-DAG: %[[OUT:.*]] = dlx.buffer output 0
// CHECK: dlx.copy %[[OUT]], %{{.*}} bytes <16>
// CHECK-NEXT: dlx.stage
// CHECK-NEXT: dlx.launch
func.func @old(%x: tensor<4xf32>, %w: tensor<4xf32> {dl.param = #dl.param<"w", constant(1.0), state>})
    -> (tensor<4xf32>, tensor<4xf32> {dl.state = "w"}) {
  %n = dl.add %w, %x : tensor<4xf32>
  return %w, %n : tensor<4xf32>, tensor<4xf32>
}
// A parameter and a state: two numberings.
// CHECK-LABEL: dlx.program @program.exchange
// CHECK-SAME: writes [0]
// CHECK-COUNT-2: dlx.copy %{{.*}}, %{{.*}} bytes <16>
// CHECK-COUNT-2: dlx.copy %{{.*}}, %{{.*}} bytes <16>
// CHECK-NOT: dlx.copy
func.func @exchange(%a: tensor<4xf32> {dl.param = #dl.param<"a", constant(1.0), non_trainable>},
                    %b: tensor<4xf32> {dl.param = #dl.param<"b", constant(2.0), state>})
    -> (tensor<4xf32> {dl.state = "a"}, tensor<4xf32> {dl.state = "b"}) {
  return %b, %a : tensor<4xf32>, tensor<4xf32>
}
