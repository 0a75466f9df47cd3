// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor, every `?` with its extent in #dl.dims<...>, found 'tensor<?xf32>'}}
  %y = dl.sum %x dims [0] : tensor<?xf32>
  return
}
// -----
func.func @order(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{dims [1, 0] must be ascending, distinct and below the rank 2}}
  %y = dl.max %x dims [1, 0] : tensor<4x5xf32>
  return
}
// -----
func.func @range(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{dims [2] must be ascending, distinct and below the rank 2}}
  %y = dl.min %x dims [2] : tensor<4x5xf32>
  return
}
// -----
func.func @negative(%x: tensor<4x5xf32>) {
  // expected-error @+1 {{dims [-1] count from 0: the last of rank 2 is 1}}
  %y = dl.mean %x dims [-1] : tensor<4x5xf32>
  return
}
// -----
func.func @sum_of_bools(%x: tensor<4xi1>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float}}
  %y = dl.sum %x dims [0] : tensor<4xi1>
  return
}
// -----
func.func @mean_of_integers(%x: tensor<4xi64>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float}}
  %y = dl.mean %x dims [0] : tensor<4xi64>
  return
}
// -----
func.func @argmax_unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor}}
  %y:2 = dl.argmax %x axis 0 : tensor<?xf32>
  return
}
// -----
func.func @argmax_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{dims [1] must be ascending, distinct and below the rank 1}}
  %y:2 = dl.argmax %x axis 1 : tensor<4xf32>
  return
}
// -----
func.func @argmax_of_none(%x: tensor<4x0xf32>) {
  // expected-error @+1 {{the greatest of no elements: axis 1 has extent 0}}
  %y:2 = dl.argmax %x axis 1 : tensor<4x0xf32>
  return
}
// -----
dl.symbol @N : 0 to 64
func.func @argmax_of_perhaps_none(%x: tensor<4x?xf32, #dl.dims<4, N>>) {
  // expected-error @+1 {{axis 1 may have no element: give N a dl.symbol with a minimum}}
  %y:2 = dl.argmax %x axis 1 : tensor<4x?xf32, #dl.dims<4, N>>
  return
}
