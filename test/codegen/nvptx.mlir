// Kernels as PTX: what is aligned is read 16 bytes at a time; what no result may lie over by .nc; rows are warps' and trees shuffles; an
// operand's slices go through shared memory; nothing is contracted, flushed or approximated.
// RUN: dlc compile %s --target nvptx:sm_80 --emit ptx --no-cache | FileCheck %s --implicit-check-not='.approx' --implicit-check-not='.ftz'
// RUN: dlc compile %s --target nvptx:sm_90a --emit ptx --no-cache | FileCheck %s --check-prefix=HOPPER
// RUN: dlc compile %s --target nvptx:sm_80 --emit plan --no-cache | FileCheck %s --check-prefix=PLAN
// HOPPER: .target sm_90a
// CHECK: .target sm_80
// PLAN: dlx.plan = #dlx.plan<contraction, tile[1, 32, 32, 32, 2, 2], block[], launches[<"", reads[0, 1], writes[2], grid <4>, threads 256, shared 9216>]
// PLAN: dlx.plan = #dlx.plan<rows, tile[1, 4], block[0], launches[<"", reads[0, 1], writes[2], grid <16>, threads 256>]
// PLAN: dlx.plan = #dlx.plan<rows, tile[1, 1], block[1], launches[<"", reads[0], writes[1], grid <5>, threads 256>]
func.func @main(%x: tensor<128x128xf32> {dl.name = "x"}, %b: tensor<128x128xf32> {dl.name = "b"}, %a: tensor<33x70xf32> {dl.name = "a"},
                %w: tensor<70x35xf32> {dl.name = "w"}, %r: tensor<40x100xf32> {dl.name = "r"})
    -> (tensor<128x128xf32> {dl.name = "y"}, tensor<33x35xf32> {dl.name = "p"}, tensor<40xf32> {dl.name = "s"}) {
  // CHECK-LABEL: .entry k0(
  // CHECK: .shared .align 16 .b8 {{.*}}[9216];
  // CHECK: bar.sync
  // CHECK: ld.global.nc.b32
  // CHECK: st.shared
  // CHECK: bar.sync
  // CHECK: ld.shared.v2.b32
  // CHECK: fma.rn.f32
  %p = dl.matmul %a, %w : tensor<33x70xf32>, tensor<70x35xf32>
  // CHECK-LABEL: .entry k1(
  // CHECK: .param .u64 .ptr .global .align 16 k1_param_0
  // CHECK: .reqntid 256
  // CHECK-COUNT-2: ld.global.v4.b32
  // CHECK: mul.rn.f32
  // CHECK: add.rn.f32
  // CHECK: st.global.v4.b32
  %0 = dl.mul %x, %b : tensor<128x128xf32>
  %1 = dl.add %0, %b : tensor<128x128xf32>
  // CHECK-LABEL: .entry k2(
  // CHECK: shfl.sync.down.b32 {{.*}}, 16, 31, -1;
  // CHECK: shfl.sync.down.b32 {{.*}}, 1, 31, -1;
  // CHECK: shfl.sync.idx.b32
  %s = dl.sum %r dims [1] : tensor<40x100xf32>
  return %1, %p, %s : tensor<128x128xf32>, tensor<33x35xf32>, tensor<40xf32>
}
