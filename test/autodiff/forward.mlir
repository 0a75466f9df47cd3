// RUN: dlc-opt --dl-autodiff-forward %s | FileCheck %s

// Of the cotangents that the derivation goes by nothing is left.
// CHECK-LABEL: func.func @main_jvp
// CHECK-SAME: %[[X:.*]]: tensor<3xf64> {dl.name = "x"}, %[[N:.*]]: tensor<3xi32>, %[[T:.*]]: tensor<3xf64> {dl.name = "tangent/x"})
// CHECK-SAME: -> (tensor<3xf64> {dl.name = "y"}, tensor<3xi32>, tensor<3xf64> {dl.name = "tangent/y"})
// CHECK-NEXT: %[[Y:.*]] = dl.exp %[[X]]
// CHECK-NEXT: %[[DY:.*]] = dl.mul %[[T]], %[[Y]]
// CHECK-NEXT: return %[[Y]], %[[N]], %[[DY]]
func.func @main(%x: tensor<3xf64> {dl.name = "x"}, %n: tensor<3xi32>) -> (tensor<3xf64> {dl.name = "y"}, tensor<3xi32>) {
  %y = dl.exp %x : tensor<3xf64>
  return %y, %n : tensor<3xf64>, tensor<3xi32>
}
