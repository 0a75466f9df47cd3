// The machine's peak of fused multiply-adds, measured on one core: independent chains in registers, no memory.
#include "tools/dlc/Peak.h"
#include "runtime/dlrt.h"
#include "runtime/dlx.h"
#include <algorithm>
#include <chrono>

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
} // namespace dlc::tools
