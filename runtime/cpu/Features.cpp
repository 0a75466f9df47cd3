// The micro-architecture levels that this CPU and operating system give, less
// what DLRT_CPU_MASK hides.
#include "runtime/dlrt.h"
#include "runtime/dlx.h"
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

/// Levels by cpuid and xgetbv (x86-64 psABI, table 3.1), or by what Linux says of an AArch64.
static uint64_t hostLevels() {
#if defined(__x86_64__)
  auto has = [](unsigned word, unsigned mask) { return (word & mask) == mask; };
  unsigned a = 0, b1 = 0, b7 = 0, c1 = 0, c8 = 0, d = 0;
  if (!__get_cpuid(1, &a, &b1, &c1, &d))
    return 0;
  unsigned ignoredC, ignoredD;
  if (!__get_cpuid_count(7, 0, &a, &b7, &ignoredC, &ignoredD))
    b7 = 0;
  unsigned ignoredB;
  if (!__get_cpuid(0x80000001, &a, &ignoredB, &c8, &d))
    c8 = 0;
  unsigned saved = 0; // XCR0: what the operating system saves
  if (has(c1, bit_OSXSAVE))
    __asm__("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  if (!has(c1, bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT | bit_CMPXCHG16B) || !has(c8, bit_LAHF_LM))
    return 0;
  uint64_t levels = DLX_CPU_V2;
  if (!has(c1, bit_AVX | bit_F16C | bit_FMA | bit_MOVBE) || !has(b7, bit_AVX2 | bit_BMI | bit_BMI2) || !has(c8, bit_LZCNT) ||
      !has(saved, 0x6))
    return levels;
  levels |= DLX_CPU_V3;
  if (has(b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL) && has(saved, 0xe6))
    levels |= DLX_CPU_V4;
  return levels;
#elif defined(__aarch64__)
  // LSE and RDM came with 8.1, DC CVAP with 8.2.
  constexpr unsigned long needed =
      1ul << 1 /* ASIMD */ | 1ul << 7 /* CRC32 */ | 1ul << 8 /* ATOMICS */ | 1ul << 12 /* ASIMDRDM */ | 1ul << 16 /* DCPOP */;
  return (getauxval(AT_HWCAP) & needed) == needed ? DLX_CPU_ARM82 : 0;
#else
  return 0;
#endif
}

/// Whether the comma list has the word.
static bool lists(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; at; at = strchr(at, ',')) {
    at += *at == ',';
    if (!strncmp(at, word, length) && (at[length] == 0 || at[length] == ','))
      return true;
  }
  return false;
}

uint64_t dlrt_cpu_features(void) {
  uint64_t levels = hostLevels();
  const char *mask = getenv("DLRT_CPU_MASK");
  if (!mask)
    return levels;
  if (lists(mask, "v3")) // what needs v4 needs v3
    levels &= ~uint64_t(DLX_CPU_V3 | DLX_CPU_V4);
  if (lists(mask, "v4"))
    levels &= ~uint64_t(DLX_CPU_V4);
  return levels;
}
