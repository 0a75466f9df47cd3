// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @kernel(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{'dl.max_pool2d' op expected a kernel [rows, columns], found [2]}}
  %y, %i = dl.max_pool2d %x kernel [2] : tensor<1x8x8x3xf32>
  return
}

// -----

func.func @empty_kernel(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{expected a kernel of 1 tap or more each way, found [2, 0]}}
  %y, %i = dl.max_pool2d %x kernel [2, 0] : tensor<1x8x8x3xf32>
  return
}

// -----

func.func @rank(%x: tensor<8x8x3xf32>) {
  // expected-error@+1 {{expected x as [n, h, w, c], found 'tensor<8x8x3xf32>'}}
  %y, %i = dl.max_pool2d %x kernel [2, 2] : tensor<8x8x3xf32>
  return
}

// -----

func.func @padding(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{padding of 2 leaves no pixel in a window that spans 2 rows}}
  %y, %i = dl.max_pool2d %x kernel [2, 2] padding [0, 0, 2, 0] : tensor<1x8x8x3xf32>
  return
}

// -----

func.func @grad_shape(%dy: tensor<1x4x5x3xf32>, %i: tensor<1x4x5x3xi8>) {
  // expected-error@+1 {{dy is 'tensor<1x4x5x3xf32>', but pooling dx 'tensor<1x8x8x3xf32>' gives 'tensor<1x4x4x3xf32>'}}
  %dx = dl.max_pool2d_grad %dy, %i kernel [2, 2] strides [2, 2] : tensor<1x4x5x3xf32>, tensor<1x4x5x3xi8> -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @grad_index(%dy: tensor<1x4x4x3xf32>, %i: tensor<1x4x4x3xi32>) {
  // expected-error@+1 {{index is 'tensor<1x4x4x3xi32>', but pooling dx gives 'tensor<1x4x4x3xi8>'}}
  %dx = dl.max_pool2d_grad %dy, %i kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32>, tensor<1x4x4x3xi32> -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @pick_index(%x: tensor<1x8x8x3xf32>, %i: tensor<1x8x8x3xi8>) {
  // expected-error@+1 {{index is 'tensor<1x8x8x3xi8>', but pooling x gives 'tensor<1x4x4x3xi8>'}}
  %y = dl.max_pool2d_pick %x, %i kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>, tensor<1x8x8x3xi8>
  return
}

// -----

func.func @pick_window(%x: tensor<1x8x8x3xf32>, %i: tensor<1x8x8x3xi8>) {
  // expected-error@+1 {{expected two positive strides, found [2, 0]}}
  %y = dl.max_pool2d_pick %x, %i kernel [2, 2] strides [2, 0] : tensor<1x8x8x3xf32>, tensor<1x8x8x3xi8>
  return
}
