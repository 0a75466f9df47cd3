// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @softmax(%x: tensor<4x10xf32>) {
  // expected-error@+1 {{'dl.softmax' op expected an axis from 0 to 1, found 2}}
  %y = dl.softmax %x axis 2 : tensor<4x10xf32>
  return
}

// -----

func.func @log_softmax(%x: tensor<4x10xf32>) {
  // expected-error@+1 {{'dl.log_softmax' op expected an axis from 0 to 1, found -1: write axis 1}}
  %y = dl.log_softmax %x axis -1 : tensor<4x10xf32>
  return
}
