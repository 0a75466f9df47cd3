// The error function and both forms of gelu, in f32. 2^-k behind a polynomial: its relative error.
#include "dialects/dl/functions/Exponential.h"

using namespace mlir;
namespace dlc::dl::f32 {
// |x| <= 1: x + x P(x^2). Beyond: 1 - Q(|x|)^4, which is 1 from 3.92 on.
Number erf(Number x) {
  Number a = atMost(abs(x), 3.95), u = x * x;
  Number p = polynomial(u, {0.128379166, -0.37612626, 0.112835787, -0.0268533472, 0.0051871622, -0.00079978531, 7.80690389e-05}); // 2^-29.4
  Number q = polynomial(a - 2.5, {0.142031938, -0.190067783, 0.0936311856, -0.0122630075, -0.00639767898, 0.00275945431, -6.36223649e-06,
                                  -0.000267000549, -2.21834125e-05}); // Q^4: 2^-26.8
  q = q * q;
  return select(a < 1, fma(x, p, x), timesSign(1 - q * q, x));
}

/// e^-(h + l), where l is less than half of h's last place: l multiplies the result by hardly more than 1.
static Power decay(Number h, Number l) {
  Number t = fma(h, -0x1.715476p0, shifter + Power::forRaised), n = t - (shifter + Power::forRaised);
  return {fma(n, -0x1.62e4p-1, -h) + fma(n, -0x1.7f7d1cp-20, -l), bits(t)};
}

// x < 0: x F(x), else x - x F(-x), with the normal distribution function F: a F(-a) = e^(-a^2/2) v, where v = a P(a) / Q(a) up to
// a = 3 and S(1 / a^2) beyond. It ends in subnormals at a = 14.2. a^2/2 = h + l exactly.
Number gelu(Number x) {
  Number a = atMost(abs(x), 14.5), half = a * 0.5, h = a * half, tail = a.same(3.0) < a;
  Power e = decay(h, fused(a, half, -h));
  // P = 1/2 + p a + ..., Q = 1 + q a + ...: 2^-29.3
  Number p = fma(h, polynomial(a, {0.558444202, 0.158774301, 0.0171974339, 9.15795226e-06}), half);
  Number q = fma(h, polynomial(a, {1.48193741, 0.392396092, 0.0436246246}), fma(a, 1.35632873, 1));
  Number v = select(tail, 1, p) / select(tail, h + h, q);
  Number s =
      polynomial(v, {0.398942202, -0.39891395, 1.19318259, -5.75335217, 33.4318657, -175.675781, 631.292725, -1068.81445}); // 2^-26.3
  v = select(tail, s, v);
  Number y = fma(v, expm1NearZero(e.r), v) * e.raised() * 0x1p-64;
  return select(x < 0, -y, x - y);
}

// x sigmoid(v), v = 2 sqrt(2/pi) (x + 0.044715 x^3) = a (k1 + k3 a^2), in twice f32's bits: k1 = 0x1.98845p0 + 0x1.9ea1b2p-23,
// k3 = 0x1.2444f2p-4 + 0x1.49b16ap-29, a^2 = s + sl. The first part of k1 has so few bits that k1 - m is exact.
Number geluTanh(Number x) {
  Number a = atMost(abs(x), 11), s = a * a, sl = fused(a, a, -s);
  Number k3 = a.same(0x1.2444f2p-4), m = fma(s, k3, 0x1.98845p0);
  Number ml = fused(s, k3, 0x1.98845p0 - m) + fma(sl, k3, fma(s, 0x1.49b16ap-29, 0x1.9ea1b2p-23));
  Number h = a * m;
  Power p = decay(h, fma(a, ml, fused(a, m, -h)));
  Number e = expNearZero(p.r) * p.raised();
  return select(x < 0, a * e * -0x1p-64, x) / (e * 0x1p-64 + 1);
}
} // namespace dlc::dl::f32
