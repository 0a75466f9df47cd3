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

// A carried sum of products is one product behind the loop; of two equal stacks one is left.
// CANONICAL-LABEL: @weights
// CANONICAL: %[[V:.*]] = dl.scan <N> reverse inputs(%arg1) {
// CANONICAL-NEXT: ^bb0(%[[G:.*]]: tensor<4x6xf32>):
// CANONICAL-NEXT: %[[T:.*]] = dl.tanh %[[G]]
// CANONICAL-NEXT: dl.yield %[[T]] : tensor<4x6xf32>
// CANONICAL: %[[A:.*]] = dl.reshape %arg0 : {{.*}} -> tensor<?x8xf32, #dl.dims<N * 4, 8>>
// CANONICAL: %[[B:.*]] = dl.reshape %[[V]] : {{.*}} -> tensor<?x6xf32, #dl.dims<N * 4, 6>>
// CANONICAL: %[[P:.*]] = dl.matmul %[[A]] transposed, %[[B]]
// CANONICAL: %[[S:.*]] = dl.add %arg2, %[[P]]
// CANONICAL: return %[[S]], %[[V]], %[[V]]
dl.symbol @N : 1 to 64
func.func @weights(%h: tensor<?x4x8xf32, #dl.dims<N, 4, 8>>, %g: tensor<?x4x6xf32, #dl.dims<N, 4, 6>>, %w: tensor<8x6xf32>) -> (tensor<8x6xf32>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>) {
  %sum, %a, %b = dl.scan <N> reverse carry(%w) inputs(%h, %g) {
  ^bb0(%c: tensor<8x6xf32>, %u: tensor<4x8xf32>, %v: tensor<4x6xf32>):
    %t = dl.tanh %v : tensor<4x6xf32>
    %p = dl.matmul %u transposed, %t : tensor<4x8xf32>, tensor<4x6xf32>
    %n = dl.add %c, %p : tensor<8x6xf32>
    dl.yield %n, %t, %t : tensor<8x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>
  } : (tensor<8x6xf32>, tensor<?x4x8xf32, #dl.dims<N, 4, 8>>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>) -> (tensor<8x6xf32>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>)
  return %sum, %a, %b : tensor<8x6xf32>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>, tensor<?x4x6xf32, #dl.dims<N, 4, 6>>
}
