// The gradient of LeNet's gradient, through the whole compiler in f64, against central differences of the gradient.
#include "mlir/Pass/PassManager.h"
#include "test/lib/Session.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr int64_t batch = 2;

/// sum of u * g over the gradients that an entry gives; u is noise by the gradient's name.
double weighted(const Tensors &out, const Tensors &u) {
  double sum = 0;
  for (auto &[name, weights] : u)
    for (int64_t i = 0; i < weights.size(); ++i)
      sum += element(weights, i) * element(out.at(name), i);
  return sum;
}

TEST(GradOfGrad, LeNet) {
  MLIRContext context;
  auto model = zooModel(context, "lenet", true, batch, batch);
  PassManager passes(&context);
  passes.addPass(gradientOf("main"));
  passes.addPass(gradientOf("main_grad"));
  ASSERT_TRUE(succeeded(passes.run(*model)));
  Session session(*model);
  ASSERT_TRUE(session.ok());
  session.init(3);

  Tensors first, u, step;
  first["image"] = filled(data::F64, {batch, 28, 28, 1}, [](int64_t i) { return noise(i, 1); });
  first["cotangent/probabilities"] = filled(data::F64, {batch, 10}, [](int64_t i) { return noise(i, 2); });
  uint64_t seed = 10;
  std::map<std::string, data::Array> weights;
  for (const dlrt_tensor_info *p : session.parameters()) {
    weights[p->name] = session.parameter(p->name);
    const auto &shape = weights[p->name].shape;
    u["gradient/" + std::string(p->name)] = filled(data::F64, shape, [&](int64_t i) { return noise(i, seed); });
    step[p->name] = filled(data::F64, shape, [&](int64_t i) { return noise(i, seed + 100); });
    ++seed;
  }

  // d/dw of sum(u * gradient(w)), in the direction of step.
  Tensors second;
  for (auto &[name, value] : first)
    second[name] = filled(data::F64, value.shape, [&](int64_t i) { return element(value, i); });
  second["cotangent/cotangent/probabilities"] = zeros(data::F64, {batch, 10});
  second["cotangent/gradient/image"] = zeros(data::F64, {batch, 28, 28, 1});
  for (auto &[name, value] : u)
    second["cotangent/" + name] = filled(data::F64, value.shape, [&](int64_t i) { return element(value, i); });
  auto out = session.run("main_grad_grad", second);
  double exact = 0;
  for (auto &[name, direction] : step)
    for (int64_t i = 0; i < direction.size(); ++i)
      exact += element(direction, i) * element(out.at("gradient/gradient/" + name), i);

  const double h = 1e-6;
  auto at = [&](double t) {
    for (auto &[name, w] : weights) {
      auto moved = filled(data::F64, w.shape, [&](int64_t i) { return element(w, i) + t * element(step.at(name), i); });
      session.setParameter(name.c_str(), moved);
    }
    return weighted(session.run("main_grad", first), u);
  };
  double difference = (at(h) - at(-h)) / (2 * h);
  EXPECT_GT(std::fabs(exact), 1e-3);
  EXPECT_NEAR(difference / exact, 1, 1e-5);
}
} // namespace
