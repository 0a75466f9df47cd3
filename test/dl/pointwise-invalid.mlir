// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float, 64-bit float, bfloat16}}
  %y = dl.exp %x : tensor<?xf32>
  return
}
// -----
func.func @function_of_integers(%x: tensor<4xi32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float, 64-bit float, bfloat16}}
  %y = dl.exp %x : tensor<4xi32>
  return
}
// -----
func.func @sum_of_bools(%x: tensor<4xi1>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float}}
  %y = dl.add %x, %x : tensor<4xi1>
  return
}
// -----
func.func @compare_unnamed_extent(%x: tensor<?xf32>) {
  // expected-error @+1 {{expected a ranked tensor, every `?` with its extent in #dl.dims<...>, found 'tensor<?xf32>'}}
  %y = dl.compare lt %x, %x : tensor<?xf32>
  return
}
// -----
func.func @compare_scalars(%x: f32) {
  // expected-error @+1 {{invalid kind of type specified}}
  %y = dl.compare lt %x, %x : f32
  return
}
// -----
func.func @compare_how(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'predicate' [lt, le, gt, ge, eq, ne]}}
  %y = dl.compare less %x, %x : tensor<4xf32>
  return
}
// -----
func.func @select_condition(%c: tensor<3xi1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{condition is i1 of the shape of y}}
  %y = "dl.select"(%c, %x, %x) : (tensor<3xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}
// -----
func.func @cast_shape(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected one shape, found 'tensor<4xf32>' and 'tensor<2x2xf64>': write dl.reshape}}
  %y = dl.cast %x : tensor<4xf32> -> tensor<2x2xf64>
  return
}
// -----
func.func @half_an_integer() {
  // expected-error @+1 {{value 5.000000e-01 is not a value of 'i32'}}
  %y = dl.constant 0.5 : tensor<i32>
  return
}
// -----
func.func @too_great() {
  // expected-error @+1 {{value 1.280000e+02 is not a value of 'i8'}}
  %y = dl.constant 128.0 : tensor<i8>
  return
}
// -----
func.func @neither_true_nor_false() {
  // expected-error @+1 {{value -1.000000e+00 is not a value of 'i1'}}
  %y = dl.constant -1.0 : tensor<i1>
  return
}
// -----
func.func @not_a_number() {
  // expected-error @+1 {{is not a value of 'i64'}}
  %y = dl.constant 0x7FF8000000000000 : tensor<i64>
  return
}
// -----
// 2^53 + 1 is read as 2^53.
func.func @more_digits_than_are_kept() {
  // expected-error @+1 {{value 9.007199e+15 is not a value of 'i64' below 2^53, beyond which the text may have been rounded: compute it from smaller ones}}
  %y = dl.constant 9007199254740993.0 : tensor<i64>
  return
}
// -----
func.func @all_digits_are_kept() {
  %y = dl.constant -9007199254740991.0 : tensor<i64>
  return
}
