// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @padding(%x: tensor<1x8x8x3xf32>) {
  // expected-error@+1 {{'dl.avg_pool2d' op padding of 3 leaves no pixel in a window that spans 3 columns}}
  %y = dl.avg_pool2d %x kernel [3, 3] padding [0, 3, 0, 0] : tensor<1x8x8x3xf32>
  return
}
