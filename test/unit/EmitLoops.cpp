// The loops emitter against references in plain C++.
#include "test/unit/KernelHarness.h"
#include <cmath>
#include <gtest/gtest.h>
#include <utility>

using namespace dlc::test;

static std::vector<float> loops(const char *text, llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents = {}) {
  CompiledKernel kernel(text, "x86-64-v3", dlc::codegen::cpu::planLoops);
  EXPECT_EQ(kernel.error(), "");
  return kernel.error().empty() ? values<float>(kernel.run(arguments, extents, 1)[0]) : std::vector<float>();
}
static std::vector<float> ramp(int n, float step = 0.25f) {
  std::vector<float> v(n);
  for (int i = 0; i < n; ++i)
    v[i] = float((i * 37) % 101 - 50) * step;
  return v;
}

TEST(EmitLoops, BiasAndRelu) {
  auto x = ramp(3 * 700), bias = ramp(700, 1);
  auto y = loops(R"(
    dl.symbol @B : 1 to 64
    func.func @k(%x: tensor<?x700xf32, #dl.dims<B, 700>>, %b: tensor<700xf32>) -> tensor<?x700xf32, #dl.dims<B, 700>> {
      %0 = dl.broadcast %b dims [1] : tensor<700xf32> -> tensor<?x700xf32, #dl.dims<B, 700>>
      %1 = dl.add %x, %0 : tensor<?x700xf32, #dl.dims<B, 700>>
      %2 = dl.relu %1 : tensor<?x700xf32, #dl.dims<B, 700>>
      return %2 : tensor<?x700xf32, #dl.dims<B, 700>>
    })",
                 {bytes<float>(x), bytes<float>(bias)}, {3});
  ASSERT_EQ(y.size(), x.size());
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(y[i], std::max(x[i] + bias[i % 700], 0.f));
}
/// The sum of n terms in lanes, which add up runs of 16.
template <typename Term> static float inLanes(int lanes, int n, const Term &term) {
  std::vector<float> lane(lanes, 0), run(lanes, 0);
  for (int j = 0; j < n; ++j) {
    run[j % lanes] += term(j);
    if (j + lanes >= n || j / lanes % 16 == 15)
      lane[j % lanes] += std::exchange(run[j % lanes], 0.f);
  }
  for (int w = lanes / 2; w; w /= 2)
    for (int l = 0; l < w && l + w < n; ++l)
      lane[l] += lane[l + w];
  return lane[0];
}
// 64 lanes, then lane l takes in l + 32, 16, 8, 4, 2, 1, as far as these have elements.
TEST(EmitLoops, RowSum) {
  for (int n : {0, 1, 7, 10, 63, 64, 65, 200, 1023, 1024, 1025, 4000}) {
    auto x = ramp(2 * n, 0.1f);
    std::string text = "func.func @k(%x: tensor<2xNxf32>) -> tensor<2xf32> {\n"
                       "%0 = dl.sum %x dims [1] : tensor<2xNxf32>\n return %0 : tensor<2xf32> }";
    for (size_t at; (at = text.find('N')) != std::string::npos;)
      text.replace(at, 1, std::to_string(n));
    auto y = loops(text.c_str(), bytes<float>(x));
    ASSERT_EQ(y.size(), 2u);
    for (int r = 0; r < 2; ++r)
      EXPECT_EQ(y[r], inLanes(64, n, [&](int j) { return x[r * n + j]; })) << n;
  }
}
// Chunks of 512 rows, 8 lanes, the fixed tree.
TEST(EmitLoops, ColumnSum) {
  for (int n : {0, 1, 5, 127, 128, 512, 513, 3000, 6 * 512}) {
    auto x = ramp(n * 2, 0.1f);
    auto y = loops(R"(
      dl.symbol @B : 0 to 9999
      func.func @k(%x: tensor<?x2xf32, #dl.dims<B, 2>>) -> tensor<2xf32> {
        %0 = dl.sum %x dims [0] : tensor<?x2xf32, #dl.dims<B, 2>>
        return %0 : tensor<2xf32>
      })",
                   bytes<float>(x), {n});
    ASSERT_EQ(y.size(), 2u);
    for (int c = 0; c < 2; ++c) {
      std::vector<float> part;
      for (int lo = 0; lo < n; lo += 512)
        part.push_back(inLanes(8, std::min(512, n - lo), [&](int r) { return x[(lo + r) * 2 + c]; }));
      for (size_t w = 1; w < part.size(); w *= 2)
        for (size_t i = 0; i + w < part.size(); i += 2 * w)
          part[i] += part[i + w];
      EXPECT_EQ(y[c], part.empty() ? 0 : part[0]) << n;
    }
  }
}
// Panels of 256 in chunks of 8,192, whichever operand is transposed.
TEST(EmitLoops, Matmul) {
  for (auto [k, gradient] : {std::pair(3, false), {256, false}, {257, false}, {9000, false}, {3, true}, {20000, true}}) {
    auto x = ramp(2 * k, 0.01f), w = ramp(k * 3, 0.03f);
    std::string text = gradient ? "func.func @k(%x: tensor<Kx2xf32>, %w: tensor<Kx3xf32>) -> tensor<2x3xf32> {\n"
                                  "%0 = dl.matmul %x transposed, %w : tensor<Kx2xf32>, tensor<Kx3xf32>\n return %0 : tensor<2x3xf32> }"
                                : "func.func @k(%x: tensor<2xKxf32>, %w: tensor<Kx3xf32>) -> tensor<2x3xf32> {\n"
                                  "%0 = dl.matmul %x, %w : tensor<2xKxf32>, tensor<Kx3xf32>\n return %0 : tensor<2x3xf32> }";
    for (size_t at; (at = text.find('K')) != std::string::npos;)
      text.replace(at, 1, std::to_string(k));
    auto y = loops(text.c_str(), {bytes<float>(x), bytes<float>(w)});
    ASSERT_EQ(y.size(), 6u);
    for (int m = 0; m < 2; ++m)
      for (int n = 0; n < 3; ++n) {
        std::vector<float> part;
        for (int lo = 0; lo < k; lo += 256) {
          float panel = 0;
          for (int i = lo; i < std::min(k, lo + 256); ++i)
            panel = std::fma(x[gradient ? i * 2 + m : m * k + i], w[i * 3 + n], panel);
          lo % 8192 ? void(part.back() += panel) : part.push_back(panel);
        }
        for (size_t s = 1; s < part.size(); s *= 2)
          for (size_t i = 0; i + s < part.size(); i += 2 * s)
            part[i] += part[i + s];
        EXPECT_EQ(y[m * 3 + n], part[0]);
      }
  }
}
