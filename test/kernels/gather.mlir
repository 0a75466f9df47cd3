// RUN: dlc-opt %s --dl-simplify-decompose --canonicalize --cse --dl-kernels-form --split-input-file | FileCheck %s

// Tokens, positions and the norm of their sum are one kernel.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-1: call @k0
// CHECK-NOT: call
// CHECK: func.func private @k0
// CHECK: dl.gather
// CHECK: dl.gather
// CHECK: dl.sum_products
func.func @main(%tokens: tensor<2x3xi64>, %words: tensor<101x64xf32>, %places: tensor<16x64xf32>, %gamma: tensor<64xf32>, %beta: tensor<64xf32>) -> tensor<2x3x64xf32> {
  %i = dl.iota axis 1 : tensor<2x3xi64>
  %w = dl.gather %words, %tokens axis 0 : tensor<101x64xf32>, tensor<2x3xi64>
  %p = dl.gather %places, %i axis 0 : tensor<16x64xf32>, tensor<2x3xi64>
  %x = dl.add %w, %p : tensor<2x3x64xf32>
  %y = dl.layer_norm %x, %gamma, %beta : tensor<2x3x64xf32>, tensor<64xf32>
  return %y : tensor<2x3x64xf32>
}

// -----

// The update of a parameter follows the sums that are its gradient; what is summed comes from memory, and so do computed indices.
// CHECK-LABEL: func.func @main
// CHECK-SAME: #dlx.verdict<"dl.exp{{[^"]*}}", "dl.scatter_sum{{[^"]*}}", false, "the scatter dl.scatter_sum{{[^"]*}} reads in the order of its indices
// CHECK-SAME: #dlx.verdict<"dl.sub{{[^"]*}}", "dl.scatter_sum{{[^"]*}}", false, "the scatter
// CHECK-SAME: #dlx.verdict<"dl.scatter_sum{{[^"]*}}", "dl.sub{{[^"]*}}", true, "epilogue of the scatter"
// CHECK: func.func private @k{{[0-9]+}}({{.*}}) -> tensor<9x5xf32>
// CHECK-NEXT: dl.scatter_sum
// CHECK-NEXT: dl.sub
func.func @main(%x: tensor<4x5xf32>, %i: tensor<4xi32>, %w: tensor<9x5xf32>) -> tensor<9x5xf32> {
  %e = dl.exp %x : tensor<4x5xf32>
  %j = dl.sub %i, %i : tensor<4xi32>
  %g = dl.scatter_sum %e, %j axis 0 : tensor<4x5xf32>, tensor<4xi32> -> tensor<9x5xf32>
  %y = dl.sub %w, %g : tensor<9x5xf32>
  return %y : tensor<9x5xf32>
}

// -----

// CHECK: #dlx.verdict<"dl.sub{{[^"]*}}", "dl.gather{{[^"]*}}", false, "the consumer moves elements
func.func @main(%x: tensor<9x5xf32>, %i: tensor<4xi32>, %o: tensor<4xi32>) -> tensor<4x5xf32> {
  %j = dl.sub %i, %o : tensor<4xi32>
  %y = dl.gather %x, %j axis 0 : tensor<9x5xf32>, tensor<4xi32>
  return %y : tensor<4x5xf32>
}
