// RUN: dlc-opt %s -split-input-file -verify-diagnostics
func.func @ranks(%q: tensor<2x4x8xf32>, %k: tensor<1x2x4x8xf32>) {
  // expected-error@+1 {{expected q [b, h, t, d], k [b, g, s, d] and v [b, g, s, e], found 'tensor<2x4x8xf32>'}}
  %0 = dl.attention %q, %k, %k : tensor<2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>
  return
}
// -----
func.func @heads(%q: tensor<1x3x4x8xf32>, %k: tensor<1x2x4x8xf32>) {
  // expected-error@+1 {{expected a constant number of heads in q, a multiple of that in k and v, found 3, 2 and 2}}
  %0 = dl.attention %q, %k, %k : tensor<1x3x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>
  return
}
// -----
func.func @widths(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x4x6xf32>) {
  // expected-error@+1 {{a query has 8 elements, a key 6}}
  %0 = dl.attention %q, %k, %k : tensor<1x2x4x8xf32>, tensor<1x2x4x6xf32>, tensor<1x2x4x6xf32>
  return
}
// -----
func.func @values(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x4x8xf32>, %v: tensor<1x2x5x8xf32>) {
  // expected-error@+1 {{there are 4 keys and 5 values}}
  %0 = dl.attention %q, %k, %v : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x5x8xf32>
  return
}
// -----
func.func @mask(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x6x8xf32>, %m: tensor<1x1x6x4xi1>) {
  // expected-error@+1 {{expected a mask [b or 1, h or 1, t or 1, s] for q}}
  %0 = dl.attention %q, %k, %k mask %m : tensor<1x2x4x8xf32>, tensor<1x2x6x8xf32>, tensor<1x2x6x8xf32>, tensor<1x1x6x4xi1>
  return
}
// -----
func.func @types(%q: tensor<1x2x4x8xf32>, %k: tensor<1x2x4x8xf64>) {
  // expected-error@+1 {{expected one element type}}
  %0 = dl.attention %q, %k, %k : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf64>, tensor<1x2x4x8xf64>
  return
}
// -----
// A batch of the second operand is the first one's or 1.
func.func @matmul(%a: tensor<2x3x4xf32>, %b: tensor<3x4x5xf32>) {
  // expected-error@+1 {{batch dimension 0 is 2 in lhs and 3 in rhs}}
  %0 = dl.matmul %a, %b : tensor<2x3x4xf32>, tensor<3x4x5xf32>
  return
}
