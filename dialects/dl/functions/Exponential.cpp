// exp and log and what is made of them, in f32. 2^-k behind a polynomial: its relative error.
#include "dialects/dl/functions/Exponential.h"

using namespace mlir;
namespace dlc::dl::f32 {
static constexpr int64_t one = 0x3f800000; // the bits of 1.0f

/// (e^r - 1 - r) / r^2; 2^-28.2 of e^r.
static Number curve(Number r) { return polynomial(r, {0.49999994, 0.166665211, 0.0416682884, 0.00836870354, 0.00138189388}); }
Number expNearZero(Number r) { return fma(r, fma(r, curve(r), 1), 1); }
Number expm1NearZero(Number r) { return fma(r * r, curve(r), r); }
// ln 2 = 0x1.62e4p-1 + 0x1.7f7d1cp-20: n times the first is exact.
Power power(Number x, int bias) {
  Number t = fma(x, 0x1.715476p0, shifter + bias), n = t - (shifter + bias);
  return {fma(n, -0x1.7f7d1cp-20, fma(n, -0x1.62e4p-1, x)), bits(t)};
}
// By two factors, each a normal number: only the second product rounds, if the result is subnormal.
Number Power::times(Number y) const {
  Number half = (n << 22) & ~int64_t(0x7fffff);
  return y * fromBits(half) * fromBits((n << 23) - half);
}
Number Power::raised() const { return fromBits(n << 23); }

Number exp(Number x) {
  Power p = power(atLeast(atMost(x, 89), -104), Power::forTimes);
  return p.times(expNearZero(p.r));
}
// 2^x = 2^n 2^r, |r| <= 1/2 exactly.
Number exp2(Number x) {
  x = atLeast(atMost(x, 129), -151);
  Number t = x + (shifter + Power::forTimes), r = x - (t - (shifter + Power::forTimes));
  Number p = polynomial(r, {1, 0.693147182, 0.240226477, 0.0555035956, 0.0096185049, 0.00133910251, 0.000153271962}); // 2^-28.3
  return Power{p, bits(t)}.times(p);
}

// log x = n ln 2 + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2); log(1 + f) = f + f^2 P(f). Subnormals are scaled by 2^23.
Number log(Number x) {
  const int64_t rootHalf = 0x3f3504f3;
  Number small = x < 0x1p-126, exponent = bits(select(small, x * 0x1p23, x)) + (one - rootHalf);
  Number n = x.with(x.s->cast((exponent >> 23).v, x.s->b.getF32Type())) - select(small, x.same(150.0), 127);
  Number f = fromBits((exponent & 0x7fffff) + rootHalf) - 1;
  Number p = polynomial(
      f, {-0.5, 0.333333313, -0.250008196, 0.200012416, -0.166234091, 0.1420158, -0.131596103, 0.127622128, -0.0763642788}); // 2^-27.3
  Number low = fma(f * f, p, n * 0x1.7f7d1cp-20);
  return logarithmOf(x, fma(n, 0x1.62e4p-1, low + f));
}

// tanh x = N / D, N = (S + 1/2) w + S - 1/2, D = N + 1 - w, S = 2^(n-1), w = tanh r, r = x - n ln 2 / 2. Where n = 0, up to 0.267, D is 1
// and only w rounded: n changes so late that N loses nothing where it is 1. r is exact but for ln 2's error.
Number tanh(Number x) {
  Number a = atMost(abs(x), 9.5);
  Number t = fma(a - 0.09375, 2 * 0x1.715476p0, shifter + 126), r = fma(t - (shifter + 126), -0x1.62e43p-2, a), s = r * r;
  Number w = fma(r * s, polynomial(s, {-0.33333197236061096, 0.1332164704799652, -0.051095787435770035}), r); // 2^-27.6
  Number scale = fromBits(bits(t) << 23), y = fma(scale + 0.5, w, scale - 0.5);
  return timesSign(y / (y + (1 - w)), x);
}

/// e^-|x|: below -110 neither it nor x times it is seen any more.
static Power decay(Number x) { return power(atLeast(-abs(x), -110), Power::forRaised); }

// 1 / (1 + e^-x), for x < 0 as e^x / (1 + e^x). What 1 + e^x is rounded by is taken off at the end: by some 1 / (1 + e^x) too much, which
// matters only where little was.
Number sigmoid(Number x) {
  Power p = decay(x);
  Number e = expNearZero(p.r) * p.raised() * 0x1p-64, d = e + 1, y = select(x < 0, e, 1) / d;
  return fma(-y, e - (d - 1), y);
}
// x sigmoid(x); x multiplies e^x before it can be subnormal.
Number silu(Number x) {
  Power p = decay(x);
  Number e = expNearZero(p.r) * p.raised();
  return select(x < 0, atLeast(x, -110) * e * 0x1p-64, x) / (e * 0x1p-64 + 1);
}
// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), and log(1 + e) = e P(e).
Number softplus(Number x) {
  Power p = decay(x);
  Number e = expNearZero(p.r) * p.raised() * 0x1p-64;
  Number q = polynomial(e, {1, -0.499999315, 0.333304644, -0.249580204, 0.196921229, -0.153449923, 0.106614254, -0.0574614108, 0.0200892109,
                            -0.00329130725}); // 2^-27.5
  return fma(e, q, atLeast(x, 0));
}
} // namespace dlc::dl::f32
