// Values and derivative against fractions: s(1/2) = 1/3, s(-3) = -3/4; s'(x) = 1 / (1 + |x|)^2: 4/9, 1/16. NaN passes.
// RUN: python3 %S/Inputs/npy.py %t.x.npy f64 5 0 0.5 -3 1e300 nan
// RUN: python3 %S/Inputs/npy.py %t.dy.npy f64 5 1
// RUN: dlc run %s --input x=%t.x.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input x=%t.x.npy | FileCheck %s
// RUN: dlc-opt %s --dl-autodiff-gradient | dlc run - --entry main_grad --input x=%t.x.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD

// CHECK: y f64[5]: 0 0.333333 -0.75 1 nan
// GRAD: 1 0.444444 0.0625 0 nan
func.func @main(%x: tensor<5xf64> {dl.name = "x"}) -> (tensor<5xf64> {dl.name = "y"}) {
  %y = dl.softsign %x : tensor<5xf64>
  return %y : tensor<5xf64>
}
