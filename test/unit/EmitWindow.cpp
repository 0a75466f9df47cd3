// The window emitter: the bits of plain loops, and what it refuses.
#include "test/unit/KernelHarness.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using dlc::codegen::cpu::planWindow;

TEST(EmitWindow, MaxPoolWithIndex) {
  for (const char *c : {"3", "20", "33"})
    expectSameBits(fill(R"(
      dl.symbol @B : 0 to 64
      func.func @k(%x: tensor<?x8x6x{C}xf32, #dl.dims<B, 8, 6, {C}>>, %b: tensor<{C}xf32>)
          -> (tensor<?x4x3x{C}xf32, #dl.dims<B, 4, 3, {C}>>, tensor<?x4x3x{C}xi8, #dl.dims<B, 4, 3, {C}>>) {
        %y, %i = dl.max_pool2d %x kernel [2, 2] strides [2, 2] : tensor<?x8x6x{C}xf32, #dl.dims<B, 8, 6, {C}>>
        %0 = dl.broadcast %b dims [3] : tensor<{C}xf32> -> tensor<?x4x3x{C}xf32, #dl.dims<B, 4, 3, {C}>>
        %1 = dl.add %y, %0 : tensor<?x4x3x{C}xf32, #dl.dims<B, 4, 3, {C}>>
        %2 = dl.relu %1 : tensor<?x4x3x{C}xf32, #dl.dims<B, 4, 3, {C}>>
        return %2, %i : tensor<?x4x3x{C}xf32, #dl.dims<B, 4, 3, {C}>>, tensor<?x4x3x{C}xi8, #dl.dims<B, 4, 3, {C}>>
      })",
                        {{"C", c}}),
                   planWindow, {{0}, {1}, {3}});
}
TEST(EmitWindow, PaddedOverlapping) {
  for (const char *e : {"f32", "bf16", "f64"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<2x9x7x20x{E}>) -> (tensor<2x5x4x20x{E}>, tensor<2x5x4x20xi8>) {
        %y, %i = dl.max_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<2x9x7x20x{E}>
        return %y, %i : tensor<2x5x4x20x{E}>, tensor<2x5x4x20xi8>
      })",
                        {{"E", e}}),
                   planWindow);
}
TEST(EmitWindow, LargeWindow) {
  expectSameBits(R"(
    func.func @k(%x: tensor<2x9x9x5xf32>) -> tensor<2x5x5x5xf32> {
      %y = dl.sum_pool2d %x kernel [7, 7] strides [1, 1] padding [1, 1, 1, 1] : tensor<2x9x9x5xf32>
      return %y : tensor<2x5x5x5xf32>
    })",
                 planWindow);
}
// Panels of 256 terms, and chunks of 8,192.
TEST(EmitWindow, Panels) {
  for (auto [kernel, out] : {std::pair("17, 17", "3x3"), {"3, 300", "4x1"}, {"300, 3", "1x4"}, {"120, 130", "2x2"}})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<1x301x302x3xf32>) -> tensor<1x{S}x3xf32> {
        %y = dl.sum_pool2d %x kernel [{K}] strides [99, 99] padding [1, 1, 1, 1] : tensor<1x301x302x3xf32>
        return %y : tensor<1x{S}x3xf32>
      })",
                        {{"K", kernel}, {"S", out}}),
                   planWindow);
}
// What has no coordinates is built further out, but not beyond the condition that a pixel's window lies inside.
TEST(EmitWindow, ScalarOperand) {
  for (const char *c : {"3", "16", "32", "40"})
    expectSameBits(fill(R"(
      func.func @k(%x: tensor<2x9x9x{C}xf32>, %s: tensor<f32>) -> tensor<2x5x5x{C}xf32> {
        %y = dl.sum_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<2x9x9x{C}xf32>
        %0 = dl.broadcast %s dims [] : tensor<f32> -> tensor<2x5x5x{C}xf32>
        %1 = dl.mul %y, %0 : tensor<2x5x5x{C}xf32>
        return %1 : tensor<2x5x5x{C}xf32>
      })",
                        {{"C", c}}),
                   planWindow);
}
TEST(EmitWindow, Gradients) {
  expectSameBits(R"(
    func.func @k(%dy: tensor<2x5x4x20xf32>, %i: tensor<2x5x4x20xi8>) -> tensor<2x9x7x20xf32> {
      %dx = dl.max_pool2d_grad %dy, %i kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<2x5x4x20xf32>, tensor<2x5x4x20xi8> -> tensor<2x9x7x20xf32>
      return %dx : tensor<2x9x7x20xf32>
    })",
                 planWindow);
  expectSameBits(R"(
    func.func @k(%dy: tensor<2x4x3x20xf32>) -> tensor<2x9x7x20xf32> {
      %dx = dl.sum_pool2d_grad %dy kernel [2, 2] strides [2, 2] : tensor<2x4x3x20xf32> -> tensor<2x9x7x20xf32>
      return %dx : tensor<2x9x7x20xf32>
    })",
                 planWindow);
}
TEST(EmitWindow, DepthwiseConvolution) {
  expectSameBits(R"(
    func.func @k(%x: tensor<2x6x5x20xf32>, %w: tensor<3x3x1x20xf32>) -> tensor<2x6x5x20xf32> {
      %y = dl.conv2d %x, %w padding [1, 1, 1, 1] groups 20 : tensor<2x6x5x20xf32>, tensor<3x3x1x20xf32>
      return %y : tensor<2x6x5x20xf32>
    })",
                 planWindow);
}
TEST(EmitWindow, Refusals) {
  expectRefusal(R"(
    func.func @k(%x: tensor<6x40xf32>) -> tensor<6xf32> {
      %s = dl.sum %x dims [1] : tensor<6x40xf32>
      return %s : tensor<6xf32>
    })",
                planWindow, "dl.sum is not one chain of terms an element");
  expectRefusal(R"(
    func.func @k(%x: tensor<6x7xf32>, %w: tensor<7x6xf32>) -> tensor<6x6xf32> {
      %p = dl.matmul %x, %w : tensor<6x7xf32>, tensor<7x6xf32>
      %t = dl.transpose %p permutation [1, 0] : tensor<6x6xf32>
      %y = dl.add %p, %t : tensor<6x6xf32>
      return %y : tensor<6x6xf32>
    })",
                planWindow, "dl.transpose of what is combined is no pointwise op");
}
