// Kernels for GPUs, run by an interpreter of their PTX: each emitter has the bits of the CPU's plain loops, and what is broken on purpose
// is found.
#include "test/unit/GpuHarness.h"
#include "llvm/Support/FormatVariadic.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;
namespace nvptx = codegen::nvptx;

namespace {
/// The same bits, but for which NaN it is.
bool same(const Buffer &x, const Buffer &y, Type element) {
  if (x == y)
    return true;
  auto equal = [&](auto of) {
    auto p = values<decltype(of)>(x), q = values<decltype(of)>(y);
    return p.size() == q.size() &&
           std::equal(p.begin(), p.end(), q.begin(), [](auto a, auto b) { return !std::memcmp(&a, &b, sizeof a) || (a != a && b != b); });
  };
  return element.isF32() ? equal(0.0f) : element.isF64() && equal(0.0);
}
void expectCpuBits(llvm::StringRef text, PlanFn plan, llvm::ArrayRef<std::vector<int64_t>> extents = std::vector<int64_t>()) {
  SCOPED_TRACE(text.str());
  CompiledKernel cpu(text, "x86-64-v3", codegen::cpu::planLoops);
  ASSERT_EQ(cpu.error(), "");
  std::vector<std::vector<int64_t>> all(extents.begin(), extents.end());
  if (all.empty())
    all.emplace_back();
  for (bool inLoop : {false, true}) {
    GpuKernel gpu(text, plan, "sm_80", inLoop);
    ASSERT_EQ(gpu.error(), "");
    for (const auto &e : all) {
      auto arguments = cpu.randomArguments(7, e);
      auto expected = cpu.run(arguments, e), found = gpu.run(arguments, e, e.empty() ? 3 : e[0]);
      ASSERT_EQ(gpu.error(), "") << "extents " << testing::PrintToString(e);
      for (size_t r = 0; r < expected.size(); ++r)
        EXPECT_TRUE(same(found[r], expected[r], getElementTypeOrSelf(gpu.function().getResultTypes()[r])))
            << "result " << r << ", extents " << testing::PrintToString(e);
    }
  }
}
const char *columnSum = R"(
  dl.symbol @B : 0 to {MAX}
  func.func @k(%x: tensor<?x{N}x{E}, #dl.dims<B, {N}>>, %w: tensor<{N}x{E}>) -> (tensor<{N}x{E}>, tensor<{N}x{E}>) {
    %s = dl.sum %x dims [0] : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %y = dl.sub %w, %s : tensor<{N}x{E}>
    return %s, %y : tensor<{N}x{E}>, tensor<{N}x{E}>
  })";
std::string matmul(int m, int k, int n, bool tl = false, bool tr = false, const char *element = "f32", const char *recipe = "") {
  std::string x = llvm::formatv("tensor<{0}x{1}x{2}>", tl ? k : m, tl ? m : k, element),
              y = llvm::formatv("tensor<{0}x{1}x{2}>", m, n, element),
              w = llvm::formatv("tensor<{0}x{1}x{2}>", tr ? n : k, tr ? k : n, element), b = llvm::formatv("tensor<{0}x{1}>", n, element);
  return llvm::formatv(R"(
    func.func @k(%x: {0}, %w: {1}, %b: {2}) -> {3} {{
      %0 = dl.matmul %x{4}, %w{5} {6} : {0}, {1}
      %1 = dl.broadcast %b dims [1] : {2} -> {3}
      %2 = dl.add %0, %1 : {3}
      %3 = dl.relu %2 : {3}
      return %3 : {3} })",
                       x, w, b, y, tl ? " transposed" : "", tr ? " transposed" : "", recipe);
}
} // namespace

TEST(Gpu, Pointwise) {
  for (const char *shape : {"7x12", "5x9", "1x1", "3x1000"})
    for (const char *e : {"f32", "bf16"})
      expectCpuBits(fill(R"(
        func.func @k(%x: tensor<{S}x{E}>, %y: tensor<{S}x{E}>) -> (tensor<{S}x{E}>, tensor<{S}xi1>) {
          %0 = dl.gelu %x : tensor<{S}x{E}>
          %1 = dl.div %0, %y : tensor<{S}x{E}>
          %2 = dl.compare gt %1, %x : tensor<{S}x{E}>
          return %1, %2 : tensor<{S}x{E}>, tensor<{S}xi1>
        })",
                         {{"S", shape}, {"E", e}}),
                    nvptx::planRows);
  expectCpuBits(R"(
    dl.symbol @B : 0 to 64
    func.func @k(%x: tensor<?x8xf32, #dl.dims<B, 8>>, %b: tensor<8xf32>) -> tensor<?x8xf32, #dl.dims<B, 8>> {
      %0 = dl.broadcast %b dims [1] : tensor<8xf32> -> tensor<?x8xf32, #dl.dims<B, 8>>
      %1 = dl.mul %x, %0 : tensor<?x8xf32, #dl.dims<B, 8>>
      %2 = dl.tanh %1 : tensor<?x8xf32, #dl.dims<B, 8>>
      return %2 : tensor<?x8xf32, #dl.dims<B, 8>>
    })",
                nvptx::planRows, {{0}, {1}, {33}});
}
TEST(Gpu, Rows) {
  for (const char *n : {"1", "10", "31", "33", "64", "100", "1000", "1025", "3000"})
    expectCpuBits(fill(symbolicSoftmax, {{"N", n}, {"E", "f32"}}), nvptx::planRows, {{0}, {1}, {9}});
  expectCpuBits(fill(symbolicSoftmax, {{"N", "77"}, {"E", "bf16"}}), nvptx::planRows, {{3}});
  for (const char *n : {"4097", "9000"}) // a block a row, parts of it by its warps
    expectCpuBits(fill(symbolicSoftmax, {{"N", n}, {"E", "f32"}}), nvptx::planRows, {{2}});
}
TEST(Gpu, Columns) {
  for (const char *n : {"1", "10", "50"})
    expectCpuBits(fill(columnSum, {{"N", n}, {"E", "f32"}, {"MAX", "512"}}), nvptx::planColumns, {{0}, {1}, {5}, {128}, {512}});
  for (const char *e : {"f32", "f64", "bf16"})
    expectCpuBits(fill(columnSum, {{"N", "33"}, {"E", e}, {"MAX", "9999"}}), nvptx::planColumns, {{0}, {1}, {513}, {1600}});
}
TEST(Gpu, Matmul) {
  for (auto [m, k, n] : {std::tuple(7, 5, 3), {1, 1, 1}, {33, 40, 1}, {61, 300, 67}, {5, 0, 7}, {64, 64, 64}, {3, 513, 40}})
    for (int t = 0; t < (k ? 4 : 2); ++t) // with b transposed and no terms a dimension would be in no operand
      expectCpuBits(matmul(m, k, n, t & 1, t & 2), nvptx::planContraction);
  for (const char *e : {"f64", "bf16"})
    expectCpuBits(matmul(33, 40, 35, false, true, e), nvptx::planContraction);
}
TEST(Gpu, Chunks) {
  for (const char *recipe : {"{dl.recipe = #dl.chain<panel = 4, chunk = 1000>}", "{dl.recipe = #dl.chain<panel = 5, chunk = 17>}"})
    expectCpuBits(matmul(9, 67, 30, false, false, "f32", recipe), nvptx::planContraction);
}
// Padded taps add nothing, whatever the weights are. 0 conv2d, 1 conv2d_input_grad, 2 conv2d_weight_grad
TEST(Gpu, Convolution) {
  struct Shape {
    const char *attributes, *y;
  };
  for (auto [attributes, y] : {Shape{"", "2x6x6x5"},
                               {"strides [2, 2]", "2x3x3x5"},
                               {"padding [1, 1, 1, 1]", "2x8x8x5"},
                               {"strides [2, 1] padding [1, 2, 0, 1]", "2x4x9x5"},
                               {"dilation [2, 1]", "2x4x6x5"}}) {
    std::string tx = "tensor<2x8x8x3xf32>", tw = "tensor<3x3x3x5xf32>", ty = "tensor<" + std::string(y) + "xf32>";
    for (auto [op, a, b, c] : {std::tuple("conv2d", tx, tw, ty), {"conv2d_input_grad", ty, tw, tx}, {"conv2d_weight_grad", tx, ty, tw}})
      expectCpuBits(llvm::formatv(R"(
        func.func @k(%a: {0}, %b: {1}) -> {2} {{
          %0 = dl.{3} %a, %b {4} : {0}, {1}{5}
          return %0 : {2}
        })",
                                  a, b, c, op, attributes, llvm::StringRef(op) == "conv2d" ? "" : " -> " + c)
                        .str(),
                    nvptx::planContraction);
  }
}
TEST(Gpu, Loops) {
  expectCpuBits(R"(
    func.func @k(%x: tensor<2x9x7x5xf32>) -> (tensor<2x5x4x5xf32>, tensor<2x5x4x5xi8>) {
      %y, %i = dl.max_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<2x9x7x5xf32>
      return %y, %i : tensor<2x5x4x5xf32>, tensor<2x5x4x5xi8>
    })",
                nvptx::planLoops);
  expectCpuBits(fill(symbolicSoftmax, {{"N", "37"}, {"E", "f32"}}), nvptx::planLoops, {{3}});
  expectCpuBits(matmul(5, 300, 7), nvptx::planLoops);
}

//===-- Faults ---------------------------------------------------------------------------------------------------===//
namespace {
/// What the interpreter says, or the numbers, of a kernel with other code.
bool finds(GpuKernel &gpu, const std::string &ptx, llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<Buffer> expected) {
  gpu.setPtx(ptx);
  auto found = gpu.run(arguments);
  return !gpu.error().empty() || !std::equal(found.begin(), found.end(), expected.begin());
}
/// The text with the occurrence numbered `n` of `what` replaced; empty where there are fewer.
std::string replaced(const std::string &text, const std::string &what, const std::string &by, unsigned n) {
  size_t at = text.find(what);
  for (; n && at != std::string::npos; --n)
    at = text.find(what, at + 1);
  return at == std::string::npos ? "" : text.substr(0, at) + by + text.substr(at + what.size());
}
} // namespace
TEST(Gpu, FindsFaults) {
  struct Fault {
    const char *name, *what, *by;
  };
  unsigned planted = 0, found = 0;
  auto plant = [&](llvm::StringRef text, PlanFn plan, std::initializer_list<Fault> faults) {
    GpuKernel gpu(text, plan);
    ASSERT_EQ(gpu.error(), "");
    std::string right = gpu.ptx();
    auto arguments = CompiledKernel(text, "x86-64-v3", codegen::cpu::planLoops).randomArguments(7);
    auto expected = gpu.run(arguments);
    ASSERT_EQ(gpu.error(), "");
    for (auto [name, what, by] : faults)
      for (unsigned n = 0;; ++n) {
        std::string wrong = replaced(right, what, by, n);
        if (wrong.empty()) {
          EXPECT_GT(n, 0u) << name << " is nowhere";
          break;
        }
        ++planted;
        bool caught = finds(gpu, wrong, arguments, expected);
        found += caught;
        EXPECT_TRUE(caught) << name << " number " << n;
      }
  };
  plant(matmul(33, 70, 35), nvptx::planContraction,
        {{"a barrier dropped", "bar.sync \t0;", ""}, {"a product added twice over", "fma.rn.f32", "mul.rn.f32"}});
  plant(fill(R"(
    func.func @k(%x: tensor<9x100xf32>) -> tensor<9xf32> {
      %s = dl.sum %x dims [1] : tensor<9x100xf32>
      return %s : tensor<9xf32>
    })",
             {}),
        nvptx::planRows,
        {{"a step of the tree too short", ", 16, 31, -1", ", 8, 31, -1"}, {"a step of the loop too long", ", 64;", ", 96;"}});
  plant(fill(R"(
    func.func @k(%x: tensor<100x40xf32>) -> tensor<40xf32> {
      %s = dl.sum %x dims [0] : tensor<100x40xf32>
      return %s : tensor<40xf32>
    })",
             {}),
        nvptx::planColumns, {{"a barrier dropped", "bar.sync \t0;", ""}});
  EXPECT_EQ(found, planted);
}
// What there is no code for is refused by name.
TEST(Gpu, Refusals) {
  GpuKernel exp(R"(
    func.func @k(%x: tensor<8xf64>) -> tensor<8xf64> {
      %0 = dl.exp %x : tensor<8xf64>
      return %0 : tensor<8xf64>
    })");
  EXPECT_EQ(exp.error(), "nvptx:sm_80 has no exp of 'f64': use f32, whose functions are dlc's own");
  GpuKernel scatter(R"(
    func.func @k(%x: tensor<8x4xf32>, %i: tensor<8xi32>) -> tensor<5x4xf32> {
      %0 = dl.scatter_sum %x, %i axis 0 : tensor<8x4xf32>, tensor<8xi32> -> tensor<5x4xf32>
      return %0 : tensor<5x4xf32>
    })");
  EXPECT_EQ(scatter.error(), "it has none for sums at indices");
}
