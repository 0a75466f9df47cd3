// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s -canonicalize | FileCheck %s --check-prefix=CANONICAL

// CHECK-LABEL: @scan
// CHECK: %[[S:.*]]:2 = dl.scan <T> carry(%{{.*}}) inputs(%{{.*}}, %{{.*}}) captures(%{{.*}}) {
// CHECK: dl.yield %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
// CHECK: } : (tensor<4xf32>, tensor<?x4xf32, #dl.dims<T, 4>>,
// CHECK: dl.scan <5> reverse carry(%[[S]]#0) {

// What is not read goes away: the stack, the second input, the capture.
// CANONICAL-LABEL: @scan
// CANONICAL: %[[H:.*]] = dl.scan <T> carry(%{{.*}}) inputs(%{{[a-z0-9]*}}) {
// CANONICAL: dl.scan <5> reverse carry(%[[H]])
dl.symbol @T : 1 to 9
func.func @scan(%h: tensor<4xf32>, %x: tensor<?x4xf32, #dl.dims<T, 4>>, %z: tensor<?xi32, #dl.dims<T>>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %a, %all = dl.scan <T> carry(%h) inputs(%x, %z) captures(%w) {
  ^bb0(%c: tensor<4xf32>, %t: tensor<4xf32>, %n: tensor<i32>, %k: tensor<4xf32>):
    %s = dl.add %c, %t : tensor<4xf32>
    dl.yield %s, %s : tensor<4xf32>, tensor<4xf32>
  } : (tensor<4xf32>, tensor<?x4xf32, #dl.dims<T, 4>>, tensor<?xi32, #dl.dims<T>>, tensor<4xf32>) -> (tensor<4xf32>, tensor<?x4xf32, #dl.dims<T, 4>>)
  %b = dl.scan <5> reverse carry(%a) {
  ^bb0(%c: tensor<4xf32>):
    %s = dl.mul %c, %c : tensor<4xf32>
    dl.yield %s : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %b : tensor<4xf32>
}
