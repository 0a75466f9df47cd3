// The machine's peak of fused multiply-adds, measured on one core: independent chains in registers, no memory.
#include "tools/dlc/Peak.h"
#include "runtime/dlrt.h"
#include "runtime/dlx.h"
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace dlc::tools {
namespace {
// 12 chains: two units with a latency of four to five, and a margin.
template <typename V> [[gnu::always_inline]] inline float chains(int64_t iterations) {
  V acc[12], x, y;
  for (V &a : acc)
    a = V{} + 1.0f;
  x = V{} + 0.999f, y = V{} + 0.001f;
  asm volatile("" : "+m"(x), "+m"(y)); // the compiler must not know them
  for (int64_t i = 0; i < iterations; ++i)
    for (V &a : acc)
      a = __builtin_elementwise_fma(a, x, y);
  V sum = acc[0];
  for (int k = 1; k < 12; ++k)
    sum += acc[k];
  return sum[0];
}
using V16 [[gnu::vector_size(64)]] = float;
using V8 [[gnu::vector_size(32)]] = float;
[[gnu::target("avx512f,avx512vl"), gnu::noinline]] float run512(int64_t n) { return chains<V16>(n); }
[[gnu::target("avx2,fma"), gnu::noinline]] float run256(int64_t n) { return chains<V8>(n); }
} // namespace

double peakGflops(unsigned bits) {
  uint64_t cpu = dlrt_cpu_features();
  int lanes = cpu & DLX_CPU_V4 ? 16 : cpu & DLX_CPU_V3 ? 8 : 0;
  if (!lanes)
    return 0; // no fused multiply-add
  double best = 0;
  volatile float sink;
  for (int k = 0; k < 50; ++k) { // short, so that some are undisturbed; the first ones raise the clock
    constexpr int64_t n = 100'000;
    auto start = std::chrono::steady_clock::now();
    sink = lanes == 16 ? run512(n) : run256(n);
    double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * 12 * lanes * n / s / 1e9);
  }
  (void)sink;
  return best * 32 / bits;
}

namespace {
/// Reads n vectors, a multiple of 8, `rounds` times.
template <typename V> [[gnu::always_inline]] inline void readAll(const char *memory, size_t n, int64_t rounds) {
  V acc[8] = {};
  for (int64_t r = 0; r < rounds; ++r) {
    const V *p = reinterpret_cast<const V *>(memory);
    asm volatile("" : "+r"(p)); // the compiler must not know that nothing changes
    for (size_t i = 0; i < n; i += 8)
      for (int k = 0; k < 8; ++k)
        acc[k] += p[i + k];
  }
  for (V &a : acc)
    asm volatile("" : : "m"(a));
}
[[gnu::target("avx512f,avx512vl"), gnu::noinline]] void read512(const char *p, size_t bytes, int64_t n) { readAll<V16>(p, bytes / 64, n); }
[[gnu::target("avx2"), gnu::noinline]] void read256(const char *p, size_t bytes, int64_t n) { readAll<V8>(p, bytes / 32, n); }
[[gnu::noinline]] void read128(const char *p, size_t bytes, int64_t n) {
  using V4 [[gnu::vector_size(16)]] = float;
  readAll<V4>(p, bytes / 16, n);
}
} // namespace

double readBandwidth(int threads, int64_t bytes) {
  uint64_t cpu = dlrt_cpu_features();
  auto *how = cpu & DLX_CPU_V4 ? read512 : cpu & DLX_CPU_V3 ? read256 : read128;
  const size_t each = size_t(std::max<int64_t>(bytes / threads, 4096)) / 512 * 512;
  const int64_t rounds = std::max<int64_t>(1, (int64_t(1) << 25) / int64_t(each)); // 32 MB a thread, at least
  struct Free {
    void operator()(void *p) const { free(p); }
  };
  std::vector<std::unique_ptr<char, Free>> memory;
  for (int t = 0; t < threads; ++t) {
    memory.emplace_back(static_cast<char *>(aligned_alloc(64, each)));
    if (!memory.back())
      return 0;
    std::memset(memory.back().get(), 0, each);
  }
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t)
      others.emplace_back(how, memory[t].get(), each, rounds);
    how(memory[0].get(), each, rounds);
    for (std::thread &t : others)
      t.join();
    double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, double(rounds) * double(each) * threads / s / 1e9);
  }
  return best;
}
} // namespace dlc::tools
