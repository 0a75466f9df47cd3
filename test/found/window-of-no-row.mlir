// An image of no row has no window; where a symbol was fixed to 0, the sum below the mean was refused by an abort.
// RUN: dlc-fuzz %s
// RUN: dlc compile %s --shape B=0 -o /dev/null --emit kernels
// dlc-fuzz: data 138474791623089 | B=0
module {
  dl.symbol @B : 0 to 26
  func.func @main(%arg0: tensor<?x?x1x1xf32, #dl.dims<B, B, 1, 1>> {dl.name = "x1"}) -> (tensor<?x?x1x1xf32, #dl.dims<B, B, 1, 1>> {dl.name = "y3"}) {
    %0 = dl.avg_pool2d %arg0 kernel [1, 2] padding [0, 2, 0, 0] dilation [1, 2] count_include_pad : tensor<?x?x1x1xf32, #dl.dims<B, B, 1, 1>>
    return %0 : tensor<?x?x1x1xf32, #dl.dims<B, B, 1, 1>>
  }
}
