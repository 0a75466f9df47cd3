// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS

// CHECK-LABEL: func @softmax
// PARTS-LABEL: func @softmax
func.func @softmax(%x: tensor<4x10xf32>) -> tensor<4x10xf32> {
  // CHECK: dl.softmax %{{.*}} axis 1 : tensor<4x10xf32>
  // PARTS: %[[MAX:.*]] = dl.max %[[X:.*]] dims [1]
  // PARTS: %[[BIG:.*]] = dl.broadcast %[[MAX]]
  // PARTS: %[[Z:.*]] = dl.sub %[[X]], %[[BIG]]
  // PARTS: %[[E:.*]] = dl.exp %[[Z]]
  // PARTS: dl.sum %[[E]] dims [1]
  // PARTS: dl.div %[[E]], %{{.*}} : tensor<4x10xf32>
  %y = dl.softmax %x axis 1 : tensor<4x10xf32>
  return %y : tensor<4x10xf32>
}

// CHECK-LABEL: func @log_softmax
// PARTS-LABEL: func @log_softmax
func.func @log_softmax(%x: tensor<?x10xbf16, #dl.dims<B, 10>>) -> tensor<?x10xbf16, #dl.dims<B, 10>> {
  // CHECK: dl.log_softmax %{{.*}} axis 0
  // PARTS: dl.cast {{.*}} -> tensor<?x10xf32
  // PARTS: dl.log %{{.*}} : tensor<10xf32>
  // PARTS: dl.cast {{.*}} -> tensor<?x10xbf16
  %y = dl.log_softmax %x axis 0 : tensor<?x10xbf16, #dl.dims<B, 10>>
  return %y : tensor<?x10xbf16, #dl.dims<B, 10>>
}
