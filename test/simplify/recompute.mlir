// The gradient's probabilities are made again: as they are for dq, turned for dk and dv, which sum over their rows.
// RUN: dlc-opt %s --dl-autodiff-gradient --dl-simplify-decompose --canonicalize --cse --dl-simplify-recompute=least=65536 | FileCheck %s
// RUN: dlc-opt %s --dl-autodiff-gradient --dl-simplify-decompose --canonicalize --cse --dl-simplify-recompute | FileCheck %s --check-prefix=SMALL

// CHECK-LABEL: func.func @main_grad
// CHECK: dl.matmul %arg0, %arg1 transposed
// CHECK: %[[O:.*]] = dl.matmul %{{.*}}, %arg2 : tensor<2x128x128xf32>, tensor<2x128x16xf32>
// CHECK: dl.matmul %arg1, %arg0 transposed
// CHECK: dl.broadcast %{{.*}} dims [0, 2] : tensor<2x128xf32>
// CHECK: dl.exp
// CHECK: dl.matmul %arg0, %arg1 transposed
// CHECK-NOT: transposed,
// CHECK: return
// SMALL-LABEL: func.func @main_grad
// SMALL-COUNT-2: matmul %{{[0-9]*}} transposed
// SMALL: return
func.func @main(%q: tensor<2x128x16xf32>, %k: tensor<2x128x16xf32>, %v: tensor<2x128x16xf32>) -> tensor<2x128x16xf32> {
  %s = dl.matmul %q, %k transposed : tensor<2x128x16xf32>, tensor<2x128x16xf32>
  %p = dl.softmax %s axis 2 : tensor<2x128x128xf32>
  %o = dl.matmul %p, %v : tensor<2x128x128xf32>, tensor<2x128x16xf32>
  %e = dl.tanh %o : tensor<2x128x16xf32>
  %2 = dl.mul %e, %o : tensor<2x128x16xf32>
  return %2 : tensor<2x128x16xf32>
}
