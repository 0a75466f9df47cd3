// The C++ wrapper: runs, and throws what the runtime says.
#include "runtime/dlrt.hpp"
#include "test/unit/RuntimeProgram.h"

using namespace dlrt_test;

namespace {

TEST(RuntimeWrapper, RunsAndThrows) {
  Builder b;
  b.param(DLX_TRAINABLE, "w", DLX_F32, {4});
  uint32_t s = b.symbolic("B", 0, 64);
  b.entry("run");
  b.input("x", DLX_F32, {symbol(s)}, symbol(s) * constant(4), 256);
  b.output("y", DLX_F32, {symbol(s)}, symbol(s) * constant(4), 256);
  b.stage(b.function("add_one", addOne), symbol(s), {{0}, {1}});
  dlrt::Model model(static_cast<const void *>(b.finish()));
  dlrt::Params params(model);
  dlrt::Team team(2);
  dlrt::Context context(model, params, team), inlined(model, params);
  alignas(64) float values[64] = {1, 2, 3}, result[64];
  const float *readOnly = values;
  size_t entry = model.entry("run");
  std::vector<dlrt::Tensor> in = {{readOnly, {3}}};
  EXPECT_EQ(context.outputShape(model, entry, in, 0), std::vector<int64_t>{3});
  context.run(entry, in, {{result, {3}}});
  EXPECT_EQ(result[2], 4);
  inlined.run(entry, in, {{result + 16, {3}}});
  EXPECT_EQ(result[18], 4);
  params.set("w", {values, {4}});
  EXPECT_EQ(static_cast<float *>(params.view("w").data)[1], 2);
  try {
    context.run(entry, {{values, {65}}}, {{result, {65}}});
    FAIL();
  } catch (const dlrt::Error &error) {
    EXPECT_EQ(error.status(), DLRT_SHAPE);
    EXPECT_NE(std::string(error.what()).find("above the bound 64"), std::string::npos);
  }
  EXPECT_THROW(model.entry("walk"), dlrt::Error);
  EXPECT_THROW(dlrt::Model("/nowhere.so"), dlrt::Error);
}

} // namespace
