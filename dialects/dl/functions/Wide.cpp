// Functions of f32 in f64: half a ulp and a little, without subnormal numbers, cancellation or overflow on the way.
#include "dialects/dl/functions/Wide.h"

using namespace mlir;
namespace dlc::dl {
static constexpr double infinity = std::numeric_limits<double>::infinity(), pi = 3.1415926535897931;
static Number nan(Number x) { return x.same(std::nan("")); }

Number logarithmOf(Number u, Number y) { return select(u < infinity, select(u > 0, y, select(u == 0, -infinity, nan(u))), u); }

namespace f32 {
/// x = n ln 2 + r. n stands in the lowest bits of t.
struct Halved {
  Number r, t;
};
static Halved halved(Number x) {
  Number t = fma(x, 0x1.71547652b82fep0, wideShifter), n = t - wideShifter;
  return {fma(n, -0x1.abc9e3b39803fp-56, fma(n, -0x1.62e42fefa39efp-1, x)), bits(t)};
}
Number expWide(Number x) {
  Halved h = halved(x);
  Number p = polynomial(h.r, {1, 1, 0.50000000004271539, 0.16666666784512571, 0.041666664403707428, 0.0083332817876206073,
                              0.0013889197272724679, 0.00019908952321222041, 2.4708253607164953e-05});
  return fromBits(bits(p) + (h.t << 52));
}
// e^x - 1 = 2^n p + (2^n - 1), p = e^r - 1
Number expm1Wide(Number x) {
  Halved h = halved(x);
  Number q = polynomial(h.r, {0.50000000001049816, 0.16666666753924333, 0.041666665954444827, 0.0083332891248252359, 0.0013888985155016255,
                              0.00019904858316629621, 2.4796366447949788e-05});
  Number p = h.r * fma(h.r, q, 1), scale = fromBits((h.t << 52) + 0x3ff0000000000000);
  return fma(scale, p, scale - 1);
}
// log x = n ln 2 + log m, sqrt(1/2) <= m < sqrt(2); log m = 2 artanh s, s = (m - 1) / (m + 1)
Number logWide(Number x) {
  const int64_t one = 0x3ff0000000000000, rootHalf = 0x3fe6a09e667f3bcd;
  Number from = bits(x), exponent = from + (one - rootHalf);
  Number n = fromBits((exponent >> 52) | 0x4330000000000000) - (0x1p52 + 1023); // an integer below 2^52 as a float
  Number m = fromBits(from - (exponent & (int64_t(0xfff) << 52)) + one);
  Number s = (m - 1) / (m + 1), z = s * s;
  Number p = polynomial(
      z, {0.66666666666586982, 0.40000000052379053, 0.28571417113884878, 0.22223372754412246, 0.18123609207549868, 0.16820213617100405});
  return fma(n, 0x1.62e42fefa39efp-1, s * fma(z, p, 2));
}
// Below 2^-12 three terms of the series: 1 + x would lose x's last bits.
Number log1pWide(Number x) { return select(abs(x) < 0x1p-12, x * (1 - x * (0.5 - x * (1.0 / 3))), logWide(x + 1)); }
// atan a = atan t + (0, pi/4 or pi/2), t = a, (a - 1) / (a + 1) or -1 / a, so that |t| <= tan(pi/8)
Number atanWide(Number x) {
  Number a = abs(x), small = a < 0.41421356237309503, large = a > 2.4142135623730951;
  Number t = select(small, a, select(large, -1, a - 1)) / select(small, 1, select(large, a, a + 1)), z = t * t;
  Number p = polynomial(z, {-0.33333333296405748, 0.19999994402854479, -0.14285426489772107, 0.11104053277256587, -0.089972703368415258,
                            0.069930597384924492, -0.037955156456839161});
  Number base = select(small, a.same(0.0), select(large, a.same(1.5707963267948966), 0.78539816339744828));
  return timesSign(base + fma(t * z, p, t), x);
}

Number expm1(Number x) {
  Number y = narrow(expm1Wide(wide(atLeast(atMost(x, 100), -100))));
  return select(x == 0, x, y); // keeps its sign
}
Number log2(Number x) { return logarithmOf(x, narrow(logWide(wide(x)) * 1.4426950408889634)); }
Number log1p(Number x) {
  Number u = wide(x);
  return logarithmOf(x + 1, narrow(log1pWide(u)));
}
Number cbrt(Number x) {
  Number y = narrow(expWide(logWide(wide(abs(x))) * (1.0 / 3)));
  return select(isNaN(x), x, timesSign(y, x));
}
Number sinh(Number x) {
  Number e = expm1Wide(wide(atMost(abs(x), 100)));
  return timesSign(narrow((e + e / (e + 1)) * 0.5), x);
}
Number cosh(Number x) {
  Number e = expWide(wide(atMost(abs(x), 100)));
  return narrow((e + 1 / e) * 0.5);
}
Number asinh(Number x) {
  Number a = wide(abs(x)), square = a * a;
  Number y = narrow(log1pWide(a + square / (1 + sqrt(1 + square))));
  return select(abs(x) < infinity, timesSign(y, x), x);
}
Number acosh(Number x) {
  Number t = wide(x) - 1;
  Number y = narrow(log1pWide(t + sqrt(t * (t + 2))));
  return select(x >= 1, select(x < infinity, y, x), nan(x));
}
Number atanh(Number x) {
  Number a = wide(abs(x)), y = narrow(log1pWide(2 * a / (1 - a)) * 0.5), b = abs(x);
  return timesSign(select(b < 1, y, select(b == 1, infinity, nan(x))), x);
}
Number atan(Number x) { return narrow(atanWide(wide(x))); }
// asin a = s + s z P(z): s = a up to 1/2; beyond pi/2 - 2 asin s, s^2 = z = (1 - a) / 2, of a in [0, 1].
static Number halfArc(Number a, Number large) {
  Number z = select(large, (1 - a) * 0.5, a * a), s = select(large, sqrt(z), a);
  Number p = polynomial(z, {0.16666666627480123, 0.07500004965251701, 0.04464071414779193, 0.030426411030979962, 0.02186677203573478,
                            0.020640965778926757, 0.001993441442763497, 0.03289639063763733}); // 2^-39.9
  return fma(s * z, p, s);
}
Number asin(Number x) {
  Number a = wide(abs(x)), large = a > 0.5, y = halfArc(a, large);
  return timesSign(narrow(select(large, fma(y, -2, 1.5707963267948966), y)), x);
}
Number acos(Number x) {
  Number u = wide(x), a = abs(u), large = a > 0.5, y = halfArc(a, large);
  Number inner = 1.5707963267948966 - timesSign(y, u), outer = select(u < 0, fma(y, -2, pi), y + y);
  return narrow(select(large, outer, inner));
}

// erfc |x| = e^(-x^2) P(|x|) / Q(|x|), and erfc(-x) = 2 - erfc x
Number erfc(Number x) {
  Number a = wide(atMost(abs(x), 10.3));
  Number p = polynomial(a, {0.999999999917861, 1.4351900783560048, 1.0018596129197332, 0.4031263478930746, 0.09306444421785956,
                            0.010051845227585786}); // P / Q: 2^-33.5
  Number q = polynomial(
      a, {1, 2.5635692342584133, 2.89453797482017, 1.857944154731852, 0.7234534784115296, 0.16495137298334828, 0.017816454086969573});
  Number y = expWide(-(a * a)) * p / q;
  return narrow(select(x < 0, 2 - y, y));
}

// |x|^y = e^(y log |x|); where y is odd it has x's sign. What has no value in the reals is NaN, but for pow(x, 0) = pow(1, y) = 1.
Number pow(Number x, Number y) {
  Number a = wide(abs(x)), l = logarithmOf(a, logWide(a)), product = select(l == 0, l, wide(y) * l);
  Number z = narrow(expWide(atLeast(atMost(product, 200), -200)));
  Number integer = x.with(x.s->eq(nearest(y).v, y.v)), half = y * 0.5, even = x.with(x.s->eq(nearest(half).v, half.v));
  z = select(integer && !even, timesSign(z, x), z);
  z = select(x < 0 && x > -infinity && !integer, nan(x), z);
  return select(y == 0, 1, z);
}
} // namespace f32
} // namespace dlc::dl
