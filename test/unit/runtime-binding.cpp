// What the runtime says about the caller's tensors.
#include "test/unit/RuntimeProgram.h"

using namespace dlrt_test;

namespace {

/// y[B] and z[2B + 1] from a[B, 3] (f32) and i[B] (i32 in [0, 10)), with B
/// in 1..64; counts its runs.
struct RuntimeBinding : ::testing::Test {
  Builder b;
  alignas(64) float a[512], y[512], z[512];
  alignas(64) int32_t i[512] = {};
  Session *session = nullptr;

  void SetUp() override {
    uint32_t s = b.symbolic("B", 1, 64);
    b.entry("run");
    b.input("a", DLX_F32, {symbol(s), constant(3)}, symbol(s) * constant(12), 768);
    uint32_t index = b.input("i", DLX_I32, {symbol(s)}, symbol(s) * constant(4), 256);
    (void)index;
    b.tensors.back().hi = 10;
    b.output("y", DLX_F32, {symbol(s)}, symbol(s) * constant(4), 256);
    b.output("z", DLX_F32, {symbol(s) * constant(2) + constant(1)}, symbol(s) * constant(8) + constant(4), 516);
    b.stage(b.function("nothing", nothing), symbol(s), {{0}, {1}, {2}, {3}});
    session = new Session(b, 2);
  }
  void TearDown() override { delete session; }
  dlrt_status run(std::vector<int64_t> as, std::vector<int64_t> is, std::vector<int64_t> ys, std::vector<int64_t> zs) {
    return session->run({Tensor(a, as).tensor, Tensor(i, is).tensor}, {Tensor(y, ys).tensor, Tensor(z, zs).tensor});
  }
};

TEST_F(RuntimeBinding, TakesEveryExtentWithinTheBounds) {
  for (int64_t n : {1, 64, 17, 1, 63})
    EXPECT_EQ(run({n, 3}, {n}, {n}, {2 * n + 1}), DLRT_OK) << dlrt_error();
}

TEST_F(RuntimeBinding, NamesTheBoundOfASymbol) {
  EXPECT_TRUE(failsWith(run({65, 3}, {65}, {65}, {131}), DLRT_SHAPE,
                        "input 'a', dimension 0: 65 is above the bound 64 of "
                        "symbol B: compile with --shape B=1..65"));
  EXPECT_TRUE(failsWith(run({0, 3}, {0}, {0}, {1}), DLRT_SHAPE,
                        "input 'a', dimension 0: 0 is below the bound 1 of "
                        "symbol B: compile with --shape B=0..64"));
}

TEST_F(RuntimeBinding, NamesInputsThatDisagree) {
  EXPECT_TRUE(failsWith(run({4, 3}, {5}, {4}, {9}), DLRT_SHAPE,
                        "input 'i' has extent 5 in dimension 0, expected B = 4 "
                        "as in dimension 0 of input 'a'"));
}

TEST_F(RuntimeBinding, NamesWrongShapes) {
  EXPECT_TRUE(failsWith(run({4, 2}, {4}, {4}, {9}), DLRT_SHAPE, "input 'a' has shape [4,2], expected [B,3]"));
  EXPECT_TRUE(failsWith(run({12}, {4}, {4}, {9}), DLRT_SHAPE, "input 'a' has rank 1, expected rank 2 with shape [B,3]"));
  EXPECT_TRUE(failsWith(run({-1, 3}, {4}, {4}, {9}), DLRT_SHAPE, "input 'a' has extent -1"));
  EXPECT_TRUE(failsWith(run({4, 3}, {4}, {3}, {9}), DLRT_SHAPE, "output 'y' has shape [3], expected [4] for these inputs"));
  EXPECT_TRUE(failsWith(run({4, 3}, {4}, {4}, {8}), DLRT_SHAPE, "output 'z' has shape [8], expected [9]"));
}

TEST_F(RuntimeBinding, NamesTheElementOutOfRange) {
  i[3] = 10;
  EXPECT_TRUE(failsWith(run({4, 3}, {4}, {4}, {9}), DLRT_VALUE, "input 'i' has the value 10 at element 3, expected 0 to 9"));
  EXPECT_EQ(run({3, 3}, {3}, {3}, {7}), DLRT_OK);
  i[3] = -1;
  EXPECT_TRUE(failsWith(run({4, 3}, {4}, {4}, {9}), DLRT_VALUE, "the value -1 at element 3"));
}

TEST_F(RuntimeBinding, NamesWrongTypesDevicesStridesAlignments) {
  Tensor in(a, {4, 3}), index(i, {4}), one(y, {4}), two(z, {9});
  auto with = [&](auto change) {
    dlrt_tensor changed = in.tensor;
    change(changed);
    return session->run({changed, index.tensor}, {one.tensor, two.tensor});
  };
  EXPECT_TRUE(
      failsWith(with([](dlrt_tensor &t) { t.dtype = {2, 64, 1}; }), DLRT_SHAPE, "input 'a' has element type float64, expected float32"));
  EXPECT_TRUE(failsWith(with([](dlrt_tensor &t) { t.dtype = {2, 32, 4}; }), DLRT_SHAPE, "float32x4"));
  EXPECT_TRUE(failsWith(with([](dlrt_tensor &t) { t.device.device_type = 2; }), DLRT_VALUE, "device type 2"));
  EXPECT_TRUE(failsWith(with([](dlrt_tensor &t) { t.data = nullptr; }), DLRT_VALUE, "null data"));
  EXPECT_TRUE(
      failsWith(with([](dlrt_tensor &t) { t.byte_offset = 2; }), DLRT_VALUE, "expected a multiple of 4 bytes, as its elements have"));
  EXPECT_EQ(with([](dlrt_tensor &t) { t.byte_offset = 4; }), DLRT_OK);
  int64_t dense[] = {3, 1}, column[] = {1, 4};
  EXPECT_EQ(with([&](dlrt_tensor &t) { t.strides = dense; }), DLRT_OK);
  EXPECT_TRUE(failsWith(with([&](dlrt_tensor &t) { t.strides = column; }), DLRT_SHAPE, "stride 4 in dimension 1, expected 1"));
}

TEST_F(RuntimeBinding, NamesOutputsThatOverlap) {
  Tensor in(a, {4, 3}), index(i, {4}), one(y, {4}), two(y, {9}), over(a + 4, {4});
  EXPECT_TRUE(failsWith(session->run({in.tensor, index.tensor}, {one.tensor, two.tensor}), DLRT_VALUE, "output 'z' overlaps output 'y'"));
  EXPECT_TRUE(failsWith(session->run({in.tensor, index.tensor}, {over.tensor, two.tensor}), DLRT_VALUE, "output 'y' overlaps input 'a'"));
}

TEST(RuntimeOwnMemory, IsNoPlaceForTensors) {
  Builder b;
  uint32_t w = b.param(DLX_TRAINABLE, "w", DLX_F32, {16});
  uint32_t one = b.function("add_one", addOne);
  for (bool writes : {false, true}) {
    b.entry(writes ? "train" : "run");
    uint32_t x = b.input("x", DLX_F32, {constant(4)}, constant(16), 16), y = b.output("y", DLX_F32, {constant(4)}, constant(16), 16);
    uint32_t h = b.arena(16);
    b.stage(one, constant(4), {{x}, {h}});
    b.stage(one, constant(4), {{h}, {y}});
    if (writes)
      b.writesParam(w);
    if (writes)
      b.stage(one, constant(4), {{h}, {b.buffer(DLX_BIND_PARAM, 64, w)}});
  }
  Session session(b);
  alignas(64) float mine[4] = {}, result[4];
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(session.params, "w", &view), DLRT_OK);
  float *weights = static_cast<float *>(view.data), *arena = static_cast<float *>(dlrt_context_arena(session.context, nullptr));
  auto run = [&](float *in, float *out, size_t entry) { return session.run({Tensor(in, {4}).tensor}, {Tensor(out, {4}).tensor}, entry); };
  for (size_t entry : {0, 1}) {
    EXPECT_TRUE(failsWith(run(mine, weights + 4, entry), DLRT_VALUE, "output 'y' lies in the memory of parameter 'w'"));
    EXPECT_TRUE(failsWith(run(mine, arena, entry), DLRT_VALUE, "output 'y' lies in the context's arena"));
    EXPECT_TRUE(failsWith(run(arena, mine, entry), DLRT_VALUE, "input 'x' lies in the context's arena"));
    EXPECT_EQ(run(mine, result, entry), DLRT_OK) << dlrt_error();
  }
  EXPECT_EQ(run(weights, result, 0), DLRT_OK) << dlrt_error(); // read alone
  EXPECT_TRUE(failsWith(run(weights, result, 1), DLRT_VALUE, "input 'x' lies in the memory of parameter 'w'"));
  EXPECT_EQ(weights[4], 0);
}

TEST_F(RuntimeBinding, CountsTensorsAndEntries) {
  EXPECT_TRUE(failsWith(session->run({}, {}), DLRT_VALUE, "0 inputs for entry 'run', expected 2"));
  EXPECT_TRUE(
      failsWith(session->run({Tensor(a, {4, 3}).tensor, Tensor(i, {4}).tensor}, {}), DLRT_VALUE, "0 outputs for entry 'run', expected 2"));
  EXPECT_TRUE(failsWith(session->run({}, {}, 7), DLRT_NAME, "entry number 7"));
  size_t entry;
  EXPECT_TRUE(failsWith(dlrt_entry_find(session->model, "walk", &entry), DLRT_NAME, "no entry 'walk' in model 'test': it has run"));
}

TEST_F(RuntimeBinding, GivesOutputShapes) {
  Tensor in(static_cast<float *>(nullptr), {7, 3}), index(static_cast<int32_t *>(nullptr), {7});
  dlrt_tensor inputs[] = {in.tensor, index.tensor};
  int64_t shape[1];
  ASSERT_EQ(dlrt_output_shape(session->context, 0, inputs, 2, 1, shape), DLRT_OK) << dlrt_error();
  EXPECT_EQ(shape[0], 15);
  EXPECT_TRUE(failsWith(dlrt_output_shape(session->context, 0, inputs, 2, 2, shape), DLRT_NAME, "output 2"));
}

TEST_F(RuntimeBinding, TellsWhatThereIs) {
  const dlrt_tensor_info *info = dlrt_entry_output(session->model, 0, 1);
  ASSERT_TRUE(info);
  EXPECT_STREQ(info->name, "z");
  EXPECT_EQ(info->dims[0], -1);
  EXPECT_EQ(info->max_dims[0], 129);
  EXPECT_EQ(info->symbols[0], nullptr);
  info = dlrt_entry_input(session->model, 0, 0);
  EXPECT_STREQ(info->symbols[0], "B");
  EXPECT_EQ(info->symbols[1], nullptr);
  EXPECT_EQ(info->dims[1], 3);
  EXPECT_EQ(dlrt_entry_input(session->model, 0, 2), nullptr);
  EXPECT_EQ(dlrt_entry_input(session->model, 1, 0), nullptr);
}

} // namespace
