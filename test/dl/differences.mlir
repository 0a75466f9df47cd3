// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// CHECK-LABEL: func @mse
// PARTS-LABEL: func @mse
func.func @mse(%x: tensor<8x3xf32>, %t: tensor<8x3xf32>) -> tensor<f32> {
  // CHECK: dl.mse %{{.*}}, %{{.*}} {half} : tensor<8x3xf32>, tensor<8x3xf32>
  // PARTS: dl.constant 5.0{{0*}}e-01 : tensor<8x3xf32>
  // PARTS: dl.sum %{{.*}} dims [0, 1]
  %l = dl.mse %x, %t {half} : tensor<8x3xf32>, tensor<8x3xf32>
  return %l : tensor<f32>
}

// CHECK-LABEL: func @mae
// PARTS-LABEL: func @mae
func.func @mae(%x: tensor<?x3xf32, #dl.dims<B, 3>>, %t: tensor<?x3xf32, #dl.dims<B, 3>>) -> tensor<f32> {
  // CHECK: dl.mae
  // PARTS: dl.abs
  // PARTS: dl.extent <B, 3> : tensor<f32>
  %l = dl.mae %x, %t : tensor<?x3xf32, #dl.dims<B, 3>>, tensor<?x3xf32, #dl.dims<B, 3>>
  return %l : tensor<f32>
}

// CHECK-LABEL: func @huber
func.func @huber(%x: tensor<8x3xf32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: dl.huber %{{.*}}, %{{.*}} : tensor<8x3xf32>, tensor<8x3xf32>
  // CHECK: dl.huber %{{.*}}, %{{.*}} {delta = 5.000000e-01 : f64} : tensor<8x3xf32>, tensor<8x3xf32>
  %l = dl.huber %x, %x {delta = 1.0} : tensor<8x3xf32>, tensor<8x3xf32>
  %m = dl.huber %x, %x {delta = 0.5} : tensor<8x3xf32>, tensor<8x3xf32>
  return %l, %m : tensor<f32>, tensor<f32>
}
