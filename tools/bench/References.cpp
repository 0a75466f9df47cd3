// References by glibc's f64 functions, two at a time: the sweeps evaluate each 2^32 times.
#include "tools/bench/References.h"
#include <bit>
#include <cmath>
#include <cstdint>

namespace dlc::bench {
namespace {
// libmvec. Four doubles would need a file compiled for AVX: elsewhere they don't go in registers.
using Two = double __attribute__((vector_size(16)));
constexpr double inf = std::numeric_limits<double>::infinity();
#define DLC_VECTOR(name)                                                                                                                   \
  extern "C" Two _ZGVbN2v_##name(Two);                                                                                                     \
  Two name(Two x) { return _ZGVbN2v_##name(x); }
DLC_VECTOR(log)
DLC_VECTOR(log2)
DLC_VECTOR(log1p)
DLC_VECTOR(sin)
DLC_VECTOR(cos)
DLC_VECTOR(tan)
DLC_VECTOR(asin)
DLC_VECTOR(acos)
DLC_VECTOR(atan)
DLC_VECTOR(asinh)
DLC_VECTOR(acosh)
DLC_VECTOR(atanh)
DLC_VECTOR(erf)
DLC_VECTOR(cbrt)
// What is beyond its range libmvec leaves to libm, one at a time, half of all floats: functions that are as good as constant there
// are kept from it.
#define DLC_CLAMPED(name, bound)                                                                                                           \
  extern "C" Two _ZGVbN2v_##name(Two);                                                                                                     \
  Two name(Two x) {                                                                                                                        \
    x = x < -bound ? Two{} - bound : x;                                                                                                    \
    return _ZGVbN2v_##name(x > bound ? Two{} + bound : x);                                                                                 \
  }
DLC_CLAMPED(exp, 700)
DLC_CLAMPED(exp2, 1000)
DLC_CLAMPED(expm1, 700)
DLC_CLAMPED(sinh, 700)
DLC_CLAMPED(cosh, 700)
DLC_CLAMPED(tanh, 30)
DLC_CLAMPED(erfc, 20)
#undef DLC_CLAMPED
#undef DLC_VECTOR

Two magnitude(Two x) { return x < 0 ? -x : x; }
Two sigmoid(Two x) {
  Two e = exp(-magnitude(x));
  return (x < 0 ? e : Two{} + 1) / (1 + e);
}
/// x times a tail that vanishes faster than x grows: 0 at -inf.
Two timesTail(Two x, Two tail) { return (x < -1e4 ? Two{} - 1 : x) * tail; }
Two silu(Two x) { return timesTail(x, sigmoid(x)); }
Two softplus(Two x) { return (x < 0 ? Two{} : x) + log1p(exp(-magnitude(x))); }
Two gelu(Two x) { return timesTail(x, 0.5 * erfc(x * -0.70710678118654752)); }
Two geluTanh(Two x) { return timesTail(x, sigmoid(1.5957691216057308 * x * (1 + 0.044715 * x * x))); }

template <double f(double)> void scalar(const float *x, double *y, size_t n) {
  for (size_t i = 0; i < n; ++i)
    y[i] = f(x[i]);
}
/// NaN outside [low, high].
template <Two f(Two)> void vector(const float *x, double *y, size_t n, double low, double high) {
  for (size_t i = 0; i < n; i += 2) {
    Two v = {x[i], x[i + 1 < n ? i + 1 : i]};
    auto in = v >= low & v <= high;
    v = in[0] | in[1] ? in ? f(in ? v : Two{} + 1) : Two{} + NAN : Two{} + NAN;
    __builtin_memcpy(y + i, &v, i + 1 < n ? sizeof v : sizeof *y);
  }
}
template <Two f(Two)> void everywhere(const float *x, double *y, size_t n) { vector<f>(x, y, n, -inf, inf); }
template <Two f(Two)> void positive(const float *x, double *y, size_t n) { vector<f>(x, y, n, 0, inf); }
template <Two f(Two)> void fromOne(const float *x, double *y, size_t n) { vector<f>(x, y, n, 1, inf); }
template <Two f(Two)> void fromMinusOne(const float *x, double *y, size_t n) { vector<f>(x, y, n, -1, inf); }
template <Two f(Two)> void withinOne(const float *x, double *y, size_t n) { vector<f>(x, y, n, -1, 1); }

double rsqrt(double x) { return 1 / std::sqrt(x); }
double squareRoot(double x) { return std::sqrt(x); }
double softsign(double x) { return std::isinf(x) ? std::copysign(1, x) : x / (1 + std::fabs(x)); }
double logGamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}
/// By recurrence to x >= 12 and the asymptotic series there; below 0 by reflection.
double digamma(double x) {
  if (x == 0)
    return std::copysign(inf, -x);
  if (x < 0) {
    double r = x - std::nearbyint(x);
    return r == 0 || std::isinf(x) ? NAN : digamma(1 - x) - M_PI / std::tan(M_PI * r);
  }
  double sum = 0;
  for (; x < 12; ++x)
    sum -= 1 / x;
  double z = 1 / (x * x);
  double tail = z * (1. / 12 - z * (1. / 120 - z * (1. / 252 - z * (1. / 240 - z * (1. / 132 - z * (691. / 32760 - z * (1. / 12)))))));
  return sum + std::log(x) - 0.5 / x - tail;
}
} // namespace

void powers(const float *x, const float *y, double *z, size_t n) {
  for (size_t i = 0; i < n; ++i)
    z[i] = std::pow(double(x[i]), double(y[i]));
}

const std::vector<Function> &functions() {
  static const std::vector<Function> all = {
      {"exp", "dl.exp %", everywhere<exp>, 2, -8, 8},
      {"exp2", "dl.exp2 %", everywhere<exp2>, 2, -8, 8},
      {"expm1", "dl.expm1 %", everywhere<expm1>, 2, -8, 8},
      {"log", "dl.log %", positive<log>, 2, 0.1f, 10},
      {"log2", "dl.log2 %", positive<log2>, 2, 0.1f, 10},
      {"log1p", "dl.log1p %", fromMinusOne<log1p>, 2, -0.9f, 9},
      {"sqrt", "dl.sqrt %", scalar<squareRoot>, 0.5, 0.1f, 10},
      {"rsqrt", "dl.rsqrt %", scalar<rsqrt>, 2, 0.1f, 10},
      {"cbrt", "dl.cbrt %", everywhere<cbrt>, 2, -8, 8, 0, -1},
      {"sin", "dl.sin %", everywhere<sin>, 2, -8, 8, 0, -1},
      {"cos", "dl.cos %", everywhere<cos>, 2, -8, 8, 0, 1},
      {"tan", "dl.tan %", everywhere<tan>, 2, -8, 8, 0, -1},
      {"asin", "dl.asin %", withinOne<asin>, 2, -1, 1, 0, -1},
      {"acos", "dl.acos %", withinOne<acos>, 2, -1, 1},
      {"atan", "dl.atan %", everywhere<atan>, 2, -8, 8, 0, -1},
      {"sinh", "dl.sinh %", everywhere<sinh>, 2, -8, 8, 0, -1},
      {"cosh", "dl.cosh %", everywhere<cosh>, 2, -8, 8, 0, 1},
      {"tanh", "dl.tanh %", everywhere<tanh>, 2, -4, 4, 0, -1},
      {"asinh", "dl.asinh %", everywhere<asinh>, 2, -8, 8, 0, -1},
      {"acosh", "dl.acosh %", fromOne<acosh>, 2, 1, 9},
      {"atanh", "dl.atanh %", withinOne<atanh>, 2, -1, 1, 0, -1},
      {"erf", "dl.erf %", everywhere<erf>, 2, -4, 4, 0, -1},
      {"erfc", "dl.erfc %", everywhere<erfc>, 2, -4, 4},
      {"lgamma", "dl.lgamma %", scalar<logGamma>, 4, -8, 8, 0x1p-23},
      {"digamma", "dl.digamma %", scalar<digamma>, 4, -8, 8, 0x1p-23},
      {"sigmoid", "dl.sigmoid %", everywhere<sigmoid>, 2, -8, 8},
      {"softplus", "dl.softplus %", everywhere<softplus>, 4, -8, 8},
      {"silu", "dl.silu %", everywhere<silu>, 4, -8, 8},
      {"softsign", "dl.softsign %", scalar<softsign>, 2, -8, 8, 0, -1},
      {"gelu", "dl.gelu %", everywhere<gelu>, 4, -4, 4},
      {"gelu_tanh", "dl.gelu % approximate tanh", everywhere<geluTanh>, 4, -4, 4},
  };
  return all;
}

double errorInUlp(float found, double expected, double floor) {
  bool nan = std::isnan(found);
  if (nan || std::isnan(expected))
    return nan && std::isnan(expected) ? 0 : inf;
  constexpr double top = 0x1p128;
  double y = std::isinf(found) ? std::copysign(top, double(found)) : found, e = std::fmin(std::fmax(expected, -top), top);
  if (y == e)
    return y == 0 && std::signbit(found) != std::signbit(expected) ? inf : 0;
  if (y == 0 && std::signbit(found) != std::signbit(expected))
    return inf;
  double error = std::fabs(y - e);
  if (error <= floor)
    return 0;
  int exponent = int(std::bit_cast<uint64_t>(e) >> 52 & 0x7ff) - 1023;
  if (std::fabs(e) == top)
    exponent = 127;
  return error * std::bit_cast<double>(uint64_t(1023 + 23 - (exponent < -126 ? -126 : exponent)) << 52);
}
std::string moduleText(const Function &f, int64_t n, const char *type) {
  std::string op = f.op, tensor = "tensor<" + std::to_string(n) + "x" + type + ">";
  op.replace(op.find('%'), 1, "%x");
  return "func.func @f(%x: " + tensor + ") -> " + tensor + " {\n  %y = " + op + " : " + tensor + "\n  return %y : " + tensor + "\n}\n";
}
} // namespace dlc::bench
