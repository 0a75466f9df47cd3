// RUN: dlc-opt --dl-autodiff-gradient="arguments=1" %s -split-input-file -verify-diagnostics

// expected-error @+1 {{argument 1 of @main is not a floating-point tensor: it has no gradient}}
func.func @main(%x: tensor<3xf32>, %n: tensor<i32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}

// -----

// expected-error @+1 {{argument 1 of @main does not exist: it has 1}}
func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  return %x : tensor<3xf32>
}
