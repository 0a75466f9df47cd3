// Where B is 1 the window is longer than the image: with symbols there is none, as a model of constants it is refused.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 15695483806686 | B=1
module {
  dl.symbol @B : 1 to 42
  func.func @main(%arg0: tensor<1x1x?x1xf32, #dl.dims<1, 1, B, 1>> {dl.name = "x6"}) -> (tensor<1x1x?x1xf32, #dl.dims<1, 1, B - 1, 1>> {dl.name = "y2"}) {
    %0 = dl.avg_pool2d %arg0 kernel [1, 2] : tensor<1x1x?x1xf32, #dl.dims<1, 1, B, 1>>
    return %0 : tensor<1x1x?x1xf32, #dl.dims<1, 1, B - 1, 1>>
  }
}
