// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC'11): four random words of a counter and a key.
#ifndef DLC_RUNTIME_PHILOX_H
#define DLC_RUNTIME_PHILOX_H
#include <stdint.h>

namespace dlrt {

/// Replaces the counter by its random words.
inline void philox(uint32_t counter[4], uint64_t key) {
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53u) * counter[0], b = uint64_t(0xCD9E8D57u) * counter[2];
    uint32_t c1 = counter[1], c3 = counter[3];
    counter[0] = uint32_t(b >> 32) ^ c1 ^ k0;
    counter[1] = uint32_t(b);
    counter[2] = uint32_t(a >> 32) ^ c3 ^ k1;
    counter[3] = uint32_t(a);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

} // namespace dlrt
#endif
