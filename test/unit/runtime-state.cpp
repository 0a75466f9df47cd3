// States: as many as wanted on one copy of the weights, each in one run at a time; generations, and what prepare repeats.
#include "runtime/dlrt.hpp"
#include "test/unit/RuntimeProgram.h"
#include <atomic>
#include <thread>
#include <unistd.h>

using namespace dlrt_test;

namespace {

constexpr int64_t n = 256;

/// h = 0.5 h + w + x, y = h: w a parameter of `n`, h a state that starts at 2. `peek`: y = x + 1, carries nothing.
void buildRecurrence(Builder &b) {
  uint32_t w = b.param(DLX_TRAINABLE, "w", DLX_F32, {n}), h = b.param(DLX_STATE, "h", DLX_F32, {n}, DLX_INIT_CONSTANT, 2);
  b.param(DLX_STATE, "unused", DLX_I64, {2}, DLX_INIT_CONSTANT, -1);
  uint32_t f = b.function("step", step), g = b.function("add", add), one = b.function("add_one", addOne);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(n)}, constant(n * 4), n * 4);
  uint32_t y = b.output("y", DLX_F32, {constant(n)}, constant(n * 4), n * 4);
  uint32_t weight = b.buffer(DLX_BIND_PARAM, n * 4, w), carried = b.buffer(DLX_BIND_STATE, n * 4, h), sum = b.arena(n * 4);
  b.stage(g, constant(n), {{weight}, {x}, {sum}});
  b.stage(f, constant(n), {{carried}, {sum}, {carried}});
  b.copy(constant(n * 4), y, 0, carried, 0);
  b.entry("peek");
  x = b.input("x", DLX_F32, {constant(n)}, constant(n * 4), n * 4);
  y = b.output("y", DLX_F32, {constant(n)}, constant(n * 4), n * 4);
  b.stage(one, constant(n), {{x}, {y}});
}

struct Values {
  alignas(64) float values[n];
  Values(float value = 0) {
    for (int64_t i = 0; i < n; ++i)
      values[i] = value + float(i);
  }
  Tensor tensor() { return Tensor(values, {n}); }
};

dlrt_status runOn(dlrt_context *context, dlrt_state *state, Values &x, Values &y, size_t entry = 0) {
  Tensor in = x.tensor(), out = y.tensor();
  return dlrt_run(context, entry, state, &in.tensor, 1, &out.tensor, 1);
}

struct RuntimeState : ::testing::Test {
  Builder b;
  Session *session = nullptr;
  std::string path = ::testing::TempDir() + "dlrt-state-" + std::to_string(getpid());
  void SetUp() override {
    buildRecurrence(b);
    session = new Session(b, 2);
    Values w(1);
    Tensor tensor = w.tensor();
    ASSERT_EQ(dlrt_params_set(session->params, "w", &tensor.tensor), DLRT_OK) << dlrt_error();
  }
  void TearDown() override {
    delete session;
    unlink(path.c_str());
  }
  dlrt_state *make() {
    dlrt_state *state = nullptr;
    EXPECT_EQ(dlrt_state_new(session->model, &state), DLRT_OK) << dlrt_error();
    return state;
  }
  float *h(dlrt_state *state) {
    dlrt_tensor view = {};
    EXPECT_EQ(dlrt_state_get(state, "h", &view), DLRT_OK) << dlrt_error();
    return static_cast<float *>(view.data);
  }
  dlrt_status run(dlrt_state *state, float x, float *first = nullptr) {
    Values in(x), out;
    dlrt_status status = runOn(session->context, state, in, out);
    if (first)
      *first = out.values[0];
    return status;
  }
};

TEST_F(RuntimeState, SequencesDoNotMix) {
  dlrt_state *a = make(), *b = make();
  float y;
  ASSERT_EQ(run(a, 3, &y), DLRT_OK) << dlrt_error();
  EXPECT_EQ(y, 0.5f * 2 + 1 + 3); // from 2, at w = 1
  ASSERT_EQ(run(b, 10, &y), DLRT_OK);
  EXPECT_EQ(y, 0.5f * 2 + 1 + 10);
  ASSERT_EQ(run(a, 0, &y), DLRT_OK);
  EXPECT_EQ(y, 0.5f * 5 + 1);
  EXPECT_EQ(h(b)[0], 12);
  ASSERT_EQ(dlrt_state_copy(b, a), DLRT_OK); // fork
  ASSERT_EQ(run(a, 0, &y), DLRT_OK);
  EXPECT_EQ(y, 0.5f * 3.5f + 1);
  EXPECT_EQ(h(b)[0], 3.5f);
  ASSERT_EQ(dlrt_state_reset(a), DLRT_OK);
  EXPECT_EQ(h(a)[n - 1], 2);
  Values value(7);
  Tensor tensor = value.tensor();
  ASSERT_EQ(dlrt_state_set(a, "h", &tensor.tensor), DLRT_OK);
  EXPECT_EQ(h(a)[1], 8);
  EXPECT_EQ(dlrt_state_bytes(a), uint64_t(n * 4 + 64));
  EXPECT_EQ(dlrt_model_states(session->model), 2u);
  EXPECT_EQ(dlrt_model_state(session->model, 0)->role, DLRT_STATE);
  EXPECT_EQ(dlrt_model_params(session->model), 1u);
  EXPECT_TRUE(dlrt_entry_carries(session->model, 0));
  EXPECT_FALSE(dlrt_entry_carries(session->model, 1));
  dlrt_state_free(a), dlrt_state_free(b);
}

TEST_F(RuntimeState, IsSavedAndLoadedByItself) {
  dlrt_state *a = make(), *b = make();
  ASSERT_EQ(run(a, 3), DLRT_OK);
  ASSERT_EQ(dlrt_state_save(a, path.c_str()), DLRT_OK) << dlrt_error();
  ASSERT_EQ(dlrt_state_load(b, path.c_str()), DLRT_OK) << dlrt_error();
  EXPECT_EQ(memcmp(h(a), h(b), n * 4), 0);
  EXPECT_TRUE(failsWith(dlrt_params_load(session->params, path.c_str(), nullptr), DLRT_NAME, "tensor 'h' is no parameter of model"));
  ASSERT_EQ(dlrt_params_save(session->params, path.c_str(), DLRT_SAVE_ALL), DLRT_OK);
  EXPECT_TRUE(failsWith(dlrt_state_load(b, path.c_str()), DLRT_NAME, "tensor 'w' is no state of model"));
  dlrt_state_free(a), dlrt_state_free(b);
}

TEST_F(RuntimeState, NamesFaults) {
  EXPECT_TRUE(failsWith(run(nullptr, 0), DLRT_VALUE, "entry 'run' carries state from run to run: make one by dlrt_state_new"));
  Builder c;
  buildRecurrence(c);
  Session stranger(c);
  EXPECT_TRUE(failsWith(run(stranger.state, 0), DLRT_VALUE, "the state belongs to another model than 'test'"));
  EXPECT_TRUE(failsWith(dlrt_state_copy(stranger.state, session->state), DLRT_VALUE, "to another model"));
  Values x, y;
  EXPECT_TRUE(failsWith(runOn(session->context, stranger.state, x, y, 1), DLRT_VALUE, "belongs to another model")); // carries nothing
  EXPECT_EQ(runOn(session->context, nullptr, x, y, 1), DLRT_OK);
  EXPECT_EQ(runOn(session->context, session->state, x, y, 1), DLRT_OK);
  dlrt_tensor view;
  EXPECT_TRUE(failsWith(dlrt_state_get(session->state, "w", &view), DLRT_NAME, "no state 'w' in model 'test': it has 2: h, unused"));
  Tensor wrong(x.values, {n - 1});
  EXPECT_TRUE(failsWith(dlrt_state_set(session->state, "h", &wrong.tensor), DLRT_SHAPE, "state 'h' has shape [255], expected [256]"));
  Tensor own(h(session->state), {n}), in = x.tensor(), out = y.tensor();
  EXPECT_TRUE(failsWith(session->run({own.tensor}, {out.tensor}), DLRT_VALUE, "input 'x' lies in the memory of state 'h'"));
  EXPECT_TRUE(failsWith(session->run({in.tensor}, {own.tensor}), DLRT_VALUE, "output 'y' lies in the memory of state 'h'"));
  dlrt_state *made = session->state;
  EXPECT_TRUE(failsWith(dlrt_state_new(nullptr, &made), DLRT_VALUE, "null argument"));
}

std::atomic<int> waiting{0}, entered{0};
/// Holds the first run until it is let go on; ends another.
int32_t hold(void *const *, const int64_t *, int64_t, int64_t, void *) {
  if (entered++)
    return 1;
  for (waiting = 1; waiting != 2;)
    std::this_thread::yield();
  return 0;
}

TEST(RuntimeStateInUse, IsRefusedToAnotherRun) {
  Builder b;
  uint32_t h = b.param(DLX_STATE, "h", DLX_F32, {1});
  b.entry("run");
  b.stage(b.function("hold", hold), constant(1), {{b.buffer(DLX_BIND_STATE, 4, h)}});
  Session session(b);
  dlrt_context *second;
  dlrt_state *other;
  ASSERT_EQ(dlrt_context_new(session.model, session.params, nullptr, &second), DLRT_OK);
  ASSERT_EQ(dlrt_state_new(session.model, &other), DLRT_OK);
  waiting = entered = 0;
  std::thread first([&] { EXPECT_EQ(session.run({}, {}), DLRT_OK) << dlrt_error(); });
  while (waiting != 1)
    std::this_thread::yield();
  const char *message = "the state is in use by another run or call";
  EXPECT_TRUE(failsWith(dlrt_run(second, 0, session.state, nullptr, 0, nullptr, 0), DLRT_VALUE, message));
  EXPECT_TRUE(failsWith(dlrt_state_copy(other, session.state), DLRT_VALUE, message));
  EXPECT_TRUE(failsWith(dlrt_state_copy(session.state, other), DLRT_VALUE, message));
  EXPECT_TRUE(failsWith(dlrt_state_reset(session.state), DLRT_VALUE, message));
  float value = 1;
  Tensor tensor(&value, {1});
  EXPECT_TRUE(failsWith(dlrt_state_set(session.state, "h", &tensor.tensor), DLRT_VALUE, message));
  waiting = 2;
  first.join();
  EXPECT_EQ(dlrt_state_copy(other, session.state), DLRT_OK) << dlrt_error();
  dlrt_state_free(other);
  dlrt_context_free(second);
}

/// Two contexts, two states, one copy of the weights: at the same time as one after the other.
TEST_F(RuntimeState, RunsInParallelHaveTheSameBits) {
  auto sequence = [&](dlrt_context *context, dlrt_state *state, int which, float *result) {
    Values x, y;
    for (int t = 0; t < 200; ++t) {
      for (int64_t i = 0; i < n; ++i)
        x.values[i] = float((t * 31 + i * 7 + which) % 101) / 7;
      if (runOn(context, state, x, y))
        return false;
    }
    memcpy(result, y.values, n * 4);
    return true;
  };
  float alone[2][n], together[2][n];
  dlrt_context *contexts[2];
  dlrt_state *states[2];
  for (int k = 0; k < 2; ++k) {
    ASSERT_EQ(dlrt_context_new(session->model, session->params, session->team, &contexts[k]), DLRT_OK);
    states[k] = make();
    ASSERT_TRUE(sequence(contexts[k], states[k], k, alone[k])) << dlrt_error();
    ASSERT_EQ(dlrt_state_reset(states[k]), DLRT_OK);
  }
  bool good[2];
  std::thread other([&] { good[1] = sequence(contexts[1], states[1], 1, together[1]); });
  good[0] = sequence(contexts[0], states[0], 0, together[0]);
  other.join();
  EXPECT_TRUE(good[0] && good[1]);
  EXPECT_EQ(memcmp(alone, together, sizeof alone), 0);
  for (int k = 0; k < 2; ++k)
    dlrt_context_free(contexts[k]), dlrt_state_free(states[k]);
}

TEST_F(RuntimeState, TheWrapperCarries) {
  dlrt::Model model(static_cast<const void *>(&b.descriptor));
  dlrt::Params params(model);
  dlrt::Context context(model, params);
  dlrt::State state(model), fork(model);
  Values x(4), y;
  context.run(0, state, {{x.values, {n}}}, {{y.values, {n}}});
  EXPECT_EQ(y.values[0], 5);
  fork.copy(state);
  context.run(0, state, {{x.values, {n}}}, {{y.values, {n}}});
  EXPECT_EQ(static_cast<float *>(fork.view("h").data)[0], 5);
  EXPECT_EQ(static_cast<float *>(state.view("h").data)[0], 6.5f);
  state.reset();
  EXPECT_EQ(static_cast<float *>(state.view("h").data)[0], 2);
  state.set("h", {x.values, {n}});
  state.save(path);
  fork.load(path);
  EXPECT_EQ(static_cast<float *>(fork.view("h").data)[0], 4);
  EXPECT_EQ(state.bytes(), uint64_t(n * 4 + 64));
  EXPECT_THROW(context.run(0, {{x.values, {n}}}, {{y.values, {n}}}), dlrt::Error);
}

int calls[3];
/// buffers: from, to; to = from + 1, counting.
template <int Which> int32_t count(void *const *buffers, const int64_t *scalars, int64_t begin, int64_t end, void *scratch) {
  ++calls[Which];
  return addOne(buffers, scalars, begin, end, scratch);
}

/// run: y = pack(a) + x and z = pack(pack(b)) + x; train: c += 1; its prepare packs a and b, b by way of the arena.
void buildTwoPacks(Builder &b) {
  uint32_t a = b.param(DLX_TRAINABLE, "a", DLX_F32, {4}), second = b.param(DLX_TRAINABLE, "b", DLX_F32, {4});
  uint32_t c = b.param(DLX_TRAINABLE, "c", DLX_F32, {4});
  uint32_t sum = b.function("add", add), one = b.function("add_one", addOne);
  uint32_t packA = b.function("pack_a", count<0>), packB = b.function("pack_b", count<1>), again = b.function("again", count<2>);
  for (const char *name : {"run", "train"}) {
    b.entry(name);
    b.entries.back().prepare = 2;
    b.entries.back().prepared = 128;
    uint32_t x = b.input("x", DLX_F32, {constant(4)}, constant(16), 16);
    uint32_t y = b.output("y", DLX_F32, {constant(4)}, constant(16), 16), z = b.output("z", DLX_F32, {constant(4)}, constant(16), 16);
    uint32_t p = b.buffer(DLX_PREPARED, 16, 0), q = b.buffer(DLX_PREPARED, 16, 64);
    b.stage(sum, constant(4), {{p}, {x}, {y}});
    b.stage(sum, constant(4), {{q}, {x}, {z}});
    if (name[0] == 't') {
      uint32_t own = b.buffer(DLX_BIND_PARAM, 16, c);
      b.stage(one, constant(4), {{own}, {own}});
      b.writesParam(c);
    }
  }
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = 128;
  uint32_t fromA = b.buffer(DLX_BIND_PARAM, 16, a), fromB = b.buffer(DLX_BIND_PARAM, 16, second);
  uint32_t toA = b.buffer(DLX_PREPARED, 16, 0), toB = b.buffer(DLX_PREPARED, 16, 64), temporary = b.arena(16);
  b.launch(packA, constant(4), {{fromA}, {toA}});
  b.launch(packB, constant(4), {{fromB}, {temporary}});
  b.stage(2);
  b.stage(again, constant(4), {{temporary}, {toB}});
}

TEST(RuntimeGenerations, PrepareRunsAgainForWhatChangedAlone) {
  Builder b;
  buildTwoPacks(b);
  Session session(b);
  alignas(64) float x[4] = {}, y[4], z[4], values[4] = {10, 10, 10, 10};
  memset(calls, 0, sizeof calls);
  auto counts = [&](size_t entry = 0) {
    EXPECT_EQ(session.run({Tensor(x, {4}).tensor}, {Tensor(y, {4}).tensor, Tensor(z, {4}).tensor}, entry), DLRT_OK) << dlrt_error();
    return std::vector<int>(calls, calls + 3);
  };
  auto generation = [&](const char *name) {
    uint64_t value = 0;
    EXPECT_EQ(dlrt_params_generation(session.params, name, &value), DLRT_OK);
    return value;
  };
  Tensor tensor(values, {4});
  EXPECT_EQ(counts(), (std::vector{1, 1, 1}));
  EXPECT_EQ(counts(), (std::vector{1, 1, 1}));
  uint64_t before = generation("b");
  ASSERT_EQ(dlrt_params_set(session.params, "a", &tensor.tensor), DLRT_OK);
  EXPECT_EQ(generation("b"), before);
  EXPECT_EQ(counts(), (std::vector{2, 1, 1}));
  EXPECT_EQ(y[0], 11);
  EXPECT_EQ(z[0], 2);
  ASSERT_EQ(dlrt_params_changed(session.params, "b"), DLRT_OK);
  EXPECT_GT(generation("b"), before);
  EXPECT_EQ(counts(), (std::vector{2, 2, 2})); // with the temporary that was made on the way
  uint64_t c = generation("c");
  EXPECT_EQ(counts(1), (std::vector{2, 2, 2})); // train writes c alone, and shares what is prepared
  EXPECT_GT(generation("c"), c);
  EXPECT_EQ(counts(1), (std::vector{2, 2, 2}));
  EXPECT_EQ(counts(0), (std::vector{2, 2, 2}));
  ASSERT_EQ(dlrt_params_init(session.params, 1), DLRT_OK);
  EXPECT_EQ(counts(0), (std::vector{3, 3, 3}));
  EXPECT_TRUE(failsWith(dlrt_params_changed(session.params, "d"), DLRT_NAME, "no parameter 'd'"));
}

/// y[P] of x[16] at P = past, an i32 of rank 0.
TEST(RuntimeScalars, GiveSymbols) {
  Builder b;
  uint32_t s = b.symbolic("P", 2, 16);
  b.entry("run");
  b.input("x", DLX_F32, {constant(16)}, constant(64), 64);
  b.input("past", DLX_I32, {}, constant(4), 4);
  b.tensors.back().symbol = s;
  b.output("y", DLX_F32, {symbol(s)}, symbol(s) * constant(4), 64);
  b.stage(b.function("add_one", addOne), symbol(s), {{0}, {2}});
  Session session(b);
  alignas(64) float x[16] = {}, y[16] = {};
  int32_t past = 3;
  auto run = [&](int64_t extent) { return session.run({Tensor(x, {16}).tensor, Tensor(&past, {}).tensor}, {Tensor(y, {extent}).tensor}); };
  ASSERT_EQ(run(3), DLRT_OK) << dlrt_error();
  EXPECT_EQ(y[2], 1);
  EXPECT_EQ(y[3], 0);
  EXPECT_TRUE(failsWith(run(4), DLRT_SHAPE, "output 'y' has shape [4], expected [3]"));
  past = 17;
  EXPECT_TRUE(
      failsWith(run(4), DLRT_SHAPE, "input 'past', its element: 17 is above the bound 16 of symbol P: compile with --shape P=2..17"));
  past = -1;
  EXPECT_TRUE(failsWith(run(4), DLRT_SHAPE, "-1 is below the bound 2 of symbol P"));
  EXPECT_STREQ(dlrt_entry_input(session.model, 0, 1)->gives, "P");
  Tensor in(x, {16}), none(static_cast<int32_t *>(nullptr), {});
  dlrt_tensor inputs[] = {in.tensor, none.tensor};
  int64_t shape[1];
  EXPECT_TRUE(failsWith(dlrt_output_shape(session.context, 0, inputs, 2, 0, shape), DLRT_VALUE, "'past' has a null data pointer"));
}

} // namespace
