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
// -----
// expected-error@+1 {{expected trainable, non_trainable, optimizer or state, found 'trained'}}
func.func @role(%w: tensor<4xf32> {dl.param = #dl.param<"w", constant(0.0), trained>}) {
  return
}
// -----
// expected-error@+1 {{argument 0: state 'h' starts by normal, and has no seed: write constant(0.0)}}
func.func @random_state(%h: tensor<4xf32> {dl.param = #dl.param<"h", normal(1.0), state>}) {
  return
}
// -----
// expected-error@+1 {{argument 0: dl.usual is the value that callers mostly give: write dl.usual = 0.01 : f64}}
func.func @usual_kind(%lr: tensor<f32> {dl.usual = 1 : i64}) {
  return
}
// -----
// expected-error@+1 {{argument 0: dl.usual belongs to an input of rank 0, f32 or f64: write tensor<f32> or tensor<f64>}}
func.func @usual_rank(%lr: tensor<1xf32> {dl.usual = 1.0 : f64}) {
  return
}
// -----
// expected-error@+1 {{argument 0: dl.symbol is a symbol that the input's element is the value of: write dl.symbol = @past}}
func.func @symbol_kind(%past: tensor<i64> {dl.symbol = "past"}) {
  return
}
// -----
// expected-error@+1 {{argument 0: dl.symbol belongs to an input of rank 0, i32 or i64: write tensor<i32> or tensor<i64>}}
func.func @symbol_type(%past: tensor<f32> {dl.symbol = @past}) {
  return
}
// -----
func.func @good(%h: tensor<4xf32> {dl.param = #dl.param<"h", constant(1.0), state>},
                %m: tensor<4xf32> {dl.param = #dl.param<"m", normal(1.0), non_trainable>},
                %s: tensor<4xf32> {dl.param = #dl.param<"w/s", constant(0.0), optimizer>},
                %lr: tensor<f64> {dl.usual = 0.01 : f64}, %past: tensor<i32> {dl.symbol = @past}) {
  return
}
