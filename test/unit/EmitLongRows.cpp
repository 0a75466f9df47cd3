// Rows of many chunks: the bits of plain loops, whole and cut over the grid.
#include "test/unit/KernelHarness.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using dlc::codegen::cpu::planRows;

/// Reductions of one level, which plain loops take in linear time.
static const char *sums = R"(
  dl.symbol @N : 1 to 70000
  func.func @k(%x: tensor<{R}x{N}xf32{D}>) -> (tensor<{R}xf32>, tensor<{R}xf32>, tensor<{R}xi64>) {
    %e = dl.exp %x : tensor<{R}x{N}xf32{D}>
    %s = dl.sum %e dims [1] : tensor<{R}x{N}xf32{D}>
    %p = dl.sum_products %x, %e dims [1] : tensor<{R}x{N}xf32{D}>
    %r = dl.rsqrt %p : tensor<{R}xf32>
    %v, %i = dl.argmax %x axis 1 : tensor<{R}x{N}xf32{D}>
    %t = dl.add %r, %v : tensor<{R}xf32>
    return %s, %t, %i : tensor<{R}xf32>, tensor<{R}xf32>, tensor<{R}xi64>
  })";
static std::string sumsOf(std::string rows, std::string columns, std::string dims = "") {
  return fill(sums, {{"R", rows}, {"N", columns}, {"D", dims}});
}
TEST(EmitLongRows, RunsAndChunks) {
  for (const char *n : {"1023", "1024", "1500", "2048", "4096", "4097", "4127", "8192", "12300", "30000"})
    expectSameBits(sumsOf("2", n), planRows);
}
TEST(EmitLongRows, CutOverTheGrid) {
  for (const char *n : {"40000", "65536", "69999"})
    expectSameBits(sumsOf("3", n), planRows, {{1}});
}
TEST(EmitLongRows, SymbolicExtents) {
  for (const char *rows : {"3", "17"}) // cut, and not
    expectSameBits(sumsOf(rows, "?", ", #dl.dims<" + std::string(rows) + ", N>"), planRows, {{1}, {63}, {4096}, {4097}, {16384}, {50001}});
}
TEST(EmitLongRows, Products) {
  expectSameBits(R"(
    func.func @k(%x: tensor<2x5000xbf16>, %y: tensor<2x5000xbf16>, %z: tensor<2x5000xf64>) -> (tensor<2xbf16>, tensor<2xf64>) {
      %s = dl.sum_products %x, %y dims [1] : tensor<2x5000xbf16>
      %t = dl.sum_products %z, %z dims [1] : tensor<2x5000xf64>
      return %s, %t : tensor<2xbf16>, tensor<2xf64>
    })",
                 planRows);
}

/// Passes that depend on each other take plain loops quadratic time: cut rows are compared with whole ones.
static const char *softmax = R"(
  func.func @k(%x: tensor<{R}x{N}xf32>) -> (tensor<{R}x{N}xf32>, tensor<{R}xf32>) {
    %m = dl.max %x dims [1] : tensor<{R}x{N}xf32>
    %mb = dl.broadcast %m dims [0] : tensor<{R}xf32> -> tensor<{R}x{N}xf32>
    %d = dl.sub %x, %mb : tensor<{R}x{N}xf32>
    %e = dl.exp %d : tensor<{R}x{N}xf32>
    %s = dl.sum %e dims [1] : tensor<{R}x{N}xf32>
    %sb = dl.broadcast %s dims [0] : tensor<{R}xf32> -> tensor<{R}x{N}xf32>
    %y = dl.div %e, %sb : tensor<{R}x{N}xf32>
    %l = dl.log %s : tensor<{R}xf32>
    %t = dl.add %l, %m : tensor<{R}xf32>
    return %y, %t : tensor<{R}x{N}xf32>, tensor<{R}xf32>
  })";
TEST(EmitLongRows, CutPassesHaveTheBitsOfWholeRows) {
  for (const char *n : {"33000", "65536"}) {
    CompiledKernel whole(fill(softmax, {{"R", "16"}, {"N", n}}), "x86-64-v3", planRows),
        cut(fill(softmax, {{"R", "2"}, {"N", n}}), "x86-64-v3", planRows);
    ASSERT_EQ(whole.error(), "");
    ASSERT_EQ(cut.error(), "");
    EXPECT_EQ(whole.plan().getLaunches().size(), 1u);
    EXPECT_EQ(cut.plan().getLaunches().size(), 3u);
    auto rows = whole.randomArguments(7);
    std::vector<Buffer> two{Buffer(rows[0].begin(), rows[0].begin() + rows[0].size() / 8)};
    auto expected = whole.run(rows);
    for (int64_t blocks : {0, 1, 3}) {
      auto found = cut.run(two, {}, blocks);
      for (size_t r = 0; r < found.size(); ++r)
        EXPECT_TRUE(std::equal(found[r].begin(), found[r].end(), expected[r].begin())) << n << ", result " << r << ", blocks " << blocks;
    }
  }
}
// Groups of several shapes end together: nothing is stored before the last launch.
TEST(EmitLongRows, BesideOthers) {
  expectSameBits(R"(
    func.func @k(%x: tensor<1x40000xf32>, %z: tensor<5x70xf32>) -> (tensor<1xf32>, tensor<5x70xf32>, tensor<5xf32>) {
      %s = dl.sum %x dims [1] : tensor<1x40000xf32>
      %r = dl.relu %z : tensor<5x70xf32>
      %t = dl.max %z dims [1] : tensor<5x70xf32>
      return %s, %r, %t : tensor<1xf32>, tensor<5x70xf32>, tensor<5xf32>
    })",
                 planRows);
}
