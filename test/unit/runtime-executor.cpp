// Stages, loops, copies and symbols of hand-made programs.
#include "test/unit/RuntimeProgram.h"
#include <cmath>
#include <thread>

using namespace dlrt_test;

namespace {

using Floats = std::vector<float>;

/// f32 memory at the alignment that tensors need.
struct alignas(64) Memory {
  float values[4096];
};

/// y = (x + 1)^2 over B x 8 elements, by way of the arena.
void buildTwoStages(Builder &b) {
  uint32_t s = b.symbolic("B", 0, 64);
  Words count = symbol(s) * constant(8), bytes = count * constant(4);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(8)}, bytes, 2048);
  uint32_t y = b.output("y", DLX_F32, {symbol(s), constant(8)}, bytes, 2048);
  uint32_t t = b.buffer(DLX_ARENA, bytes, 64, 2048);
  b.entries.back().arena = 64 + 2048;
  b.entries.back().scratch = 64;
  b.stage(b.function("add_one", addOne), count, {{x}, {t}});
  b.stage(b.function("square", square), count, {{t}, {y}});
}

TEST(RuntimeExecutor, RunsStagesAtAnyThreadCount) {
  for (int threads : {1, 2, 3, 7}) {
    Builder b;
    buildTwoStages(b);
    Session session(b, threads);
    Memory x, y;
    for (int64_t batch : {64, 1, 0, 5, 64}) {
      for (int i = 0; i < 512; ++i)
        x.values[i] = float(i) * 0.25f, y.values[i] = -1;
      ASSERT_EQ(session.run({Tensor(x.values, {batch, 8}).tensor}, {Tensor(y.values, {batch, 8}).tensor}), DLRT_OK) << dlrt_error();
      for (int i = 0; i < 512; ++i)
        ASSERT_EQ(y.values[i], i < batch * 8 ? (x.values[i] + 1) * (x.values[i] + 1) : -1) << i;
    }
  }
}

TEST(RuntimeExecutor, PassesNanAndInfinity) {
  Builder b;
  buildTwoStages(b);
  Session session(b);
  Memory x = {}, y;
  x.values[0] = NAN;
  x.values[1] = -INFINITY;
  ASSERT_EQ(session.run({Tensor(x.values, {1, 8}).tensor}, {Tensor(y.values, {1, 8}).tensor}), DLRT_OK);
  EXPECT_TRUE(std::isnan(y.values[0]));
  EXPECT_EQ(y.values[1], INFINITY);
}

TEST(RuntimeExecutor, RunsLaunchesTogether) {
  Builder b;
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(100)}, constant(400), 400);
  uint32_t y = b.output("y", DLX_F32, {constant(100)}, constant(400), 400);
  uint32_t z = b.output("z", DLX_F32, {constant(37)}, constant(148), 148);
  b.entries.back().scratch = 64;
  b.launch(b.function("add_one", addOne), constant(100), {{x}, {y}});
  b.launch(b.function("none", nothing), constant(0), {});
  b.launch(b.function("square", square), constant(37), {{x, 40}, {z}});
  b.stage(3);
  for (int threads : {1, 2, 3}) {
    Session session(b, threads);
    Memory in, one, two;
    for (int i = 0; i < 100; ++i)
      in.values[i] = float(i);
    for (int repeat = 0; repeat < 200; ++repeat) {
      memset(&one, 0, sizeof one);
      memset(&two, 0, sizeof two);
      ASSERT_EQ(session.run({Tensor(in.values, {100}).tensor}, {Tensor(one.values, {100}).tensor, Tensor(two.values, {37}).tensor}),
                DLRT_OK)
          << dlrt_error();
      for (int i = 0; i < 100; ++i)
        ASSERT_EQ(one.values[i], float(i + 1));
      for (int i = 0; i < 37; ++i)
        ASSERT_EQ(two.values[i], float(i + 10) * float(i + 10));
    }
  }
}

/// h = 0.5 h + x[t] over T steps of 4, forward or in reverse; the last h goes
/// to the output, every h to `all`.
void buildRecurrence(Builder &b, bool reverse) {
  uint32_t s = b.symbolic("T", 0, 16);
  Words bytes = symbol(s) * constant(16);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {symbol(s), constant(4)}, bytes, 256);
  uint32_t h0 = b.input("h0", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t last = b.output("last", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t all = b.output("all", DLX_F32, {symbol(s), constant(4)}, bytes, 256);
  uint32_t h = b.arena(16), next = b.arena(16);
  uint32_t xt = b.buffer(DLX_VIEW, 16, x), allt = b.buffer(DLX_VIEW, 16, all);
  uint32_t f = b.function("step", step);
  b.copy(constant(16), h, 0, h0, 0);
  Words start = reverse ? (symbol(s) + constant(-1)) * constant(16) : constant(0), stride = constant(reverse ? -16 : 16);
  b.loop(symbol(s), 2, {{xt, start, stride}, {allt, start, stride}}, {{h, next}});
  b.stage(f, constant(4), {{h}, {xt}, {next}});
  b.copy(constant(16), allt, 0, next, 0);
  b.copy(constant(16), last, 0, h, 0);
}

TEST(RuntimeExecutor, LoopsForwardAndInReverse) {
  for (bool reverse : {false, true})
    for (int threads : {1, 2}) {
      Builder b;
      buildRecurrence(b, reverse);
      Session session(b, threads);
      for (int64_t steps : {16, 3, 0, 1, 2}) {
        Memory x, h0, last, all;
        for (int i = 0; i < 64; ++i)
          x.values[i] = float(i * i % 17);
        for (int i = 0; i < 4; ++i)
          h0.values[i] = float(i);
        ASSERT_EQ(session.run({Tensor(x.values, {steps, 4}).tensor, Tensor(h0.values, {4}).tensor},
                              {Tensor(last.values, {4}).tensor, Tensor(all.values, {steps, 4}).tensor}),
                  DLRT_OK)
            << dlrt_error();
        for (int i = 0; i < 4; ++i) {
          float h = h0.values[i];
          for (int64_t t = 0; t < steps; ++t) {
            int64_t at = (reverse ? steps - 1 - t : t) * 4 + i;
            h = 0.5f * h + x.values[at];
            ASSERT_EQ(all.values[at], h);
          }
          ASSERT_EQ(last.values[i], h);
        }
      }
    }
}

TEST(RuntimeExecutor, LoopsWithinLoopsMoveViewsOfViews) {
  // y[i][j] = x[2 - i][j] + 1 for a 3 x 5 array, element by element; the inner
  // views move over the outer ones
  Builder b;
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(15)}, constant(60), 60);
  uint32_t y = b.output("y", DLX_F32, {constant(15)}, constant(60), 60);
  uint32_t xi = b.buffer(DLX_VIEW, 20, x), yi = b.buffer(DLX_VIEW, 20, y);
  uint32_t xij = b.buffer(DLX_VIEW, 4, xi), yij = b.buffer(DLX_VIEW, 4, yi);
  uint32_t f = b.function("add_one", addOne);
  b.loop(constant(3), 2, {{xi, constant(40), constant(-20)}, {yi, constant(0), constant(20)}}, {});
  b.loop(constant(5), 1, {{xij, constant(0), constant(4)}, {yij, constant(0), constant(4)}}, {});
  b.stage(f, constant(1), {{xij}, {yij}});
  Session session(b, 2);
  Memory in, out;
  for (int i = 0; i < 15; ++i)
    in.values[i] = float(i);
  ASSERT_EQ(session.run({Tensor(in.values, {15}).tensor}, {Tensor(out.values, {15}).tensor}), DLRT_OK) << dlrt_error();
  for (int i = 0; i < 15; ++i)
    EXPECT_EQ(out.values[i], float((2 - i / 5) * 5 + i % 5 + 1));
}

TEST(RuntimeExecutor, SwapsStayThroughOuterLoops) {
  // 3 outer by 3 inner swaps: nine in all, so the sum of steps ends in the
  // other buffer
  Builder b;
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t y = b.output("y", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t p = b.arena(16), q = b.arena(16), f = b.function("add_one", addOne);
  b.copy(constant(16), p, 0, x, 0);
  b.loop(constant(3), 2, {}, {});
  b.loop(constant(3), 1, {}, {{p, q}});
  b.stage(f, constant(4), {{p}, {q}});
  b.copy(constant(16), y, 0, p, 0);
  Session session(b, 2);
  Memory in = {}, out;
  for (int repeat = 0; repeat < 3; ++repeat) {
    ASSERT_EQ(session.run({Tensor(in.values, {4}).tensor}, {Tensor(out.values, {4}).tensor}), DLRT_OK) << dlrt_error();
    EXPECT_EQ(out.values[0], 9);
    EXPECT_EQ(out.values[3], 9);
  }
}

TEST(RuntimeExecutor, CopiesLargeAndOverlapping) {
  Builder b;
  b.entry("run");
  int64_t n = 300000, bytes = n * 4;
  uint32_t x = b.input("x", DLX_F32, {constant(n)}, constant(bytes), uint64_t(bytes));
  uint32_t y = b.output("y", DLX_F32, {constant(n)}, constant(bytes), uint64_t(bytes));
  b.copy(constant(bytes), y, 0, x, 0);
  b.copy(constant(bytes - 4), y, 4, y, 0);
  Session session(b, 2);
  float *memory = static_cast<float *>(aligned_alloc(64, size_t(bytes) * 2));
  for (int64_t i = 0; i < n; ++i)
    memory[i] = float(i);
  ASSERT_EQ(session.run({Tensor(memory, {n}).tensor}, {Tensor(memory + n, {n}).tensor}), DLRT_OK) << dlrt_error();
  for (int64_t i = 0; i < n; ++i)
    ASSERT_EQ(memory[n + i], float(i ? i - 1 : 0));
  free(memory);
}

/// y [n, 3 m] is x [n, m] and z [n, 2 m] side by side, in blocks on the team; back is z again.
TEST(RuntimeExecutor, PlacesAndTakesRows) {
  Builder b;
  uint32_t n = b.symbolic("N", 0, 600), m = b.symbolic("M", 0, 70);
  Words row = symbol(m) * constant(4), rows = symbol(n);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {rows, symbol(m)}, rows * row, 600 * 70 * 4);
  uint32_t z = b.input("z", DLX_F32, {rows, symbol(m) * constant(2)}, rows * row * constant(2), 600 * 140 * 4);
  uint32_t y = b.output("y", DLX_F32, {rows, symbol(m) * constant(3)}, rows * row * constant(3), 600 * 210 * 4);
  uint32_t back = b.output("back", DLX_F32, {rows, symbol(m) * constant(2)}, rows * row * constant(2), 600 * 140 * 4);
  b.rows(DLX_PLACE, y, x, row, rows, constant(0), row * constant(3));
  b.rows(DLX_PLACE, y, z, row * constant(2), rows, row, row * constant(3));
  b.rows(DLX_TAKE, back, y, row * constant(2), rows, row, row * constant(3));
  Session session(b, 2);
  auto memory = [](size_t floats) { return static_cast<float *>(aligned_alloc(64, (floats * 4 + 127) / 64 * 64)); };
  float *a = memory(600 * 70), *c = memory(600 * 140), *out = memory(600 * 210), *again = memory(600 * 140);
  for (int i = 0; i < 600 * 140; ++i)
    a[i / 2] = float(i / 2), c[i] = float(-i);
  for (auto [height, width] : {std::pair<int64_t, int64_t>{600, 70}, {600, 1}, {1, 70}, {7, 3}, {0, 70}, {600, 0}}) {
    ASSERT_EQ(session.run({Tensor(a, {height, width}).tensor, Tensor(c, {height, 2 * width}).tensor},
                          {Tensor(out, {height, 3 * width}).tensor, Tensor(again, {height, 2 * width}).tensor}),
              DLRT_OK)
        << dlrt_error();
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < 3 * width; ++j)
        ASSERT_EQ(out[i * 3 * width + j], j < width ? a[i * width + j] : c[i * 2 * width + j - width]) << i << " " << j;
    ASSERT_EQ(memcmp(again, c, size_t(height * width * 2) * 4), 0);
  }
  for (float *p : {a, c, out, again})
    free(p);
}

TEST(RuntimeExecutor, RefusesRowsOutsideTheirBuffers) {
  // 4 rows of 8 bytes, from 32 dense bytes into 4 rows of 24 at 16, is the most that fits.
  struct Case {
    int64_t bytes, rows, offset, stride;
    bool good;
  };
  constexpr int64_t most = INT64_MAX;
  for (dlx_instruction_kind kind : {DLX_PLACE, DLX_TAKE})
    for (const Case &c : {Case{8, 4, 16, 24, true},
                          {8, 4, 17, 24, false},
                          {8, 4, 16, 25, false},
                          {9, 4, 0, 24, false},
                          {8, 5, 0, 16, false},
                          {8, 4, -1, 24, false},
                          {8, 2, 40, -24, false},
                          {-8, 1, 8, 24, false},
                          {8, -1, 0, 24, false},
                          {8, 4, 0, 4, false},
                          {8, 2, 0, most, false},
                          {8, 2, most, 8, false},
                          {most, 2, 0, most, false},
                          {8, most, 0, 8, false},
                          {0, most, most, 0, true},
                          {8, 0, most, most, true},
                          {8, 3, most - 8, 8, false},
                          {32, 1, 64, 32, true},
                          {32, 1, 65, 32, false}}) {
      Builder b;
      b.entry("run");
      uint32_t dense = b.input("x", DLX_F32, {constant(8)}, constant(32), 32), apart = b.arena(96);
      uint32_t y = b.output("y", DLX_F32, {constant(8)}, constant(32), 32);
      if (kind == DLX_PLACE)
        b.rows(kind, apart, dense, constant(c.bytes), constant(c.rows), constant(c.offset), constant(c.stride));
      else
        b.rows(kind, y, apart, constant(c.bytes), constant(c.rows), constant(c.offset), constant(c.stride));
      Session session(b);
      alignas(64) float in[8] = {}, out[8] = {};
      dlrt_status status = session.run({Tensor(in, {8}).tensor}, {Tensor(out, {8}).tensor});
      EXPECT_EQ(status, c.good ? DLRT_OK : DLRT_FORMAT) << kind << ": " << c.bytes << " " << c.rows << " " << c.offset << " " << c.stride;
    }
  Builder b; // what may not be written
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(8)}, constant(32), 32), h = b.arena(32);
  b.rows(DLX_PLACE, x, h, constant(8), constant(1), constant(0), constant(8));
  dlrt_model *model;
  EXPECT_TRUE(failsWith(dlrt_model_open(b.finish(), &model), DLRT_FORMAT, "a copy writes to buffer 0, which the entry may only read"));
}

TEST(RuntimeExecutor, ReadsConstants) {
  Builder b;
  float weights[4] = {1, 2, 3, 4};
  b.constants.assign(64, 'x');
  b.constants.append(reinterpret_cast<char *>(weights), 16);
  b.entry("run");
  uint32_t x = b.input("x", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t y = b.output("y", DLX_F32, {constant(4)}, constant(16), 16);
  uint32_t w = b.buffer(DLX_CONSTANT, 16, 64);
  b.stage(b.function("add", add), constant(4), {{x}, {w}, {y}});
  Session session(b);
  Memory in = {}, out;
  ASSERT_EQ(session.run({Tensor(in.values, {4}).tensor}, {Tensor(out.values, {4}).tensor}), DLRT_OK) << dlrt_error();
  EXPECT_EQ(out.values[3], 4);
}

TEST(RuntimeExecutor, NamesTheKernelThatFailed) {
  for (int threads : {1, 2}) {
    Builder b;
    b.entry("run");
    b.stage(b.function("fails", failAtThree), constant(50), {});
    b.stage(b.function("nothing", nothing), constant(50), {});
    Session session(b, threads);
    EXPECT_TRUE(failsWith(session.run({}, {}), DLRT_KERNEL, "kernel 'fails' ended the run of entry 'run' with status 42"));
    EXPECT_TRUE(failsWith(session.run({}, {}), DLRT_KERNEL, "status 42"));
  }
}

TEST(RuntimeExecutor, CountsTimeByKernel) {
  Builder b;
  buildTwoStages(b);
  Session session(b, 2);
  Memory x = {}, y;
  dlrt_profile(session.context, 1);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(session.run({Tensor(x.values, {4, 8}).tensor}, {Tensor(y.values, {4, 8}).tensor}), DLRT_OK);
  dlrt_profile(session.context, 0);
  dlrt_profile_row rows[4];
  ASSERT_EQ(dlrt_profile_rows(session.context, 0, rows, 4), 2u);
  EXPECT_STREQ(rows[0].function, "add_one");
  EXPECT_EQ(rows[1].calls, 3u);
  EXPECT_GT(rows[1].nanoseconds, 0u);
  dlrt_profile_event events[8];
  ASSERT_EQ(dlrt_profile_events(session.context, events, 8), 6u); // two launches a run
  for (int i = 0; i < 6; ++i) {
    EXPECT_STREQ(events[i].function, rows[i % 2].function);
    EXPECT_GE(events[i].begin, i ? events[i - 1].begin + events[i - 1].nanoseconds : 0);
  }
}

TEST(RuntimeExecutor, ContextsShareATeam) {
  Builder b;
  buildTwoStages(b);
  Session session(b, 2);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      dlrt_context *context;
      if (dlrt_context_new(session.model, session.params, session.team, &context))
        return void(++wrong);
      Memory x, y;
      for (int i = 0; i < 512; ++i)
        x.values[i] = float(i + t);
      Tensor in(x.values, {64, 8}), out(y.values, {64, 8});
      for (int repeat = 0; repeat < 300; ++repeat) {
        memset(&y, 0, sizeof y);
        wrong += dlrt_run(context, 0, nullptr, &in.tensor, 1, &out.tensor, 1) != DLRT_OK;
        for (int i = 0; i < 512; ++i)
          wrong += y.values[i] != (x.values[i] + 1) * (x.values[i] + 1);
      }
      dlrt_context_free(context);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(RuntimeExecutor, GuardedArenaShowsTheHighestByteTouched) {
  setenv("DLRT_GUARD", "1", 1);
  Builder b;
  buildTwoStages(b);
  Session session(b, 2);
  unsetenv("DLRT_GUARD");
  uint64_t bytes;
  unsigned char *arena = static_cast<unsigned char *>(dlrt_context_arena(session.context, &bytes));
  ASSERT_EQ(bytes, 64u + 2048u);
  const uint32_t poison = DLX_POISON;
  auto touched = [&] {
    uint64_t end = bytes;
    while (end && arena[end - 1] == reinterpret_cast<const unsigned char *>(&poison)[(end - 1) % 4])
      --end;
    return end;
  };
  EXPECT_EQ(touched(), 0u);
  Memory x = {}, y;
  ASSERT_EQ(session.run({Tensor(x.values, {64, 8}).tensor}, {Tensor(y.values, {64, 8}).tensor}), DLRT_OK) << dlrt_error();
  EXPECT_EQ(touched(), bytes);
  ASSERT_EQ(session.run({Tensor(x.values, {2, 8}).tensor}, {Tensor(y.values, {2, 8}).tensor}), DLRT_OK) << dlrt_error();
  EXPECT_EQ(touched(), 64u + 64u);
}

} // namespace
