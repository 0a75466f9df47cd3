// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @sparse_rank(%x: tensor<10xf32>, %t: tensor<i32>) {
  // expected-error@+1 {{'dl.sparse_categorical_cross_entropy' op expected x as [batch..., c] with a constant number of classes, found 'tensor<10xf32>'}}
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<10xf32>, tensor<i32>
  return
}

// -----

func.func @sparse_label(%x: tensor<8x10xf32>, %t: tensor<7xi32>) {
  // expected-error@+1 {{expected a label for each row of x 'tensor<8x10xf32>': 'tensor<8xi32>', found 'tensor<7xi32>'}}
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<8x10xf32>, tensor<7xi32>
  return
}

// -----

func.func @sparse_label_too_narrow(%x: tensor<8x256xf32>, %t: tensor<8xi8>) {
  // expected-error@+1 {{expected a label that holds 256 classes, found 'tensor<8xi8>': write 'tensor<8xi32>'}}
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<8x256xf32>, tensor<8xi8>
  return
}

// -----

func.func @sparse_label_just_wide_enough(%x: tensor<8x128xf32>, %t: tensor<8xi8>) {
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<8x128xf32>, tensor<8xi8>
  return
}

// -----

func.func @sparse_one_hot(%x: tensor<8x10xf32>, %t: tensor<8xf32>) {
  // expected-error@+1 {{operand #1 must be ranked tensor of 8-bit signless integer, 32-bit signless integer, 64-bit signless integer}}
  %l = dl.sparse_categorical_cross_entropy %x, %t : tensor<8x10xf32>, tensor<8xf32>
  return
}

// -----

func.func @categorical_classes(%x: tensor<8x?xf32, #dl.dims<8, C>>, %t: tensor<8x?xf32, #dl.dims<8, C>>) {
  // expected-error@+1 {{'dl.categorical_cross_entropy' op expected x as [batch..., c] with a constant number of classes}}
  %l = dl.categorical_cross_entropy %x, %t : tensor<8x?xf32, #dl.dims<8, C>>, tensor<8x?xf32, #dl.dims<8, C>>
  return
}

// -----

func.func @categorical_label(%x: tensor<8x10xf32>, %t: tensor<8xi32>) {
  // expected-error@+1 {{expected a label of the prediction's type 'tensor<8x10xf32>', found 'tensor<8xi32>'}}
  %l = dl.categorical_cross_entropy %x, %t : tensor<8x10xf32>, tensor<8xi32>
  return
}

// -----

func.func @binary_label(%x: tensor<8xf32>, %t: tensor<8xf64>) {
  // expected-error@+1 {{'dl.binary_cross_entropy' op expected a label of the prediction's type}}
  %l = dl.binary_cross_entropy %x, %t : tensor<8xf32>, tensor<8xf64>
  return
}

// -----

func.func @smoothing(%x: tensor<8x10xf32>, %t: tensor<8xi32>) {
  // expected-error@+1 {{'dl.sparse_categorical_cross_entropy' op expected 0 <= label_smoothing < 1, found 1}}
  %l = dl.sparse_categorical_cross_entropy %x, %t {label_smoothing = 1.0} : tensor<8x10xf32>, tensor<8xi32>
  return
}

// -----

func.func @smoothing_of_probabilities(%x: tensor<8x10xf32>) {
  // expected-error@+1 {{'dl.categorical_cross_entropy' op expected 0 <= label_smoothing < 1, found -5.000000e-01}}
  %l = dl.categorical_cross_entropy %x, %x {label_smoothing = -5.0e-1} : tensor<8x10xf32>, tensor<8x10xf32>
  return
}

// -----

func.func @nll(%x: tensor<8x10xf32>, %t: tensor<7xi32>) {
  // expected-error@+1 {{'dl.nll' op expected a label for each row of x}}
  %l = dl.nll %x, %t : tensor<8x10xf32>, tensor<7xi32>
  return
}

// -----

func.func @divergence(%x: tensor<8x10xf32>, %t: tensor<8x9xf32>) {
  // expected-error@+1 {{'dl.kl_divergence' op expected a label of the prediction's type}}
  %l = dl.kl_divergence %x, %t : tensor<8x10xf32>, tensor<8x9xf32>
  return
}
