// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @target(%x: tensor<6x4xf32>) {
  // expected-error@+1 {{expected 0 < target < 1, found 1}}
  %0 = dl.kl_sparsity %x target 1.0 weight 3.0 : tensor<6x4xf32>
  return
}

// -----

func.func @weight(%x: tensor<6x4xf32>) {
  // expected-error@+1 {{expected a weight of 0 or more, found -1}}
  %0 = dl.kl_sparsity %x target 0.1 weight -1.0 : tensor<6x4xf32>
  return
}

// -----

func.func @rank(%x: tensor<6xf32>) {
  // expected-error@+1 {{expected x as [batch..., units], found 'tensor<6xf32>'}}
  %0 = dl.kl_sparsity %x target 0.1 weight 1.0 : tensor<6xf32>
  return
}
