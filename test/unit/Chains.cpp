// Kernels that run strip by strip (docs/structures.md) against plain loops, bit for bit: attention and its gradient at extents around
// the strips' and tiles' edges.
#include "dialects/dlx/Dlx.h"
#include "mlir/Pass/PassManager.h"
#include "test/lib/Session.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
using Shape = std::vector<int64_t>;
/// q [B, 2, T, 8], k and v [B, 2, S, 8], a mask over keys, and another one that is made of positions.
const char *const attention = R"(
  dl.symbol @B : 1 to 3
  dl.symbol @T : 0 to 210
  dl.symbol @S : 1 to 310
  func.func @main(%q: tensor<?x2x?x8xf32, #dl.dims<B, 2, T, 8>> {dl.name = "q"}, %k: tensor<?x2x?x8xf32, #dl.dims<B, 2, S, 8>> {dl.name = "k"},
                  %v: tensor<?x2x?x8xf32, #dl.dims<B, 2, S, 8>> {dl.name = "v"}, %shown: tensor<?x?xi1, #dl.dims<B, S>> {dl.name = "shown"})
      -> (tensor<?x2x?x8xf32, #dl.dims<B, 2, T, 8>> {dl.name = "o"}) {
    %s = dl.matmul %q, %k transposed : tensor<?x2x?x8xf32, #dl.dims<B, 2, T, 8>>, tensor<?x2x?x8xf32, #dl.dims<B, 2, S, 8>>
    %c = dl.constant 0.35 : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>
    %t = dl.mul %s, %c : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>
    %mask = dl.broadcast %shown dims [0, 3] : tensor<?x?xi1, #dl.dims<B, S>> -> tensor<?x2x?x?xi1, #dl.dims<B, 2, T, S>>
    %i = dl.iota axis 0 : tensor<?x?xi64, #dl.dims<T, S>>
    %j = dl.iota axis 1 : tensor<?x?xi64, #dl.dims<T, S>>
    %before = dl.compare le %j, %i : tensor<?x?xi64, #dl.dims<T, S>>
    %causal = dl.broadcast %before dims [2, 3] : tensor<?x?xi1, #dl.dims<T, S>> -> tensor<?x2x?x?xi1, #dl.dims<B, 2, T, S>>
    %both = dl.and %mask, %causal : tensor<?x2x?x?xi1, #dl.dims<B, 2, T, S>>
    %low = dl.constant -1.0e30 : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>
    %m = dl.select %both, %t, %low : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>
    %p = dl.softmax %m axis 3 : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>
    %o = dl.matmul %p, %v : tensor<?x2x?x?xf32, #dl.dims<B, 2, T, S>>, tensor<?x2x?x8xf32, #dl.dims<B, 2, S, 8>>
    return %o : tensor<?x2x?x8xf32, #dl.dims<B, 2, T, 8>>
  })";

struct Build {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Session> session;
  unsigned chains = 0;
  /// `bytes`: of values that stay in scratch.
  Build(MLIRContext &context, unsigned level, int64_t bytes, StringRef target = "") {
    module = textModel(context, attention);
    PassManager manager(&context);
    manager.addPass(gradientOf("main"));
    EXPECT_TRUE(succeeded(manager.run(*module)));
    CompileOptions options;
    options.level = level, options.chainBytes = bytes, options.target = codegen::Target::get(target);
    options.after = [&](Stage stage, ModuleOp module) {
      if (stage == Stage::Plan)
        for (auto fn : module.getOps<func::FuncOp>())
          if (auto plan = fn->getAttrOfType<dlx::PlanAttr>("dlx.plan"))
            chains += plan.getEmitter() == dlx::Emitter::chain;
    };
    session = std::make_unique<Session>(*module, options);
  }
};
Tensors inputs(int64_t b, int64_t t, int64_t s, bool gradient) {
  Tensors all;
  Shape q{b, 2, t, 8}, k{b, 2, s, 8};
  uint64_t seed = 0;
  auto add = [&](const char *name, const Shape &shape) {
    ++seed;
    all[name] = filled(data::F32, shape, [&](int64_t i) { return 3 * noise(i, seed); });
  };
  add("q", q), add("k", k), add("v", k);
  all["shown"] = filled(data::Bool, {b, s}, [](int64_t i) { return i % 5 != 3; });
  if (gradient)
    add("cotangent/o", q);
  return all;
}

TEST(Chains, SameBits) {
  MLIRContext context;
  Build plain(context, 0, 256);
  ASSERT_TRUE(plain.session->ok());
  EXPECT_EQ(plain.chains, 0u);
  for (StringRef target : {"", "x86-64-v3"}) {
    Build chained(context, 2, 256, target);
    ASSERT_TRUE(chained.session->ok());
    EXPECT_EQ(chained.chains, 3u) << "attention, and two of its gradient";
    for (auto [b, t, s] : {std::tuple(1, 1, 1), {3, 5, 7}, {1, 97, 130}, {2, 48, 33}, {1, 210, 310}, {2, 0, 5}, {1, 13, 257}})
      for (int threads : {1, 2})
        for (bool gradient : {false, true}) {
          SCOPED_TRACE(std::to_string(b) + " " + std::to_string(t) + " " + std::to_string(s) + " " + target.str());
          chained.session->setThreads(threads);
          Tensors in = inputs(b, t, s, gradient);
          const char *entry = gradient ? "main_grad" : "run";
          Tensors found = chained.session->run(entry, in), expected = plain.session->run(entry, in);
          ASSERT_EQ(found.size(), expected.size());
          for (auto &[name, a] : found)
            EXPECT_TRUE(a.shape == expected.at(name).shape && !memcmp(a.data(), expected.at(name).data(), a.bytes()))
                << name << " differs by " << relativeError(a, expected.at(name));
        }
  }
}
} // namespace
