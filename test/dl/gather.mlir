// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-autodiff-gradient | FileCheck %s --check-prefix=GRADIENT
// RUN: dlc-opt %s --dl-autodiff-forward | FileCheck %s --check-prefix=FORWARD
// RUN: dlc-opt %s --dl-simplify-ranges | FileCheck %s --check-prefix=RANGE
dl.symbol @B : 1 to 64

// CHECK-LABEL: @main
// CHECK: dl.gather %{{.*}}, %{{.*}} axis 0 : tensor<9x5xf32>, tensor<2x3xi64>
// GRADIENT-LABEL: @main_grad
// GRADIENT: dl.scatter_sum %{{.*}}, %{{.*}} axis 0 : tensor<2x3x5xf32>, tensor<2x3xi64> -> tensor<9x5xf32>
// FORWARD-LABEL: @main_jvp
// FORWARD: dl.gather %{{.*}}, %{{.*}} axis 0 outside 0.000000e+00 : tensor<9x5xf32>, tensor<2x3xi64>
// RANGE-LABEL: @main
// RANGE-SAME: dl.name = "i", dl.range = array<i64: 0, 9>
func.func @main(%x: tensor<9x5xf32> {dl.name = "x"}, %i: tensor<2x3xi64> {dl.name = "i"}) -> (tensor<2x3x5xf32> {dl.name = "y"}) {
  %y = dl.gather %x, %i axis 0 : tensor<9x5xf32>, tensor<2x3xi64>
  return %y : tensor<2x3x5xf32>
}
// CHECK-LABEL: @batch
// CHECK: dl.gather %{{.*}}, %{{.*}} axis 2 batch 1
// RANGE-LABEL: @batch
// RANGE-SAME: dl.range = array<i64: 0, 7>
func.func @batch(%x: tensor<?x4x7x5xi8, #dl.dims<B, 4, 7, 5>>, %i: tensor<?x3xi32, #dl.dims<B, 3>>) -> tensor<?x4x3x5xi8, #dl.dims<B, 4, 3, 5>> {
  %y = dl.gather %x, %i axis 2 batch 1 : tensor<?x4x7x5xi8, #dl.dims<B, 4, 7, 5>>, tensor<?x3xi32, #dl.dims<B, 3>>
  return %y : tensor<?x4x3x5xi8, #dl.dims<B, 4, 3, 5>>
}
// CHECK-LABEL: @one
func.func @one(%x: tensor<9xf32>, %i: tensor<i8>) -> tensor<f32> {
  // CHECK: dl.gather %{{.*}}, %{{.*}} axis 0 : tensor<9xf32>, tensor<i8>
  %y = dl.gather %x, %i axis 0 : tensor<9xf32>, tensor<i8>
  return %y : tensor<f32>
}
// The least of two extents, by way of what keeps every element.
// RANGE-LABEL: @two
// RANGE-SAME: %{{.*}}: tensor<2x3xi32> {dl.range = array<i64: 0, 4>}
func.func @two(%x: tensor<9x5xf32>, %z: tensor<4x5xf32>, %i: tensor<2x3xi32>) -> (tensor<6x5xf32>, tensor<3x2x5xf32>) {
  %wide = dl.cast %i : tensor<2x3xi32> -> tensor<2x3xi64>
  %flat = dl.reshape %wide : tensor<2x3xi64> -> tensor<6xi64>
  %turned = dl.transpose %i permutation [1, 0] : tensor<2x3xi32>
  %y = dl.gather %x, %flat axis 0 : tensor<9x5xf32>, tensor<6xi64>
  %u = dl.gather %z, %turned axis 0 : tensor<4x5xf32>, tensor<3x2xi32>
  return %y, %u : tensor<6x5xf32>, tensor<3x2x5xf32>
}
// Not checked: a fill, a range of the model's own, some elements alone, what is computed, a symbolic extent.
// RANGE-LABEL: @free
// RANGE-NOT: array<i64: 0, 9>
// RANGE-SAME: dl.range = array<i64: -1, 9>
// RANGE-NOT: array<i64: 0, 9>
// RANGE: return
func.func @free(%x: tensor<9x5xf32>, %s: tensor<?x5xf32, #dl.dims<B, 5>>, %i: tensor<2xi32>, %own: tensor<2xi32> {dl.range = array<i64: -1, 9>},
                %some: tensor<4xi32>, %less: tensor<2xi32>, %symbolic: tensor<2xi32>)
    -> (tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>) {
  %a = dl.gather %x, %i axis 0 outside 0.0 : tensor<9x5xf32>, tensor<2xi32>
  %b = dl.gather %x, %own axis 0 : tensor<9x5xf32>, tensor<2xi32>
  %part = dl.slice %some offsets <0> sizes <2> strides [1] : tensor<4xi32>
  %c = dl.gather %x, %part axis 0 : tensor<9x5xf32>, tensor<2xi32>
  %one = dl.constant 1.0 : tensor<2xi32>
  %computed = dl.sub %less, %one : tensor<2xi32>
  %d = dl.gather %x, %computed axis 0 : tensor<9x5xf32>, tensor<2xi32>
  %e = dl.gather %s, %symbolic axis 0 : tensor<?x5xf32, #dl.dims<B, 5>>, tensor<2xi32>
  return %a, %b, %c, %d, %e : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>
}
