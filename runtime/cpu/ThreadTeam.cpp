// Workers that spin, then sleep on a futex; see the header for why a region
// needs no barrier but a count of blocks.
#include "runtime/cpu/ThreadTeam.h"
#include "runtime/Error.h"
#include "runtime/cpu/Processors.h"
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace dlrt;

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free, "a futex word");

/// Polls before a worker sleeps: about half a millisecond, longer than the gap
/// between two steps of a training loop.
static constexpr int spinsBeforeSleep = 20000;
/// The same where there are more threads than processors.
static constexpr int spinsWhenCrowded = 200;

static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory"); // a yield costs nothing on these
#endif
}

dlrt_status dlrt_team::start(int threads) {
  int processors = availableProcessors();
  owner = getpid();
  int wanted = threads ? threads : processors;
  spin = wanted > processors ? spinsWhenCrowded : spinsBeforeSleep;
  slices = static_cast<Slice *>(aligned_alloc(64, sizeof(Slice) * size_t(wanted)));
  if (!slices || !workers.allocate(size_t(wanted - 1)))
    return fail(DLRT_MEMORY, "no memory for a team of %d threads", wanted);
  for (int i = 0; i < wanted; ++i)
    new (slices + i) Slice;
  // Signals are the application's: its handlers run on its own threads, but for those that an instruction raises, which end
  // the process where they are blocked.
  sigset_t all, before;
  sigfillset(&all);
  for (int raised : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&all, raised);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  for (int i = 1; i < wanted && !error; ++i) {
    Worker &worker = workers[size_t(i - 1)];
    worker = {this, i, {}};
    error = pthread_create(&worker.thread, nullptr, enter, &worker);
    if (error)
      break;
    char name[16];
    snprintf(name, sizeof name, "dlrt-%d", i);
    pthread_setname_np(worker.thread, name);
    count = i + 1;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error)
    return fail(DLRT_MEMORY, "cannot start thread %d of %d: %s", count + 1, wanted, strerror(error));
  return DLRT_OK;
}

dlrt_team::~dlrt_team() {
  stopping.store(true);
  generation.fetch_add(1);
  if (owner == getpid()) { // a forked child has no workers
    syscall(SYS_futex, &generation, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    for (int i = 1; i < count; ++i)
      pthread_join(workers[size_t(i - 1)].thread, nullptr);
  }
  free(slices);
}

void *dlrt_team::enter(void *worker) {
  FloatingPointScope scope;
  static_cast<Worker *>(worker)->team->work(static_cast<Worker *>(worker)->index);
  return nullptr;
}

/// Returns when the generation is another than `seen`: true if it slept.
bool dlrt_team::awaitGeneration(uint32_t seen) {
  for (int i = 0; i < spin; ++i) {
    if (generation.load(std::memory_order_acquire) != seen)
      return false;
    relax();
  }
  while (generation.load() == seen) {
    // The caller raises the generation before it looks for sleepers, so either
    // it sees this one or the kernel sees the change.
    sleepers.fetch_add(1);
    syscall(SYS_futex, &generation, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
    sleepers.fetch_sub(1);
  }
  return true;
}

/// The kernel may wake a worker on the processor of the thread that woke it,
/// although another is idle, and then leave it there for seconds: both do the
/// work of one. So a worker that finds itself beside another thread of its team
/// asks for the processors that its team does not use, then for all of its own
/// again.
void dlrt_team::leaveSharedProcessor(int index) {
  int here = sched_getcpu();
  slices[index].processor.store(here, std::memory_order_relaxed);
  cpu_set_t own, rest;
  if (here < 0 || here >= CPU_SETSIZE)
    return;
  bool shared = false;
  CPU_ZERO(&rest);
  for (int i = 0; i < count; ++i) {
    int other = slices[i].processor.load(std::memory_order_relaxed);
    shared |= i != index && other == here;
    if (other >= 0 && other < CPU_SETSIZE)
      CPU_SET(other, &rest);
  }
  if (!shared || sched_getaffinity(0, sizeof own, &own))
    return;
  CPU_AND(&rest, &rest, &own);
  CPU_XOR(&rest, &rest, &own);
  if (!CPU_COUNT(&rest) || sched_setaffinity(0, sizeof rest, &rest))
    return;
  slices[index].processor.store(sched_getcpu(), std::memory_order_relaxed);
  // A mask that another thread or process has set meanwhile stays.
  cpu_set_t now;
  if (!sched_getaffinity(0, sizeof now, &now) && CPU_EQUAL(&now, &rest))
    sched_setaffinity(0, sizeof own, &own);
}

void dlrt_team::work(int index) {
  for (uint32_t seen = 0;;) {
    bool slept = awaitGeneration(seen);
    seen = generation.load();
    if (stopping.load())
      return;
    if (slept)
      leaveSharedProcessor(index);
    takeBlocks(index);
  }
}

/// Claims some of a slice's blocks from the front or the back: a quarter of
/// what is left, at least one.
static bool claim(std::atomic<uint64_t> &range, bool front, int64_t &begin, int64_t &end) {
  uint64_t word = range.load(std::memory_order_relaxed);
  for (;;) {
    uint64_t low = uint32_t(word), high = word >> 32;
    if (low >= high)
      return false;
    uint64_t n = (high - low + 3) / 4;
    uint64_t next = front ? high << 32 | (low + n) : (high - n) << 32 | low;
    if (range.compare_exchange_weak(word, next, std::memory_order_acquire, std::memory_order_relaxed)) {
      begin = int64_t(front ? low : high - n);
      end = begin + int64_t(n);
      return true;
    }
  }
}

/// Runs blocks of the current region until none is left to claim.
void dlrt_team::takeBlocks(int index) {
  int64_t finished = 0, begin, end;
  for (int i = 0; i < count; ++i) {
    int victim = index + i < count ? index + i : index + i - count;
    while (claim(slices[victim].range, i == 0, begin, end)) {
      body(context, begin, end, index);
      finished += end - begin;
    }
  }
  if (finished)
    done.fetch_add(finished, std::memory_order_release);
}

void dlrt_team::run(Body newBody, void *newContext, int64_t blocks) {
  body = newBody;
  context = newContext;
  done.store(0, std::memory_order_relaxed);
  for (int i = 0; i < count; ++i) {
    uint64_t low = uint64_t(blocks) * uint64_t(i) / uint64_t(count), high = uint64_t(blocks) * uint64_t(i + 1) / uint64_t(count);
    slices[i].range.store(high << 32 | low, std::memory_order_release);
  }
  generation.fetch_add(1);
  if (sleepers.load()) {
    slices[0].processor.store(sched_getcpu(), std::memory_order_relaxed);
    syscall(SYS_futex, &generation, FUTEX_WAKE_PRIVATE, blocks - 1 < INT_MAX ? int(blocks - 1) : INT_MAX, nullptr, nullptr, 0);
  }
  takeBlocks(0);
  for (int spins = 0; done.load(std::memory_order_acquire) < blocks;)
    if (++spins < spin)
      relax();
    else
      sched_yield(); // a worker with blocks in hand may be waiting for this
                     // processor
}

FloatingPointScope::FloatingPointScope() {
#if defined(__x86_64__)
  saved = __builtin_ia32_stmxcsr();
  if ((saved & ~0x3fu) != 0x1f80)
    __builtin_ia32_ldmxcsr(0x1f80);
#elif defined(__aarch64__)
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  saved = uint32_t(control);
  if (saved)
    __asm__ volatile("msr fpcr, %0" ::"r"(uint64_t(0)));
#endif
}

FloatingPointScope::~FloatingPointScope() {
#if defined(__x86_64__)
  if ((saved & ~0x3fu) != 0x1f80)
    __builtin_ia32_ldmxcsr(saved);
#elif defined(__aarch64__)
  if (saved)
    __asm__ volatile("msr fpcr, %0" ::"r"(uint64_t(saved)));
#endif
}

dlrt_status dlrt_team_new(int threads, dlrt_team **team) {
  if (!team)
    return fail(DLRT_VALUE, "dlrt_team_new: a null argument");
  *team = nullptr;
  if (threads < 0 || threads > 4096)
    return fail(DLRT_VALUE, "a team of %d threads: expected 1 to 4096, or 0 for one a processor", threads);
  Owner<dlrt_team> made(create<dlrt_team>());
  if (!made)
    return fail(DLRT_MEMORY, "no memory for a team");
  if (dlrt_status status = made->start(threads))
    return status;
  *team = made.release();
  return DLRT_OK;
}

void dlrt_team_free(dlrt_team *team) { destroy(team); }
int dlrt_team_threads(const dlrt_team *team) { return team->threads(); }
