// Values and derivative against numbers from Abramowitz and Stegun's table of the exponential function: s(1) = 1 / (1 + 0.367879441),
// s'(x) = s(x) (1 - s(x)). Large arguments saturate without overflow; NaN passes.
// RUN: python3 %S/Inputs/npy.py %t.x.npy f64 5 0 1 -1 1000 nan
// RUN: python3 %S/Inputs/npy.py %t.dy.npy f64 5 1
// RUN: dlc run %s --input x=%t.x.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input x=%t.x.npy | FileCheck %s
// RUN: dlc-opt %s --dl-autodiff-gradient | dlc run - --entry main_grad --input x=%t.x.npy --input cotangent/y=%t.dy.npy | FileCheck %s --check-prefix=GRAD

// CHECK: y f64[5]: 0.5 0.731059 0.268941 1 nan
// GRAD: 0.25 0.196612 0.196612 0 nan
func.func @main(%x: tensor<5xf64> {dl.name = "x"}) -> (tensor<5xf64> {dl.name = "y"}) {
  %y = dl.sigmoid %x : tensor<5xf64>
  return %y : tensor<5xf64>
}
