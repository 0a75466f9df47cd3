// What functions of f32 that are computed in f64 share: f64 in and out, with far more bits than f32 has. There every float is
// a normal number and its square exact. Errors are relative.
#pragma once
#include "dialects/dl/functions/Functions.h"

namespace dlc::dl::f32 {
/// 3 * 2^51: adding it rounds to an integer, which stands in the lowest bits of the sum.
constexpr double wideShifter = 0x1.8p52;

Number expWide(Number x);   ///< |x| <= 700 or NaN; 2^-39
Number expm1Wide(Number x); ///< |x| <= 700 or NaN; 2^-37
Number logWide(Number x);   ///< 0 < x < inf; 2^-50
Number log1pWide(Number x); ///< -1 < x < inf; 2^-37
Number atanWide(Number x);  ///< 2^-38
} // namespace dlc::dl::f32
