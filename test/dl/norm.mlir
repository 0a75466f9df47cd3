// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// CHECK-LABEL: func @batch_norm
// PARTS-LABEL: func @batch_norm
func.func @batch_norm(%x: tensor<4x8x8x3xf32>, %g: tensor<3xf32>, %b: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<4x8x8x3xf32> {
  // CHECK: dl.batch_norm %{{.*}} {epsilon = 1.000000e-03 : f64} : tensor<4x8x8x3xf32>, tensor<3xf32>
  // PARTS: dl.rsqrt %{{.*}} : tensor<3xf32>
  // PARTS: dl.fma %{{.*}} : tensor<4x8x8x3xf32>
  %y = dl.batch_norm %x, %g, %b, %m, %v {epsilon = 1.0e-3} : tensor<4x8x8x3xf32>, tensor<3xf32>
  return %y : tensor<4x8x8x3xf32>
}

// CHECK-LABEL: func @batch_norm_train
// PARTS-LABEL: func @batch_norm_train
func.func @batch_norm_train(%x: tensor<?x3xbf16, #dl.dims<B, 3>>, %g: tensor<3xbf16>, %b: tensor<3xbf16>)
    -> (tensor<?x3xbf16, #dl.dims<B, 3>>, tensor<3xbf16>, tensor<3xbf16>) {
  // CHECK: dl.batch_norm_train
  // PARTS: dl.extent <B> : tensor<f32>
  // PARTS: dl.rsqrt %{{.*}} : tensor<3xf32>
  %y, %m, %v = dl.batch_norm_train %x, %g, %b : tensor<?x3xbf16, #dl.dims<B, 3>>, tensor<3xbf16>
  return %y, %m, %v : tensor<?x3xbf16, #dl.dims<B, 3>>, tensor<3xbf16>, tensor<3xbf16>
}

// CHECK-LABEL: func @layer_norm
// PARTS-LABEL: func @layer_norm
func.func @layer_norm(%x: tensor<4x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: dl.layer_norm
  // PARTS: dl.rsqrt %{{.*}} : tensor<4xf32>
  %y = dl.layer_norm %x, %g, %b : tensor<4x8xf32>, tensor<8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func @dropout
// PARTS-LABEL: func @dropout
// PARTS-SAME: %[[X:[a-z0-9]+]]: tensor<4x500xf32>
func.func @dropout(%x: tensor<4x500xf32>) -> tensor<4x500xf32> {
  // CHECK: dl.dropout %{{.*}} rate 5.000000e-01 : tensor<4x500xf32>
  // PARTS: return %[[X]]
  %y = dl.dropout %x rate 0.5 : tensor<4x500xf32>
  return %y : tensor<4x500xf32>
}
