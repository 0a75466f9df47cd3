// RUN: dlc-opt --dl-autodiff-gradient %s -split-input-file -verify-diagnostics

func.func @main(%w: tensor<3xf32>, %g: tensor<3xf32>, %s: tensor<f32>) -> tensor<3xf32> {
  // expected-error @+2 {{cannot differentiate 'dl.sgd'}}
  // expected-note @+1 {{write an op that has a derivative in its place}}
  %y = dl.sgd %w, %g scalars(%s, %s) : tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// expected-error @+1 {{found no function @main}}
module {
}

// -----

func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}
// expected-error @+1 {{@main_grad exists already: rename it}}
func.func @main_grad(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}

// -----

// expected-error @+1 {{@main has 0 blocks, expected one}}
func.func private @main(%x: tensor<3xf32>) -> tensor<3xf32>
