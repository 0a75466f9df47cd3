// e^x in parts, for functions that multiply it by more before it is rounded.
#pragma once
#include "dialects/dl/functions/Functions.h"

namespace dlc::dl::f32 {
/// 3 * 2^22: adding it rounds to an integer, which stands in the lowest bits of the sum.
constexpr double shifter = 0x1.8p23;

/// 2^n e^r, |r| <= ln 2 / 2. The lowest 9 bits of the integer `n` are n + bias: what of it will be an exponent costs no addition then.
struct Power {
  static constexpr int forTimes = 2 * 127, forRaised = 127 + 64;
  Number r, n;
  /// 2^n y, rounded once for y near 1; -160 <= n <= 130.
  Number times(Number y) const;
  /// 2^(n + 64), where -160 <= n <= 0.
  Number raised() const;
};
/// e^x; x must be in [-110, 90] or NaN.
Power power(Number x, int bias);
/// e^r and e^r - 1, |r| <= ln 2 / 2.
Number expNearZero(Number r), expm1NearZero(Number r);
} // namespace dlc::dl::f32
