// A loop of no steps over operands without elements was compiled, then refused by the runtime.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 1 |
func.func @main(%x: tensor<0x1xf32> {dl.name = "x"}, %h: tensor<3xf32> {dl.name = "h"})
    -> (tensor<3xf32> {dl.name = "y"}, tensor<0xf32> {dl.name = "z"}) {
  %0:2 = dl.scan <0> carry(%h) inputs(%x) {
  ^bb0(%c: tensor<3xf32>, %xt: tensor<1xf32>):
    %1 = dl.sum %xt dims [0] : tensor<1xf32>
    %2 = dl.broadcast %1 dims [] : tensor<f32> -> tensor<3xf32>
    %3 = dl.add %c, %2 : tensor<3xf32>
    dl.yield %3, %1 : tensor<3xf32>, tensor<f32>
  } : (tensor<3xf32>, tensor<0x1xf32>) -> (tensor<3xf32>, tensor<0xf32>)
  return %0#0, %0#1 : tensor<3xf32>, tensor<0xf32>
}
