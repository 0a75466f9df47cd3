// One model, one seed: the same bits for any number of threads, vector width, and in this process or from a library.
#include "test/lib/Session.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SHA256.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
/// SHA-256 of all parameters and states after `steps` of training.
std::string train(Session &session, int64_t steps) {
  session.init(11);
  const int64_t batch = 20;
  for (int64_t s = 0; s < steps; ++s) {
    Tensors inputs;
    inputs["image"] = filled(data::F32, {batch, 28, 28, 1}, [&](int64_t i) { return noise(i, s + 1); });
    inputs["label"] = filled(data::I32, {batch}, [&](int64_t i) { return (i * 7 + s) % 10; });
    session.run("train_step", inputs);
  }
  llvm::SHA256 sum;
  for (const dlrt_tensor_info *p : session.parameters()) {
    auto value = session.parameter(p->name);
    sum.update({value.data<uint8_t>(), value.bytes()});
  }
  return llvm::toHex(sum.final());
}

TEST(Bits, OneSumOfLeNetsParametersAfterTraining) {
  std::string expected;
  SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-bits", "so", path));
  for (const char *level : {"x86-64-v3", "x86-64-v4"}) {
    if (!(dlrt_cpu_features() & (level[8] == '4' ? DLX_CPU_V4 : DLX_CPU_V3)))
      continue;
    MLIRContext context;
    auto model = zooModel(context, "lenet", false);
    CompileOptions options;
    options.target = level;
    options.train = training(context, "sgd", {"momentum"});
    OwningOpRef<ModuleOp> copy(model->clone());
    Session jit(*model, options), library(*copy, options, path);
    ASSERT_TRUE(jit.ok() && library.ok());
    for (int threads : {1, 2, 3}) {
      SCOPED_TRACE(std::string(level) + ", threads " + std::to_string(threads));
      jit.setThreads(threads), library.setThreads(threads);
      std::string sum = train(jit, 100);
      expected = expected.empty() ? sum : expected;
      EXPECT_EQ(sum, expected);
      EXPECT_EQ(train(library, 100), expected) << "library";
    }
    // The executor is handed the same program, too.
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
