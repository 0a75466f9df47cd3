// dl.attention and its gradient against its definition in f64: masks of each kind, grouped queries, queries that see no key.
#include "mlir/Pass/PassManager.h"
#include "test/lib/Session.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
struct Kind {
  const char *name;
  int64_t b, h, g, t, s, d, e;
  std::vector<int64_t> mask; ///< its extents, or none
  bool causal;
};
const Kind kinds[] = {{"plain", 2, 3, 3, 5, 7, 4, 3, {}, false},
                      {"causal", 1, 2, 2, 6, 6, 4, 4, {}, true},
                      {"causal, more keys", 1, 2, 1, 3, 8, 4, 4, {}, true},
                      {"causal, fewer keys", 1, 2, 1, 8, 3, 4, 4, {}, true}, // the first queries see none
                      {"keys", 2, 4, 2, 5, 7, 4, 4, {2, 1, 1, 7}, false},
                      {"queries", 2, 4, 2, 5, 7, 4, 4, {1, 1, 5, 7}, true},
                      {"all", 2, 4, 1, 70, 130, 8, 8, {2, 4, 70, 130}, false}};

struct Reference {
  const Kind &k;
  Tensors &in;
  std::map<std::string, std::vector<double>> out = {};
  double q(int64_t b, int64_t h, int64_t i, int64_t x) { return element(in["q"], ((b * k.h + h) * k.t + i) * k.d + x); }
  int64_t ofKeys(int64_t b, int64_t h, int64_t j) { return (b * k.g + h / (k.h / k.g)) * k.s + j; }
  bool seen(int64_t b, int64_t h, int64_t i, int64_t j) {
    if (k.causal && j > i + k.s - k.t)
      return false;
    if (k.mask.empty())
      return true;
    auto at = [&](int64_t n, int64_t x) { return k.mask[n] == 1 ? 0 : x; };
    return element(in["m"], ((at(0, b) * k.mask[1] + at(1, h)) * k.mask[2] + at(2, i)) * k.s + j) != 0;
  }
  explicit Reference(const Kind &k, Tensors &in) : k(k), in(in) {
    auto &y = out["y"], &dq = out["gradient/q"], &dk = out["gradient/k"], &dv = out["gradient/v"];
    y.resize(k.b * k.h * k.t * k.e), dq.resize(k.b * k.h * k.t * k.d), dk.resize(k.b * k.g * k.s * k.d), dv.resize(k.b * k.g * k.s * k.e);
    double scale = 1 / std::sqrt(double(k.d));
    for (int64_t b = 0; b < k.b; ++b)
      for (int64_t h = 0; h < k.h; ++h)
        for (int64_t i = 0; i < k.t; ++i) {
          std::vector<double> p(k.s), dp(k.s);
          double sum = 0, mean = 0;
          int64_t row = (b * k.h + h) * k.t + i;
          for (int64_t j = 0; j < k.s; ++j)
            if (seen(b, h, i, j)) {
              for (int64_t x = 0; x < k.d; ++x)
                p[j] += q(b, h, i, x) * element(in["k"], ofKeys(b, h, j) * k.d + x) * scale;
              sum += p[j] = std::exp(p[j]);
            }
          for (int64_t j = 0; j < k.s; ++j) {
            p[j] = sum ? p[j] / sum : 0;
            for (int64_t x = 0; x < k.e; ++x) {
              double v = element(in["v"], ofKeys(b, h, j) * k.e + x), dy = element(in["cotangent/y"], row * k.e + x);
              y[row * k.e + x] += p[j] * v, dp[j] += dy * v, dv[ofKeys(b, h, j) * k.e + x] += p[j] * dy;
            }
            mean += p[j] * dp[j];
          }
          for (int64_t j = 0; j < k.s; ++j)
            for (int64_t x = 0; x < k.d; ++x) {
              double dw = p[j] * (dp[j] - mean) * scale;
              dq[row * k.d + x] += dw * element(in["k"], ofKeys(b, h, j) * k.d + x);
              dk[ofKeys(b, h, j) * k.d + x] += dw * q(b, h, i, x);
            }
        }
  }
};

std::string tensor(std::vector<int64_t> shape, const char *element = "f32") {
  std::string text = "tensor<";
  for (int64_t n : shape)
    text += std::to_string(n) + "x";
  return text + element + ">";
}

TEST(Attention, IsItsDefinition) {
  for (const Kind &k : kinds)
    for (int64_t bytes : {64, 1 << 20}) { // by chains, and not
      SCOPED_TRACE(std::string(k.name) + " " + std::to_string(bytes));
      std::vector<int64_t> q{k.b, k.h, k.t, k.d}, key{k.b, k.g, k.s, k.d}, value{k.b, k.g, k.s, k.e}, y{k.b, k.h, k.t, k.e};
      std::string mask = k.mask.empty() ? "" : tensor(k.mask, "i1");
      std::string text = "func.func @main(%q: " + tensor(q) + " {dl.name = \"q\"}, %k: " + tensor(key) +
                         " {dl.name = \"k\"}, %v: " + tensor(value) + " {dl.name = \"v\"}" +
                         (mask.empty() ? "" : ", %m: " + mask + " {dl.name = \"m\"}") + ") -> (" + tensor(y) +
                         " {dl.name = \"y\"}) {\n  %y = dl.attention %q, %k, %v " + (mask.empty() ? "" : "mask %m ") +
                         (k.causal ? "causal " : "") + ": " + tensor(q) + ", " + tensor(key) + ", " + tensor(value) +
                         (mask.empty() ? "" : ", " + mask) + "\n  return %y : " + tensor(y) + "\n}";
      MLIRContext context;
      auto module = textModel(context, text);
      ASSERT_TRUE(module);
      PassManager manager(&context);
      manager.addPass(gradientOf("main"));
      ASSERT_TRUE(succeeded(manager.run(*module)));
      CompileOptions options;
      options.chainBytes = bytes;
      Session session(*module, options);
      ASSERT_TRUE(session.ok());
      Tensors in;
      auto fill = [&](const char *name, const std::vector<int64_t> &shape, uint64_t seed) {
        in[name] = filled(data::F32, shape, [&](int64_t i) { return 2 * noise(i, seed); });
      };
      fill("q", q, 1), fill("k", key, 2), fill("v", value, 3), fill("cotangent/y", y, 4);
      if (!k.mask.empty()) // the first row of a mask of queries shows nothing
        in["m"] = filled(data::Bool, k.mask, [&](int64_t i) { return (k.mask[2] == 1 || i / k.s % k.mask[2]) && noise(i, 5) > -0.3; });
      Reference expected(k, in);
      for (auto &[name, found] : session.run("main_grad", in)) {
        auto &reference = expected.out.at(name);
        double most = 0, error = 0;
        for (size_t i = 0; i < reference.size(); ++i)
          most = std::max(most, std::fabs(reference[i])), error = std::max(error, std::fabs(element(found, i) - reference[i]));
        EXPECT_LT(error, 2e-6 * most) << name;
      }
    }
}
} // namespace
