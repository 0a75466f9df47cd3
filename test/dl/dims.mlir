// Equal extents have one form, however they are written.
// RUN: dlc-opt %s | FileCheck %s

// CHECK: @sums(tensor<?xf32, #dl.dims<B * 2 + H + 1>>)
func.func private @sums(tensor<?xf32, #dl.dims<1 + B + H + B>>)
// CHECK: @products(tensor<?x?xf32, #dl.dims<B * H, B * 4 + B * H * 4>>)
func.func private @products(tensor<?x?xf32, #dl.dims<H * B, 4 * (B * (H + 1))>>)
// CHECK: @divisions(tensor<?x?x?xf32, #dl.dims<H floordiv 2 + 1, B * 2, (H + 1) floordiv 2>>)
func.func private @divisions(tensor<?x?x?xf32, #dl.dims<(H + 2) floordiv 2, (4 * B + 1) floordiv 2, H ceildiv 2>>)
// CHECK: @nothing_left(tensor<?x1xf32, #dl.dims<B, 1>>)
func.func private @nothing_left(tensor<?x1xf32, #dl.dims<B + H - H, (2 * B + 1) mod 2>>)
