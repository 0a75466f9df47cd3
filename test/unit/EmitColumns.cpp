// The columns emitter: the bits of plain loops, and what it refuses.
#include "test/unit/KernelHarness.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using dlc::codegen::cpu::planColumns;

static const char *sum = R"(
  dl.symbol @B : 0 to {MAX}
  func.func @k(%x: tensor<?x{N}x{E}, #dl.dims<B, {N}>>) -> tensor<{N}x{E}> {
    %s = dl.sum %x dims [0] : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    return %s : tensor<{N}x{E}>
  })";
TEST(EmitColumns, OneChunk) {
  for (const char *n : {"1", "10", "16", "20", "67"})
    expectSameBits(fill(sum, {{"N", n}, {"E", "f32"}, {"MAX", "512"}}), planColumns, {{0}, {1}, {5}, {8}, {128}, {509}, {512}});
}
TEST(EmitColumns, SeveralChunks) {
  for (const char *n : {"3", "64"})
    expectSameBits(fill(sum, {{"N", n}, {"E", "f32"}, {"MAX", "9999"}}), planColumns, {{0}, {1}, {511}, {512}, {513}, {2560}, {3333}});
}
// Runs of 8 x 16 rows, whole ones and others.
TEST(EmitColumns, ConstantRows) {
  for (const char *b : {"127", "128", "300", "512", "1100"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<{B}x20xf32>, %y: tensor<{B}x20xf32>) -> (tensor<20xf32>, tensor<20xf32>) {
        %s = dl.sum %x dims [0] : tensor<{B}x20xf32>
        %p = dl.sum_products %x, %y dims [0] : tensor<{B}x20xf32>
        return %s, %p : tensor<20xf32>, tensor<20xf32>
      })",
                        {{"B", b}}),
                   planColumns);
}
TEST(EmitColumns, OtherElementTypes) {
  for (const char *e : {"f64", "bf16", "i32", "i8"})
    expectSameBits(fill(sum, {{"N", "19"}, {"E", e}, {"MAX", "9999"}}), planColumns, {{7}, {700}});
}
// Batch norm's statistics: two sums of one pass, with what follows them.
TEST(EmitColumns, SumAndSumOfSquares) {
  for (const char *b : {"2", "9"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<{B}x9x7x20xf32>) -> (tensor<20xf32>, tensor<20xf32>) {
        %q = dl.mul %x, %x : tensor<{B}x9x7x20xf32>
        %s = dl.sum %x dims [0, 1, 2] : tensor<{B}x9x7x20xf32>
        %t = dl.sum %q dims [0, 1, 2] : tensor<{B}x9x7x20xf32>
        %n = dl.constant 0.015625 : tensor<20xf32>
        %m = dl.mul %s, %n : tensor<20xf32>
        %u = dl.mul %t, %n : tensor<20xf32>
        %mm = dl.mul %m, %m : tensor<20xf32>
        %v = dl.sub %u, %mm : tensor<20xf32>
        return %m, %v : tensor<20xf32>, tensor<20xf32>
      })",
                        {{"B", b}}),
                   planColumns);
}
TEST(EmitColumns, MiddleDimension) {
  for (const char *r : {"37", "1100"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<3x{R}x5x9xf32>, %b: tensor<5x9xf32>) -> tensor<3x5x9xf32> {
        %0 = dl.broadcast %b dims [2, 3] : tensor<5x9xf32> -> tensor<3x{R}x5x9xf32>
        %1 = dl.sub %x, %0 : tensor<3x{R}x5x9xf32>
        %m = dl.max %1 dims [1] : tensor<3x{R}x5x9xf32>
        return %m : tensor<3x5x9xf32>
      })",
                        {{"R", r}}),
                   planColumns);
}
TEST(EmitColumns, Refusals) {
  expectRefusal(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<6xf32> {
      %s = dl.sum %x dims [1] : tensor<6x40xf32>
      return %s : tensor<6xf32>
    })",
                planColumns, "dl.sum does not reduce leading or middle dimensions alone");
  expectRefusal(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<6x40xf32> {
      %s = dl.sum %x dims [0] : tensor<6x40xf32>
      %b = dl.broadcast %s dims [1] : tensor<40xf32> -> tensor<6x40xf32>
      %y = dl.sub %x, %b : tensor<6x40xf32>
      return %y : tensor<6x40xf32>
    })",
                planColumns, "another pass");
}
