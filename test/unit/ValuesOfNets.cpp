// Windows, normalisation and losses against numbers that PyTorch 2.15 computed in f64. Element i of argument t is
// ((37 i + 11 t) mod 23) / 8 - 1.25 unless a test says otherwise.
#include "test/unit/Derivatives.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace mlir;
namespace {
using Numbers = std::vector<double>;

/// The results of `op` on these inputs: `change` may overwrite the arguments.
std::vector<Array> results(const Case &c, llvm::function_ref<void(std::vector<Array> &)> change = [](std::vector<Array> &) {}) {
  MLIRContext context;
  auto module = parseCase(context, c);
  EXPECT_TRUE(module);
  if (!module)
    return {};
  auto f = *module->getOps<func::FuncOp>().begin();
  auto arguments = randomArguments(f, c.inputs, 1);
  for (auto [t, a] : llvm::enumerate(arguments))
    for (auto [i, cell] : llvm::enumerate(a.cells))
      cell.f = double((37 * i + 11 * t) % 23) / 8 - 1.25;
  change(arguments);
  auto values = interpret(f, arguments);
  EXPECT_TRUE(succeeded(values));
  return succeeded(values) ? *values : std::vector<Array>();
}
void expectNumbers(const Array &found, const Numbers &expected) {
  ASSERT_EQ(found.cells.size(), expected.size());
  for (auto [i, e] : llvm::enumerate(expected))
    EXPECT_NEAR(found.cells[i].f, e, 1e-10 * std::max(1.0, std::fabs(e))) << "element " << i;
}
void abs(Array &a, double scale = 1, double more = 0) {
  for (Cell &c : a.cells)
    c.f = std::fabs(c.f) * scale + more;
}
std::vector<int64_t> integers(const Array &a) {
  std::vector<int64_t> v;
  for (Cell c : a.cells)
    v.push_back(c.i);
  return v;
}

TEST(ValuesOfNets, Convolution) {
  auto y =
      results({"",
               "dl.conv2d %a, %b strides [2, 1] padding [1, 1, 1, 2] dilation [2, 3] groups 2 : tensor<1x5x4x2xf64>, tensor<2x2x1x4xf64>",
               {{"tensor<1x5x4x2xf64>"}, {"tensor<2x2x1x4xf64>"}}});
  expectNumbers(y[0], {-0.375,   0.046875,  -1.71875,  0.6875,   -0.0625,   1.84375,  1.140625,  -0.53125, 0.25,      -1.5,
                       0.28125,  -0.5625,   0.09375,   -0.5625,  0.515625,  -1.03125, -1.640625, 0.046875, -1.984375, 1.515625,
                       -0.125,   -0.375,    -0.9375,   0.28125,  -0.40625,  2.6875,   0.5625,    -0.28125, 0.234375,  -1.3125,
                       1.265625, -0.984375, -1.546875, -0.28125, -0.546875, 0.546875, -0.625,    -0.625,   -1.5625,   1.328125,
                       0.140625, -1.125,    0.0,       0.0,      -0.140625, 1.125,    0.46875,   -0.234375});
}
TEST(ValuesOfNets, Pooling) {
  std::string window = " %a kernel [3, 2] strides [2, 2] padding [1, 1, 1, 1]", type = " : tensor<1x4x4x1xf64>";
  auto pool = [&](std::string text) { return results({"", text.c_str(), {{"tensor<1x4x4x1xf64>"}}})[0]; };
  expectNumbers(pool("%y, %i = dl.max_pool2d" + window + type), {0.0, 0.625, 1.125, 1.25, 1.375, 0.75});
  expectNumbers(pool("%y = dl.avg_pool2d" + window + type), {-0.625, -0.15625, 0.3125, 0.291666666667, 0.0416666666667, -0.208333333333});
  expectNumbers(pool("%y = dl.avg_pool2d" + window + " count_include_pad" + type),
                {-0.208333333333, -0.104166666667, 0.104166666667, 0.145833333333, 0.0416666666667, -0.104166666667});
}
TEST(ValuesOfNets, MaximumKnowsItsTapBehindPadding) {
  double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  auto y = results(
      {"", "%y, %i = dl.max_pool2d %a kernel [2, 2] strides [2, 2] padding [1, 1, 1, 1] : tensor<1x2x2x1xf64>", {{"tensor<1x2x2x1xf64>"}}},
      [&](auto &a) { a[0].cells = {{-inf}, {nan}, {1}, {2}}; });
  EXPECT_EQ(y[0].cells[0].f, -inf);
  EXPECT_TRUE(std::isnan(y[0].cells[1].f));
  EXPECT_EQ(integers(y[1]), (std::vector<int64_t>{3, 2, 1, 0}));
}
TEST(ValuesOfNets, TheFirstNanWins) {
  double nan = std::nan("");
  auto y = results({"", "%y, %i = dl.max_pool2d %a kernel [2, 2] : tensor<1x2x2x1xf64>", {{"tensor<1x2x2x1xf64>"}}},
                   [&](auto &a) { a[0].cells = {{1}, {nan}, {nan}, {3}}; });
  EXPECT_TRUE(std::isnan(y[0].cells[0].f));
  EXPECT_EQ(integers(y[1]), (std::vector<int64_t>{1}));
}
TEST(ValuesOfNets, TheFirstOfEqualMaximaWins) {
  auto y = results({"", "%y, %i = dl.max_pool2d %a kernel [2, 2] : tensor<1x2x2x1xi32>", {{"tensor<1x2x2x1xi32>"}}},
                   [&](auto &a) { a[0].cells = {{0, -7}, {0, 4}, {0, 4}, {0, 3}}; });
  EXPECT_EQ(integers(y[0]), (std::vector<int64_t>{4}));
  EXPECT_EQ(integers(y[1]), (std::vector<int64_t>{1}));
}
TEST(ValuesOfNets, Softmax) {
  expectNumbers(results({"", "dl.softmax %a axis 1 : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}})[0],
                {0.115970956062, 0.667366774095, 0.216662269843, 0.699275421756, 0.227021491036, 0.0737030872082});
  expectNumbers(results({"", "dl.log_softmax %a axis 1 : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}})[0],
                {-2.154415498, -0.404415497999, -1.529415498, -0.357710591814, -1.48271059181, -2.60771059181});
}
TEST(ValuesOfNets, SoftmaxDoesNotOverflow) {
  auto y = results({"", "dl.softmax %a axis 0 : tensor<2xf64>", {{"tensor<2xf64>"}}}, [](auto &a) { a[0].cells = {{1000}, {0}}; });
  expectNumbers(y[0], {1, 0});
}
TEST(ValuesOfNets, BatchNorm) {
  auto y = results({"",
                    "dl.batch_norm %a, %b, %c, %d, %e {epsilon = 0.001} : tensor<3x2xf64>, tensor<2xf64>",
                    {{"tensor<3x2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}}},
                   [](auto &a) { abs(a[4], 1, 0.5); });
  expectNumbers(y[0], {1.38592155072, -1.50013869882, 1.44296077536, -2.22134589067, 1.5, 0.375});
  y = results({"",
               "%y:3 = dl.batch_norm_train %a, %b, %c {epsilon = 0.001} : tensor<3x2xf64>, tensor<2xf64>",
               {{"tensor<3x2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}}});
  expectNumbers(y[0], {1.347199986, 0.0236954455085, 1.5, -0.635000594163, 1.652800014, 1.73630514865});
  expectNumbers(y[1], {-0.625, 0.166666666667});
  expectNumbers(y[2], {0.260416666667, 0.899305555556});
}
TEST(ValuesOfNets, LayerNorm) {
  auto y = results({"",
                    "dl.layer_norm %a, %b, %c {epsilon = 0.001} : tensor<2x3xf64>, tensor<3xf64>",
                    {{"tensor<2x3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>"}}});
  expectNumbers(y[0], {1.36346425156, -0.947240932269, -0.922466208557, 1.65300246764, 0.375, -1.66801480586});
}
TEST(ValuesOfNets, CrossEntropyOfClasses) {
  Case sparse{"",
              "dl.sparse_categorical_cross_entropy %a, %b {from_logits} : tensor<3x4xf64>, tensor<3xi32>",
              {{"tensor<3x4xf64>"}, {"tensor<3xi32>"}}};
  auto label = [](int64_t last) { return [last](std::vector<Array> &a) { a[1].cells = {{0, 2}, {0, 0}, {0, last}}; }; };
  expectNumbers(results(sparse, label(3))[0], {1.62834957612});
  for (int64_t none : {-1, 4}) { // a row without a class counts as 0 and stays in the mean
    double all = results(sparse, label(3))[0].cells[0].f, others = results(sparse, label(none))[0].cells[0].f;
    auto row = results({"",
                        "dl.sparse_categorical_cross_entropy %a, %b {from_logits} : tensor<2x4xf64>, tensor<2xi32>",
                        {{"tensor<2x4xf64>"}, {"tensor<2xi32>"}}},
                       [](auto &a) { a[1].cells = {{0, 2}, {0, 0}}; });
    EXPECT_NEAR(others, row[0].cells[0].f * 2 / 3, 1e-12);
    EXPECT_LT(others, all);
  }
  auto y = results({"",
                    "dl.categorical_cross_entropy %a, %d {from_logits} : tensor<3x4xf64>, tensor<3x4xf64>",
                    {{"tensor<3x4xf64>"}, {"tensor<f64>"}, {"tensor<f64>"}, {"tensor<3x4xf64>"}}},
                   [](auto &a) { abs(a[3]); });
  expectNumbers(y[0], {3.9252582599});
}
TEST(ValuesOfNets, BinaryCrossEntropy) {
  std::vector<Case::Input> inputs{{"tensor<4xf64>"}, {"tensor<f64>"}, {"tensor<4xf64>"}};
  auto y =
      results({"", "dl.binary_cross_entropy %a, %c {from_logits} : tensor<4xf64>, tensor<4xf64>", inputs}, [](auto &a) { abs(a[2], 0.5); });
  expectNumbers(y[0], {0.894120470013});
  y = results({"", "dl.binary_cross_entropy %a, %c : tensor<4xf64>, tensor<4xf64>", inputs}, [](auto &a) {
    a[0].cells = {{0.1875}, {0}, {1}, {0.78125}};
    a[2].cells = {{0.75}, {1}, {0.375}, {0.5}};
  });
  expectNumbers(y[0], {41.1726837706}); // two logarithms of 0, held at -100
}
TEST(ValuesOfNets, Differences) {
  std::vector<Case::Input> inputs{{"tensor<4xf64>"}, {"tensor<f64>"}, {"tensor<4xf64>"}};
  expectNumbers(results({"", "dl.mse %a, %c : tensor<4xf64>, tensor<4xf64>", inputs})[0], {1.90234375});
  expectNumbers(results({"", "dl.mse %a, %c {half} : tensor<4xf64>, tensor<4xf64>", inputs})[0], {0.951171875});
  expectNumbers(results({"", "dl.mae %a, %c : tensor<4xf64>, tensor<4xf64>", inputs})[0], {0.78125});
}
} // namespace
