// An op is of the layer whose parameter it reads, moved or not; what came from the same op of the model is too; others are after it.
// RUN: dlc-opt %s --dl-simplify-decompose --dl-kernels-form=fuse=false | FileCheck %s

// CHECK-LABEL: @norm
// CHECK-SAME: #dlx.verdict<"dl.relu at line 13", "dl.matmul of head.proj", false
// CHECK-SAME: #dlx.verdict<"dl.matmul of head.proj", "dl.{{[a-z]+}} of head.norm"
// CHECK-SAME: "dl.{{[a-z]+}} of head.norm", "dl.tanh after head.norm"
// CHECK-SAME: "dl.exp of head.norm", "dl.tanh after head.norm"
func.func @norm(%x: tensor<8x16xf32>, %w: tensor<4x16xf32> {dl.param = #dl.param<"head.proj.weight", he_normal(1.0), trainable>},
                %g: tensor<4xf32> {dl.param = #dl.param<"head.norm.gamma", constant(1.0), trainable>},
                %b: tensor<4xf32> {dl.param = #dl.param<"head.norm.beta", constant(0.0), trainable>},
                %m: tensor<4xf32> {dl.param = #dl.param<"head.norm.beta/m", constant(0.0), non_trainable>}) -> (tensor<8x4xf32>, tensor<4xf32>) {
  %a = dl.relu %x : tensor<8x16xf32>
  %t = dl.transpose %w permutation [1, 0] : tensor<4x16xf32>
  %0 = dl.matmul %a, %t : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = dl.layer_norm %0, %g, %b : tensor<8x4xf32>, tensor<4xf32>
  %2 = dl.tanh %1 : tensor<8x4xf32>
  %3 = dl.exp %m : tensor<4xf32>
  %4 = dl.tanh %3 : tensor<4xf32>
  return %2, %4 : tensor<8x4xf32>, tensor<4xf32>
}
// CHECK: call @{{.*}} {dlx.group = {{[0-9]+}} : i64, dlx.layers = ["head.proj"], dlx.place = "of head.proj"}

// A name without a path is the layer; a name is made fit to print.
// CHECK-LABEL: @bare
// CHECK-SAME: "dl.mul of w?\EF\BF\BD", "dl.exp after w?\EF\BF\BD"
func.func @bare(%x: tensor<8xf32>, %w: tensor<8xf32> {dl.param = #dl.param<"w\0A\FF", constant(1.0), trainable>}) -> tensor<8xf32> {
  %0 = dl.mul %x, %w : tensor<8xf32>
  %1 = dl.exp %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}
