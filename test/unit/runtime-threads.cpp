// The thread team, and that the steady path neither allocates nor hangs on what
// the caller does.
#include "runtime/cpu/Processors.h"
#include "runtime/cpu/ThreadTeam.h"
#include "test/unit/RuntimeProgram.h"
#include "test/unit/Sanitized.h"
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
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

/// The crash handlers of an application see faults of kernels on workers, too.
TEST(RuntimeTeam, WorkersFaultsReachTheHandlers) {
#ifdef SANITIZED
  GTEST_SKIP() << "the sanitizer has handlers of its own";
#endif
  for (int raised : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      signal(raised, [](int) { _exit(7); });
      dlrt_team *team;
      if (dlrt_team_new(2, &team) != DLRT_OK)
        _exit(1);
      team->run(
          [](void *number, int64_t, int64_t, int thread) {
            if (thread)
              raise(*static_cast<int *>(number)); // to this thread
            while (true)
              usleep(1000); // the worker gets the other block
          },
          &raised, 2);
      _exit(2);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << strsignal(raised) << ": " << status;
  }
}

TEST(RuntimeTeam, ScratchOfAllThreadsMayBeBeyondMemory) {
  for (uint64_t scratch : {uint64_t(1) << 55, (uint64_t(1) << 55) - 64, DLX_MAX_BYTES}) { // 512 threads' wrap
    Builder b;
    b.entry("run");
    b.entries.back().scratch = scratch;
    dlrt_model *model = nullptr;
    dlrt_params *params = nullptr;
    dlrt_team *team = nullptr;
    dlrt_context *context = nullptr;
    ASSERT_EQ(dlrt_model_open(b.finish(), &model), DLRT_OK) << dlrt_error();
    ASSERT_EQ(dlrt_params_new(model, &params), DLRT_OK);
    ASSERT_EQ(dlrt_team_new(512, &team), DLRT_OK);
    EXPECT_TRUE(failsWith(dlrt_context_new(model, params, team, &context), DLRT_MEMORY, "no memory for scratch of 512 threads"));
    dlrt_team_free(team);
    dlrt_params_free(params);
    dlrt_model_free(model);
  }
}

/// A process as its control groups' files describe it, in a folder of its own.
struct RuntimeQuota : ::testing::Test {
  std::string root = ::testing::TempDir() + "dlrt-quota-XXXXXX";
  void SetUp() override { ASSERT_TRUE(mkdtemp(root.data())); }
  void TearDown() override { std::filesystem::remove_all(root); }
  void file(const std::string &name, const std::string &text) {
    std::filesystem::create_directories((root + name).substr(0, (root + name).rfind('/')));
    std::ofstream(root + name) << text;
  }
  int quota() { return dlrt::quotaProcessors(root.c_str()); }
};

TEST_F(RuntimeQuota, OfGroupsOfTheSecondVersion) {
  EXPECT_EQ(quota(), 0); // no /proc
  file("/proc/self/mountinfo",
       "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  file("/proc/self/cgroup", "0::/a/b\n");
  EXPECT_EQ(quota(), 0); // no limits anywhere
  file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 0);
  file("/sys/fs/cgroup/a/b/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
  file("/sys/fs/cgroup/a/b/cpu.max", "200001 100000\n");
  EXPECT_EQ(quota(), 3); // rounded up
  file("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2); // of the group above
  file("/sys/fs/cgroup/a/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 1);
  file("/sys/fs/cgroup/cpu.max", "50 0\n"); // nonsense
  EXPECT_EQ(quota(), 1);
}

TEST_F(RuntimeQuota, InAContainerThatSeesItsGroupAsTheRoot) {
  file("/proc/self/mountinfo", "30 23 0:26 /docker/x /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  for (const char *group : {"0::/\n", "0::/docker/x\n", "0::/../..\n", "0::/docker/xy\n"}) {
    file("/proc/self/cgroup", group);
    EXPECT_EQ(quota(), 3) << group;
  }
  file("/sys/fs/cgroup/inner/cpu.max", "100000 100000\n");
  file("/proc/self/cgroup", "0::/docker/x/inner\n");
  EXPECT_EQ(quota(), 1);
}

TEST_F(RuntimeQuota, OfGroupsOfTheFirstVersion) {
  file("/proc/self/mountinfo", "31 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                               "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
  file("/proc/self/cgroup", "5:cpuset:/c\n4:cpu,cpuacct:/a\n0::/d\n");
  file("/sys/fs/cgroup/cpuset/c/cpu.cfs_quota_us", "100000\n"); // not the controller
  file("/sys/fs/cgroup/cpuset/c/cpu.cfs_period_us", "100000\n");
  file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 0);
  file("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "350000\n");
  EXPECT_EQ(quota(), 4);
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "20000\n");
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "10000\n");
  EXPECT_EQ(quota(), 2);
}

/// Many launches, a loop, a copy and a prepared block: whatever the steady path
/// does.
void buildSteady(Builder &b) {
  uint32_t s = b.symbolic("B", 1, 64), w = b.param(DLX_TRAINABLE, "w", DLX_F32, {64});
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
  ASSERT_EQ(dlrt_run(session.context, 0, nullptr, &in.tensor, 1, &out.tensor, 1), DLRT_OK) << dlrt_error();
  long before = allocations;
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    wrong += dlrt_run(session.context, 0, nullptr, &in.tensor, 1, &out.tensor, 1) != DLRT_OK;
    wrong += dlrt_run(session.context, 0, nullptr, &in7.tensor, 1, &out7.tensor, 1) != DLRT_OK; // other extents too
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(y[0], 6);
  EXPECT_GT(before, 0); // the counter counts
}

TEST(RuntimeSteadyPath, InitialisersHaveTheSameRoundingWhateverTheCallerSet) {
#if defined(__x86_64__)
  Builder b;
  b.param(DLX_TRAINABLE, "normal", DLX_F32, {1000}, DLX_INIT_NORMAL, 0, 0.3);
  b.param(DLX_TRAINABLE, "tiny", DLX_F32, {1000}, DLX_INIT_UNIFORM, -1e-38, 1e-38); // subnormal for the most part
  b.entry("run");
  Session session(b, 1);
  auto values = [&](uint64_t seed) {
    std::vector<float> all;
    dlrt_tensor view;
    EXPECT_EQ(dlrt_params_init(session.params, seed), DLRT_OK);
    for (const char *name : {"normal", "tiny"}) {
      EXPECT_EQ(dlrt_params_get(session.params, name, &view), DLRT_OK);
      all.insert(all.end(), static_cast<float *>(view.data), static_cast<float *>(view.data) + 1000);
    }
    return all;
  };
  std::vector<float> plain = values(1);
  unsigned before = _mm_getcsr();
  _mm_setcsr(before | _MM_ROUND_UP | _MM_FLUSH_ZERO_ON | 0x40);
  std::vector<float> set = values(1);
  _mm_setcsr(before);
  EXPECT_EQ(memcmp(plain.data(), set.data(), plain.size() * sizeof(float)), 0);
#endif
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
  ASSERT_EQ(dlrt_run(session.context, 0, nullptr, &in.tensor, 1, &first.tensor, 1), DLRT_OK);
  unsigned before = _mm_getcsr(), set = (before & ~0x3fu) | _MM_ROUND_UP | _MM_FLUSH_ZERO_ON | 0x40;
  _mm_setcsr(set);
  dlrt_status status = dlrt_run(session.context, 0, nullptr, &in.tensor, 1, &out.tensor, 1);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(status, DLRT_OK);
  EXPECT_EQ(after & ~0x3fu, set & ~0x3fu);
  EXPECT_EQ(memcmp(y, plain, sizeof y), 0);
#endif
}

} // namespace
