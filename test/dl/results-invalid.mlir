// Attributes of a function's results.
// RUN: dlc-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{result 0: dl.name is a string: write dl.name = "probabilities"}}
func.func @name(%x: tensor<4xf32>) -> (tensor<4xf32> {dl.name = 1 : i64}) {
  return %x : tensor<4xf32>
}
// -----
// expected-error@+1 {{result 0: unknown attribute 'dl.nmae'}}
func.func @unknown(%x: tensor<4xf32>) -> (tensor<4xf32> {dl.nmae = "y"}) {
  return %x : tensor<4xf32>
}
// -----
// expected-error@+1 {{result 0: dl.state is a parameter's name: write dl.state = "bn.mean"}}
func.func @state(%x: tensor<4xf32>) -> (tensor<4xf32> {dl.state}) {
  return %x : tensor<4xf32>
}
// -----
// expected-error@+1 {{result 0: no argument is a parameter called 'v'}}
func.func @missing(%w: tensor<4xf32> {dl.param = #dl.param<"w", constant(0.0), state>}) -> (tensor<4xf32> {dl.state = "v"}) {
  return %w : tensor<4xf32>
}
// -----
// expected-error@+1 {{result 0: the state 'w' has another type than argument 0, which holds it}}
func.func @type(%w: tensor<4xf32> {dl.param = #dl.param<"w", constant(0.0), state>}, %x: tensor<8xf32>) -> (tensor<8xf32> {dl.state = "w"}) {
  return %x : tensor<8xf32>
}
// -----
// expected-error@+1 {{result 1: result 0 is the state 'w' already}}
func.func @twice(%w: tensor<4xf32> {dl.param = #dl.param<"w", constant(0.0), state>})
    -> (tensor<4xf32> {dl.state = "w"}, tensor<4xf32> {dl.state = "w"}) {
  return %w, %w : tensor<4xf32>, tensor<4xf32>
}
