// A box without terms has no parts, and the first of them was asked for: a division by their number.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 261706680609419 train step | B=0
module {
  dl.symbol @B : 0 to 27
  func.func @main(%arg0: tensor<1x1x1x3xf64> {dl.param = #dl.param<"x6", constant(5.000000e-01), trainable>}, %arg1: tensor<?x?x?x3xf64, #dl.dims<B, B, B, 3>> {dl.name = "z2"}) -> (tensor<?x?x?x3xf64, #dl.dims<B, B, B, 3>> {dl.name = "y2"}) {
    %0 = dl.conv2d_input_grad %arg1, %arg0 groups 3 : tensor<?x?x?x3xf64, #dl.dims<B, B, B, 3>>, tensor<1x1x1x3xf64> -> tensor<?x?x?x3xf64, #dl.dims<B, B, B, 3>>
    return %0 : tensor<?x?x?x3xf64, #dl.dims<B, B, B, 3>>
  }
}
