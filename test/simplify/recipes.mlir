// RUN: dlc-opt %s --dl-simplify-recipes | FileCheck %s

// CHECK-LABEL: @chains
func.func @chains(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x16xf32>, %m: tensor<4x9xf32>, %n: tensor<9x5xf32>)
    -> (tensor<2x6x6x16xf32>, tensor<4x5xf32>, tensor<2x4x4x3xf32>) {
  // CHECK: dl.conv2d {{.*}} {dl.recipe = #dl.chain<panel = 256, chunk = 8192>}
  %0 = dl.conv2d %x, %w : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>
  // CHECK: dl.matmul {{.*}} {dl.recipe = #dl.chain<panel = 256, chunk = 8192>}
  %1 = dl.matmul %m, %n : tensor<4x9xf32>, tensor<9x5xf32>
  // CHECK: dl.max_pool2d {{.*}} {dl.recipe = #dl.chain<panel = 32, chunk = 256>}
  %2, %i = dl.max_pool2d %x kernel [2, 2] strides [2, 2] : tensor<2x8x8x3xf32>
  return %0, %1, %2 : tensor<2x6x6x16xf32>, tensor<4x5xf32>, tensor<2x4x4x3xf32>
}

// CHECK-LABEL: @lanes
func.func @lanes(%x: tensor<4x5x6xf32>) -> (tensor<4xf32>, tensor<6xf32>, tensor<5xf32>) {
  // CHECK: dl.sum {{.*}} {dl.recipe = #dl.lanes<rows = 2, columns = 0>}
  %0 = dl.sum %x dims [1, 2] : tensor<4x5x6xf32>
  // CHECK: dl.sum {{.*}} {dl.recipe = #dl.lanes<rows = 0, columns = 2>}
  %1 = dl.sum %x dims [0, 1] : tensor<4x5x6xf32>
  // CHECK: dl.sum {{.*}} {dl.recipe = #dl.lanes<rows = 1, columns = 1>}
  %2 = dl.sum %x dims [0, 2] : tensor<4x5x6xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<6xf32>, tensor<5xf32>
}

// A recipe that the model names stays.
// CHECK-LABEL: @named
func.func @named(%m: tensor<4x9xf32>, %n: tensor<9x5xf32>) -> tensor<4x5xf32> {
  // CHECK: {dl.recipe = #dl.chain<panel = 64, chunk = 64>}
  %0 = dl.matmul %m, %n {dl.recipe = #dl.chain<panel = 64, chunk = 64>} : tensor<4x9xf32>, tensor<9x5xf32>
  return %0 : tensor<4x5xf32>
}
