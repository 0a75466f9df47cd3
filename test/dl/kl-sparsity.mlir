// RUN: dlc-opt %s | dlc-opt | FileCheck %s
// RUN: dlc-opt %s --dl-simplify-decompose | FileCheck %s --check-prefix=PARTS
// RUN: dlc-opt %s --dl-autodiff-train="loss=mse optimizer=sgd" | FileCheck %s --check-prefix=TRAIN

// In inference the identity; the training step's loss has the penalty.
// CHECK: dl.kl_sparsity %{{.*}} target 5.000000e-02 weight 3.000000e+00 : tensor<6x4xf32>
// PARTS-NOT: dl.kl_sparsity
// TRAIN-LABEL: @train_step
// TRAIN: dl.sum %{{.*}} dims [0] : tensor<6x4xf32>
// TRAIN: %[[PENALTY:.*]] = dl.mul %{{.*}}, %{{.*}} : tensor<f32>
// TRAIN: %[[LOSS:.*]] = dl.mse
// TRAIN: dl.add %[[LOSS]], %[[PENALTY]] : tensor<f32>
func.func @main(%x: tensor<6x3xf32> {dl.name = "x"}, %w: tensor<3x4xf32> {dl.param = #dl.param<"w", he_normal(1.0), trainable>})
    -> (tensor<6x4xf32> {dl.name = "y"}) {
  %0 = dl.matmul %x, %w : tensor<6x3xf32>, tensor<3x4xf32>
  %1 = dl.sigmoid %0 : tensor<6x4xf32>
  %2 = dl.kl_sparsity %1 target 0.05 weight 3.0 : tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}
