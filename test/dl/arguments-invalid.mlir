// Attributes of a function's arguments.
// RUN: dlc-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{argument 1: parameter 'w' starts as 3.000000e+02, which is not a value of 'i8'}}
func.func @more_than_i8_holds(%x: tensor<4xf32>, %w: tensor<4xi8> {dl.param = #dl.param<"w", constant(300.0), state>}) {
  return
}
// -----
// expected-error@+1 {{argument 0: parameter 'w' starts as 5.000000e-01, which is not a value of 'i64'}}
func.func @a_fraction(%w: tensor<4xi64> {dl.param = #dl.param<"w", constant(0.5), state>}) {
  return
}
// -----
func.func @what_i8_holds(%w: tensor<4xi8> {dl.param = #dl.param<"w", constant(-128.0), state>}) {
  return
}
// -----
// expected-error@+1 {{argument 0: dl.range gives the first and the last plus one: write dl.range = array<i64: 0, 10>}}
func.func @range(%x: tensor<4xi32> {dl.range = array<i64: 10, 0>}) {
  return
}
