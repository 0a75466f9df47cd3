// Values and derivatives where arithmetic is at its edge: NaN, infinities, zeros of both signs, ties, rows without a class, tiny
// losses. Expected numbers are PyTorch's, NumPy's in f64, or follow from the rule in docs/numerics.md that stands beside them.
#include "test/lib/Session.h"
#include "test/unit/Derivatives.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr double nan = NAN, inf = INFINITY;
using Numbers = std::vector<double>;
/// One call: inputs, repeated as often as their shapes ask, and the beginnings of the results.
struct Row {
  const char *entry;
  std::vector<Numbers> inputs, results;
  double tolerance = 0; ///< relative, of each element; 0: the same bits, signs of zeros too
};

bool alike(double found, double expected, double tolerance) {
  if (std::isnan(expected))
    return std::isnan(found);
  if (tolerance == 0)
    return found == expected && std::signbit(found) == std::signbit(expected);
  return found == expected || std::fabs(found - expected) <= tolerance * std::fabs(expected);
}

/// Functions of a module as entries; @f_grad where `differentiated` has f. At -O0 and -O2.
void check(StringRef functions, ArrayRef<StringRef> differentiated, ArrayRef<Row> rows) {
  for (unsigned level : {0, 2}) {
    SCOPED_TRACE("-O" + std::to_string(level));
    MLIRContext context;
    auto module =
        textModel(context, (functions + "\nfunc.func @main(%x: tensor<1xf32>) -> tensor<1xf32> { return %x : tensor<1xf32> }").str());
    ASSERT_TRUE(module);
    for (StringRef f : differentiated) {
      ASSERT_TRUE(succeeded(runPass(*module, gradientOf(f))));
    }
    CompileOptions options;
    options.level = level;
    Session session(*module, options);
    ASSERT_TRUE(session.ok());
    for (const Row &row : rows) {
      size_t e = 0;
      ASSERT_EQ(dlrt_entry_find(session.model, row.entry, &e), DLRT_OK) << row.entry;
      ASSERT_EQ(dlrt_entry_inputs(session.model, e), row.inputs.size()) << row.entry;
      Tensors inputs;
      for (auto [i, numbers] : llvm::enumerate(row.inputs)) {
        const dlrt_tensor_info *info = dlrt_entry_input(session.model, e, i);
        inputs.emplace(info->name,
                       filled(info->dtype, {info->dims, info->dims + info->ndim}, [&](int64_t k) { return numbers[k % numbers.size()]; }));
      }
      Tensors results = session.run(row.entry, inputs);
      ASSERT_LE(row.results.size(), dlrt_entry_outputs(session.model, e)) << row.entry;
      for (auto [i, numbers] : llvm::enumerate(row.results)) {
        const data::Array &found = results.at(dlrt_entry_output(session.model, e, i)->name);
        for (int64_t k = 0, n = found.size(); k < n; ++k)
          EXPECT_TRUE(alike(element(found, k), numbers[k % numbers.size()], row.tolerance))
              << row.entry << ", result " << i << ", element " << k << " is " << element(found, k) << ", expected "
              << numbers[k % numbers.size()];
      }
    }
  }
}

// An element that is NaN has a NaN for its derivative through every choice; what lost against it has 0; at a tie PyTorch's shares.
TEST(Edges, ChoicesShowNaN) {
  check(R"(
func.func @max(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %y = dl.max %x dims [1] : tensor<2x3xf32>
  return %y : tensor<2xf32>
}
func.func @min(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %y = dl.min %x dims [1] : tensor<2x3xf32>
  return %y : tensor<2xf32>
}
func.func @argmax(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %y, %i = dl.argmax %x axis 1 : tensor<2x3xf32>
  return %y : tensor<2xf32>
}
func.func @maximum(%x: tensor<40xf32>, %z: tensor<40xf32>) -> tensor<40xf32> {
  %y = dl.maximum %x, %z : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @minimum(%x: tensor<40xf32>, %z: tensor<40xf32>) -> tensor<40xf32> {
  %y = dl.minimum %x, %z : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @clip(%x: tensor<40xf32>) -> tensor<40xf32> {
  %low = dl.constant -1.0 : tensor<40xf32>
  %high = dl.constant 1.0 : tensor<40xf32>
  %0 = dl.maximum %x, %low : tensor<40xf32>
  %y = dl.minimum %0, %high : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @relu(%x: tensor<40xf32>) -> tensor<40xf32> {
  %y = dl.relu %x : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @leaky(%x: tensor<40xf32>) -> tensor<40xf32> {
  %y = dl.leaky_relu %x alpha 0.125 : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @abs(%x: tensor<40xf32>) -> tensor<40xf32> {
  %y = dl.abs %x : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @pool(%x: tensor<1x2x4x1xf32>) -> tensor<1x1x2x1xf32> {
  %y, %i = dl.max_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x2x4x1xf32>
  return %y : tensor<1x1x2x1xf32>
}
func.func @mae(%x: tensor<4xf32>, %t: tensor<4xf32>) -> tensor<f32> {
  %y = dl.mae %x, %t : tensor<4xf32>, tensor<4xf32>
  return %y : tensor<f32>
}
func.func @bce(%x: tensor<4xf32>, %t: tensor<4xf32>) -> tensor<f32> {
  %y = dl.binary_cross_entropy %x, %t : tensor<4xf32>, tensor<4xf32>
  return %y : tensor<f32>
}
)",
        {"max", "min", "argmax", "maximum", "minimum", "clip", "relu", "leaky", "abs", "pool", "mae", "bce"},
        {{"max_grad", {{1, nan, 3, 3, 3, 1}, {1}}, {{nan, 3}, {0, nan, 0, .5, .5, 0}}},
         {"min_grad", {{1, nan, 3, 1, 3, 1}, {1}}, {{nan, 1}, {0, nan, 0, .5, 0, .5}}},
         {"argmax_grad", {{1, nan, 3, 3, 3, 1}, {1}}, {{nan, 3}, {0, nan, 0, 1, 0, 0}}},
         {"maximum_grad",
          {{nan, 1, nan, 2, 2}, {1, nan, nan, 2, 1}, {1}},
          {{nan, nan, nan, 2, 2}, {nan, 0, nan, .5, 1}, {0, nan, nan, .5, 0}}},
         {"minimum_grad",
          {{nan, 1, nan, 2, 2}, {1, nan, nan, 2, 1}, {1}},
          {{nan, nan, nan, 2, 1}, {nan, 0, nan, .5, 0}, {0, nan, nan, .5, 1}}},
         {"clip_grad", {{nan, -2, .5, 2, inf}, {1}}, {{nan, -1, .5, 1, 1}, {nan, 0, 1, 0, 0}}},
         {"relu_grad", {{nan, -1, 0, 2, -inf}, {1}}, {{nan, 0, 0, 2, 0}, {nan, 0, 0, 1, 0}}},
         {"relu_grad", {{-1, 2}, {inf}}, {{0, 2}, {0, inf}}},
         {"leaky_grad", {{nan, -1, 0, 2, -inf}, {1}}, {{nan, -.125, 0, 2, -inf}, {nan, .125, .125, 1, .125}}},
         {"abs_grad", {{nan, -1, 0, 2, -inf}, {1}}, {{nan, 1, 0, 2, inf}, {nan, -1, 0, 1, -1}}},
         {"pool_grad", {{1, nan, 3, 3, 2, 5, 1, 2}, {1}}, {{nan, 3}, {0, nan, 1, 0, 0, 0, 0, 0}}},
         {"mae_grad", {{nan, -1, 0, 2}, {0}, {4}}, {{nan}, {nan, -1, 0, 1}}},
         {"bce_grad", {{nan, .5, .5, .5}, {1, 0, 1, 0}, {1}}, {{nan}, {nan, .5, -.5, .5}}}});
}

// Each argument is repeated above to reach vectors; here one NaN stands in a long row, whose lanes and chunks meet.
TEST(Edges, LongRowsShowNaN) {
  Numbers row(300, 1), expected(300, 0);
  row[257] = nan, expected[257] = nan;
  check(R"(
func.func @max(%x: tensor<300xf32>) -> tensor<f32> {
  %y = dl.max %x dims [0] : tensor<300xf32>
  return %y : tensor<f32>
}
func.func @columns(%x: tensor<300x2xf32>) -> tensor<2xf32> {
  %y = dl.min %x dims [0] : tensor<300x2xf32>
  return %y : tensor<2xf32>
}
)",
        {"max", "columns"}, {{"max_grad", {row, {1}}, {{nan}, expected}}, {"columns_grad", {{nan, 1}, {1}}, {{nan, 1}}}});
}

// 0 log 0 = 0: ln 2 from logits of which one is impossible, whether softmax stands apart or not; gradient softmax - label.
TEST(Edges, ImpossibleClassesCostNothing) {
  check(R"(
func.func @fused(%x: tensor<1x3xf32>, %t: tensor<1x3xf32>) -> tensor<f32> {
  %y = dl.categorical_cross_entropy %x, %t {from_logits} : tensor<1x3xf32>, tensor<1x3xf32>
  return %y : tensor<f32>
}
func.func @apart(%x: tensor<1x3xf32>, %t: tensor<1x3xf32>) -> tensor<f32> {
  %p = dl.softmax %x axis 1 : tensor<1x3xf32>
  %y = dl.categorical_cross_entropy %p, %t : tensor<1x3xf32>, tensor<1x3xf32>
  return %y : tensor<f32>
}
func.func @probabilities(%x: tensor<1x3xf32>, %t: tensor<1x3xf32>) -> tensor<f32> {
  %y = dl.categorical_cross_entropy %x, %t : tensor<1x3xf32>, tensor<1x3xf32>
  return %y : tensor<f32>
}
func.func @sparse(%x: tensor<1x3xf32>, %t: tensor<1xi32>) -> tensor<f32> {
  %y = dl.sparse_categorical_cross_entropy %x, %t {from_logits} : tensor<1x3xf32>, tensor<1xi32>
  return %y : tensor<f32>
}
)",
        {"fused", "apart", "probabilities", "sparse"},
        {{"fused_grad", {{-inf, 0, 0}, {0, 1, 0}, {1}}, {{M_LN2}, {0, -.5, .5}}, 1e-6},
         {"apart_grad", {{-inf, 0, 0}, {0, 1, 0}, {1}}, {{M_LN2}, {0, -.5, .5}}, 1e-6},
         {"probabilities_grad", {{0, .5, .5}, {0, 1, 0}, {1}}, {{M_LN2}, {0, -2, 0}}, 1e-6},
         {"sparse_grad", {{-inf, 0, 0}, {1}, {1}}, {{M_LN2}, {0, -.5, .5}}, 1e-6},
         {"fused", {{-inf, 0, 0}, {1, 0, 0}}, {{inf}}}, // it did occur
         {"fused", {{nan, 0, 0}, {0, 1, 0}}, {{nan}}},
         {"probabilities", {{nan, .5, .5}, {0, 1, 0}}, {{nan}}}});
}

// torch.nn.functional.cross_entropy(x, t, ignore_index=-100); the mean over all rows is half of it here.
TEST(Edges, RowsWithoutAClass) {
  const double third = 1. / 3, ln3 = 1.0986122886681098;
  check(R"(
func.func @all(%x: tensor<2x3xf32>, %t: tensor<2xi32>) -> tensor<f32> {
  %y = dl.sparse_categorical_cross_entropy %x, %t {from_logits} : tensor<2x3xf32>, tensor<2xi32>
  return %y : tensor<f32>
}
func.func @counted(%x: tensor<2x3xf32>, %t: tensor<2xi32>) -> tensor<f32> {
  %y = dl.sparse_categorical_cross_entropy %x, %t {from_logits, mean_over_counted} : tensor<2x3xf32>, tensor<2xi32>
  return %y : tensor<f32>
}
func.func @softmax_counted(%x: tensor<2x3xf32>, %t: tensor<2xi32>) -> tensor<f32> {
  %p = dl.softmax %x axis 1 : tensor<2x3xf32>
  %y = dl.sparse_categorical_cross_entropy %p, %t {mean_over_counted} : tensor<2x3xf32>, tensor<2xi32>
  return %y : tensor<f32>
}
func.func @probabilities(%x: tensor<2x3xf32>, %t: tensor<2xi32>) -> tensor<f32> {
  %y = dl.sparse_categorical_cross_entropy %x, %t {mean_over_counted} : tensor<2x3xf32>, tensor<2xi32>
  return %y : tensor<f32>
}
func.func @named(%x: tensor<2x3xf32>, %t: tensor<2xi32>) -> tensor<f32> {
  %y = dl.sparse_categorical_cross_entropy %x, %t {from_logits, mean_over_counted, ignore_index = -1} : tensor<2x3xf32>, tensor<2xi32>
  return %y : tensor<f32>
}
)",
        {"all", "counted", "softmax_counted", "probabilities", "counted_grad", "named"},
        {{"all_grad", {{-inf, -inf, -inf, 0, 0, 0}, {-100, 1}, {1}}, {{ln3 / 2}, {0, 0, 0, third / 2, -third, third / 2}}, 1e-6},
         {"all_grad", {{nan, 1, 1, 0, 0, 0}, {-100, 1}, {1}}, {{ln3 / 2}, {0, 0, 0, third / 2, -third, third / 2}}, 1e-6},
         {"all_grad", {{nan, inf, 1, 0, 0, 0}, {3, 1}, {1}}, {{ln3 / 2}, {0, 0, 0, third / 2, -third, third / 2}}, 1e-6},
         {"named", {{nan, inf, 1, 0, 0, 0}, {-1, 1}}, {{ln3}}, 1e-6},
         {"named", {{0, 0, 0, 0, 0, 0}, {-2, 1}}, {{nan}}}, // neither a class nor the one to be ignored
         {"counted_grad", {{nan, 1, 1, 0, 0, 0}, {-100, 1}, {1}}, {{ln3}, {0, 0, 0, third, -2 * third, third}}, 1e-6},
         {"softmax_counted_grad", {{nan, 1, 1, 0, 0, 0}, {-100, 1}, {1}}, {{ln3}, {0, 0, 0, third, -2 * third, third}}, 1e-6},
         {"counted_grad", {{0}, {-100}, {1}}, {{nan}, {0}}, 1e-6},
         {"probabilities_grad", {{nan, 0, 2, third, third, third}, {-100, 1}, {1}}, {{ln3}, {0, 0, 0, 0, -3, 0}}, 1e-6},
         // d/dx of <g, gradient>, g = 1: rows of p (1 - sum p) = 0; nothing of the masked row arrives there either.
         {"counted_grad_grad",
          {{nan, 1, 1, 0, 0, 0}, {-100, 1}, {1}, {0}, {1, 0, 0, 1, 0, 0}},
          {{ln3}, {0, 0, 0, third, -2 * third, third}, {0, 0, 0, third - third * third, -third * third, -third * third}},
          1e-5}});
}

// log1p(e^-20) = 2.0611536e-9 and log1p(e^-17) = 4.1399376e-8 (mpmath); -sigmoid(-20) for the gradient.
TEST(Edges, TinyBinaryLosses) {
  const double e20 = 2.0611536181902037e-9, e17 = 4.1399376880687e-8;
  check(R"(
func.func @logits(%x: tensor<1xf32>, %t: tensor<1xf32>) -> tensor<f32> {
  %y = dl.binary_cross_entropy %x, %t {from_logits} : tensor<1xf32>, tensor<1xf32>
  return %y : tensor<f32>
}
func.func @sigmoid(%x: tensor<1xf32>, %t: tensor<1xf32>) -> tensor<f32> {
  %p = dl.sigmoid %x : tensor<1xf32>
  %y = dl.binary_cross_entropy %p, %t : tensor<1xf32>, tensor<1xf32>
  return %y : tensor<f32>
}
func.func @wide(%x: tensor<1xf64>, %t: tensor<1xf64>) -> tensor<f64> {
  %y = dl.binary_cross_entropy %x, %t {from_logits} : tensor<1xf64>, tensor<1xf64>
  return %y : tensor<f64>
}
)",
        {"logits", "sigmoid", "wide"},
        {{"logits_grad", {{-20}, {0}, {1}}, {{e20}, {e20}}, 1e-6},
         {"logits_grad", {{20}, {1}, {1}}, {{e20}, {-e20}}, 1e-6},
         {"logits_grad", {{17}, {1}, {1}}, {{e17}, {-e17}}, 1e-6},
         {"sigmoid_grad", {{20}, {1}, {1}}, {{e20}, {-e20}}, 1e-6},
         {"wide_grad", {{40}, {1}, {1}}, {{4.248354255291589e-18}, {-4.248354255291589e-18}}, 1e-14},
         {"logits_grad", {{0}, {1}, {1}}, {{M_LN2}, {-.5}}, 1e-6},
         {"logits_grad", {{3}, {.25}, {1}}, {{2.2985873515737883}, {.7025741268224334}}, 1e-6},
         {"logits_grad", {{inf}, {1}, {1}}, {{0}, {0}}, 1e-6},
         {"logits_grad", {{-inf}, {0}, {1}}, {{0}, {0}}, 1e-6},
         {"logits_grad", {{inf}, {0}, {1}}, {{inf}, {1}}, 1e-6},
         {"logits_grad", {{-inf}, {1}, {1}}, {{inf}, {-1}}, 1e-6},
         {"logits_grad", {{nan}, {1}, {1}}, {{nan}, {nan}}}});
}

// The slope of what is not taken is 0 times infinity; it is not where the argument is masked.
TEST(Edges, MaskTheArgument) {
  check(R"(
func.func @result(%x: tensor<40xf32>) -> tensor<40xf32> {
  %zero = dl.constant 0.0 : tensor<40xf32>
  %positive = dl.compare gt %x, %zero : tensor<40xf32>
  %root = dl.sqrt %x : tensor<40xf32>
  %y = dl.select %positive, %root, %zero : tensor<40xf32>
  return %y : tensor<40xf32>
}
func.func @argument(%x: tensor<40xf32>) -> tensor<40xf32> {
  %zero = dl.constant 0.0 : tensor<40xf32>
  %one = dl.constant 1.0 : tensor<40xf32>
  %positive = dl.compare gt %x, %zero : tensor<40xf32>
  %safe = dl.select %positive, %x, %one : tensor<40xf32>
  %root = dl.sqrt %safe : tensor<40xf32>
  %y = dl.select %positive, %root, %zero : tensor<40xf32>
  return %y : tensor<40xf32>
}
)",
        {"result", "argument"},
        {{"result_grad", {{0, 4, -1, nan}, {1}}, {{0, 2, 0, 0}, {nan, .25, nan, nan}}},
         {"argument_grad", {{0, 4, -1, nan}, {1}}, {{0, 2, 0, 0}, {0, .25, 0, 0}}}});
}

// -inf among finite logits has no probability and no gradient; rows of -inf alone, with inf or with NaN are NaN.
TEST(Edges, RowsOfSoftmax) {
  check(R"(
func.func @softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = dl.softmax %x axis 1 : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
func.func @log_softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = dl.log_softmax %x axis 1 : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
)",
        {"softmax", "log_softmax"},
        {{"softmax_grad", {{-inf, 3, 3, nan, 0, 0}, {1, 1, 0}}, {{0, .5, .5, nan, nan, nan}, {0, .25, -.25, nan, nan, nan}}, 1e-6},
         {"softmax", {{-inf, -inf, -inf, inf, 0, 0}}, {{nan, nan, nan, nan, nan, nan}}},
         {"log_softmax_grad",
          {{-inf, 3, 3, 0, 0, -400}, {0, 1, 0}},
          {{-inf, -M_LN2, -M_LN2, -M_LN2, -M_LN2, -400 - M_LN2}, {0, .5, -.5, -.5, .5, 0}},
          1e-6}});
}

TEST(Edges, ComparisonsZerosAndNothing) {
  check(R"(
func.func @compare(%x: tensor<40xf32>, %z: tensor<40xf32>) -> (tensor<40xi1>, tensor<40xi1>, tensor<40xi1>, tensor<40xi1>) {
  %0 = dl.compare lt %x, %z : tensor<40xf32>
  %1 = dl.compare ge %x, %z : tensor<40xf32>
  %2 = dl.compare eq %x, %z : tensor<40xf32>
  %3 = dl.compare ne %x, %z : tensor<40xf32>
  return %0, %1, %2, %3 : tensor<40xi1>, tensor<40xi1>, tensor<40xi1>, tensor<40xi1>
}
func.func @zeros(%x: tensor<40xf32>) -> (tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<f32>) {
  %p = dl.constant 0.0 : tensor<40xf32>
  %n = dl.constant -0.0 : tensor<40xf32>
  %0 = dl.add %x, %p : tensor<40xf32>
  %1 = dl.add %x, %n : tensor<40xf32>
  %2 = dl.sub %x, %p : tensor<40xf32>
  %3 = dl.sub %x, %n : tensor<40xf32>
  %4 = dl.sum %x dims [0] : tensor<40xf32>
  return %0, %1, %2, %3, %4 : tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<f32>
}
func.func @constants() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %p = dl.constant 0.0 : tensor<f32>
  %n = dl.constant -0.0 : tensor<f32>
  %0 = dl.add %n, %p : tensor<f32>
  %1 = dl.add %p, %n : tensor<f32>
  %2 = dl.add %n, %n : tensor<f32>
  %3 = dl.sub %n, %p : tensor<f32>
  return %0, %1, %2, %3 : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}
func.func @nothing(%x: tensor<3x0xf32>, %i: tensor<3x0xi8>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi8>) {
  %0 = dl.sum %x dims [1] : tensor<3x0xf32>
  %1 = dl.max %x dims [1] : tensor<3x0xf32>
  %2 = dl.min %x dims [1] : tensor<3x0xf32>
  %3 = dl.mean %x dims [1] : tensor<3x0xf32>
  %4 = dl.max %i dims [1] : tensor<3x0xi8>
  return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi8>
}
)",
        {},
        {{"compare", {{nan, 0, -0., 1}, {1, nan, 0, 2}}, {{0, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, 1, 0}, {1, 1, 0, 1}}},
         {"zeros", {{-0.}}, {{0}, {-0.}, {-0.}, {0}, {0}}},
         {"constants", {}, {{0}, {0}, {-0.}, {-0.}}},
         {"nothing", {{0}, {0}}, {{0}, {-inf}, {inf}, {nan}, {-128}}}});
}

TEST(Edges, IntegersWrapAndNeverTrap) {
  check(R"(
func.func @i32(%x: tensor<40xi32>, %z: tensor<40xi32>) -> (tensor<40xi32>, tensor<40xi32>, tensor<40xi32>) {
  %0 = dl.div %x, %z : tensor<40xi32>
  %1 = dl.add %x, %z : tensor<40xi32>
  %2 = dl.mul %x, %z : tensor<40xi32>
  return %0, %1, %2 : tensor<40xi32>, tensor<40xi32>, tensor<40xi32>
}
func.func @i8(%x: tensor<3x40xi8>) -> tensor<3xi8> {
  %0 = dl.sum %x dims [1] : tensor<3x40xi8>
  return %0 : tensor<3xi8>
}
)",
        {},
        {{"i32",
          {{-7, 7, -2147483648., -2147483648., 2147483647}, {2, 0, -1, 0, 1}},
          {{-3, 0, -2147483648., 0, 2147483647}, {-5, 7, 2147483647, -2147483648., -2147483648.}, {-14, 0, -2147483648., 0, 2147483647}}},
         {"i8", {{10}}, {{-112}}}}); // 400 mod 256
}

// Padding is no term, so that infinite weights over it add nothing; and so in both gradients.
TEST(Edges, PaddingIsNoTerm) {
  check(R"(
func.func @conv(%x: tensor<1x3x3x1xf32>, %w: tensor<3x3x1x1xf32>) -> tensor<1x3x3x1xf32> {
  %y = dl.conv2d %x, %w padding [1, 1, 1, 1] : tensor<1x3x3x1xf32>, tensor<3x3x1x1xf32>
  return %y : tensor<1x3x3x1xf32>
}
func.func @pool(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %y, %i = dl.max_pool2d %x kernel [2, 2] padding [1, 1, 0, 0] : tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}
)",
        {"conv"},
        {{"conv_grad",
          {{1}, {inf, 1, 1, 1, 1, 1, 1, 1, 1}, {1}},
          {{4, 6, 4, 6, inf, inf, 4, inf, inf}, {inf, inf, 4, inf, inf, 6, 4, 6, 4}, {4, 6, 4, 6, 9, 6, 4, 6, 4}}},
         {"pool", {{-1, -2, -3, -4}}, {{-1, -1, -1, -1}}}});
}

// One step by the test of ONNX's Adam (T = 0: no correction), then by its formula with T = 3; beside it torch.optim.Adam's form.
TEST(Edges, AdamInBothForms) {
  const char *text = R"(
func.func @NAME(%w: tensor<2xf32>, %g: tensor<2xf32>, %m: tensor<2xf32>, %v: tensor<2xf32>, %lr: tensor<f32>, %a: tensor<f32>,
                %b: tensor<f32>, %e: tensor<f32>, %n: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>) -> tensor<2xf32> {
  %x, %p, %q = dl.adam %w, %g slots(%m, %v) scalars(%lr, %a, %b, %e, %n, %c, %d) FORM : tensor<2xf32>
  return %x : tensor<2xf32>
})";
  auto form = [&](StringRef name, StringRef attributes) {
    std::string s = text;
    s.replace(s.find("NAME"), 4, name);
    return s.replace(s.find("FORM"), 4, attributes);
  };
  std::vector<Numbers> first = {{1.2, 2.8}, {-.94, -2.5}, {1.7, 3.6}, {.1, .1}, {.1}, {.95}, {.1}, {1e-7}, {.001}, {1}, {1}}, later = first;
  later[7] = {.5}, later[9] = {1 - .95 * .95 * .95}, later[10] = {1 - .1 * .1 * .1};
  check(form("torch", "") + form("onnx", "{epsilon_hat}"), {},
        {{"torch", first, {{1.0250364, 2.6610327}}, 1e-6},
         {"onnx", first, {{1.0250364, 2.6610327}}, 1e-6},
         {"torch", later, {{0.412820833, 1.995657242}}, 1e-6},
         {"onnx", later, {{0.412961816, 1.995727296}}, 1e-6}});
}

// The mean of no rows is NaN; running statistics that took it in would stay NaN for ever.
TEST(Edges, ABatchOfNoneLeavesTheStatistics) {
  for (unsigned level : {0, 2}) {
    MLIRContext context;
    auto module = textModel(context, R"(
dl.symbol @B : 0 to 64
func.func @main(%x: tensor<?x3xf32, #dl.dims<B, 3>> {dl.name = "x"}, %g: tensor<3xf32> {dl.param = #dl.param<"g", constant(1.0), trainable>},
                %b: tensor<3xf32> {dl.param = #dl.param<"b", constant(2.0), trainable>},
                %m: tensor<3xf32> {dl.param = #dl.param<"m", constant(3.0), non_trainable>},
                %v: tensor<3xf32> {dl.param = #dl.param<"v", constant(4.0), non_trainable>}) -> tensor<?x3xf32, #dl.dims<B, 3>> {
  %y = dl.batch_norm %x, %g, %b, %m, %v : tensor<?x3xf32, #dl.dims<B, 3>>, tensor<3xf32>
  return %y : tensor<?x3xf32, #dl.dims<B, 3>>
})");
    ASSERT_TRUE(module);
    CompileOptions options;
    options.level = level;
    options.train = training(context, "sgd");
    options.train->loss = "mse";
    Session session(*module, options);
    ASSERT_TRUE(session.ok());
    session.init(1);
    auto step = [&](int64_t rows) {
      Tensors inputs;
      inputs.emplace("x", filled(data::F32, {rows, 3}, [](int64_t i) { return i; }));
      inputs.emplace("label", filled(data::F32, {rows, 3}, [](int64_t) { return 1; }));
      session.run("train_step", inputs);
    };
    step(0);
    for (auto [name, value] : {std::pair("g", 1.), std::pair("b", 2.), std::pair("m", 3.), std::pair("v", 4.)})
      EXPECT_EQ(element(session.parameter(name), 1), value) << name;
    step(2); // mean of 1 and 4, variance 4.5
    EXPECT_NEAR(element(session.parameter("m"), 1), .9 * 3 + .1 * 2.5, 1e-6);
    EXPECT_NEAR(element(session.parameter("v"), 1), .9 * 4 + .1 * 4.5, 1e-6);
  }
}
} // namespace
