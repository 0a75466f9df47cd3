// What follows the sum of a whole tensor was built before it, with a second sum made by a plain loop; cut over the grid, it read what its launch does not list.
// RUN: dlc-fuzz %s
// dlc-fuzz: data 192426841052149 train | B=5 T=5
module {
  dl.symbol @B : 5 to 65
  dl.symbol @T : 1 to 29
  func.func @main(%arg0: tensor<9x?x?x2xf32, #dl.dims<9, T, B, 2>> {dl.name = "z2"}, %arg1: tensor<9x?x?x2xf32, #dl.dims<9, T, B, 2>> {dl.name = "z2z"}) -> (tensor<f32> {dl.name = "y1"}) {
    %0 = dl.binary_cross_entropy %arg1, %arg0 : tensor<9x?x?x2xf32, #dl.dims<9, T, B, 2>>, tensor<9x?x?x2xf32, #dl.dims<9, T, B, 2>>
    return %0 : tensor<f32>
  }
}
