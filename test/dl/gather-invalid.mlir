// RUN: dlc-opt %s -split-input-file -verify-diagnostics
func.func @axis(%x: tensor<9x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{'dl.gather' op expected an axis of 'tensor<9x5xf32>' from 0 to 1, found 2}}
  %y = dl.gather %x, %i axis 2 : tensor<9x5xf32>, tensor<2xi64>
  return
}
// -----
func.func @no_axis(%x: tensor<f32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected an x of rank 1 at least, found 'tensor<f32>'}}
  %y = dl.gather %x, %i axis 0 : tensor<f32>, tensor<2xi64>
  return
}
// -----
func.func @batch(%x: tensor<9x5xf32>, %i: tensor<9x2xi64>) {
  // expected-error@+1 {{expected a batch from 0 to the axis 0 and the rank of the indices 'tensor<9x2xi64>', found 1}}
  %y = dl.gather %x, %i axis 0 batch 1 : tensor<9x5xf32>, tensor<9x2xi64>
  return
}
// -----
func.func @batch_of_scalar(%x: tensor<9x5xf32>, %i: tensor<i64>) {
  // expected-error@+1 {{expected a batch from 0 to the axis 1 and the rank of the indices 'tensor<i64>', found 1}}
  %y = dl.gather %x, %i axis 1 batch 1 : tensor<9x5xf32>, tensor<i64>
  return
}
// -----
func.func @extents(%x: tensor<9x5xf32>, %i: tensor<8x2xi64>) {
  // expected-error@+1 {{dimension 0 is of the batch: expected the extent 9 of 'tensor<9x5xf32>', found 8 of the indices}}
  %y = dl.gather %x, %i axis 1 batch 1 : tensor<9x5xf32>, tensor<8x2xi64>
  return
}
// -----
func.func @float(%x: tensor<9x5xf32>, %i: tensor<2xf32>) {
  // expected-error@+1 {{operand #1 must be ranked tensor of 8-bit signless integer, 32-bit signless integer, 64-bit signless integer}}
  %y = dl.gather %x, %i axis 0 : tensor<9x5xf32>, tensor<2xf32>
  return
}
// -----
func.func @outside(%x: tensor<9x5xi8>, %i: tensor<2xi64>) {
  // expected-error@+1 {{outside 3.000000e+02 is not a value of 'i8'}}
  %y = dl.gather %x, %i axis 0 outside 300.0 : tensor<9x5xi8>, tensor<2xi64>
  return
}
// -----
func.func @unknown(%x: tensor<?x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected a ranked tensor, every `?` with its extent in #dl.dims<...>, found 'tensor<?x5xf32>'}}
  %y = dl.gather %x, %i axis 0 : tensor<?x5xf32>, tensor<2xi64>
  return
}
// -----
func.func @scattered(%x: tensor<3x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{expected x as dl.gather of the result 'tensor<9x5xf32>' gives it: 'tensor<2x5xf32>', found 'tensor<3x5xf32>'}}
  %y = dl.scatter_sum %x, %i axis 0 : tensor<3x5xf32>, tensor<2xi64> -> tensor<9x5xf32>
  return
}
// -----
func.func @scattered_axis(%x: tensor<2x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{'dl.scatter_sum' op expected an axis of 'tensor<9x5xf32>' from 0 to 1, found -1}}
  %y = dl.scatter_sum %x, %i axis -1 : tensor<2x5xf32>, tensor<2xi64> -> tensor<9x5xf32>
  return
}
// -----
func.func @recipe(%x: tensor<2x5xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{dl.recipe is #dl.chain<panel = 256, chunk = 8192>, or the op's own lanes, found #dl.lanes<}}
  %y = dl.scatter_sum %x, %i axis 0 {dl.recipe = #dl.lanes<rows = 1, columns = 0>} : tensor<2x5xf32>, tensor<2xi64> -> tensor<9x5xf32>
  return
}
