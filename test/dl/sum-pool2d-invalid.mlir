// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @strides(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{'dl.sum_pool2d' op expected two positive strides, found [-1, 1]}}
  %y = dl.sum_pool2d %x kernel [2, 2] strides [-1, 1] : tensor<1x8x8x3xf32>
  return
}

// -----

func.func @grad(%dy: tensor<1x4x4x3xf32>) {
  // expected-error@+1 {{dy is 'tensor<1x4x4x3xf32>', but pooling dx 'tensor<1x7x8x3xf32>' gives 'tensor<1x3x4x3xf32>'}}
  %dx = dl.sum_pool2d_grad %dy kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32> -> tensor<1x7x8x3xf32>
  return
}
