// A GPT-2 of few and narrow layers: tokens one by one, in pieces and at once give the same bits, on several states at a time.
#include "frontend/models/Zoo.h"
#include "test/lib/Session.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr int64_t words = 101, positions = 320;

struct Generator {
  MLIRContext context;
  std::unique_ptr<Session> session;
  explicit Generator(unsigned level, int threads = 1, StringRef target = "") {
    context.loadDialect<dl::DlDialect>();
    frontend::Graph g(&context);
    frontend::buildGpt2(g, {.element = g.builder.getF32Type()},
                        {.width = 64, .heads = 4, .hidden = 128, .layers = 2, .words = words, .positions = positions});
    auto module = g.build(UnknownLoc::get(&context));
    CompileOptions options;
    options.level = level, options.target = codegen::Target::get(target);
    session = std::make_unique<Session>(*module, options);
    EXPECT_TRUE(session->ok());
    session->setThreads(threads);
    session->init(3);
  }
  static int64_t token(int64_t i) { return i * i % 97; }
  static Tensors inputs(int64_t past, int64_t count, int64_t first) {
    Tensors in;
    in["past"] = filled(data::I64, {}, [&](int64_t) { return past; });
    in["length"] = filled(data::I64, {}, [&](int64_t) { return past + count; });
    in["input_ids"] = filled(data::I64, {1, count}, [&](int64_t i) { return token(first + i); });
    return in;
  }
  /// The logits after `count` more tokens, the sequence's number `first` on.
  data::Array run(int64_t past, int64_t count, int64_t first) {
    Tensors in = inputs(past, count, first);
    return std::move(session->run("run", in).at("logits"));
  }
  data::Array run(int64_t past, int64_t count) { return run(past, count, past); }
  /// All caches.
  std::string caches() {
    std::string bytes;
    for (size_t i = 0; i < dlrt_model_states(session->model); ++i) {
      dlrt_tensor view{};
      EXPECT_EQ(dlrt_state_get(session->state, dlrt_model_state(session->model, i)->name, &view), DLRT_OK);
      bytes.append(static_cast<const char *>(view.data), positions * 64 * sizeof(float));
    }
    return bytes;
  }
};
bool same(const data::Array &a, const data::Array &b) { return a.shape == b.shape && !memcmp(a.data(), b.data(), a.bytes()); }

// Beyond 256 keys, where a product's second panel begins. -O0 and several threads agree with all of them.
TEST(Generation, StepsArePromptsBitForBit) {
  constexpr int64_t count = 300;
  Generator steps(2), prompt(2, 3), plain(0), pieces(2);
  for (int64_t i = 0; i < count; ++i) {
    data::Array step = steps.run(i, 1);
    if (i % 37 != 0 && i + 1 != count)
      continue;
    EXPECT_EQ(dlrt_state_reset(prompt.session->state), DLRT_OK);
    EXPECT_TRUE(same(prompt.run(0, i + 1), step)) << i;
  }
  for (int64_t at = 0; at < count; at += 75)
    (void)pieces.run(at, 75);
  data::Array last = plain.run(0, count);
  EXPECT_EQ(relativeError(last, last), 0);
  EXPECT_TRUE(steps.caches() == prompt.caches());
  EXPECT_TRUE(pieces.caches() == prompt.caches());
  EXPECT_TRUE(plain.caches() == prompt.caches());
  EXPECT_EQ(dlrt_state_reset(prompt.session->state), DLRT_OK);
  EXPECT_TRUE(same(prompt.run(0, count), last));
}

// A step writes its own row of each cache and nothing else.
TEST(Generation, AStepWritesItsRows) {
  Generator g(2);
  (void)g.run(0, 9);
  std::string before = g.caches();
  (void)g.run(9, 1);
  std::string after = g.caches();
  const auto *old = reinterpret_cast<const float *>(before.data()), *fresh = reinterpret_cast<const float *>(after.data());
  for (size_t i = 0; i < before.size() / sizeof(float); ++i) // [cache][head][position][16]
    ASSERT_EQ(old[i] != fresh[i], i / 16 % positions == 9) << i;
}

// Two sequences on one copy of the weights don't know of each other.
TEST(Generation, TwoStates) {
  Generator one(2), other(2), both(2);
  dlrt_state *first = both.session->state, *second = nullptr;
  ASSERT_EQ(dlrt_state_new(both.session->model, &second), DLRT_OK);
  for (int64_t i = 0; i < 12; ++i) {
    data::Array x = one.run(i, 1, i), y = other.run(i, 1, 50 + i);
    both.session->state = first;
    EXPECT_TRUE(same(both.run(i, 1, i), x));
    both.session->state = second;
    EXPECT_TRUE(same(both.run(i, 1, 50 + i), y));
  }
  both.session->state = first;
  dlrt_state_free(second);
}

// What a run is refused for: a token that is none, a full cache, lengths that don't fit.
TEST(Generation, BadInput) {
  Generator g(2);
  struct {
    int64_t past, length, count, token;
    const char *why;
  } rows[] = {{0, 1, 1, words, "input 'input_ids' has the value 101 at element 0, expected 0 to 100"},
              {0, 1, 1, -1, "input 'input_ids' has the value -1 at element 0, expected 0 to 100"},
              {positions - 1, positions + 1, 2, 0, "input 'length', its element: 321 is above the bound 320 of symbol length"},
              {positions, positions, 0, 0, "input 'past', its element: 320 is above the bound 319 of symbol past"},
              {0, 2, 1, 0, "input 'input_ids' has shape [1,1], expected [1,2]"},
              {5, 3, 1, 0, "input 'input_ids' has shape [1,1], expected [1,-2]"}};
  for (auto &row : rows) {
    Tensors in = Generator::inputs(row.past, row.count, 0);
    in["length"] = filled(data::I64, {}, [&](int64_t) { return row.length; });
    in["input_ids"] = filled(data::I64, {1, row.count}, [&](int64_t) { return row.token; });
    data::Array out = zeros(data::F32, {1, words});
    dlrt_tensor views[] = {in["past"].view(), in["length"].view(), in["input_ids"].view()}, y = out.view();
    dlrt_context *context = nullptr;
    ASSERT_EQ(dlrt_context_new(g.session->model, g.session->params, nullptr, &context), DLRT_OK);
    EXPECT_NE(dlrt_run(context, 0, g.session->state, views, 3, &y, 1), DLRT_OK);
    EXPECT_NE(std::string(dlrt_error()).find(row.why), std::string::npos) << dlrt_error();
    dlrt_context_free(context);
  }
}
} // namespace
