// lgamma and digamma of f64. Below 1/2 by reflection, from 8 on by Stirling's series, between by eight steps of the recurrence.
// Their error is absolute, some 1e-15 of the largest term: near a root few bits of an f64 are right, all of an f32.
#include "dialects/dl/functions/Wide.h"

using namespace mlir;
namespace dlc::dl {
static constexpr double infinity = std::numeric_limits<double>::infinity(), pi = 3.14159265358979324;

namespace {
/// What both have in common: y = x or 1 - x, whichever is the larger; z = y or y + 8, at least 8.
struct Shifted {
  Number reflected, low, y, z;
  explicit Shifted(Number x) : reflected(x < 0.5), low(x), y(select(reflected, 1 - x, x)), z(y) {
    low = y < 8;
    z = select(low, y + 8, y);
  }
};
Number sinPi(Number r) { // |r| <= 1/2
  return r * polynomial(r * r, {3.1415926535897931, -5.1677127800499081, 2.5501640398723735, -0.5992645291683445, 0.082145884303049282,
                                -0.0073704118531579058, 0.00046621463628159502, -2.1700415562905419e-05, 5.7266085418651414e-07});
}
Number cosPi(Number r) {
  return polynomial(r * r, {1, -4.9348022005446817, 4.0587121264170234, -1.3352627688645109, 0.23533063055119641, -0.025806893494513476,
                            0.0019295879288836928, -0.00010468976165685976, 4.408945173712667e-06, -2.2809055523994368e-07});
}
} // namespace

// log Gamma(y) = log Gamma(z) - log(y (y + 1) ... (y + 7)); log |Gamma(x)| = log(pi / |sin(pi x)|) - log Gamma(1 - x)
Number lgamma(Number x, Number log(Number)) {
  Shifted s(x);
  Number product = s.y;
  for (int i = 1; i < 8; ++i)
    product = product * (s.y + i);
  product = select(s.low, product, 1);
  Number sine = abs(sinPi(x - nearest(x)));
  product = select(s.reflected, product * (pi / sine), product);
  Number w = 1 / s.z,
         series = w * polynomial(w * w, {1. / 12, -1. / 360, 1. / 1260, -1. / 1680, 1. / 1188, -691. / 360360, 1. / 156, -3617. / 122400});
  Number y = fma(s.z - 0.5, log(s.z) - 1, 0.41893853320467274) + series - log(product);
  y = select(s.reflected, -y, y);
  Number pole = (s.reflected && sine == 0) || abs(x) == infinity;
  return select(pole, infinity, select(isNaN(x), x, y));
}

// psi(y) = psi(z) - (1 / y + ... + 1 / (y + 7)); psi(x) = psi(1 - x) - pi / tan(pi x)
Number digamma(Number x, Number log(Number)) {
  Shifted s(x);
  Number numerator = s.y.same(1.0), denominator = s.y;
  for (int i = 1; i < 8; ++i)
    numerator = fma(numerator, s.y + i, denominator), denominator = denominator * (s.y + i);
  Number steps = select(s.low, numerator / denominator, 0.0);
  Number w = 1 / s.z, square = w * w;
  Number series = square * polynomial(square, {1. / 12, -1. / 120, 1. / 252, -1. / 240, 1. / 132, -691. / 32760, 1. / 12, -3617. / 8160});
  Number r = x - nearest(x), y = log(s.z) - w * 0.5 - series - steps;
  y = select(s.reflected, y - pi * cosPi(r) / sinPi(r), y);
  Number nan = x.same(std::nan(""));
  y = select(s.reflected && r == 0, select(x == 0, -(1 / x), nan), y);
  return select(abs(x) < infinity, y, select(x > 0, infinity, nan));
}

namespace f32 {
Number lgamma(Number x) { return narrow(dl::lgamma(wide(x), logWide)); }
Number digamma(Number x) { return narrow(dl::digamma(wide(x), logWide)); }
} // namespace f32
} // namespace dlc::dl
