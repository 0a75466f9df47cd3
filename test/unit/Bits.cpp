// One model, one seed: the same bits for any number of threads and vector width, for a batch that is constant, symbolic or of a range,
// in this process or from a library, from plain loops or -O2.
#include "test/lib/Session.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SHA256.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr int64_t batch = 20;

/// SHA-256 of what `steps` of training give, and of all parameters and states after them.
std::string train(Session &session, StringRef net, int64_t steps) {
  session.init(11);
  llvm::SHA256 sum;
  auto add = [&](const data::Array &a) { sum.update({a.data<uint8_t>(), a.bytes()}); };
  std::vector<int64_t> shape = net == "mlp"   ? std::vector<int64_t>{batch, 784}
                               : net == "rnn" ? std::vector<int64_t>{batch, 28, 28}
                                              : std::vector<int64_t>{batch, 28, 28, 1};
  for (int64_t s = 0; s < steps; ++s) {
    Tensors inputs;
    inputs["image"] = filled(data::F32, shape, [&](int64_t i) { return noise(i, s + 1); });
    inputs["label"] = filled(data::I32, {batch}, [&](int64_t i) { return (i * 7 + s) % 10; });
    for (auto &[name, value] : session.run("train_step", inputs))
      add(value);
  }
  for (const dlrt_tensor_info *p : session.parameters())
    add(session.parameter(p->name));
  return llvm::toHex(sum.final());
}
CompileOptions trainingFor(MLIRContext &context, const char *level) {
  CompileOptions options;
  options.target = codegen::Target::get(level);
  options.train = training(context, "sgd", {"momentum"});
  return options;
}
SmallVector<const char *> levelsHere() {
  SmallVector<const char *> levels;
  for (const char *level : {"x86-64-v3", "x86-64-v4"})
    if (dlrt_cpu_features() & (level[8] == '4' ? DLX_CPU_V4 : DLX_CPU_V3))
      levels.push_back(level);
  return levels;
}

TEST(Bits, OneSumOfEachNetsTraining) {
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-bits", "so", path));
  for (const char *net : {"mlp", "lenet", "rnn", "convnet"}) {
    std::string expected;
    auto check = [&](Session &session, const char *how) {
      ASSERT_TRUE(session.ok());
      for (int threads : {1, 2, 3}) {
        session.setThreads(threads);
        std::string sum = train(session, net, 3);
        expected = expected.empty() ? sum : expected;
        EXPECT_EQ(sum, expected) << net << ", " << how << ", threads " << threads;
      }
    };
    for (const char *level : levelsHere())
      for (auto [low, high] : {std::pair<int64_t, int64_t>{1, 64}, {batch, batch}, {16, 32}}) { // any, constant, a range
        SCOPED_TRACE(std::string(level) + ", B from " + std::to_string(low) + " to " + std::to_string(high));
        MLIRContext context;
        auto model = zooModel(context, net, false, low, high);
        OwningOpRef<ModuleOp> copy(model->clone());
        Session jit(*model, trainingFor(context, level)), library(*copy, trainingFor(context, level), path);
        check(jit, "in this process"), check(library, "library");
      }
    MLIRContext context;
    auto model = zooModel(context, net, false);
    CompileOptions options = trainingFor(context, "x86-64-v3");
    options.level = 0;
    Session plain(*model, options);
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(train(plain, net, 3), expected) << net << ", -O0";
    RecordProperty(net, expected);
  }
  llvm::sys::fs::remove(path);
}
TEST(Bits, LibrariesHoldTheProgramOfThisProcess) {
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-bits", "so", path));
  for (const char *level : levelsHere()) {
    MLIRContext context;
    auto model = zooModel(context, "lenet", false);
    OwningOpRef<ModuleOp> copy(model->clone());
    Session jit(*model, trainingFor(context, level)), library(*copy, trainingFor(context, level), path);
    ASSERT_TRUE(jit.ok() && library.ok());
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(handle) << dlerror();
    const auto &there = static_cast<const dlx_descriptor *>(dlsym(handle, "dlc_descriptor"))->targets[0];
    ASSERT_EQ(there.program_bytes, jit.target().program_bytes);
    EXPECT_EQ(memcmp(there.program, jit.target().program, there.program_bytes), 0);
    dlclose(handle);
  }
  llvm::sys::fs::remove(path);
}
} // namespace
