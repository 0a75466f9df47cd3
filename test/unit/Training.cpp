// @train_step against worked numbers: a step of gradient descent, and optimisers against their published formulas.
#include "compiler/autodiff/Passes.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/Derivatives.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc;
using namespace dlc::test;

namespace {
/// loss = prediction * label, so that the label is the prediction's cotangent. Attached to dl.mul to show that a loss needs
/// the interface alone.
struct Product : dl::LossOpInterface::ExternalModel<Product, dl::MulOp> {
  static RankedTensorType getLabelType(RankedTensorType prediction) { return prediction; }
  static std::pair<int64_t, int64_t> getLabelRange(RankedTensorType, DictionaryAttr) { return {0, 0}; }
  static SmallVector<dl::Hyperparameter> getNumbers() { return {}; }
};

class Training : public testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<dl::DlDialect, func::FuncDialect>();
    dl::MulOp::attachInterface<Product>(context);
  }
  func::FuncOp trainStep(const char *text, TrainOptions options, const char *flags = "{}") {
    module = parseSourceString<ModuleOp>(text, &context);
    options.optimizerAttributes = cast<DictionaryAttr>(parseAttribute(flags, &context));
    if (!module || failed(buildTrainStep(*module, options)) || failed(verify(*module)))
      return {};
    return module->lookupSymbol<func::FuncOp>("train_step");
  }
  static Array filled(ArrayRef<int64_t> shape, double value) {
    Array a = Array::zeros(shape);
    for (Cell &c : a.cells)
      c.f = value;
    return a;
  }
  static StringRef stateOf(func::FuncOp f, unsigned result) {
    auto name = f.getResultAttrOfType<StringAttr>(result, "dl.state");
    return name ? name.strref() : "";
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

const char *scalarModel = R"(func.func @main(%x: tensor<1xf64> {dl.name = "x"},
    %w: tensor<1xf64> {dl.param = #dl.param<"w", constant(0.0), trainable>}) -> tensor<1xf64> {
  %y = dl.mul %x, %w : tensor<1xf64>
  return %y : tensor<1xf64>
})";

// Two sigmoid units and a linear output, all weights 1/2, x = (1, 1), target 1/2, rate 0.01, loss (y - t)^2 / 2.
TEST_F(Training, StepsAsTheWorkedExample) {
  TrainOptions options;
  options.loss = "mul";
  auto f = trainStep(R"(func.func @main(%x: tensor<1x2xf64> {dl.name = "x"},
      %w1: tensor<2x2xf64> {dl.param = #dl.param<"w1", constant(0.5), trainable>},
      %w2: tensor<2x1xf64> {dl.param = #dl.param<"w2", constant(0.5), trainable>}) -> (tensor<1x1xf64> {dl.name = "y"}) {
    %z = dl.matmul %x, %w1 : tensor<1x2xf64>, tensor<2x2xf64>
    %h = dl.sigmoid %z : tensor<1x2xf64>
    %y = dl.matmul %h, %w2 : tensor<1x2xf64>, tensor<2x1xf64>
    return %y : tensor<1x1xf64>
  })",
                     options);
  ASSERT_TRUE(f);
  ASSERT_EQ(f.getNumArguments(), 6u); // x, w1, w2, label, lr, l2
  double error = 1 / (1 + std::exp(-1.0)) - 0.5;
  auto step = [&](double rate) {
    return interpret(f,
                     {filled({1, 2}, 1), filled({2, 2}, 0.5), filled({2, 1}, 0.5), filled({1, 1}, error), filled({}, rate), filled({}, 0)});
  };
  auto results = step(0.01);
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(stateOf(f, 2), "w1");
  EXPECT_EQ(stateOf(f, 3), "w2");
  EXPECT_EQ(f.getResultAttrOfType<StringAttr>(0, "dl.name").strref(), "loss");
  EXPECT_NEAR((*results)[1].cells[0].f, 0.731058579, 1e-8);
  for (Cell c : (*results)[2].cells)
    EXPECT_NEAR(c.f, 0.499772856, 1e-8);
  for (Cell c : (*results)[3].cells)
    EXPECT_NEAR(c.f, 0.498310826, 1e-8);
  results = step(1);
  EXPECT_NEAR(0.5 - (*results)[2].cells[0].f, 0.022714437, 1e-8);
  EXPECT_NEAR(0.5 - (*results)[3].cells[0].f, 0.168917356, 1e-8);
}

// torch.optim.SGD's formulas; the gradient is x * label.
TEST_F(Training, SgdFollowsItsFormulas) {
  for (bool nesterov : {false, true}) {
    TrainOptions options;
    options.loss = "mul";
    auto f = trainStep(scalarModel, options, nesterov ? "{momentum, nesterov}" : "{momentum}");
    ASSERT_TRUE(f);
    ASSERT_EQ(f.getNumArguments(), 7u); // x, w, label, lr, l2, momentum, w/momentum
    double lr = 0.1, l2 = 0.01, m = 0.9, w = 0.7, v = 0;
    Array weight = filled({1}, w), velocity = filled({1}, 0);
    for (int t = 1; t <= 4; ++t) {
      double x = 0.3 * t, label = 1.0 / t, d = x * label + l2 * w;
      v = t == 1 ? d : m * v + d;
      w -= lr * (nesterov ? d + m * v : v);
      auto r = interpret(f, {filled({1}, x), weight, filled({1}, label), filled({}, lr), filled({}, l2), filled({}, m), velocity});
      ASSERT_TRUE(succeeded(r));
      weight = (*r)[2], velocity = (*r)[3];
      EXPECT_NEAR(weight.cells[0].f, w, 1e-14);
    }
    EXPECT_EQ(stateOf(f, 3), "w/momentum");
  }
}

// torch.optim.Adam's and AdamW's formulas, with powers of beta where dlc carries corrections.
TEST_F(Training, AdamFollowsItsFormulas) {
  for (bool decoupled : {false, true}) {
    TrainOptions options;
    options.loss = "mul";
    options.optimizer = decoupled ? "adamw" : "adam";
    auto f = trainStep(scalarModel, options);
    ASSERT_TRUE(f);
    ASSERT_EQ(f.getNumArguments(), 12u); // x, w, label, lr, beta1, beta2, eps, decay, two corrections, two moments
    double lr = 0.1, b1 = 0.9, b2 = 0.999, eps = 1e-8, decay = 0.01, w = 0.7, m = 0, v = 0;
    std::vector<Array> states = {filled({}, 0), filled({}, 0), filled({1}, 0), filled({1}, 0)};
    Array weight = filled({1}, w);
    for (int t = 1; t <= 4; ++t) {
      double x = 0.3 * t, label = 1.0 / t - 0.5, g = x * label + (decoupled ? 0 : decay * w);
      w -= decoupled ? lr * decay * w : 0;
      m = b1 * m + (1 - b1) * g, v = b2 * v + (1 - b2) * g * g;
      w -= lr / (1 - std::pow(b1, t)) * m / (std::sqrt(v) / std::sqrt(1 - std::pow(b2, t)) + eps);
      std::vector<Array> in = {filled({1}, x), weight,         filled({1}, label), filled({}, lr),
                               filled({}, b1), filled({}, b2), filled({}, eps),    filled({}, decay)};
      in.insert(in.end(), states.begin(), states.end());
      auto r = interpret(f, in);
      ASSERT_TRUE(succeeded(r));
      weight = (*r)[2];
      states.assign(r->begin() + 3, r->end());
      EXPECT_NEAR(weight.cells[0].f, w, 1e-12);
    }
    EXPECT_EQ(stateOf(f, 3), "optimizer/correction1");
    EXPECT_EQ(stateOf(f, 5), "w/moment1");
  }
}

/// The first diagnostic of a step that cannot be built.
struct Refused {
  const char *model, *loss, *optimizer, *flags, *message;
};
TEST_F(Training, RefusesWithReasons) {
  const char *frozen = R"(func.func @main(%x: tensor<1xf64>) -> tensor<1xf64> { return %x : tensor<1xf64> })";
  const char *named = R"(func.func @main(%x: tensor<1xf64> {dl.name = "label"}) -> tensor<1xf64> { return %x : tensor<1xf64> })";
  const char *integer = R"(func.func @main(%x: tensor<1xi32>) -> tensor<1xi32> { return %x : tensor<1xi32> })";
  const char *narrow = R"(func.func @main(%w: tensor<1xbf16> {dl.param = #dl.param<"w", constant(0.0), trainable>}) -> tensor<1xbf16> {
      return %w : tensor<1xbf16> })";
  for (const Refused &r : {Refused{scalarModel, "mul", "sgdd", "{}", "no optimiser is called 'sgdd': write one of "},
                           {scalarModel, "exp", "sgd", "{}", "no loss is called 'exp': write one of "},
                           {scalarModel, "mul", "sgd", "{moment}", "'dl.sgd' has no attribute 'moment': write momentum"},
                           {frozen, "mul", "sgd", "{}", "@main has no trainable parameter: mark one with "},
                           {named, "mul", "sgd", "{}", "argument 0 of @main is called 'label'"},
                           {integer, "mul", "sgd", "{}", "@main has no floating-point tensor as its first result"},
                           {narrow, "mul", "sgd", "{}", "trainable parameter 'w' is 'tensor<1xbf16>', which has no bits for steps"}}) {
    std::string first;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) {
      if (first.empty())
        first = d.str();
      return success();
    });
    TrainOptions options;
    options.loss = r.loss, options.optimizer = r.optimizer;
    EXPECT_FALSE(trainStep(r.model, options, r.flags));
    EXPECT_EQ(first.substr(0, strlen(r.message)), r.message);
    EXPECT_FALSE(module->lookupSymbol("train_step")) << "the module is as before";
  }
}
} // namespace
