// RUN: dlc-opt %s -split-input-file -verify-diagnostics
func.func @rank(%x: tensor<4x5xf32>, %u: tensor<5xf32>) {
  // expected-error@+1 {{expected an update of the operand's rank and element type, found 'tensor<5xf32>' for 'tensor<4x5xf32>'}}
  %y = dl.update_slice %x, %u offsets <0, 0> : tensor<4x5xf32>, tensor<5xf32>
  return
}
// -----
func.func @element(%x: tensor<4x5xf32>, %u: tensor<1x5xf64>) {
  // expected-error@+1 {{expected an update of the operand's rank and element type}}
  %y = dl.update_slice %x, %u offsets <0, 0> : tensor<4x5xf32>, tensor<1x5xf64>
  return
}
// -----
func.func @offsets(%x: tensor<4x5xf32>, %u: tensor<1x5xf32>) {
  // expected-error@+1 {{expected 2 offsets, found 1}}
  %y = dl.update_slice %x, %u offsets <0> : tensor<4x5xf32>, tensor<1x5xf32>
  return
}
// -----
func.func @outside(%x: tensor<4x5xf32>, %u: tensor<2x5xf32>) {
  // expected-error@+1 {{dimension 0: offset 3 and size 2 are not known to stay within the extent 4}}
  %y = dl.update_slice %x, %u offsets <3, 0> : tensor<4x5xf32>, tensor<2x5xf32>
  return
}
// -----
dl.symbol @P : 0 to 4
func.func @by_a_symbol(%x: tensor<4x5xf32>, %u: tensor<1x5xf32>, %p: tensor<i64> {dl.symbol = @P}) {
  // expected-error@+1 {{dimension 0: offset P and size 1 are not known to stay within the extent 4}}
  %y = dl.update_slice %x, %u offsets <P, 0> : tensor<4x5xf32>, tensor<1x5xf32>
  return
}
// -----
dl.symbol @T : 1 to 9
func.func @size(%x: tensor<?x5xf32, #dl.dims<T, 5>>) {
  %u = dl.constant 0.0 : tensor<?x5xf32, #dl.dims<T - T floordiv 2, 5>>
  // expected-error@+1 {{dimension 0: offset T floordiv 2 and size T + T floordiv 2 * -1 are not known to stay within the extent T}}
  %y = dl.update_slice %x, %u offsets <T floordiv 2, 0> : tensor<?x5xf32, #dl.dims<T, 5>>, tensor<?x5xf32, #dl.dims<T - T floordiv 2, 5>>
  return
}
// -----
// An argument of that extent shows that it is not negative.
dl.symbol @T : 1 to 9
func.func @argument(%x: tensor<?x5xf32, #dl.dims<T, 5>>, %u: tensor<?x5xf32, #dl.dims<T - T floordiv 2, 5>>) {
  %y = dl.update_slice %x, %u offsets <T floordiv 2, 0> : tensor<?x5xf32, #dl.dims<T, 5>>, tensor<?x5xf32, #dl.dims<T - T floordiv 2, 5>>
  return
}
