// In the tail and at infinities, where x F(x) would be infinity times zero; values by mpmath.
// RUN: python3 %S/Inputs/npy.py %t.x.npy f32 8 -3 -5 -6 -8 inf -inf 1e20 -1e20
// RUN: dlc run %s --input x=%t.x.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input x=%t.x.npy | FileCheck %s
// RUN: python3 %S/Inputs/npy.py %t.g.npy f32 8 -5 -1 2 inf -inf 1e20 -1e20 nan
// RUN: python3 %S/Inputs/npy.py %t.dy.npy f32 8 1
// RUN: dlc-opt %s --dl-autodiff-gradient -o %t.grad.mlir
// RUN: dlc run %t.grad.mlir --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD
// RUN: dlc run %t.grad.mlir -O 0 --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD

// CHECK: y f32[8]: -0.00404969 -1.43326e-06 -5.91953e-09 -4.97677e-15 inf -0 1e+20 -0
// GRAD: gradient/x f32[8]: -7.14695e-06 -0.0833155 1.08523 1 0 1 0 nan
func.func @main(%x: tensor<8xf32> {dl.name = "x"}) -> (tensor<8xf32> {dl.name = "y"}) {
  %y = dl.gelu %x : tensor<8xf32>
  return %y : tensor<8xf32>
}
