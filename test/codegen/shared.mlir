// Two products of different extents have one micro-kernel, and their launches are one function with the extents as arguments.
// RUN: dlc compile %s --target cpu:x86-64-v4 --emit llvm -o %t.ll
// RUN: grep -c "^define .*@micro_[^(]*_strip_8(" %t.ll | grep -x 1
// RUN: grep -c "^define .*@micro_" %t.ll | grep -x 2
// RUN: FileCheck %s --input-file %t.ll
// CHECK-DAG: define i32 @shared_k[[N:[0-9]+]]tile(
// CHECK-DAG: call i32 @shared_k[[N]]tile({{.*}}, i64 96)
// CHECK-DAG: call i32 @shared_k[[N]]tile({{.*}}, i64 192)
func.func @main(%x: tensor<32x300xf32> {dl.name = "x"}, %u: tensor<300x96xf32> {dl.name = "u"}, %v: tensor<300x192xf32> {dl.name = "v"})
    -> (tensor<32x96xf32> {dl.name = "xu"}, tensor<32x192xf32> {dl.name = "xv"}) {
  %0 = dl.matmul %x, %u : tensor<32x300xf32>, tensor<300x96xf32>
  %1 = dl.matmul %x, %v : tensor<32x300xf32>, tensor<300x192xf32>
  return %0, %1 : tensor<32x96xf32>, tensor<32x192xf32>
}
