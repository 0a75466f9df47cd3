// RUN: dlc-opt %s -split-input-file -verify-diagnostics

func.func @pointwise(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'dl.relu' op has a dl.recipe, but combines no terms}}
  %0 = dl.relu %x {dl.recipe = #dl.chain<panel = 1, chunk = 1>} : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @empty(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @+1 {{expected 0 < panel <= chunk, found #dl.chain<panel = 0, chunk = 8192>}}
  %0 = dl.matmul %x, %x {dl.recipe = #dl.chain<panel = 0, chunk = 8192>} : tensor<4x4xf32>, tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @others(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @+1 {{dl.recipe is #dl.chain<panel = 256, chunk = 8192>, or the op's own lanes, found #dl.lanes<rows = 1, columns = 0>}}
  %0 = dl.matmul %x, %x {dl.recipe = #dl.lanes<rows = 1, columns = 0>} : tensor<4x4xf32>, tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
