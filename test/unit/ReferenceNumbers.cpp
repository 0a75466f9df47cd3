// Zoo nets against PyTorch's numbers (test/fixtures/README.md): results, gradients, a hundred steps of training.
#include "test/lib/Session.h"
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

using namespace dlc::test;
using namespace dlc;

namespace {
struct Case {
  const char *net;
  bool f64;
};
void PrintTo(const Case &c, std::ostream *os) { *os << c.net << (c.f64 ? " f64" : " f32"); }

/// The formulas of test/fixtures/formula.py.
double u(int64_t i, int64_t t) { return double((i * 7919 + t * 104729) % 2003) / 1001.0 - 1.0; }

class ReferenceNumbers : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    folder = std::string("test/fixtures/") + GetParam().net + (GetParam().f64 ? "/f64/" : "/f32/");
    type = GetParam().f64 ? data::F64 : data::F32;
    model = zooModel(context, GetParam().net, GetParam().f64, 1, 8);
    ASSERT_TRUE(model);
  }
  data::Array read(const std::string &name) {
    auto array = data::readNpy(folder + name + ".npy");
    EXPECT_TRUE(array) << array.error().message;
    return std::move(*array);
  }
  void setWeights(Session &session) {
    int64_t t = 0, fan = 1;
    for (const dlrt_tensor_info *p : session.parameters()) {
      if (p->role != DLRT_TRAINABLE)
        continue;
      std::vector<int64_t> shape(p->dims, p->dims + p->ndim);
      if (shape.size() > 1) // a bias has its weight's fan-in
        fan = std::accumulate(shape.begin(), shape.end() - 1, int64_t(1), std::multiplies<>());
      auto value = filled(type, shape, [&](int64_t i) { return float(u(i, t) / std::sqrt(double(fan))); });
      session.setParameter(p->name, value);
      ++t;
    }
  }
  void setInputs(Session &session, const char *entry, Tensors &inputs, int64_t step) {
    size_t e = 0;
    ASSERT_EQ(dlrt_entry_find(session.model, entry, &e), DLRT_OK) << dlrt_error();
    const dlrt_tensor_info *info = dlrt_entry_input(session.model, e, 0);
    ASSERT_STREQ(info->name, "image");
    std::vector<int64_t> shape(info->dims, info->dims + info->ndim);
    shape[0] = 8;
    if (StringRef(GetParam().net) == "convnet")
      shape[1] = 16, shape[2] = 12;
    inputs["image"] = filled(type, shape, [&](int64_t i) { return float(0.5 + 0.5 * u(i, 1000 + step)); });
    inputs["label"] = filled(data::I32, {8}, [](int64_t i) { return i; });
  }
  /// As the fixtures keep tensors: flat, every ceil(n / 2000)-th element.
  static data::Array sampled(const data::Array &a) {
    int64_t n = a.size(), every = (n + 1999) / 2000;
    return filled(a.type, {(n + every - 1) / every}, [&](int64_t i) { return element(a, i * every); });
  }
  void expectTrajectory(StringRef rule, Tensors hyper, ArrayRef<StringRef> flags, double tolerance) {
    const int64_t steps = 100;
    CompileOptions options;
    options.train = training(context, rule, flags);
    Session session(*model, options);
    ASSERT_TRUE(session.ok());
    setWeights(session);
    data::Array losses = zeros(type, {steps});
    for (int64_t s = 0; s < steps; ++s) {
      setInputs(session, "train_step", hyper, s);
      auto out = session.run("train_step", hyper);
      if (GetParam().f64)
        losses.data<double>()[s] = element(out.at("loss"), 0);
      else
        losses.data<float>()[s] = element(out.at("loss"), 0);
    }
    EXPECT_LE(relativeError(losses, read(rule.str() + ".losses")), tolerance) << "losses";
    for (const dlrt_tensor_info *p : session.parameters())
      if (p->role == DLRT_TRAINABLE)
        EXPECT_LE(relativeError(sampled(session.parameter(p->name)), read(rule.str() + "." + p->name)), tolerance) << p->name;
  }
  Tensors scalars(std::initializer_list<std::pair<const char *, double>> values) {
    Tensors t;
    for (auto [name, value] : values)
      t[name] = filled(type, {}, [v = value](int64_t) { return v; });
    return t;
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> model;
  std::string folder;
  dlrt_datatype type;
};

TEST_P(ReferenceNumbers, Outputs) {
  Session session(*model);
  ASSERT_TRUE(session.ok());
  setWeights(session);
  Tensors inputs;
  setInputs(session, "run", inputs, 0);
  EXPECT_LE(relativeError(session.run("run", inputs).at("probabilities"), read("probabilities")), GetParam().f64 ? 1e-12 : 1e-5);
}
// The loss's gradients are what one step of plain descent takes off the weights, over the rate: one so large that the rounding
// of w - rate g does not hide g.
TEST_P(ReferenceNumbers, Gradients) {
  CompileOptions options;
  options.train = training(context, "sgd");
  Session session(*model, options);
  ASSERT_TRUE(session.ok());
  const double rate = 0x1p20;
  setWeights(session);
  std::map<std::string, data::Array> before;
  for (const dlrt_tensor_info *p : session.parameters())
    before[p->name] = session.parameter(p->name);
  Tensors inputs = scalars({{"lr", rate}, {"l2", 0}});
  setInputs(session, "train_step", inputs, 0);
  auto out = session.run("train_step", inputs);
  EXPECT_LE(relativeError(out.at("loss"), read("loss")), GetParam().f64 ? 1e-12 : 1e-5);
  for (const dlrt_tensor_info *p : session.parameters()) {
    if (p->role != DLRT_TRAINABLE)
      continue;
    data::Array after = session.parameter(p->name), &w = before[p->name];
    auto g = filled(type, after.shape, [&](int64_t i) { return (element(w, i) - element(after, i)) / rate; });
    EXPECT_LE(relativeError(sampled(g), read(std::string("gradient.") + p->name)), GetParam().f64 ? 1e-9 : 1e-4) << p->name;
  }
}
TEST_P(ReferenceNumbers, HundredStepsOfMomentum) {
  expectTrajectory("sgd", scalars({{"lr", 0.01}, {"l2", 0.0005}, {"momentum", 0.9}}), {"momentum"}, GetParam().f64 ? 1e-6 : 1e-3);
}
TEST_P(ReferenceNumbers, HundredStepsOfAdam) {
  double rate = StringRef(GetParam().net) == "lenet" ? 1e-4 : 1e-3;
  expectTrajectory("adam", scalars({{"lr", rate}}), {}, GetParam().f64 ? 1e-6 : 1e-3);
}
INSTANTIATE_TEST_SUITE_P(Nets, ReferenceNumbers,
                         testing::Values(Case{"mlp", false}, Case{"mlp", true}, Case{"lenet", false}, Case{"lenet", true},
                                         Case{"convnet", false}, Case{"convnet", true}, Case{"rnn", false}, Case{"rnn", true}),
                         [](auto &info) { return std::string(info.param.net) + (info.param.f64 ? "_f64" : "_f32"); });
} // namespace
