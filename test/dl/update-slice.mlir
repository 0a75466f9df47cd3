// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --canonicalize | FileCheck %s --check-prefix=FOLD
// RUN: dlc-opt %s --dl-autodiff-gradient | FileCheck %s --check-prefix=GRADIENT
dl.symbol @P : 0 to 3

// CHECK-LABEL: @main
// CHECK: dl.update_slice %{{.*}}, %{{.*}} offsets <P, 0> : tensor<4x5xf32>, tensor<1x5xf32>
// GRADIENT-LABEL: @main_grad
// GRADIENT-DAG: dl.update_slice %{{.*}}, %{{.*}} offsets <P, 0> : tensor<4x5xf32>, tensor<1x5xf32>
// GRADIENT-DAG: dl.slice %{{.*}} offsets <P, 0> sizes <1, 5> strides [1, 1]
func.func @main(%x: tensor<4x5xf32> {dl.name = "x"}, %u: tensor<1x5xf32> {dl.name = "u"},
                %p: tensor<i64> {dl.name = "p", dl.symbol = @P}) -> (tensor<4x5xf32> {dl.name = "y"}) {
  %y = dl.update_slice %x, %u offsets <P, 0> : tensor<4x5xf32>, tensor<1x5xf32>
  return %y : tensor<4x5xf32>
}
// FOLD-LABEL: @all
// FOLD-NEXT: return %arg1
func.func @all(%x: tensor<4x5xf32>, %u: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %y = dl.update_slice %x, %u offsets <0, 0> : tensor<4x5xf32>, tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}
