// The contraction emitter against the loops emitter, bit for bit, and against sums in f64.
#include "test/unit/KernelHarness.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using dlc::codegen::PlanOptions;

static CompiledKernel contraction(llvm::StringRef text, llvm::StringRef level) { return {text, level, dlc::codegen::cpu::planContraction}; }
static CompiledKernel loops(llvm::StringRef text, llvm::StringRef level = "x86-64-v3") {
  return {text, level, dlc::codegen::cpu::planLoops};
}
/// Equal bits for each vector width, for whole grids and block by block.
static void same(const std::string &text, llvm::ArrayRef<int64_t> extents = {}) {
  CompiledKernel reference = loops(text);
  ASSERT_EQ(reference.error(), "") << text;
  auto arguments = reference.randomArguments(1, extents);
  auto expected = reference.run(arguments, extents);
  for (const char *level : {"x86-64-v3", "x86-64-v4"}) {
    CompiledKernel kernel = contraction(text, level);
    ASSERT_EQ(kernel.error(), "") << level << text;
    for (int64_t blocks : {0, 1}) {
      auto found = kernel.run(arguments, extents, blocks);
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_TRUE(found[i] == expected[i]) << level << " result " << i << " blocks " << blocks << text;
    }
    EXPECT_EQ(kernel.error(), "") << level << text;
  }
}

struct Matmul {
  int m, k, n;
  bool tl = false, tr = false;
  const char *element = "f32", *epilogue = "", *recipe = "";
  std::string text() const {
    std::string x = llvm::formatv("tensor<{0}x{1}x{2}>", tl ? k : m, tl ? m : k, element),
                y = llvm::formatv("tensor<{0}x{1}x{2}>", m, n, element);
    std::string w = llvm::formatv("tensor<{0}x{1}x{2}>", tr ? n : k, tr ? k : n, element), b = llvm::formatv("tensor<{0}x{1}>", n, element);
    std::string body = llvm::formatv("%1 = dl.broadcast %b dims [1] : {0} -> {1}\n%2 = dl.add %0, %1 : {1}\n", b, y);
    if (*epilogue)
      body += llvm::formatv("%3 = dl.{0} %2 : {1}\n", epilogue, y);
    return llvm::formatv(
        "\nfunc.func @k(%x: {0}, %w: {1}, %b: {2}) -> {3} {{\n%0 = dl.matmul %x{4}, %w{5} {8} : {0}, {1}\n{6}return %{7} : {3} }\n", x, w,
        b, y, tl ? " transposed" : "", tr ? " transposed" : "", body, *epilogue ? 3 : 2, recipe);
  }
};
TEST(Contraction, Matmul) {
  for (Matmul p : {Matmul{7, 5, 3},
                   {1, 1, 1},
                   {1, 17, 50},
                   {13, 1, 20},
                   {64, 31, 10},
                   {61, 29, 67},
                   {5, 0, 7},
                   {0, 5, 7},
                   {5, 7, 0},
                   {33, 40, 1},
                   {1, 40, 1},
                   {17, 9, 129},
                   {100, 13, 24},
                   {3, 2000, 1100},
                   {40, 7, 1100}})
    same(p.text());
}
TEST(Contraction, TransposedOperands) {
  for (Matmul p : {Matmul{7, 5, 3, false, true},
                   {13, 37, 70, false, true},
                   {64, 33, 50, true, false},
                   {7, 12, 19, true, true},
                   {1, 30, 40, false, true},
                   {40, 3, 33, false, true},
                   {9, 30, 1, false, true},
                   {9, 30, 1, true, false}})
    same(p.text());
}
TEST(Contraction, Epilogues) {
  for (const char *op : {"relu", "exp", "tanh"})
    same(Matmul{13, 9, 37, false, false, "f32", op}.text());
}
// What does not depend on the product may be a result beside it: a mask that the epilogue reads and others too.
TEST(Contraction, ResultsBesideTheProduct) {
  same(R"(
    func.func @k(%x: tensor<13x9xf32>, %w: tensor<9x37xf32>, %h: tensor<13x37xf32>, %z: tensor<13x37xf32>) -> (tensor<13x37xf32>, tensor<13x37xi1>) {
      %0 = dl.matmul %x, %w : tensor<13x9xf32>, tensor<9x37xf32>
      %m = dl.compare gt %h, %z : tensor<13x37xf32>
      %y = dl.select %m, %0, %z : tensor<13x37xf32>
      return %y, %m : tensor<13x37xf32>, tensor<13x37xi1> })");
}
TEST(Contraction, OtherElements) {
  for (const char *element : {"f64", "bf16"})
    for (Matmul p : {Matmul{7, 5, 3, false, false, element},
                     {40, 29, 67, false, false, element, "relu"},
                     {40, 17, 30, false, true, element},
                     {33, 17, 30, true, false, element}})
      same(p.text());
}
TEST(Contraction, SymbolicRowsAndColumns) {
  for (int64_t b : {1, 2, 5, 61, 64}) {
    same(R"(
      dl.symbol @B : 1 to 64
      func.func @k(%x: tensor<?x37xf32, #dl.dims<B, 37>>, %w: tensor<37x70xf32>) -> tensor<?x70xf32, #dl.dims<B, 70>> {
        %0 = dl.matmul %x, %w : tensor<?x37xf32, #dl.dims<B, 37>>, tensor<37x70xf32>
        return %0 : tensor<?x70xf32, #dl.dims<B, 70>> })",
         b);
    same(R"(
      dl.symbol @B : 1 to 64
      func.func @k(%q: tensor<3x?x8xf32, #dl.dims<3, B, 8>>, %k: tensor<3x?x8xf32, #dl.dims<3, B, 8>>) -> tensor<3x?x?xf32, #dl.dims<3, B, B>> {
        %0 = dl.matmul %q, %k transposed : tensor<3x?x8xf32, #dl.dims<3, B, 8>>, tensor<3x?x8xf32, #dl.dims<3, B, 8>>
        return %0 : tensor<3x?x?xf32, #dl.dims<3, B, B>> })",
         b);
    same(R"(
      dl.symbol @B : 1 to 64
      func.func @k(%p: tensor<3x?x?xf32, #dl.dims<3, B, B>>, %v: tensor<3x?x9xf32, #dl.dims<3, B, 9>>) -> tensor<3x?x9xf32, #dl.dims<3, B, 9>> {
        %0 = dl.matmul %p, %v : tensor<3x?x?xf32, #dl.dims<3, B, B>>, tensor<3x?x9xf32, #dl.dims<3, B, 9>>
        return %0 : tensor<3x?x9xf32, #dl.dims<3, B, 9>> })",
         b);
  }
}
// Panels of few terms, chunks of few panels: in the block that needs them, or as blocks of their own.
static const char *const recipes[] = {"{dl.recipe = #dl.chain<panel = 4, chunk = 1000>}", "{dl.recipe = #dl.chain<panel = 5, chunk = 17>}"};
TEST(Contraction, Panels) {
  for (const char *recipe : recipes)
    for (Matmul p : {Matmul{7, 4, 3},
                     {7, 5, 3},
                     {61, 29, 67, false, false, "f32", "tanh"},
                     {64, 33, 50, true, false},
                     {1, 40, 1, false, true},
                     {300, 18, 230},
                     {40, 67, 33, false, true, "bf16", "relu"},
                     {9, 40, 30, true, true, "f64"},
                     {5, 0, 7}}) {
      p.recipe = recipe;
      same(p.text());
    }
}
TEST(Contraction, PanelsOfSymbolicSums) {
  for (const char *recipe : recipes)
    for (int64_t b : {0, 1, 4, 5, 17, 18, 61, 64})
      for (const char *columns : {"?", "9"}) // one block for all chunks where the result is symbolic
        same(llvm::formatv(R"(
          dl.symbol @B : 0 to 64
          func.func @k(%p: tensor<3x11x?xf32, #dl.dims<3, 11, B>>, %v: tensor<3x?x{0}xf32, #dl.dims<3, B, {1}>>) -> tensor<3x11x{0}xf32{2}> {{
            %0 = dl.matmul %p, %v {3} : tensor<3x11x?xf32, #dl.dims<3, 11, B>>, tensor<3x?x{0}xf32, #dl.dims<3, B, {1}>>
            return %0 : tensor<3x11x{0}xf32{2}> })",
                           columns, *columns == '?' ? "B" : "9", *columns == '?' ? ", #dl.dims<3, 11, B>" : "", recipe),
             b);
}
// An update of the weights behind the sum of chunks.
TEST(Contraction, LongSums) {
  for (int64_t b : {0, 1, 256, 257, 8192, 8193, 20000})
    same(R"(
      dl.symbol @B : 0 to 30000
      func.func @k(%x: tensor<?x7xf32, #dl.dims<B, 7>>, %dy: tensor<?x30xf32, #dl.dims<B, 30>>, %w: tensor<7x30xf32>) -> (tensor<7x30xf32>, tensor<7x30xf32>) {
        %0 = dl.matmul %x transposed, %dy : tensor<?x7xf32, #dl.dims<B, 7>>, tensor<?x30xf32, #dl.dims<B, 30>>
        %1 = dl.sub %w, %0 : tensor<7x30xf32>
        return %1, %0 : tensor<7x30xf32>, tensor<7x30xf32> })",
         b);
  same(R"(
    func.func @k(%x: tensor<9000x7xf32>, %dy: tensor<9000x30xf32>) -> tensor<7x30xf32> {
      %0 = dl.matmul %x transposed, %dy : tensor<9000x7xf32>, tensor<9000x30xf32>
      return %0 : tensor<7x30xf32> })");
}

struct Conv {
  int n, h, w, c, r, s, k;
  int stride = 1, pad[4] = {}, dilation = 1, groups = 1;
  const char *recipe = "";
  std::string x(const char *batch) const {
    return llvm::formatv("tensor<{0}x{1}x{2}x{3}xf32{4}>", batch ? "?" : std::to_string(n), h, w, c,
                         batch ? llvm::formatv(", #dl.dims<{0}, {1}, {2}, {3}>", batch, h, w, c).str() : "");
  }
  std::string weights() const { return llvm::formatv("tensor<{0}x{1}x{2}x{3}xf32>", r, s, c / groups, k); }
  std::string y(const char *batch) const {
    int oh = (h + pad[0] + pad[2] - dilation * (r - 1) - 1) / stride + 1, ow = (w + pad[1] + pad[3] - dilation * (s - 1) - 1) / stride + 1;
    return Conv{n, oh, ow, k, 1, 1, 1}.x(batch);
  }
  /// which: 0 conv2d, 1 conv2d_input_grad, 2 conv2d_weight_grad
  std::string text(int which, const char *batch = nullptr) const {
    std::string in[3][2] = {{x(batch), weights()}, {y(batch), weights()}, {x(batch), y(batch)}}, out[3] = {y(batch), x(batch), weights()};
    const char *name[] = {"conv2d", "conv2d_input_grad", "conv2d_weight_grad"};
    std::string attributes = llvm::formatv("strides [{0}, {0}] padding [{1}, {2}, {3}, {4}] dilation [{5}, {5}] groups {6} {7}", stride,
                                           pad[0], pad[1], pad[2], pad[3], dilation, groups, recipe);
    return llvm::formatv("{8}func.func @k(%x: {0}, %w: {1}) -> {2} {{\n%0 = dl.{3} %x, %w {4} : {5}{6}\nreturn %0 : {7} }\n", in[which][0],
                         in[which][1], out[which], name[which], attributes, in[which][0] + ", " + in[which][1],
                         which ? " -> " + out[which] : "", out[which], batch ? "dl.symbol @B : 0 to 64\n" : "\n");
  }
};
// Padded and not, strided, dilated, grouped, depthwise with one and two filters a channel, smaller than their windows, with
// windows that strides don't divide and channels for whole vectors.
static const Conv convolutions[] = {
    {2, 9, 11, 3, 3, 3, 5},
    {2, 12, 12, 5, 5, 5, 50},
    {3, 8, 10, 20, 1, 1, 33},
    {2, 9, 11, 3, 3, 3, 20, 1, {1, 1, 1, 1}},
    {2, 9, 11, 3, 3, 3, 20, 1, {2, 0, 1, 3}},
    {1, 7, 7, 16, 5, 5, 20, 1, {2, 2, 2, 2}},
    {2, 11, 13, 3, 3, 3, 20, 2, {1, 1, 1, 1}},
    {2, 12, 14, 2, 2, 2, 17, 2},
    {2, 13, 13, 2, 7, 7, 17, 2, {3, 3, 3, 3}},
    {2, 15, 16, 2, 1, 1, 17, 2},
    {2, 14, 13, 2, 3, 3, 17, 3, {0, 1, 2, 0}},
    {2, 11, 11, 4, 3, 3, 6, 1, {2, 2, 2, 2}, 2},
    {2, 11, 11, 4, 3, 3, 6, 1, {}, 1, 2},
    {2, 11, 11, 4, 3, 3, 6, 2, {1, 1, 1, 1}, 1, 2},
    {2, 9, 9, 24, 3, 3, 24, 1, {1, 1, 1, 1}, 1, 24},
    {2, 9, 9, 6, 3, 3, 12, 2, {1, 1, 1, 1}, 1, 6},
    {2, 3, 3, 4, 3, 3, 6, 1, {1, 1, 1, 1}},
    {2, 11, 12, 4, 3, 3, 6, 2, {1, 2, 1, 0}, 2},
    {1, 1, 1, 4, 1, 1, 6},
    {2, 9, 11, 20, 3, 3, 33, 2, {1, 1, 1, 1}},
    {1, 8, 9, 17, 3, 2, 40, 2},
    {1, 9, 8, 33, 1, 2, 17, 2},
    {2, 13, 14, 20, 5, 3, 20, 3, {2, 1, 2, 1}},
};
TEST(Contraction, PanelsOfConvolutions) {
  for (const char *recipe : {"{dl.recipe = #dl.chain<panel = 7, chunk = 1000>}", "{dl.recipe = #dl.chain<panel = 20, chunk = 50>}"})
    for (Conv p : convolutions)
      for (int which : {0, 1, 2}) {
        p.recipe = recipe;
        if (which == 1 && p.groups > 1 && p.k > p.c)
          continue;
        same(p.text(which));
        if (p.groups == 1 && p.c > 10)
          same(p.text(which, "B"), 3);
      }
  same(Conv{1, 6, 7, 300, 3, 3, 20, 1, {1, 1, 1, 1}}.text(0)); // panels cut the channels
}
TEST(Contraction, Convolution) {
  for (const Conv &p : convolutions)
    same(p.text(0));
  same(convolutions[3].text(0, "B"), 3);
}
TEST(Contraction, InputGradient) {
  for (const Conv &p : convolutions)
    if (p.groups == 1 || p.k <= p.c)
      same(p.text(1));
  same(convolutions[6].text(1, "B"), 3);
}
TEST(Contraction, WeightGradient) {
  for (const Conv &p : convolutions)
    same(p.text(2));
  for (int64_t b : {0, 1, 7, 8, 9, 33})
    same(convolutions[3].text(2, "B"), b);
}

TEST(Contraction, Refusals) {
  auto why = [](const std::string &text) { return contraction(text, "x86-64-v3").error(); };
  EXPECT_EQ(why(convolutions[15].text(1)),
            "both operands vary along the result's last dimension, one of them in steps of more than one element");
  EXPECT_EQ(why(Conv{2, 11, 11, 4, 3, 3, 6, 2, {}, 3}.text(1)), "an operand's index divides d1 + d4 * -3 by 2");
  EXPECT_EQ(why("func.func @k(%x: tensor<4xf32>) -> tensor<4xf32> {\n%0 = dl.exp %x : tensor<4xf32>\nreturn %0 : tensor<4xf32> }"),
            "no multiply-add");
  EXPECT_EQ(why(R"(func.func @k(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %0 = dl.matmul %x, %x : tensor<4x4xf32>, tensor<4x4xf32>
      %1 = dl.matmul %0, %x : tensor<4x4xf32>, tensor<4x4xf32>
      return %1 : tensor<4x4xf32> })"),
            "more than one multiply-add");
  EXPECT_EQ(why(R"(func.func @k(%x: tensor<4x4xf32>) -> tensor<4xf32> {
      %0 = dl.matmul %x, %x : tensor<4x4xf32>, tensor<4x4xf32>
      %1 = dl.sum %0 dims [1] : tensor<4x4xf32>
      return %1 : tensor<4xf32> })"),
            "dl.sum combines by something other than multiply-adds");
  EXPECT_EQ(why(R"(func.func @k(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %0 = dl.exp %x : tensor<4x4xf32>
      %1 = dl.matmul %0, %x : tensor<4x4xf32>, tensor<4x4xf32>
      return %1 : tensor<4x4xf32> })"),
            "the operand that is spread over vectors is computed in the kernel: it must be stored");
}
