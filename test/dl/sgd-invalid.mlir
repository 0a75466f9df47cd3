// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @slots(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 0 slots, expected 1: momentum}}
  %a = dl.sgd %w, %w scalars(%s, %s, %s) {momentum} : tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @scalars(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 1 scalars, expected 2: lr, l2}}
  %a = dl.sgd %w, %w scalars(%s) : tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @flags(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 1 slots, expected 3: squares, mean, momentum}}
  %a:2 = dl.rmsprop %w, %w slots(%w) scalars(%s, %s, %s, %s, %s) {centered, momentum} : tensor<4xf32>
  return %a#0 : tensor<4xf32>
}

// -----

func.func @numbers(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 3 scalars, expected 4: lr, beta1, beta2, weight_decay}}
  %a:2 = dl.lion %w, %w slots(%w) scalars(%s, %s, %s) : tensor<4xf32>
  return %a#0 : tensor<4xf32>
}

// -----

func.func @types(%w: tensor<4xf32>, %g: tensor<5xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{operand 1 is 'tensor<5xf32>', expected 'tensor<4xf32>'}}
  %a = "dl.sgd"(%w, %g, %s, %s) {operandSegmentSizes = array<i32: 1, 1, 0, 2>} : (tensor<4xf32>, tensor<5xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @nesterov(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{nesterov needs momentum: write {momentum, nesterov}}}
  %a = dl.sgd %w, %w scalars(%s, %s) {nesterov} : tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

func.func @text(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected the parameter's ranked tensor type, found 'f32'}}
  %a = dl.sgd %w, %w scalars(%s, %s) : f32
  return %a : tensor<4xf32>
}
