// Twenty steps of training in f64 against PyTorch's: each optimiser, schedule, loss and regulariser as the command line spells it
// (test/fixtures/training.py).
#include "compiler/autodiff/Regularizers.h"
#include "test/lib/Session.h"
#include "tools/dlc/Training.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <set>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr int64_t steps = 20, batch = 6, in = 3, out = 3;
const char *names[] = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"};

struct Case {
  std::string name, loss, optimizer, schedule, head, label;
  int64_t row;
};
void PrintTo(const Case &c, std::ostream *os) { *os << c.name; }
std::vector<Case> cases() {
  std::ifstream file("test/fixtures/training/cases.txt");
  std::vector<Case> all;
  for (std::string line; std::getline(file, line);) {
    SmallVector<StringRef> parts;
    StringRef(line).split(parts, '|');
    for (StringRef &part : parts)
      part = part.trim();
    all.push_back({parts[0].str(), parts[1].str(), parts[2].str(), parts[3].str(), parts[4].str(), parts[5].str(), (int64_t)all.size()});
  }
  return all;
}

/// The formulas of the fixtures.
double u(int64_t i, int64_t t) { return double((i * 7919 + t * 104729) % 2003) / 1001.0 - 1.0; }
data::Array labels(StringRef kind, int64_t step) {
  if (kind == "classes" || kind == "missing")
    return filled(data::I32, {batch}, [&](int64_t b) { return kind == "missing" && b == step % batch ? -100 : (b + step) % out; });
  auto value = [&](int64_t i) { return u(i, 2000 + step); };
  return filled(data::F64, {batch, out}, [&](int64_t i) {
    if (kind == "signs")
      return value(i) < 0 ? -1. : 1.;
    if (kind == "unit")
      return 0.5 + 0.5 * value(i);
    if (kind == "values")
      return value(i);
    double sum = 0;
    for (int64_t j = 0; j < out; ++j)
      sum += value(i / out * out + j) + 1.1;
    return (value(i) + 1.1) / sum;
  });
}

std::string netText(const Case &c) {
  std::string text = R"(func.func @main(%x: tensor<6x3xf64> {dl.name = "x"},
      %w1: tensor<3x4xf64> {dl.param = #dl.param<"fc1.weight", constant(0.0), trainable>},
      %b1: tensor<4xf64> {dl.param = #dl.param<"fc1.bias", constant(0.0), trainable>},
      %w2: tensor<4x3xf64> {dl.param = #dl.param<"fc2.weight", constant(0.0), trainable>},
      %b2: tensor<3xf64> {dl.param = #dl.param<"fc2.bias", constant(0.0), trainable>}) -> (tensor<6x3xf64> {dl.name = "y"}) {
    %0 = dl.matmul %x, %w1 : tensor<6x3xf64>, tensor<3x4xf64>
    %1 = dl.broadcast %b1 dims [1] : tensor<4xf64> -> tensor<6x4xf64>
    %2 = dl.add %0, %1 : tensor<6x4xf64>
    %s = dl.sigmoid %2 : tensor<6x4xf64>
    %h = HIDDEN
    %3 = dl.matmul %h, %w2 : tensor<6x4xf64>, tensor<4x3xf64>
    %4 = dl.broadcast %b2 dims [1] : tensor<3xf64> -> tensor<6x3xf64>
    %5 = dl.add %3, %4 : tensor<6x3xf64>
    %y = HEAD
    return %y : tensor<6x3xf64>
  })";
  auto put = [&](StringRef mark, std::string op) { text.replace(text.find(mark.str()), mark.size(), op); };
  put("HIDDEN", c.name == "kl_sparsity" ? "dl.kl_sparsity %s target 0.05 weight 0.1 : tensor<6x4xf64>"
                                        : "dl.reshape %s : tensor<6x4xf64> -> tensor<6x4xf64>");
  put("HEAD", c.head == "none"      ? "dl.reshape %5 : tensor<6x3xf64> -> tensor<6x3xf64>"
              : c.head == "sigmoid" ? "dl.sigmoid %5 : tensor<6x3xf64>"
                                    : "dl." + c.head + " %5 axis 1 : tensor<6x3xf64>");
  return text;
}

class TrainingNumbers : public testing::TestWithParam<Case> {};
TEST_P(TrainingNumbers, AreThoseOfTwentySteps) {
  const Case &c = GetParam();
  MLIRContext context;
  auto model = textModel(context, netText(c));
  ASSERT_TRUE(model);
  tools::TrainingSpecs specs;
  specs.loss = c.loss, specs.optimizer = c.optimizer, specs.schedule = c.schedule;
  auto plan = tools::planTraining(&context, specs);
  ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
  CompileOptions options;
  options.train = plan->options;
  Session session(*model, options);
  ASSERT_TRUE(session.ok());
  int64_t t = 0;
  for (const char *name : names) {
    auto value = filled(data::F64, session.parameter(name).shape, [&](int64_t i) { return u(i, t); });
    session.setParameter(name, value), ++t;
  }
  std::vector<double> numbers;
  Tensors inputs; // hyper-parameters have the usual values, which the plan's are
  for (int64_t s = 0; s < steps; ++s) {
    inputs["x"] = filled(data::F64, {batch, in}, [&](int64_t i) { return u(i, 1000 + s); });
    inputs["label"] = labels(c.label, s);
    inputs["lr"] = filled(data::F64, {}, [&](int64_t) { return plan->schedule.at(s); });
    numbers.push_back(element(session.run("train_step", inputs).at("loss"), 0));
  }
  for (const char *name : names) {
    data::Array p = session.parameter(name);
    numbers.insert(numbers.end(), p.data<double>(), p.data<double>() + p.size());
  }
  auto expected = data::readNpy("test/fixtures/training/trajectories.npy");
  ASSERT_TRUE(expected);
  ASSERT_EQ(expected->shape[1], (int64_t)numbers.size());
  for (auto [i, x] : llvm::enumerate(numbers))
    EXPECT_NEAR(x, element(*expected, c.row * expected->shape[1] + i), 1e-9) << (i < steps ? "loss of step " : "number ") << i;
}
INSTANTIATE_TEST_SUITE_P(Cases, TrainingNumbers, testing::ValuesIn(cases()), [](auto &info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Initialisers, AreThoseOfTheirFormulas) {
  std::string arguments, separator;
  std::vector<std::string> parameters;
  std::ifstream file("test/fixtures/training/initialisers.txt");
  for (std::string line; std::getline(file, line); separator = ", ") {
    SmallVector<StringRef> parts;
    StringRef(line).split(parts, '|');
    parameters.push_back(parts[0].trim().str());
    arguments += separator + "%p" + std::to_string(parameters.size()) + ": tensor<" + parts[1].trim().str() +
                 "xf64> {dl.param = #dl.param<\"" + parameters.back() + "\", " + parts[2].trim().str() + ", trainable>}";
  }
  MLIRContext context;
  auto model = textModel(context, "func.func @main(%x: tensor<1xf64> {dl.name = \"x\"}, " + arguments +
                                      ") -> tensor<1xf64> {\n  return %x : tensor<1xf64>\n}");
  ASSERT_TRUE(model);
  Session session(*model);
  ASSERT_TRUE(session.ok());
  session.init(7);
  auto expected = data::readNpy("test/fixtures/training/initialisers.npy");
  ASSERT_TRUE(expected);
  int64_t at = 0;
  for (const std::string &name : parameters) {
    data::Array p = session.parameter(name.c_str());
    for (int64_t i = 0; i < p.size(); ++i)
      EXPECT_NEAR(element(p, i), element(*expected, at++), 1e-12) << name << ", element " << i;
  }
  EXPECT_EQ(at, expected->size());
  EXPECT_EQ(parameters.size(), 3 * (dl::getMaxEnumValForInitKind() + 1u));
}

// What the compiled step knows has a case of its own name.
TEST(TrainingCases, NameAll) {
  std::set<std::string> named;
  for (const Case &c : cases())
    named.insert(StringRef(c.name).split('-').first.str());
  MLIRContext context;
  loadDialects(context);
  for (RegisteredOperationName op : context.getRegisteredOperations())
    if (op.hasInterface<dl::OptimizerOpInterface>() || op.hasInterface<dl::LossOpInterface>())
      EXPECT_TRUE(named.count(op.stripDialect().str())) << op.stripDialect().str();
  for (const train::Schedule::Rule &rule : train::Schedule::rules())
    EXPECT_TRUE(named.count(rule.name)) << rule.name;
  for (const Regularizer &r : getRegularizers())
    EXPECT_TRUE(named.count(r.name)) << r.name;
}

// Norms over a parameter and over all of them are sums in one order.
TEST(TrainingBits, DoNotDependOnThreads) {
  const char *optimizers[] = {"sgd(momentum=0.9,nesterov=true,clip_value=0.1,clip_norm=0.5,l1=1e-4,weight_decay=0.1,max_norm=0.7)",
                              "adagrad(clip_norm=1)",
                              "adadelta(l1=1e-4)",
                              "rmsprop(centered=true,momentum=0.9)",
                              "adam(l2=0.1,clip_norm=0.1)",
                              "adamw(max_norm=1)",
                              "lamb(clip_norm=1)",
                              "lion(l2=0.1,weight_decay=0.1)"};
  for (const char *optimizer : optimizers) {
    std::vector<std::vector<char>> bits;
    for (auto [threads, level] : {std::pair(1, 2u), {3, 2u}, {2, 0u}}) {
      MLIRContext context;
      auto model = zooModel(context, "mlp", false, 64, 64);
      tools::TrainingSpecs specs;
      specs.optimizer = optimizer;
      auto plan = tools::planTraining(&context, specs);
      ASSERT_TRUE(bool(plan)) << llvm::toString(plan.takeError());
      CompileOptions options;
      options.train = plan->options, options.level = level;
      Session session(*model, options);
      ASSERT_TRUE(session.ok());
      session.setThreads(threads);
      session.init(1);
      Tensors inputs;
      inputs["image"] = filled(data::F32, {64, 784}, [](int64_t i) { return noise(i); });
      inputs["label"] = filled(data::I32, {64}, [](int64_t i) { return i % 10; });
      for (int step = 0; step < 3; ++step)
        session.run("train_step", inputs);
      std::vector<char> &all = bits.emplace_back();
      for (const dlrt_tensor_info *p : session.parameters()) {
        data::Array a = session.parameter(p->name);
        const char *data = a.data<char>();
        all.insert(all.end(), data, data + a.bytes());
      }
    }
    EXPECT_TRUE(bits[0] == bits[1]) << optimizer << " on three threads";
    EXPECT_TRUE(bits[0] == bits[2]) << optimizer << " at -O0";
  }
}
} // namespace
