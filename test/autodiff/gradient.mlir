// RUN: dlc-opt --dl-autodiff-gradient %s | FileCheck %s
// RUN: dlc-opt --dl-autodiff-gradient="function=square arguments=0" %s | FileCheck %s --check-prefix=SQUARE
// RUN: dlc-opt --dl-autodiff-gradient --dl-autodiff-gradient="function=main_grad arguments=1" %s | FileCheck %s --check-prefix=TWICE

// CHECK-LABEL: func.func @main_grad
// CHECK-SAME: %[[X:.*]]: tensor<4x3xf64> {dl.name = "x"}, %[[W:.*]]: tensor<3x2xf64>
// CHECK-SAME: %[[N:.*]]: tensor<4x2xi32>, %[[DY:.*]]: tensor<4x2xf64> {dl.name = "cotangent/y"}
// CHECK-SAME: -> (tensor<4x2xf64> {dl.name = "y"}, tensor<4x2xi32>, tensor<4x3xf64> {dl.name = "gradient/x"}, tensor<3x2xf64> {dl.name = "gradient/w"}
// CHECK: %[[Z:.*]] = dl.matmul %[[X]], %[[W]]
// CHECK: %[[Y:.*]] = dl.exp %[[Z]]
// CHECK: %[[DZ:.*]] = dl.mul %[[DY]], %[[Y]]
// CHECK-DAG: %[[DX:.*]] = dl.matmul %[[DZ]], %[[W]] transposed
// CHECK-DAG: %[[DW:.*]] = dl.matmul %[[X]] transposed, %[[DZ]]
// CHECK: return %[[Y]], %[[N]], %[[DX]], %[[DW]]

// TWICE-LABEL: func.func @main_grad_grad
func.func @main(%x: tensor<4x3xf64> {dl.name = "x"}, %w: tensor<3x2xf64> {dl.param = #dl.param<"w", he_normal(1.0), trainable>},
                %n: tensor<4x2xi32>) -> (tensor<4x2xf64> {dl.name = "y"}, tensor<4x2xi32>) {
  %z = dl.matmul %x, %w : tensor<4x3xf64>, tensor<3x2xf64>
  %y = dl.exp %z : tensor<4x2xf64>
  return %y, %n : tensor<4x2xf64>, tensor<4x2xi32>
}

// Cotangents of several uses are added; what the results do not depend on has gradient 0.
// SQUARE-LABEL: func.func @square_grad
// SQUARE-SAME: %[[X:.*]]: tensor<3xf32>, %[[Q:.*]]: tensor<3xf32>, %[[DY:.*]]: tensor<3xf32>)
// SQUARE: %[[A:.*]] = dl.mul %[[DY]], %[[X]]
// SQUARE: %[[B:.*]] = dl.mul %[[DY]], %[[X]]
// SQUARE: dl.add %[[A]], %[[B]]
func.func @square(%x: tensor<3xf32>, %unused: tensor<3xf32>) -> tensor<3xf32> {
  %y = dl.mul %x, %x : tensor<3xf32>
  return %y : tensor<3xf32>
}
