// Parameters: initialisers, get and set, staleness of what prepare derived.
#include "runtime/Philox.h"
#include "test/unit/RuntimeProgram.h"
#include <cmath>

using namespace dlrt_test;

namespace {

/// w is trained, m is not; prepare packs w + 1; run gives packed + x, train
/// adds 1 to w.
void buildModel(Builder &b, int64_t n = 4, double a = 0, double deviation = 0) {
  uint32_t w = b.param(DLX_TRAINABLE, "w", DLX_F32, {n}, deviation > 0 ? DLX_INIT_NORMAL : DLX_INIT_NONE, a, deviation);
  b.param(DLX_NON_TRAINABLE, "m", DLX_F32, {2}, DLX_INIT_CONSTANT, 1);
  uint32_t one = b.function("add_one", addOne), sum = b.function("add", add);
  int64_t bytes = n * 4;
  b.entry("run");
  b.entries.back().prepare = 2;
  b.entries.back().prepared = uint64_t(bytes);
  uint32_t x = b.input("x", DLX_F32, {constant(n)}, constant(bytes), uint64_t(bytes));
  uint32_t y = b.output("y", DLX_F32, {constant(n)}, constant(bytes), uint64_t(bytes));
  uint32_t packed = b.buffer(DLX_PREPARED, bytes, 0);
  b.stage(sum, constant(n), {{x}, {packed}, {y}});
  b.entry("train");
  b.writesParam(w);
  uint32_t own = b.buffer(DLX_BIND_PARAM, bytes, w);
  b.stage(one, constant(n), {{own}, {own}});
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = uint64_t(bytes);
  uint32_t from = b.buffer(DLX_BIND_PARAM, bytes, w), to = b.buffer(DLX_PREPARED, bytes, 0);
  b.stage(one, constant(n), {{from}, {to}});
}

/// Sets w from `n` values.
dlrt_status setW(Session &session, float *values, int64_t n) {
  Tensor tensor(values, {n});
  return dlrt_params_set(session.params, "w", &tensor.tensor);
}

/// y[0] of a run with x = 0.
float runOnce(Session &session) {
  alignas(64) float x[4] = {}, y[4] = {-1};
  EXPECT_EQ(session.run({Tensor(x, {4}).tensor}, {Tensor(y, {4}).tensor}), DLRT_OK) << dlrt_error();
  return y[0];
}

TEST(RuntimeParams, PrepareRunsAgainAfterAnyChange) {
  Builder b;
  buildModel(b);
  Session session(b, 2);
  EXPECT_EQ(runOnce(session), 1);
  alignas(64) float values[4] = {5, 5, 5, 5};
  ASSERT_EQ(setW(session, values, 4), DLRT_OK) << dlrt_error();
  EXPECT_EQ(runOnce(session), 6);
  ASSERT_EQ(session.run({}, {}, 1), DLRT_OK); // train
  EXPECT_EQ(runOnce(session), 7);
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(session.params, "w", &view), DLRT_OK);
  static_cast<float *>(view.data)[0] = 10;
  EXPECT_EQ(runOnce(session), 7); // not told
  EXPECT_EQ(dlrt_params_changed(session.params, nullptr), DLRT_OK);
  EXPECT_EQ(runOnce(session), 11);
  dlrt_context *other; // shares what is prepared
  ASSERT_EQ(dlrt_context_new(session.model, session.params, nullptr, &other), DLRT_OK);
  EXPECT_EQ(dlrt_prepare(other, 0), DLRT_OK);
  EXPECT_EQ(dlrt_prepare(other, 1), DLRT_OK);
  EXPECT_EQ(dlrt_model_entries(session.model), 2u); // prepare is nobody's to call
  EXPECT_EQ(dlrt_entry_name(session.model, 2), nullptr);
  EXPECT_EQ(dlrt_prepare(other, 2), DLRT_NAME);
  dlrt_context_free(other);
}

TEST(RuntimeParams, UntrainedOnesBeginAtTheirConstant) {
  Builder b;
  buildModel(b);
  Session session(b);
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(session.params, "m", &view), DLRT_OK);
  EXPECT_EQ(static_cast<float *>(view.data)[1], 1);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(view.data) % 64, 0u);
  EXPECT_EQ(dlrt_model_param(session.model, 0)->role, DLRT_TRAINABLE);
  EXPECT_EQ(dlrt_model_param(session.model, 1)->role, DLRT_NON_TRAINABLE);
}

TEST(RuntimeParams, NamesFaults) {
  Builder b;
  buildModel(b);
  Session session(b);
  dlrt_tensor view;
  alignas(64) float values[8] = {};
  EXPECT_TRUE(failsWith(dlrt_params_get(session.params, "v", &view), DLRT_NAME, "no parameter 'v' in model 'test': it has 2: m, w"));
  EXPECT_TRUE(failsWith(setW(session, values, 5), DLRT_SHAPE, "parameter 'w' has shape [5], expected [4]"));
  Builder c;
  buildModel(c);
  Session stranger(c);
  dlrt_context *context;
  EXPECT_TRUE(failsWith(dlrt_context_new(session.model, stranger.params, nullptr, &context), DLRT_VALUE, "another model"));
}

TEST(RuntimeParams, PhiloxGivesItsPublishedNumbers) { // Random123, kat_vectors
  uint32_t zero[4] = {};
  dlrt::philox(zero, 0);
  EXPECT_EQ(zero[0], 0x6627e8d5u);
  EXPECT_EQ(zero[1], 0xe169c58du);
  EXPECT_EQ(zero[2], 0xbc57ac4cu);
  EXPECT_EQ(zero[3], 0x9b00dbd8u);
  uint32_t ones[4] = {~0u, ~0u, ~0u, ~0u};
  dlrt::philox(ones, ~uint64_t(0));
  EXPECT_EQ(ones[0], 0x408f276du);
  EXPECT_EQ(ones[3], 0x6d5451fdu);
}

TEST(RuntimeParams, InitialisersHaveTheirMomentsAndRepeat) {
  constexpr int64_t n = 100000;
  Builder b;
  buildModel(b, n, 2, 3);
  Session session(b);
  dlrt_tensor view;
  auto values = [&](uint64_t seed) {
    EXPECT_EQ(dlrt_params_init(session.params, seed), DLRT_OK);
    EXPECT_EQ(dlrt_params_get(session.params, "w", &view), DLRT_OK);
    const float *data = static_cast<float *>(view.data);
    return std::vector<float>(data, data + n);
  };
  std::vector<float> first = values(1), second = values(2);
  EXPECT_EQ(first, values(1));
  EXPECT_NE(first, second);
  double mean = 0, variance = 0, tail = 0;
  for (float x : first)
    mean += x / double(n);
  for (float x : first)
    variance += (x - mean) * (x - mean) / double(n), tail += std::fabs(x - 2) > 3 * 1.959964 ? 1 / double(n) : 0;
  EXPECT_NEAR(mean, 2, 0.04);
  EXPECT_NEAR(std::sqrt(variance), 3, 0.03);
  EXPECT_NEAR(tail, 0.05, 0.003);
}

TEST(RuntimeParams, UniformAndEveryType) {
  Builder b;
  const dlx_dtype types[] = {DLX_F32, DLX_F64, DLX_BF16, DLX_I1, DLX_I8, DLX_I32, DLX_I64, DLX_U8};
  for (int i = 0; i < 8; ++i) {
    b.param(DLX_TRAINABLE, "u" + std::to_string(i), types[i], {100}, DLX_INIT_UNIFORM, 2, 5);
    b.param(DLX_TRAINABLE, "c" + std::to_string(i), types[i], {3}, DLX_INIT_CONSTANT, -1);
  }
  Session session(b);
  ASSERT_EQ(dlrt_params_init(session.params, 7), DLRT_OK);
  auto element = [&](const std::string &name, int i) {
    dlrt_tensor view;
    EXPECT_EQ(dlrt_params_get(session.params, name.c_str(), &view), DLRT_OK);
    switch (name[1] - '0') {
    case 0:
      return double(static_cast<float *>(view.data)[i]);
    case 1:
      return static_cast<double *>(view.data)[i];
    case 2: {
      uint32_t bits = uint32_t(static_cast<uint16_t *>(view.data)[i]) << 16;
      float value;
      memcpy(&value, &bits, 4);
      return double(value);
    }
    case 4:
      return double(static_cast<int8_t *>(view.data)[i]);
    case 5:
      return double(static_cast<int32_t *>(view.data)[i]);
    case 6:
      return double(static_cast<int64_t *>(view.data)[i]);
    default:
      return double(static_cast<uint8_t *>(view.data)[i]);
    }
  };
  for (int t = 0; t < 8; ++t) {
    std::string u = "u" + std::to_string(t), c = "c" + std::to_string(t);
    double least = 9, most = -9;
    for (int i = 0; i < 100; ++i)
      least = std::min(least, element(u, i)), most = std::max(most, element(u, i));
    EXPECT_GE(least, types[t] == DLX_I1 ? 1 : 2);
    EXPECT_LE(most, 5);
    EXPECT_EQ(element(c, 2), types[t] == DLX_I1 ? 1 : types[t] == DLX_U8 ? 0 : -1);
  }
  // The streams of two names differ; one name's stream does not hang on the
  // rest of the model.
  EXPECT_NE(element("u0", 0), element("u5", 0));
  Builder alone;
  alone.param(DLX_TRAINABLE, "u1", DLX_F64, {100}, DLX_INIT_UNIFORM, 2, 5);
  double before = element("u1", 99);
  Session other(alone);
  ASSERT_EQ(dlrt_params_init(other.params, 7), DLRT_OK);
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(other.params, "u1", &view), DLRT_OK);
  EXPECT_EQ(static_cast<double *>(view.data)[99], before);
}

TEST(RuntimeParams, NormalIsTheQuantileOfItsUniform) {
  // 200 values against Newton's method on erfc, in f64
  Builder b;
  b.param(DLX_TRAINABLE, "w", DLX_F64, {200}, DLX_INIT_NORMAL, 0, 1);
  Session session(b);
  ASSERT_EQ(dlrt_params_init(session.params, 3), DLRT_OK);
  dlrt_tensor view;
  ASSERT_EQ(dlrt_params_get(session.params, "w", &view), DLRT_OK);
  uint64_t hash = (0xcbf29ce484222325ull ^ 'w') * 0x100000001b3ull;
  for (int i = 0; i < 200; ++i) {
    uint32_t words[4] = {uint32_t(i / 2), 0, uint32_t(hash), uint32_t(hash >> 32)};
    dlrt::philox(words, 3);
    const uint32_t *w = words + i % 2 * 2;
    double u = (double((uint64_t(w[1]) << 32 | w[0]) >> 12) + 0.5) * 0x1p-52;
    double x = static_cast<double *>(view.data)[i];
    EXPECT_NEAR(0.5 * std::erfc(-x / std::sqrt(2.0)), u, 1e-14) << i;
  }
}

} // namespace
