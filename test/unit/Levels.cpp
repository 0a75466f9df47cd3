// What a model gives does not depend on how it was built: -O0 (plain loops) against -O2, constant against symbolic extents,
// one thread against several; and what any build must bear: NaN, extents of zero, bf16.
#include "test/lib/Session.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
const char *const nets[] = {"mlp", "lenet", "convnet", "rnn"};

std::vector<int64_t> imageShape(StringRef net, int64_t batch, int64_t h = 14, int64_t w = 10) {
  if (net == "mlp")
    return {batch, 784};
  if (net == "rnn")
    return {batch, 28, 28};
  return net == "lenet" ? std::vector<int64_t>{batch, 28, 28, 1} : std::vector<int64_t>{batch, h, w, 1};
}
Tensors sample(std::vector<int64_t> shape, bool f64) {
  Tensors t;
  t["label"] = filled(data::I32, {shape[0]}, [](int64_t i) { return i * 7 % 10; });
  t["image"] = filled(f64 ? data::F64 : data::F32, shape, [](int64_t i) { return float(noise(i)); });
  return t;
}
/// A net that trains by momentum, initialised.
std::unique_ptr<Session> trainable(MLIRContext &context, StringRef net, bool f64, unsigned level, int64_t minBatch = 1,
                                   int64_t maxBatch = 64) {
  auto model = zooModel(context, net, f64, minBatch, maxBatch);
  CompileOptions options;
  options.level = level;
  options.train = training(context, "sgd", {"momentum"});
  auto session = std::make_unique<Session>(*model, options);
  EXPECT_TRUE(session->ok());
  if (session->ok())
    session->init(7);
  return session;
}
bool sameBytes(const data::Array &a, const data::Array &b) { return a.shape == b.shape && !memcmp(a.data(), b.data(), a.bytes()); }
void expectSame(const Tensors &found, const Tensors &expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (auto &[name, a] : found)
    EXPECT_TRUE(sameBytes(a, expected.at(name))) << name << " differs by " << relativeError(a, expected.at(name));
}

TEST(Levels, PlainLoopsAgree) {
  MLIRContext context;
  for (StringRef net : nets)
    for (bool f64 : {false, true}) {
      SCOPED_TRACE(net.str() + (f64 ? " f64" : " f32"));
      auto plain = trainable(context, net, f64, 0), fast = trainable(context, net, f64, 2);
      ASSERT_TRUE(plain->ok() && fast->ok());
      Tensors inputs = sample(imageShape(net, 5), f64);
      expectSame(fast->run("run", inputs), plain->run("run", inputs));
      for (int step = 0; step < 2; ++step)
        expectSame(fast->run("train_step", inputs), plain->run("train_step", inputs));
      for (const dlrt_tensor_info *p : fast->parameters()) // state is among them
        EXPECT_TRUE(sameBytes(fast->parameter(p->name), plain->parameter(p->name))) << p->name;
    }
}
// Values of the forward pass that are made again for the backward pass are the same values.
TEST(Levels, Rematerialised) {
  MLIRContext context;
  for (StringRef net : {"lenet", "convnet", "resnet18"}) {
    std::vector<Tensors> expected;
    int64_t arena = 0;
    for (int64_t every : {0, 1, 2}) {
      SCOPED_TRACE(net.str() + " " + std::to_string(every));
      bool large = net == "resnet18"; // what small nets keep is not where their memory is at its most
      auto model = zooModel(context, net, false, 1, 1);
      CompileOptions options;
      options.rematerialise = every;
      options.train = training(context, "sgd", {"momentum"});
      int64_t own = 0;
      options.after = [&](Stage stage, ModuleOp module) {
        if (stage == Stage::Schedule)
          for (auto program : module.getOps<dlx::ProgramOp>())
            own = std::max<int64_t>(own, program.getArena());
      };
      Session session(*model, options);
      ASSERT_TRUE(session.ok());
      session.init(7);
      Tensors inputs = sample(large ? std::vector<int64_t>{1, 224, 224, 3} : imageShape(net, 1), false);
      for (size_t step = 0; step < 2; ++step) {
        Tensors found = session.run("train_step", inputs);
        if (every)
          expectSame(found, expected[step]);
        else
          expected.push_back(std::move(found));
      }
      if (every && large)
        EXPECT_LT(own, arena);
      arena = own;
    }
  }
}
// A symbolic batch takes any extent up to its bound, with the bits that a constant batch has.
TEST(Levels, OneBuildServesEveryBatch) {
  MLIRContext context;
  for (StringRef net : nets) {
    auto symbolic = trainable(context, net, false, 2);
    for (int64_t batch : {1, 3, 64}) {
      SCOPED_TRACE(net.str() + " " + std::to_string(batch));
      auto constant = trainable(context, net, false, 2, batch, batch);
      symbolic->init(7);
      Tensors inputs = sample(imageShape(net, batch), false);
      auto a = symbolic->run("train_step", inputs), b = constant->run("train_step", inputs);
      EXPECT_TRUE(sameBytes(a.at("loss"), b.at("loss")));
      EXPECT_TRUE(sameBytes(a.at("probabilities"), b.at("probabilities")));
      for (const dlrt_tensor_info *p : symbolic->parameters())
        EXPECT_TRUE(sameBytes(symbolic->parameter(p->name), constant->parameter(p->name))) << p->name;
    }
  }
}
TEST(Levels, SymbolicHeightAndWidth) {
  MLIRContext context;
  auto plain = trainable(context, "convnet", false, 0), fast = trainable(context, "convnet", false, 2);
  fast->setThreads(2);
  for (auto [batch, h, w] : {std::array<int64_t, 3>{2, 8, 8}, {1, 9, 64}, {3, 17, 23}, {2, 64, 31}}) {
    SCOPED_TRACE(std::to_string(h) + "x" + std::to_string(w));
    Tensors inputs = sample(imageShape("convnet", batch, h, w), false);
    expectSame(fast->run("run", inputs), plain->run("run", inputs));
    expectSame(fast->run("train_step", inputs), plain->run("train_step", inputs));
  }
}
TEST(Levels, NaNPassesThrough) {
  MLIRContext context;
  for (StringRef net : nets)
    for (unsigned level : {0, 2}) {
      SCOPED_TRACE(net.str() + " -O" + std::to_string(level));
      auto session = trainable(context, net, false, level);
      Tensors inputs = sample(imageShape(net, 3), false);
      int64_t each = inputs["image"].size() / 3;
      inputs["image"].data<float>()[each + each / 2 + 3] = NAN;
      data::Array p = std::move(session->run("run", inputs).at("probabilities"));
      for (int64_t i = 0; i < 30; ++i) // the second sample's, and no other's
        EXPECT_EQ(std::isnan(element(p, i)), i >= 10 && i < 20) << i;
    }
}
TEST(Levels, NoSamples) {
  MLIRContext context;
  for (StringRef net : nets)
    for (unsigned level : {0, 2}) {
      SCOPED_TRACE(net.str() + " -O" + std::to_string(level));
      auto model = zooModel(context, net, false, 1, 64);
      CompileOptions options;
      options.level = level;
      options.bounds = {{"B", {0, 64}}};
      Session session(*model, options);
      ASSERT_TRUE(session.ok());
      session.init(1);
      Tensors inputs = sample(imageShape(net, 0), false);
      inputs.erase("label");
      EXPECT_EQ(session.run("run", inputs).at("probabilities").shape, (std::vector<int64_t>{0, 10}));
    }
}

// The mean over no sample is not a number, as it is PyTorch's; gradients are sums over samples, so nothing moves but by momentum.
TEST(Levels, TrainingOnNoSamples) {
  MLIRContext context;
  for (StringRef net : nets)
    for (unsigned level : {0, 2}) {
      SCOPED_TRACE(net.str() + " -O" + std::to_string(level));
      auto session = trainable(context, net, false, level, 0);
      ASSERT_TRUE(session->ok());
      std::map<std::string, data::Array> before;
      for (const dlrt_tensor_info *p : session->parameters())
        before[p->name] = session->parameter(p->name);
      Tensors inputs = sample(imageShape(net, 0), false);
      Tensors out = session->run("train_step", inputs);
      EXPECT_TRUE(std::isnan(element(out.at("loss"), 0)));
      EXPECT_EQ(out.at("probabilities").shape, (std::vector<int64_t>{0, 10}));
      for (auto &[name, value] : before)
        EXPECT_TRUE(sameBytes(session->parameter(name.c_str()), value)) << name;
    }
}

// bf16 storage: sums in f32, one rounding where a value is defined, fused or not.
TEST(Levels, Bfloat16) {
  const dlrt_datatype bf16{4, 16, 1};
  const int64_t m = 5, k = 300, n = 70;
  auto x = filled(bf16, {m, k}, [](int64_t i) { return noise(i, 1); }), w = filled(bf16, {k, n}, [](int64_t i) { return noise(i, 2); }),
       b = filled(bf16, {n}, [](int64_t i) { return noise(i, 3); });
  auto round = [&](double v) { return element(filled(bf16, {}, [&](int64_t) { return v; }), 0); };
  auto reference = filled(bf16, {m, n}, [&](int64_t i) {
    double sum = 0;
    for (int64_t j = 0; j < k; ++j)
      sum += element(x, i / n * k + j) * element(w, j * n + i % n);
    return std::tanh(round(round(sum) + element(b, i % n)));
  });
  Tensors inputs, outputs[2];
  inputs["x"] = std::move(x), inputs["w"] = std::move(w), inputs["b"] = std::move(b);
  for (unsigned level : {0, 2}) {
    MLIRContext context;
    auto model = textModel(context, R"(dl.symbol @B : 1 to 64
      func.func @main(%x: tensor<?x300xbf16, #dl.dims<B, 300>> {dl.name = "x"}, %w: tensor<300x70xbf16> {dl.name = "w"},
                      %b: tensor<70xbf16> {dl.name = "b"}) -> (tensor<?x70xbf16, #dl.dims<B, 70>> {dl.name = "y"}) {
        %0 = dl.matmul %x, %w : tensor<?x300xbf16, #dl.dims<B, 300>>, tensor<300x70xbf16>
        %1 = dl.broadcast %b dims [1] : tensor<70xbf16> -> tensor<?x70xbf16, #dl.dims<B, 70>>
        %2 = dl.add %0, %1 : tensor<?x70xbf16, #dl.dims<B, 70>>
        %3 = dl.tanh %2 : tensor<?x70xbf16, #dl.dims<B, 70>>
        return %3 : tensor<?x70xbf16, #dl.dims<B, 70>>
      })");
    ASSERT_TRUE(model);
    CompileOptions options;
    options.level = level;
    Session session(*model, options);
    ASSERT_TRUE(session.ok());
    outputs[level / 2] = session.run("run", inputs);
    int64_t other = 0;
    for (int64_t i = 0; i < m * n; ++i) { // a sum next to a tie may round the other way in f32
      double y = element(outputs[level / 2].at("y"), i), expected = element(reference, i);
      other += y != expected;
      EXPECT_LE(std::fabs(y - expected), 0x1p-6 * std::fabs(expected)) << i;
    }
    EXPECT_LE(other, m * n / 50) << "-O" << level;
  }
  EXPECT_TRUE(sameBytes(outputs[0].at("y"), outputs[1].at("y")));
}
// Mixed precision: parameters in f32, the model's middle in bf16. One step against the formulas.
TEST(Levels, TrainsThroughBfloat16) {
  const int64_t n = 6, k = 40, c = 5;
  const double lr = 0.5;
  auto bf16 = [](double v) { return element(filled({4, 16, 1}, {}, [&](int64_t) { return v; }), 0); };
  auto x = filled(data::F32, {n, k}, [](int64_t i) { return noise(i, 1); });
  auto w = filled(data::F32, {k, c}, [](int64_t i) { return noise(i, 2); });
  // softmax(z), then (softmax - label) / n, rounded to bf16 as z is, and x^T of it.
  std::vector<double> p(n * c), dz(n * c);
  double loss = 0;
  for (int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < c; ++j) {
      double z = 0;
      for (int64_t l = 0; l < k; ++l)
        z += bf16(element(x, i * k + l)) * bf16(element(w, l * c + j));
      sum += p[i * c + j] = std::exp(bf16(z));
    }
    for (int64_t j = 0; j < c; ++j)
      dz[i * c + j] = bf16(((p[i * c + j] /= sum) - (i % c == j)) / n);
    loss -= std::log(p[i * c + i % c]) / n;
  }
  auto expected = filled(data::F32, {k, c}, [&](int64_t at) {
    double g = 0;
    for (int64_t i = 0; i < n; ++i)
      g += bf16(element(x, i * k + at / c)) * dz[i * c + at % c];
    return element(w, at) - lr * bf16(g);
  });
  data::Array after[2];
  for (unsigned level : {0, 2}) {
    MLIRContext context;
    auto model = textModel(context, R"(dl.symbol @B : 1 to 64
      func.func @main(%x: tensor<?x40xf32, #dl.dims<B, 40>> {dl.name = "x"},
                      %w: tensor<40x5xf32> {dl.param = #dl.param<"w", he_normal(1.0), trainable>})
          -> (tensor<?x5xf32, #dl.dims<B, 5>> {dl.name = "p"}) {
        %0 = dl.cast %x : tensor<?x40xf32, #dl.dims<B, 40>> -> tensor<?x40xbf16, #dl.dims<B, 40>>
        %1 = dl.cast %w : tensor<40x5xf32> -> tensor<40x5xbf16>
        %2 = dl.matmul %0, %1 : tensor<?x40xbf16, #dl.dims<B, 40>>, tensor<40x5xbf16>
        %3 = dl.cast %2 : tensor<?x5xbf16, #dl.dims<B, 5>> -> tensor<?x5xf32, #dl.dims<B, 5>>
        %4 = dl.softmax %3 axis 1 : tensor<?x5xf32, #dl.dims<B, 5>>
        return %4 : tensor<?x5xf32, #dl.dims<B, 5>>
      })");
    ASSERT_TRUE(model);
    CompileOptions options;
    options.level = level;
    options.train = training(context, "sgd");
    Session session(*model, options);
    ASSERT_TRUE(session.ok());
    session.setParameter("w", w);
    Tensors inputs;
    inputs["x"] = filled(data::F32, {n, k}, [&](int64_t i) { return element(x, i); });
    inputs["label"] = filled(data::I32, {n}, [&](int64_t i) { return i % c; });
    inputs["lr"] = filled(data::F32, {}, [&](int64_t) { return lr; });
    EXPECT_NEAR(element(session.run("train_step", inputs).at("loss"), 0), loss, 1e-5) << "-O" << level;
    after[level / 2] = session.parameter("w");
    int64_t other = 0;
    for (int64_t i = 0; i < k * c; ++i) { // a gradient next to a tie of bf16 may round the other way in f32
      double moved = element(expected, i) - element(w, i), error = std::fabs(element(after[level / 2], i) - element(expected, i));
      other += error > 1e-6;
      EXPECT_LE(error, 1e-6 + 0x1p-6 * std::fabs(moved)) << i;
    }
    EXPECT_LE(other, k * c / 50) << "-O" << level;
  }
  EXPECT_TRUE(sameBytes(after[0], after[1]));
}
} // namespace
