// The thread team, and that the steady path neither allocates nor hangs on what
// the caller does.
#include "runtime/cpu/ThreadTeam.h"
#include "test/unit/RuntimeProgram.h"
#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static std::atomic<long> allocations{0};
#ifndef SANITIZED
// Counts what the whole process allocates, through glibc's own names.
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t n) { return ++allocations, __libc_malloc(n); }
void *calloc(size_t n, size_t each) { return ++allocations, __libc_calloc(n, each); }
void *realloc(void *p, size_t n) { return ++allocations, __libc_realloc(p, n); }
void *aligned_alloc(size_t alignment, size_t n) { return ++allocations, __libc_memalign(alignment, n); }
}
#endif

using namespace dlrt_test;

namespace {

/// Counts how often each block ran.
struct Counts {
  std::vector<std::atomic<int>> runs;
  std::atomic<int> worstThread{0};
  explicit Counts(size_t n) : runs(n) {}
  static void body(void *self, int64_t begin, int64_t end, int thread) {
    Counts &counts = *static_cast<Counts *>(self);
    if (thread > counts.worstThread)
      counts.worstThread = thread;
    for (int64_t i = begin; i < end; ++i)
      ++counts.runs[size_t(i)];
  }
};

TEST(RuntimeTeam, RunsEachBlockOnce) {
  for (int threads : {1, 2, 3, 8}) {
    dlrt_team *team;
    ASSERT_EQ(dlrt_team_new(threads, &team), DLRT_OK);
    ASSERT_EQ(dlrt_team_threads(team), threads);
    ASSERT_TRUE(team->take());
    EXPECT_FALSE(team->take());
    for (size_t blocks : {1, 2, 3, 7, 100, 5000})
      for (int repeat = 0; repeat < 50; ++repeat) {
        Counts counts(blocks);
        team->run(Counts::body, &counts, int64_t(blocks));
        for (std::atomic<int> &runs : counts.runs)
          ASSERT_EQ(runs, 1);
        EXPECT_LT(counts.worstThread, threads);
      }
    team->release();
    dlrt_team_free(team);
  }
}

TEST(RuntimeTeam, WakesAfterSleep) {
  dlrt_team *team;
  ASSERT_EQ(dlrt_team_new(3, &team), DLRT_OK);
  for (int repeat = 0; repeat < 20; ++repeat) {
    usleep(5000);
    Counts counts(64);
    team->run(Counts::body, &counts, 64);
    for (std::atomic<int> &runs : counts.runs)
      ASSERT_EQ(runs, 1);
  }
  dlrt_team_free(team);
}

TEST(RuntimeTeam, StartsAndStopsAtOnce) {
  for (int repeat = 0; repeat < 100; ++repeat) {
    dlrt_team *team;
    ASSERT_EQ(dlrt_team_new(2, &team), DLRT_OK);
    dlrt_team_free(team);
  }
  dlrt_team *team;
  EXPECT_TRUE(failsWith(dlrt_team_new(-1, &team), DLRT_VALUE, "a team of -1 threads"));
  ASSERT_EQ(dlrt_team_new(0, &team), DLRT_OK);
  EXPECT_GE(dlrt_team_threads(team), 1);
  dlrt_team_free(team);
}

TEST(RuntimeTeam, ForkedChildRunsAlone) {
#ifdef SANITIZED
  GTEST_SKIP() << "sanitizers do not follow forks of threaded processes";
#endif
  dlrt_team *team;
  ASSERT_EQ(dlrt_team_new(2, &team), DLRT_OK);
  usleep(5000);
  pid_t child = fork();
  if (child == 0) {
    alarm(10);
    Counts counts(64);
    team->run(Counts::body, &counts, 64);
    bool good = true;
    for (std::atomic<int> &runs : counts.runs)
      good &= runs == 1;
    dlrt_team_free(team);
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  dlrt_team_free(team);
}

/// Many launches, a loop, a copy and a prepared block: whatever the steady path
/// does.
void buildSteady(Builder &b) {
  uint32_t s = b.symbolic("B", 1, 64), w = b.param(DLX_PARAM, "w", DLX_F32, {64});
  uint32_t f = b.function("add", add), g = b.function("add_one", addOne);
  Words bytes = symbol(s) * constant(4);
  b.entry("run");
  b.entries.back().prepare = 1;
  b.entries.back().prepared = 256;
  b.entries.back().scratch = 4096;
  uint32_t x = b.input("x", DLX_F32, {symbol(s)}, bytes, 256), y = b.output("y", DLX_F32, {symbol(s)}, bytes, 256);
  uint32_t packed = b.buffer(DLX_PREPARED, 256, 0), h = b.arena(256), next = b.arena(256);
  b.stage(f, symbol(s), {{x}, {packed}, {h}});
  b.loop(constant(5), 1, {}, {{h, next}});
  b.stage(g, symbol(s), {{h}, {next}});
  b.copy(bytes, y, 0, h, 0);
  b.entry("prepare", DLX_IS_PREPARE);
  b.entries.back().prepared = 256;
  uint32_t from = b.buffer(DLX_BIND_PARAM, 256, w), to = b.buffer(DLX_PREPARED, 256, 0);
  b.stage(g, constant(64), {{from}, {to}});
}

TEST(RuntimeSteadyPath, DoesNotAllocate) {
#ifdef SANITIZED
  GTEST_SKIP() << "the sanitizer owns malloc";
#endif
  Builder b;
  buildSteady(b);
  Session session(b, 2);
  alignas(64) float x[64] = {}, y[64];
  Tensor in(x, {64}), out(y, {64}), in7(x, {7}), out7(y, {7});
  ASSERT_EQ(dlrt_run(session.context, 0, &in.tensor, 1, &out.tensor, 1), DLRT_OK) << dlrt_error();
  long before = allocations;
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    wrong += dlrt_run(session.context, 0, &in.tensor, 1, &out.tensor, 1) != DLRT_OK;
    wrong += dlrt_run(session.context, 0, &in7.tensor, 1, &out7.tensor, 1) != DLRT_OK; // other extents too
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(y[0], 6);
  EXPECT_GT(before, 0); // the counter counts
}

TEST(RuntimeSteadyPath, HasTheSameRoundingWhateverTheCallerSet) {
#if defined(__x86_64__)
  Builder b;
  buildSteady(b);
  Session session(b, 1);
  alignas(64) float x[64], y[64], plain[64];
  for (int i = 0; i < 64; ++i)
    x[i] = float(i) / 3;
  Tensor in(x, {64}), out(y, {64}), first(plain, {64});
  ASSERT_EQ(dlrt_run(session.context, 0, &in.tensor, 1, &first.tensor, 1), DLRT_OK);
  unsigned before = _mm_getcsr(), set = (before & ~0x3fu) | _MM_ROUND_UP | _MM_FLUSH_ZERO_ON | 0x40;
  _mm_setcsr(set);
  dlrt_status status = dlrt_run(session.context, 0, &in.tensor, 1, &out.tensor, 1);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(status, DLRT_OK);
  EXPECT_EQ(after & ~0x3fu, set & ~0x3fu);
  EXPECT_EQ(memcmp(y, plain, sizeof y), 0);
#endif
}

} // namespace
