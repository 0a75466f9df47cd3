// What one core can do at best, for rooflines.
#pragma once
#include <cstdint>

namespace dlc::tools {
/// Measured in some milliseconds: 10^9 flops a second of one core, for elements of 32 or 64 bits; 0 without FMA.
double peakGflops(unsigned bits);
/// Measured in some milliseconds: 10^9 bytes a second that so many threads together read of so many bytes, over and over.
double readBandwidth(int threads, int64_t bytes);
} // namespace dlc::tools
