// The mean of a constant is that constant, and a signal of a thousandth on a large mean keeps its digits. Values by f64.
// RUN: python3 %S/Inputs/npy.py %t.a.npy f32 1x41 1e6
// RUN: python3 %S/Inputs/npy.py %t.b.npy f32 1x61 100
// RUN: python3 %S/Inputs/npy.py %t.c.npy f32 41x1 1e6
// RUN: python3 %S/Inputs/npy.py %t.o.npy f32 41 1
// RUN: python3 %S/Inputs/npy.py %t.i.npy f32 3 inf 1 -1
// RUN: python3 %S/Inputs/npy.py %t.s.npy f32 2x16 1000 1000.001 1000.002 1000.003 1000.004 1000.005 1000.006 1000.007 1000.008 1000.009 1000.01 1000.011 1000.012 1000.013 1000.014 1000.015 10000 10000.001 10000.002 10000.003 10000.004 10000.005 10000.006 10000.007 10000.008 10000.009 10000.01 10000.011 10000.012 10000.013 10000.014 10000.015
// RUN: dlc run %s --input a=%t.a.npy --input b=%t.b.npy --input c=%t.c.npy --input o=%t.o.npy --input i=%t.i.npy --input s=%t.s.npy | FileCheck %s
// RUN: dlc run %s -O 0 --input a=%t.a.npy --input b=%t.b.npy --input c=%t.c.npy --input o=%t.o.npy --input i=%t.i.npy --input s=%t.s.npy | FileCheck %s

// CHECK: constant f32[1, 41]: 0 0 0
// CHECK: hundreds f32[1, 61]: 0 0 0
// CHECK: batch f32[41, 1]: 0 0 0
// CHECK: mean f32[1]: 1e+06
// CHECK: variance f32[1]: 0
// CHECK: one f32[]: 1{{$}}
// CHECK: infinite f32[]: inf
// CHECK: small f32[2]: -1.34151 -1.33133
func.func @main(%a: tensor<1x41xf32> {dl.name = "a"}, %b: tensor<1x61xf32> {dl.name = "b"}, %c: tensor<41x1xf32> {dl.name = "c"},
                %o: tensor<41xf32> {dl.name = "o"}, %i: tensor<3xf32> {dl.name = "i"}, %s: tensor<2x16xf32> {dl.name = "s"})
    -> (tensor<1x41xf32> {dl.name = "constant"}, tensor<1x61xf32> {dl.name = "hundreds"}, tensor<41x1xf32> {dl.name = "batch"},
        tensor<1xf32> {dl.name = "mean"}, tensor<1xf32> {dl.name = "variance"}, tensor<f32> {dl.name = "one"},
        tensor<f32> {dl.name = "infinite"}, tensor<2xf32> {dl.name = "small"}) {
  %ga = dl.constant 1.0 : tensor<41xf32>
  %ba = dl.constant 0.0 : tensor<41xf32>
  %gb = dl.constant 1.0 : tensor<61xf32>
  %bb = dl.constant 0.0 : tensor<61xf32>
  %gc = dl.constant 1.0 : tensor<1xf32>
  %bc = dl.constant 0.0 : tensor<1xf32>
  %gs = dl.constant 1.0 : tensor<16xf32>
  %bs = dl.constant 0.0 : tensor<16xf32>
  %0 = dl.layer_norm %a, %ga, %ba : tensor<1x41xf32>, tensor<41xf32>
  %1 = dl.layer_norm %b, %gb, %bb : tensor<1x61xf32>, tensor<61xf32>
  %2:3 = dl.batch_norm_train %c, %gc, %bc : tensor<41x1xf32>, tensor<1xf32>
  %3 = dl.mean %o dims [0] : tensor<41xf32>
  %4 = dl.mean %i dims [0] : tensor<3xf32>
  %5 = dl.layer_norm %s, %gs, %bs {epsilon = 1.0e-5} : tensor<2x16xf32>, tensor<16xf32>
  %6 = dl.slice %5 offsets <0, 0> sizes <2, 1> strides [1, 1] : tensor<2x16xf32>
  %7 = dl.reshape %6 : tensor<2x1xf32> -> tensor<2xf32>
  return %0, %1, %2#0, %2#1, %2#2, %3, %4, %7 : tensor<1x41xf32>, tensor<1x61xf32>, tensor<41x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<f32>, tensor<f32>, tensor<2xf32>
}
