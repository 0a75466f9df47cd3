// The rows emitter: the bits of plain loops, and what it refuses.
#include "test/unit/KernelHarness.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using dlc::codegen::cpu::planRows;

TEST(EmitRows, SoftmaxInRegisters) {
  for (const char *n : {"1", "7", "10", "16", "37", "64"})
    expectSameBits(fill(symbolicSoftmax, {{"N", n}, {"E", "f32"}}), planRows, {{0}, {1}, {5}, {64}});
}
TEST(EmitRows, SoftmaxOverLongRows) {
  for (const char *n : {"65", "128", "203"})
    expectSameBits(fill(symbolicSoftmax, {{"N", n}, {"E", "f32"}}), planRows, {{3}, {9}});
}
// Values with an element a row have a lane for each row: loaded, reduced, stored, and spread over a row's columns.
TEST(EmitRows, RowsAtOnce) {
  for (const char *n : {"1", "10", "16", "50", "100"})
    expectSameBits(fill(R"(
      dl.symbol @B : 0 to 64
      func.func @k(%x: tensor<?x{N}xf32, #dl.dims<B, {N}>>, %w: tensor<?xf32, #dl.dims<B>>, %g: tensor<{N}xf32>)
          -> (tensor<?x{N}xf32, #dl.dims<B, {N}>>, tensor<?xf32, #dl.dims<B>>, tensor<?xi32, #dl.dims<B>>) {
        %a = dl.relu %w : tensor<?xf32, #dl.dims<B>>
        %ab = dl.broadcast %a dims [0] : tensor<?xf32, #dl.dims<B>> -> tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %z = dl.mul %x, %ab : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %s = dl.sum %z dims [1] : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %t = dl.add %s, %w : tensor<?xf32, #dl.dims<B>>
        %tb = dl.broadcast %t dims [0] : tensor<?xf32, #dl.dims<B>> -> tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %d = dl.sub %z, %tb : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %m = dl.max %d dims [1] : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %q = dl.sum_products %d, %z dims [1] : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %r = dl.div %q, %m : tensor<?xf32, #dl.dims<B>>
        %rb = dl.broadcast %r dims [0] : tensor<?xf32, #dl.dims<B>> -> tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %gb = dl.broadcast %g dims [1] : tensor<{N}xf32> -> tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %y = dl.fma %d, %rb, %gb : tensor<?x{N}xf32, #dl.dims<B, {N}>>
        %i = dl.cast %r : tensor<?xf32, #dl.dims<B>> -> tensor<?xi32, #dl.dims<B>>
        return %y, %r, %i : tensor<?x{N}xf32, #dl.dims<B, {N}>>, tensor<?xf32, #dl.dims<B>>, tensor<?xi32, #dl.dims<B>>
      })",
                        {{"N", n}}),
                   planRows, {{3}, {37}});
}
TEST(EmitRows, GreatestOfRowsAtOnce) {
  for (const char *n : {"3", "10", "40", "70"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<19x{N}xf32>) -> (tensor<19xf32>, tensor<19xi64>) {
        %v, %i = dl.argmax %x axis 1 : tensor<19x{N}xf32>
        return %v, %i : tensor<19xf32>, tensor<19xi64>
      })",
                        {{"N", n}}),
                   planRows);
}
// Rows of two dimensions, one of which something read has alone: no one coordinate for all rows.
TEST(EmitRows, RowsOfTwoCoordinates) {
  for (const char *n : {"10", "100"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<3x5x{N}xf32>, %w: tensor<5xf32>) -> (tensor<3x5x{N}xf32>, tensor<3x5xf32>) {
        %b = dl.broadcast %w dims [1] : tensor<5xf32> -> tensor<3x5x{N}xf32>
        %z = dl.add %x, %b : tensor<3x5x{N}xf32>
        %s = dl.sum %z dims [2] : tensor<3x5x{N}xf32>
        %sb = dl.broadcast %s dims [0, 1] : tensor<3x5xf32> -> tensor<3x5x{N}xf32>
        %y = dl.sub %z, %sb : tensor<3x5x{N}xf32>
        return %y, %s : tensor<3x5x{N}xf32>, tensor<3x5xf32>
      })",
                        {{"N", n}}),
                   planRows);
}
TEST(EmitRows, OtherElementTypes) {
  for (const char *e : {"f64", "bf16"})
    for (const char *n : {"10", "101"})
      expectSameBits(fill(symbolicSoftmax, {{"N", n}, {"E", e}}), planRows, {{3}});
}
TEST(EmitRows, EmptyRows) { expectSameBits(fill(symbolicSoftmax, {{"N", "0"}, {"E", "f32"}}), planRows, {{3}}); }
TEST(EmitRows, SymbolicColumns) {
  expectSameBits(R"(
    dl.symbol @N : 0 to 999
    func.func @k(%x: tensor<3x?xf32, #dl.dims<3, N>>) -> (tensor<3xf32>, tensor<3x?xf32, #dl.dims<3, N>>) {
      %s = dl.sum %x dims [1] : tensor<3x?xf32, #dl.dims<3, N>>
      %b = dl.broadcast %s dims [0] : tensor<3xf32> -> tensor<3x?xf32, #dl.dims<3, N>>
      %y = dl.sub %x, %b : tensor<3x?xf32, #dl.dims<3, N>>
      return %s, %y : tensor<3xf32>, tensor<3x?xf32, #dl.dims<3, N>>
    })",
                 planRows, {{0}, {1}, {10}, {63}, {64}, {65}, {333}});
}
// Columns of two dimensions are one run of elements; rows of two too.
TEST(EmitRows, SeveralDimensions) {
  for (const char *t : {"2x3x4x5", "2x3x9x11"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<{T}xf32>, %r: tensor<2x3xf32>) -> (tensor<{T}xf32>, tensor<2x3xf32>) {
        %s = dl.sum %x dims [2, 3] : tensor<{T}xf32>
        %t = dl.mul %s, %r : tensor<2x3xf32>
        %b = dl.broadcast %t dims [0, 1] : tensor<2x3xf32> -> tensor<{T}xf32>
        %y = dl.sub %x, %b : tensor<{T}xf32>
        return %y, %t : tensor<{T}xf32>, tensor<2x3xf32>
      })",
                        {{"T", t}}),
                   planRows);
}
TEST(EmitRows, WholeTensorToOneNumber) {
  expectSameBits(R"(
    func.func @k(%x: tensor<5x67xf32>) -> tensor<f32> {
      %s = dl.sum %x dims [0, 1] : tensor<5x67xf32>
      return %s : tensor<f32>
    })",
                 planRows);
}
TEST(EmitRows, PointwiseStreams) {
  for (const char *e : {"f32", "f64", "bf16", "i8", "i32", "i64"})
    expectSameBits(fill(R"(
      dl.symbol @B : 0 to 64
      func.func @k(%x: tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>, %y: tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>)
          -> (tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>, tensor<?x7x13xi1, #dl.dims<B, 7, 13>>) {
        %a = dl.add %x, %y : tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>
        %c = dl.compare lt %a, %x : tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>
        %s = dl.select %c, %a, %y : tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>
        return %s, %c : tensor<?x7x13x{E}, #dl.dims<B, 7, 13>>, tensor<?x7x13xi1, #dl.dims<B, 7, 13>>
      })",
                        {{"E", e}}),
                   planRows, {{0}, {1}, {13}});
}
TEST(EmitRows, BiasOverRows) {
  for (const char *n : {"3", "20", "64", "130", "9001"})
    expectSameBits(fill(R"(
      dl.symbol @B : 0 to 64
      func.func @k(%x: tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>>, %b: tensor<{N}xf32>) -> tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>> {
        %0 = dl.broadcast %b dims [2] : tensor<{N}xf32> -> tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>>
        %1 = dl.add %x, %0 : tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>>
        %2 = dl.relu %1 : tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>>
        return %2 : tensor<?x2x{N}xf32, #dl.dims<B, 2, {N}>>
      })",
                        {{"N", n}}),
                   planRows, {{1}, {5}});
}
TEST(EmitRows, TensorsOfSeveralShapes) {
  expectSameBits(R"(
    func.func @k(%w: tensor<50x20xf32>, %dw: tensor<50x20xf32>, %b: tensor<20xf32>, %db: tensor<20xf32>, %lr: tensor<f32>,
                 %n: tensor<i64>) -> (tensor<50x20xf32>, tensor<20xf32>, tensor<i64>) {
      %l = dl.broadcast %lr dims [] : tensor<f32> -> tensor<50x20xf32>
      %m = dl.broadcast %lr dims [] : tensor<f32> -> tensor<20xf32>
      %0 = dl.mul %dw, %l : tensor<50x20xf32>
      %1 = dl.sub %w, %0 : tensor<50x20xf32>
      %2 = dl.mul %db, %m : tensor<20xf32>
      %3 = dl.sub %b, %2 : tensor<20xf32>
      %4 = dl.add %n, %n : tensor<i64>
      return %1, %3, %4 : tensor<50x20xf32>, tensor<20xf32>, tensor<i64>
    })",
                 planRows);
}
// What is known when the kernel is compiled is rounded as what is not: without FMA twice, at a product and at a sum.
TEST(EmitRows, KnownElements) {
  expectSameBits(R"(
    func.func @k() -> tensor<37xf32> {
      %i = dl.iota axis 0 : tensor<37xf32>
      %c = dl.constant 0.37 : tensor<37xf32>
      %x = dl.mul %i, %c : tensor<37xf32>
      %s = dl.sin %x : tensor<37xf32>
      %e = dl.exp %s : tensor<37xf32>
      return %e : tensor<37xf32>
    })",
                 planRows);
}
TEST(EmitRows, MovementsInside) {
  expectSameBits(R"(
    func.func @k(%x: tensor<6x40xf32>, %y: tensor<40x6xf32>, %z: tensor<6x30xf32>) -> (tensor<6x70xf32>, tensor<6xf32>) {
      %t = dl.transpose %y permutation [1, 0] : tensor<40x6xf32>
      %a = dl.add %x, %t : tensor<6x40xf32>
      %c = dl.concat %a, %z axis 1 : tensor<6x40xf32>, tensor<6x30xf32>
      %r = dl.reverse %c dims [1] : tensor<6x70xf32>
      %e = dl.exp %r : tensor<6x70xf32>
      %s = dl.sum %e dims [1] : tensor<6x70xf32>
      return %e, %s : tensor<6x70xf32>, tensor<6xf32>
    })",
                 planRows);
  expectSameBits(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<9x81xf32> {
      %p = dl.pad %x low <1, 0> high <2, 2> interior [0, 1] value 3.0 : tensor<6x40xf32>
      %e = dl.exp %p : tensor<9x81xf32>
      return %e : tensor<9x81xf32>
    })",
                 planRows);
}
TEST(EmitRows, Reshapes) {
  expectSameBits(R"(
    func.func @k(%x: tensor<6x40xf32>, %b: tensor<40xf32>) -> (tensor<240xf32>, tensor<6x1xf32>) {
      %b0 = dl.broadcast %b dims [1] : tensor<40xf32> -> tensor<6x40xf32>
      %y = dl.mul %x, %b0 : tensor<6x40xf32>
      %r = dl.reshape %y : tensor<6x40xf32> -> tensor<6x8x5xf32>
      %s = dl.sum %r dims [1, 2] : tensor<6x8x5xf32>
      %t = dl.reshape %s : tensor<6xf32> -> tensor<6x1xf32>
      %q = dl.reshape %r : tensor<6x8x5xf32> -> tensor<240xf32>
      return %q, %t : tensor<240xf32>, tensor<6x1xf32>
    })",
                 planRows);
}
TEST(EmitRows, Refusals) {
  expectRefusal(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<40xf32> {
      %s = dl.sum %x dims [0] : tensor<6x40xf32>
      return %s : tensor<40xf32>
    })",
                planRows, "dl.sum does not reduce trailing dimensions alone");
  expectRefusal(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<f32> {
      %s = dl.sum %x dims [1] : tensor<6x40xf32>
      %t = dl.sum %s dims [0] : tensor<6xf32>
      return %t : tensor<f32>
    })",
                planRows, "dl.sum reduces another space than dl.sum");
}
