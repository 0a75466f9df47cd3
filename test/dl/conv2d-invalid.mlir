// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @x_rank(%x: tensor<8x8x3xf32>, %w: tensor<3x3x3x4xf32>) {
  // expected-error@+1 {{'dl.conv2d' op expected x as [n, h, w, c], found 'tensor<8x8x3xf32>'}}
  %y = dl.conv2d %x, %w : tensor<8x8x3xf32>, tensor<3x3x3x4xf32>
  return
}

// -----

func.func @w_rank(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3xf32>) {
  // expected-error@+1 {{expected x as [n, h, w, c] and w as constant [r, s, c / groups, k], found 'tensor<1x8x8x3xf32>' and 'tensor<3x3xf32>'}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x3xf32>, tensor<3x3xf32>
  return
}

// -----

func.func @w_symbolic(%x: tensor<1x8x8x3xf32>, %w: tensor<?x3x3x4xf32, #dl.dims<R, 3, 3, 4>>) {
  // expected-error@+1 {{w as constant [r, s, c / groups, k]}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x3xf32>, tensor<?x3x3x4xf32, #dl.dims<R, 3, 3, 4>>
  return
}

// -----

func.func @unnamed_extent(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x4xf32>) {
  // expected-error@+1 {{dimension 0 of x is out of range or has no #dl.dims symbol}}
  %y = dl.conv2d %x, %w : tensor<?x8x8x3xf32>, tensor<3x3x3x4xf32>
  return
}

// -----

func.func @huge(%x: tensor<1x9000000000x8x3xf32>, %w: tensor<3x3x3x4xf32>) {
  // expected-error@+1 {{dimension 1 of x is out of range}}
  %y = dl.conv2d %x, %w : tensor<1x9000000000x8x3xf32>, tensor<3x3x3x4xf32>
  return
}

// -----

func.func @channels_symbolic(%x: tensor<1x8x8x?xf32, #dl.dims<1, 8, 8, C>>, %w: tensor<3x3x3x4xf32>) {
  // expected-error@+1 {{expected a constant number of channels, found C in x}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x?xf32, #dl.dims<1, 8, 8, C>>, tensor<3x3x3x4xf32>
  return
}

// -----

func.func @element_types(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x4xf64>) {
  // expected-error@+1 {{expected one element type, found 'f32' and 'f64': write dl.cast before it}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x3xf32>, tensor<3x3x3x4xf64>
  return
}

// -----

func.func @channels(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x3x8xf32>) {
  // expected-error@+1 {{w has 3 input channels, x has 4 in 1 group: expected [r, s, 4, k]}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x4xf32>, tensor<3x3x3x8xf32>
  return
}

// -----

func.func @group_channels(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{w has 4 input channels, x has 4 in 2 groups: expected [r, s, 2, k]}}
  %y = dl.conv2d %x, %w groups 2 : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @groups(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x2x7xf32>) {
  // expected-error@+1 {{expected groups that divide 4 channels of x and 7 of w, found 2}}
  %y = dl.conv2d %x, %w groups 2 : tensor<1x8x8x4xf32>, tensor<3x3x2x7xf32>
  return
}

// -----

func.func @no_groups(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{found 0}}
  %y = dl.conv2d %x, %w groups 0 : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @empty_kernel(%x: tensor<1x8x8x4xf32>, %w: tensor<0x3x4x8xf32>) {
  // expected-error@+1 {{expected a kernel of 1 tap or more each way, found [0, 3]}}
  %y = dl.conv2d %x, %w : tensor<1x8x8x4xf32>, tensor<0x3x4x8xf32>
  return
}

// -----

func.func @strides(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{expected two positive strides, found [0, 1]: write strides [1, 1]}}
  %y = dl.conv2d %x, %w strides [0, 1] : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @dilation(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{expected two positive dilations, found [2]: write dilation [1, 1]}}
  %y = dl.conv2d %x, %w dilation [2] : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @padding(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{expected padding [top, left, bottom, right], none negative, found [1, 1]: write padding [0, 0, 0, 0]}}
  %y = dl.conv2d %x, %w padding [1, 1] : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @negative_padding(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{none negative, found [0, 0, 0, -1]}}
  %y = dl.conv2d %x, %w padding [0, 0, 0, -1] : tensor<1x8x8x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @too_small(%x: tensor<1x8x4x4xf32>, %w: tensor<3x3x4x8xf32>) {
  // expected-error@+1 {{a window spans 7 columns, x has 4 and 2 of padding}}
  %y = dl.conv2d %x, %w padding [0, 1, 0, 1] dilation [1, 3] : tensor<1x8x4x4xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @input_grad(%dy: tensor<1x5x4x16xf32>, %w: tensor<2x2x3x16xf32>) {
  // expected-error@+1 {{dy is 'tensor<1x5x4x16xf32>', but a convolution of dx 'tensor<1x8x8x3xf32>' with w 'tensor<2x2x3x16xf32>' gives 'tensor<1x4x4x16xf32>'}}
  %dx = dl.conv2d_input_grad %dy, %w strides [2, 2] : tensor<1x5x4x16xf32>, tensor<2x2x3x16xf32> -> tensor<1x8x8x3xf32>
  return
}

// -----

func.func @input_grad_channels(%dy: tensor<1x4x4x16xf32>, %w: tensor<2x2x3x16xf32>) {
  // expected-error@+1 {{w has 3 input channels, dx has 5 in 1 group: expected [r, s, 5, k]}}
  %dx = dl.conv2d_input_grad %dy, %w strides [2, 2] : tensor<1x4x4x16xf32>, tensor<2x2x3x16xf32> -> tensor<1x8x8x5xf32>
  return
}

// -----

func.func @weight_grad(%x: tensor<1x8x8x3xf32>, %dy: tensor<1x4x4x16xf32>) {
  // expected-error@+1 {{dy is 'tensor<1x4x4x16xf32>', but a convolution of x 'tensor<1x8x8x3xf32>' with dw 'tensor<3x3x3x16xf32>' gives 'tensor<1x3x3x16xf32>'}}
  %dw = dl.conv2d_weight_grad %x, %dy strides [2, 2] : tensor<1x8x8x3xf32>, tensor<1x4x4x16xf32> -> tensor<3x3x3x16xf32>
  return
}
