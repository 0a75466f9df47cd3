// Tiles of few terms stand in one function with the loop over them. With AVX2 a tail of four columns needs no
// mask, and one of seven is read from memory in each step: no accumulator is.
// RUN: dlc compile %s --target cpu:x86-64-v3 --emit llvm -o %t.ll
// RUN: FileCheck %s --check-prefix=MANY --input-file %t.ll
// RUN: dlc compile %s --target cpu:x86-64-v3 --emit asm -o %t.s
// RUN: FileCheck %s --check-prefix=MASK --input-file %t.s
// MANY: define i32 @k0tile(
// MANY: call void @micro_f32f32f32_4_3_8_4_1_1_0_0_1_0_0_1(
// MASK-LABEL: micro_f32f32f32_4_3_8_7_0_1_0_0_1_0_1_0:
// MASK: vmovaps {{.*}}(%rsp), %ymm[[N:[0-9]+]]
// MASK-NEXT: vmaskmovps {{.*}}, %ymm[[N]], %ymm
// MASK-NOT: (%rsp)
// MASK-COUNT-12: vfmadd231ps
// MASK-NOT: vmaskmovps
// MASK-LABEL: micro_f32f32f32_4_3_8_4_0_1_0_0_1_0_1_0:
// MASK-NOT: vmaskmovps
// MASK: micro_f32f32f32_4_3_8_8_1_1_0_0_1_0_1_0:
func.func @main(%few: tensor<36864x25xf32>, %w: tensor<25x20xf32>, %x: tensor<64x800xf32>, %u: tensor<800x500xf32>, %v: tensor<800x503xf32>)
    -> (tensor<36864x20xf32>, tensor<64x500xf32>, tensor<64x503xf32>) {
  %0 = dl.matmul %few, %w : tensor<36864x25xf32>, tensor<25x20xf32>
  %1 = dl.matmul %x, %u : tensor<64x800xf32>, tensor<800x500xf32>
  %2 = dl.matmul %x, %v : tensor<64x800xf32>, tensor<800x503xf32>
  return %0, %1, %2 : tensor<36864x20xf32>, tensor<64x500xf32>, tensor<64x503xf32>
}
