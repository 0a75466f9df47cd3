// The threads that contexts lend their work to: a region of blocks is done when
// its last block is done, whoever did it.
#ifndef DLC_RUNTIME_CPU_THREADTEAM_H
#define DLC_RUNTIME_CPU_THREADTEAM_H
#include "runtime/Memory.h"
#include "runtime/dlrt.h"
#include "runtime/dlx.h"
#include <atomic>
#include <pthread.h>
#include <sys/types.h>

/// Thread t owns a fixed slice of a region's blocks, so that the same block
/// meets the same core in every iteration of a loop. Owners take from the front
/// of their slice, threads that have run dry steal from the back of the
/// others'. A slice is one word {end, begin}, changed by compare-and-swap;
/// whoever claims blocks reads the region only afterwards, and no region ends
/// before all its blocks are counted as done. So a worker that wakes late, even
/// into a later region, is never waited for, and can do no harm. After a fork
/// the child's regions still end, the caller doing all blocks.
struct dlrt_team {
public:
  /// Runs blocks [begin, end) on thread 0 .. threads-1; 0 is the caller's.
  using Body = void (*)(void *context, int64_t begin, int64_t end, int thread);
  static constexpr int64_t maxBlocks = DLX_MAX_BLOCKS;

  dlrt_team() = default;
  ~dlrt_team();
  /// Starts threads - 1 workers.
  dlrt_status start(int threads);

  int threads() const { return count; }
  /// Takes the team for the calling thread; false if another has it. Neither
  /// blocks nor allocates.
  bool take() { return !taken.load(std::memory_order_relaxed) && !taken.exchange(true, std::memory_order_acquire); }
  void release() { taken.store(false, std::memory_order_release); }
  /// Runs a region of 1 to maxBlocks blocks; the team is taken.
  void run(Body body, void *context, int64_t blocks);

private:
  struct alignas(64) Slice {
    std::atomic<uint64_t> range{0};
    std::atomic<int> processor{-1}; ///< where its thread last woke a worker, or woke
  };
  struct Worker {
    dlrt_team *team;
    int index;
    pthread_t thread;
  };

  int count = 1, spin = 0;
  pid_t owner = 0;
  dlrt::Array<Worker> workers; // thread i + 1 is workers[i]
  Slice *slices = nullptr;
  Body body = nullptr;
  void *context = nullptr;
  alignas(64) std::atomic<uint32_t> generation{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  alignas(64) std::atomic<int64_t> done{0};
  alignas(64) std::atomic<bool> taken{false};

  static void *enter(void *worker);
  void work(int index);
  void takeBlocks(int index);
  bool awaitGeneration(uint32_t seen);
  void leaveSharedProcessor(int index);
};

namespace dlrt {

/// Round to nearest, no flushing of denormals, exceptions masked, for as long
/// as it lives: the promise of equal bits must not hang on what the calling
/// thread has set.
class FloatingPointScope {
public:
  FloatingPointScope();
  ~FloatingPointScope();
  FloatingPointScope(const FloatingPointScope &) = delete;
  FloatingPointScope &operator=(const FloatingPointScope &) = delete;

private:
  uint32_t saved = 0;
};

} // namespace dlrt
#endif
