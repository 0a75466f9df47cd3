// Our own functions of f32: right over the whole range, with the same bits on every CPU with FMA. docs/functions.md.
#pragma once
#include "dialects/dl/functions/Number.h"

namespace dlc::dl::f32 {
// Exponential.cpp and Erf.cpp, in f32 for speed
Number exp(Number x), exp2(Number x), log(Number x), tanh(Number x), sigmoid(Number x), softplus(Number x), silu(Number x);
Number erf(Number x), gelu(Number x), geluTanh(Number x);
// Trigonometric.cpp and Wide.cpp, in f64 but for their ends
Number sin(Number x), cos(Number x), tan(Number x), asin(Number x), acos(Number x), atan(Number x);
Number expm1(Number x), log2(Number x), log1p(Number x), pow(Number x, Number y), cbrt(Number x), erfc(Number x);
Number sinh(Number x), cosh(Number x), asinh(Number x), acosh(Number x), atanh(Number x);
Number lgamma(Number x), digamma(Number x);
} // namespace dlc::dl::f32

namespace dlc::dl {
/// Gamma.cpp: of f64, by these logarithms of numbers in (0, inf).
Number lgamma(Number x, Number log(Number)), digamma(Number x, Number log(Number));
/// What a logarithm of u is where `y` is that of u in (0, inf): -inf at 0, NaN below, u itself where it is inf or NaN.
Number logarithmOf(Number u, Number y);
} // namespace dlc::dl
