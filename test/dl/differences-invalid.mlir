// RUN: dlc-opt %s -verify-diagnostics -split-input-file

func.func @mse(%x: tensor<8x3xf32>, %t: tensor<8xf32>) {
  // expected-error@+1 {{'dl.mse' op expected a label of the prediction's type 'tensor<8x3xf32>', found 'tensor<8xf32>'}}
  %l = dl.mse %x, %t : tensor<8x3xf32>, tensor<8xf32>
  return
}

// -----

func.func @mae(%x: tensor<8x3xf32>, %t: tensor<8x3xi32>) {
  // expected-error@+1 {{'dl.mae' op expected a label of the prediction's type 'tensor<8x3xf32>', found 'tensor<8x3xi32>'}}
  %l = dl.mae %x, %t : tensor<8x3xf32>, tensor<8x3xi32>
  return
}

// -----

func.func @huber(%x: tensor<8x3xf32>) {
  // expected-error@+1 {{'dl.huber' op expected delta > 0, found 0}}
  %l = dl.huber %x, %x {delta = 0.0} : tensor<8x3xf32>, tensor<8x3xf32>
  return
}
