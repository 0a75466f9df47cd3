// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @channels(%x: tensor<4x3xf32>, %g: tensor<4xf32>) {
  // expected-error@+1 {{'dl.batch_norm' op expected 'tensor<3xf32>' for each channel of x 'tensor<4x3xf32>', found 'tensor<4xf32>'}}
  %y = dl.batch_norm %x, %g, %g, %g, %g : tensor<4x3xf32>, tensor<4xf32>
  return
}

// -----

func.func @momentum(%x: tensor<4x3xf32>, %g: tensor<3xf32>) {
  // expected-error@+1 {{expected 0 <= momentum <= 1, found 1.5}}
  %y = dl.batch_norm %x, %g, %g, %g, %g {momentum = 1.5} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @epsilon(%x: tensor<4x3xf32>, %g: tensor<3xf32>) {
  // expected-error@+1 {{'dl.batch_norm_train' op expected 0 <= epsilon < 1, found -1.0}}
  %y, %m, %v = dl.batch_norm_train %x, %g, %g {epsilon = -1.0} : tensor<4x3xf32>, tensor<3xf32>
  return
}

// -----

func.func @symbolic_channels(%x: tensor<4x?xf32, #dl.dims<4, C>>, %g: tensor<3xf32>) {
  // expected-error@+1 {{'dl.layer_norm' op expected x as [..., c] with a constant number of channels, found}}
  %y = dl.layer_norm %x, %g, %g : tensor<4x?xf32, #dl.dims<4, C>>, tensor<3xf32>
  return
}

// -----

func.func @rank(%x: tensor<3xf32>) {
  // expected-error@+1 {{expected x as [..., c] with a constant number of channels, found 'tensor<3xf32>'}}
  %y = dl.layer_norm %x, %x, %x : tensor<3xf32>, tensor<3xf32>
  return
}

// -----

func.func @rate(%x: tensor<3xf32>) {
  // expected-error@+1 {{'dl.dropout' op expected 0 <= rate < 1, found 1.0}}
  %y = dl.dropout %x rate 1.0 : tensor<3xf32>
  return
}
