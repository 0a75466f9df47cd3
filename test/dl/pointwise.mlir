// Each pointwise op is read and printed as it was written.
// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: @arithmetic
func.func @arithmetic(%x: tensor<4xf32>, %z: tensor<4xf32>, %s: tensor<?x4xi32, #dl.dims<B, 4>>) {
  // CHECK: dl.add %{{.*}}, %{{.*}} : tensor<4xf32>
  %0 = dl.add %x, %z : tensor<4xf32>
  // CHECK: dl.sub
  %1 = dl.sub %x, %z : tensor<4xf32>
  // CHECK: dl.mul
  %2 = dl.mul %x, %z : tensor<4xf32>
  // CHECK: dl.div %{{.*}}, %{{.*}} : tensor<?x4xi32, #dl.dims<B, 4>>
  %3 = dl.div %s, %s : tensor<?x4xi32, #dl.dims<B, 4>>
  // CHECK: dl.fma %{{.*}}, %{{.*}}, %{{.*}} : tensor<4xf32>
  %f = dl.fma %x, %z, %x : tensor<4xf32>
  // CHECK: dl.maximum
  %4 = dl.maximum %x, %z : tensor<4xf32>
  // CHECK: dl.minimum
  %5 = dl.minimum %x, %z : tensor<4xf32>
  // CHECK: dl.neg
  %6 = dl.neg %x : tensor<4xf32>
  // CHECK: dl.abs
  %7 = dl.abs %x : tensor<4xf32>
  return
}
// CHECK-LABEL: @functions
func.func @functions(%x: tensor<4xbf16>) {
  // CHECK: dl.exp %{{.*}} : tensor<4xbf16>
  %0 = dl.exp %x : tensor<4xbf16>
  // CHECK: dl.log
  %1 = dl.log %x : tensor<4xbf16>
  // CHECK: dl.sqrt
  %2 = dl.sqrt %x : tensor<4xbf16>
  // CHECK: dl.rsqrt
  %3 = dl.rsqrt %x : tensor<4xbf16>
  // CHECK: dl.sin
  %4 = dl.sin %x : tensor<4xbf16>
  // CHECK: dl.cos
  %5 = dl.cos %x : tensor<4xbf16>
  // CHECK: dl.tanh
  %6 = dl.tanh %x : tensor<4xbf16>
  // CHECK: dl.erf
  %7 = dl.erf %x : tensor<4xbf16>
  // CHECK: dl.exp2 %{{.*}} : tensor<4xbf16>
  %8 = dl.exp2 %x : tensor<4xbf16>
  // CHECK: dl.expm1 %{{.*}} : tensor<4xbf16>
  %9 = dl.expm1 %x : tensor<4xbf16>
  // CHECK: dl.log2 %{{.*}} : tensor<4xbf16>
  %10 = dl.log2 %x : tensor<4xbf16>
  // CHECK: dl.log1p %{{.*}} : tensor<4xbf16>
  %11 = dl.log1p %x : tensor<4xbf16>
  // CHECK: dl.cbrt %{{.*}} : tensor<4xbf16>
  %12 = dl.cbrt %x : tensor<4xbf16>
  // CHECK: dl.tan %{{.*}} : tensor<4xbf16>
  %13 = dl.tan %x : tensor<4xbf16>
  // CHECK: dl.asin %{{.*}} : tensor<4xbf16>
  %14 = dl.asin %x : tensor<4xbf16>
  // CHECK: dl.acos %{{.*}} : tensor<4xbf16>
  %15 = dl.acos %x : tensor<4xbf16>
  // CHECK: dl.atan %{{.*}} : tensor<4xbf16>
  %16 = dl.atan %x : tensor<4xbf16>
  // CHECK: dl.sinh %{{.*}} : tensor<4xbf16>
  %17 = dl.sinh %x : tensor<4xbf16>
  // CHECK: dl.cosh %{{.*}} : tensor<4xbf16>
  %18 = dl.cosh %x : tensor<4xbf16>
  // CHECK: dl.asinh %{{.*}} : tensor<4xbf16>
  %19 = dl.asinh %x : tensor<4xbf16>
  // CHECK: dl.acosh %{{.*}} : tensor<4xbf16>
  %20 = dl.acosh %x : tensor<4xbf16>
  // CHECK: dl.atanh %{{.*}} : tensor<4xbf16>
  %21 = dl.atanh %x : tensor<4xbf16>
  // CHECK: dl.erfc %{{.*}} : tensor<4xbf16>
  %22 = dl.erfc %x : tensor<4xbf16>
  // CHECK: dl.lgamma %{{.*}} : tensor<4xbf16>
  %23 = dl.lgamma %x : tensor<4xbf16>
  // CHECK: dl.digamma %{{.*}} : tensor<4xbf16>
  %24 = dl.digamma %x : tensor<4xbf16>
  // CHECK: dl.pow %{{.*}}, %{{.*}} : tensor<4xbf16>
  %25 = dl.pow %x, %x : tensor<4xbf16>
  return
}
// CHECK-LABEL: @activations
func.func @activations(%x: tensor<4xf64>) {
  // CHECK: dl.sigmoid
  %0 = dl.sigmoid %x : tensor<4xf64>
  // CHECK: dl.relu
  %1 = dl.relu %x : tensor<4xf64>
  // CHECK: dl.leaky_relu %{{.*}} alpha 1.000000e-01 : tensor<4xf64>
  %2 = dl.leaky_relu %x alpha 0.1 : tensor<4xf64>
  // CHECK: dl.gelu %{{.*}} : tensor<4xf64>
  %3 = dl.gelu %x : tensor<4xf64>
  // CHECK: dl.gelu %{{.*}} approximate tanh : tensor<4xf64>
  %4 = dl.gelu %x approximate tanh : tensor<4xf64>
  // CHECK: dl.softplus %{{.*}} : tensor<4xf64>
  %5 = dl.softplus %x : tensor<4xf64>
  // CHECK: dl.silu %{{.*}} : tensor<4xf64>
  %6 = dl.silu %x : tensor<4xf64>
  return
}
// CHECK-LABEL: @logic
func.func @logic(%x: tensor<4xf32>, %s: tensor<?xi8, #dl.dims<B>>) -> (tensor<4xi1>, tensor<?xi1, #dl.dims<B>>) {
  // CHECK: dl.compare ge %{{.*}}, %{{.*}} : tensor<4xf32>
  %0 = dl.compare ge %x, %x : tensor<4xf32>
  // CHECK: dl.compare ne %{{.*}}, %{{.*}} : tensor<?xi8, #dl.dims<B>>
  %1 = dl.compare ne %s, %s : tensor<?xi8, #dl.dims<B>>
  // CHECK: dl.and
  %2 = dl.and %0, %0 : tensor<4xi1>
  // CHECK: dl.or
  %3 = dl.or %2, %0 : tensor<4xi1>
  // CHECK: dl.xor
  %4 = dl.xor %3, %0 : tensor<4xi1>
  // CHECK: dl.not
  %5 = dl.not %4 : tensor<4xi1>
  // CHECK: dl.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<4xf32>
  %6 = dl.select %5, %x, %x : tensor<4xf32>
  // CHECK: dl.cast %{{.*}} : tensor<4xf32> -> tensor<4xbf16>
  %7 = dl.cast %6 : tensor<4xf32> -> tensor<4xbf16>
  return %5, %1 : tensor<4xi1>, tensor<?xi1, #dl.dims<B>>
}
// CHECK-LABEL: @constants
func.func @constants() {
  // CHECK: dl.constant 3.000000e+00 : tensor<?x4xi64, #dl.dims<B, 4>>
  %0 = dl.constant 3.0 : tensor<?x4xi64, #dl.dims<B, 4>>
  // CHECK: dl.constant 0xFFF0000000000000 : tensor<f32>
  %1 = dl.constant 0xFFF0000000000000 : tensor<f32>
  // CHECK: dl.constant 1.000000e+00 : tensor<2xi1>
  %2 = dl.constant 1.0 : tensor<2xi1>
  return
}
