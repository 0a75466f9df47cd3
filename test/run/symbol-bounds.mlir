// Extents that are greatest where a symbol is least, or between its bounds: buffers hold the greatest values, not those at the upper
// bounds, at every level. y = tanh(-x[S:T]), z the first H mod 8 of h; tanh(-0.5) = -0.46211716 (mpmath).
// DEFINE: %{level} = 2
// DEFINE: %{t} = 16
// DEFINE: %{s} = 1
// DEFINE: %{h} = 15
// DEFINE: %{npy} = python3 %S/../cli/Inputs/npy.py
// DEFINE: %{run} = rm -rf %t && mkdir %t && %{npy} %t/x f4 %{t} 0.5 && %{npy} %t/s f4 %{s} 0 && %{npy} %t/h f4 %{h} 2 && env DLRT_GUARD=1 dlc run %s -O %{level} --no-cache --input x=%t/x --input s=%t/s --input h=%t/h | FileCheck %s --check-prefix
// RUN: %{run} GREATEST
// GREATEST: y f32[15]: -0.462117 -0.462117
// GREATEST: z f32[7]: 2 2
// REDEFINE: %{level} = 0
// RUN: %{run} GREATEST
// REDEFINE: %{s} = 8
// REDEFINE: %{h} = 16
// RUN: %{run} BOUNDS
// BOUNDS: y f32[8]: -0.462117
// BOUNDS: z f32[0]:
// REDEFINE: %{t} = 8
// RUN: %{run} LEAST
// LEAST: y f32[0]:
dl.symbol @T : 8 to 16
dl.symbol @S : 1 to 8
dl.symbol @H : 7 to 16
func.func @main(%x: tensor<?xf32, #dl.dims<T>> {dl.name = "x"}, %s: tensor<?xf32, #dl.dims<S>> {dl.name = "s"},
                %h: tensor<?xf32, #dl.dims<H>> {dl.name = "h"})
    -> (tensor<?xf32, #dl.dims<T - S>> {dl.name = "y"}, tensor<?xf32, #dl.dims<H mod 8>> {dl.name = "z"}) {
  %0 = dl.neg %x : tensor<?xf32, #dl.dims<T>>
  %1 = dl.slice %0 offsets <S> sizes <T - S> strides [1] : tensor<?xf32, #dl.dims<T>>
  %2 = dl.reverse %1 dims [0] : tensor<?xf32, #dl.dims<T - S>>
  %3 = dl.tanh %2 : tensor<?xf32, #dl.dims<T - S>>
  %4 = dl.slice %h offsets <0> sizes <H - H floordiv 8 * 8> strides [1] : tensor<?xf32, #dl.dims<H>>
  return %3, %4 : tensor<?xf32, #dl.dims<T - S>>, tensor<?xf32, #dl.dims<H mod 8>>
}
