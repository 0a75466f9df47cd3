// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @scalars(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 1 scalars, expected 7: lr, beta1, beta2, eps, l2, correction1, correction2}}
  %a:3 = dl.adam %w, %w slots(%w, %w) scalars(%s) : tensor<4xf32>
  return %a#0 : tensor<4xf32>
}

// -----

func.func @slots(%w: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 1 slots, expected 2: moment1, moment2}}
  %a:2 = dl.adamw %w, %w slots(%w) scalars(%s) : tensor<4xf32>
  return %a#0 : tensor<4xf32>
}
