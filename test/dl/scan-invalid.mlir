// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @trip(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{trip has 2 extents, expected the number of steps: write dl.scan <28>}}
  %y = dl.scan <3, 4> carry(%x) {
  ^bb0(%c: tensor<4xf32>):
    dl.yield %c : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @arguments(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{body has 2 arguments, expected 1: one for each carried value, input and capture}}
  %y = dl.scan <3> carry(%x) {
  ^bb0(%c: tensor<4xf32>, %d: tensor<4xf32>):
    dl.yield %c : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @scalar(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{body's argument 0 is 'f32', expected a ranked tensor}}
  %y = dl.scan <3> carry(%x) {
  ^bb0(%c: f32):
    "dl.yield"(%c) : (f32) -> ()
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @input(%x: tensor<4xf32>, %s: tensor<5x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{operand 1 is 'tensor<5x4xf32>', expected 'tensor<3x4xf32>' since the body takes 'tensor<4xf32>' a step}}
  %y = dl.scan <3> carry(%x) inputs(%s) {
  ^bb0(%c: tensor<4xf32>, %t: tensor<4xf32>):
    dl.yield %c : tensor<4xf32>
  } : (tensor<4xf32>, tensor<5x4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @end(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{body ends in 'func.return', expected dl.yield}}
  %y = dl.scan <3> carry(%x) {
  ^bb0(%c: tensor<4xf32>):
    "func.return"(%c) : (tensor<4xf32>) -> ()
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @count(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{yields 2 values for 1 results and 1 carried values: yield the carried values, then a step of each stacked result}}
  %y = dl.scan <3> carry(%x) {
  ^bb0(%c: tensor<4xf32>):
    dl.yield %c, %c : tensor<4xf32>, tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @carried(%x: tensor<4xf32>) -> tensor<f32> {
  // expected-error @+1 {{carried value 0 starts as 'tensor<4xf32>' and becomes 'tensor<f32>'}}
  %y = dl.scan <3> carry(%x) {
  ^bb0(%c: tensor<4xf32>):
    %s = dl.sum %c dims [0] : tensor<4xf32>
    dl.yield %s : tensor<f32>
  } : (tensor<4xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @stack(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{result 0 is 'tensor<4xf32>', expected 'tensor<3x4xf32>'}}
  %y = dl.scan <3> captures(%x) {
  ^bb0(%c: tensor<4xf32>):
    dl.yield %c : tensor<4xf32>
  } : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
