// In the tail and at infinities, where x sigmoid(v) would be infinity times zero; values by mpmath.
// RUN: python3 %S/Inputs/npy.py %t.x.npy f32 8 -4 -6 inf -inf 1e20 -1e20 2 nan
// RUN: dlc run %s --input x=%t.x.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input x=%t.x.npy | FileCheck %s
// RUN: python3 %S/Inputs/npy.py %t.g.npy f32 8 -5 -1 2 inf -inf 1e20 -1e20 nan
// RUN: python3 %S/Inputs/npy.py %t.dy.npy f32 8 1
// RUN: dlc-opt %s --dl-autodiff-gradient -o %t.grad.mlir
// RUN: dlc run %t.grad.mlir --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD
// RUN: dlc run %t.grad.mlir -O 0 --entry main_grad --input x=%t.g.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD

// CHECK: y f32[8]: -7.024{{59|6}}e-05 -8.43965e-11 inf -0 1e+20 -0 1.9546 nan
// GRAD: gradient/x f32[8]: -1.54636e-06 -0.0829641 1.0861 1 0 1 0 nan
func.func @main(%x: tensor<8xf32> {dl.name = "x"}) -> (tensor<8xf32> {dl.name = "y"}) {
  %y = dl.gelu %x approximate tanh : tensor<8xf32>
  return %y : tensor<8xf32>
}
