// Large arguments and infinities against fractions: s'(x) = 1 / (1 + |x|)^2.
// RUN: python3 %S/Inputs/npy.py %t.x.npy f32 6 1e6 3e7 inf -inf -1e30 nan
// RUN: dlc run %s --input x=%t.x.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input x=%t.x.npy | FileCheck %s
// RUN: python3 %S/Inputs/npy.py %t.g.npy f32 6 1e6 3e7 inf -inf -1 nan
// RUN: python3 %S/Inputs/npy.py %t.dy.npy f32 6 1
// RUN: dlc-opt %s --dl-autodiff-gradient -o %t.grad.mlir
// RUN: dlc run %t.grad.mlir --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD
// RUN: dlc run %t.grad.mlir -O 0 --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD

// CHECK: y f32[6]: 0.999999 1 1 -1 -1 nan
// GRAD: gradient/x f32[6]: 9.99998e-13 1.11111e-15 0 0 0.25 nan
func.func @main(%x: tensor<6xf32> {dl.name = "x"}) -> (tensor<6xf32> {dl.name = "y"}) {
  %y = dl.softsign %x : tensor<6xf32>
  return %y : tensor<6xf32>
}
