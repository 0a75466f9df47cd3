// References by glibc's f64 functions, four at a time where the machine can: the sweeps evaluate each 2^32 times.
#include "tools/bench/References.h"
#include <bit>
#include <cmath>
#include <cstdint>

namespace dlc::bench {
namespace {
using d4 = double __attribute__((vector_size(32)));
constexpr double inf = std::numeric_limits<double>::infinity();

// libmvec: AVX2, four doubles; with a name of libm for one.
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define DLC_VECTOR(name) extern "C" d4 _ZGVdN4v_##name(d4);
DLC_VECTOR(exp);
DLC_VECTOR(exp2);
DLC_VECTOR(expm1);
DLC_VECTOR(log);
DLC_VECTOR(log2);
DLC_VECTOR(log1p);
DLC_VECTOR(sin);
DLC_VECTOR(cos);
DLC_VECTOR(tan);
DLC_VECTOR(asin);
DLC_VECTOR(acos);
DLC_VECTOR(atan);
DLC_VECTOR(sinh);
DLC_VECTOR(cosh);
DLC_VECTOR(asinh);
DLC_VECTOR(acosh);
DLC_VECTOR(atanh);
DLC_VECTOR(tanh);
DLC_VECTOR(erf);
DLC_VECTOR(erfc);
DLC_VECTOR(cbrt);
#undef DLC_VECTOR
extern "C" d4 _ZGVdN4vv_pow(d4, d4);
#pragma clang attribute pop

// libmvec leaves what is beyond its range to libm, one at a time, half of all floats: where f is as good as constant beyond
// [low, high] they are clamped, where it is NaN they are kept from it. NaN passes.
using Four = d4(d4);
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
template <Four f, double low, double high> d4 clamped(d4 x) {
  x = x < low ? d4{} + low : x;
  return f(x > high ? d4{} + high : x);
}
template <Four f, double low, double high> d4 within(d4 x) {
  auto in = (x >= low) & (x <= high);
  return __builtin_reduce_or(in) ? in ? f(in ? x : d4{} + 1) : d4{} + NAN : d4{} + NAN;
}
#pragma clang attribute pop

// Formulas for T, a double or four; x times a tail that vanishes faster than x grows is 0 at -inf.
#define DLC_FORMULAS(T)                                                                                                                    \
  T sigmoid(T x) {                                                                                                                         \
    T e = exp(-fabs(x));                                                                                                                   \
    return (x < 0 ? e : T{} + 1) / (1 + e);                                                                                                \
  }                                                                                                                                        \
  T timesTail(T x, T tail) { return (x < -1e4 ? T{} - 1 : x) * tail; }                                                                     \
  T silu(T x) { return timesTail(x, sigmoid(x)); }                                                                                         \
  T softplus(T x) { return (x < 0 ? T{} : x) + log1p(exp(-fabs(x))); }                                                                     \
  T gelu(T x) { return timesTail(x, 0.5 * erfc(x * -0.70710678118654752)); }                                                               \
  T geluTanh(T x) { return timesTail(x, sigmoid(1.5957691216057308 * x * (1 + 0.044715 * x * x))); }
namespace one {
using std::erfc, std::exp, std::fabs, std::log1p;
DLC_FORMULAS(double)
} // namespace one
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
namespace four {
d4 exp(d4 x) { return clamped<_ZGVdN4v_exp, -700., 700.>(x); }
d4 erfc(d4 x) { return clamped<_ZGVdN4v_erfc, -20., 20.>(x); }
d4 log1p(d4 x) { return _ZGVdN4v_log1p(x); }
d4 fabs(d4 x) { return x < 0 ? -x : x; }
DLC_FORMULAS(d4)
} // namespace four
#pragma clang attribute pop
#undef DLC_FORMULAS

template <double f(double)> void scalar(const float *x, double *y, size_t n) {
  for (size_t i = 0; i < n; ++i)
    y[i] = f(x[i]);
}
/// `v` on fours, `f` where the machine has no AVX2.
template <d4 v(d4), double f(double)> [[gnu::target("avx2")]] void fours(const float *x, double *y, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    d4 r = v(d4{x[i], x[i + 1], x[i + 2], x[i + 3]});
    __builtin_memcpy(y + i, &r, sizeof r);
  }
  for (; i < n; ++i)
    y[i] = f(x[i]);
}
template <d4 v(d4), double f(double)> void either(const float *x, double *y, size_t n) {
  static const bool avx2 = __builtin_cpu_supports("avx2");
  (avx2 ? fours<v, f> : scalar<f>)(x, y, n);
}
#define DLC_LIBM(name) either<_ZGVdN4v_##name, ::name>
#define DLC_CLAMPED(name, low, high) either<clamped<_ZGVdN4v_##name, low, high>, ::name>
#define DLC_WITHIN(name, low, high) either<within<_ZGVdN4v_##name, low, high>, ::name>
#define DLC_OWN(name) either<four::name, one::name>

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

static void powersOfOne(const float *x, const float *y, double *z, size_t n) {
  for (size_t i = 0; i < n; ++i)
    z[i] = std::pow(double(x[i]), double(y[i]));
}
[[gnu::target("avx2")]] static void powersOfFour(const float *x, const float *y, double *z, size_t n) {
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    float sum = 0; // NaN if one is: then libmvec's pow is wrong in the other lanes
    for (size_t k = i; k < i + 4; ++k)
      sum += x[k] * 0 + y[k] * 0;
    d4 r = _ZGVdN4vv_pow(d4{x[i], x[i + 1], x[i + 2], x[i + 3]}, d4{y[i], y[i + 1], y[i + 2], y[i + 3]});
    if (sum == 0)
      __builtin_memcpy(z + i, &r, sizeof r);
    else
      powersOfOne(x + i, y + i, z + i, 4);
  }
  powersOfOne(x + i, y + i, z + i, n - i);
}
void powers(const float *x, const float *y, double *z, size_t n) {
  static const bool avx2 = __builtin_cpu_supports("avx2");
  (avx2 ? powersOfFour : powersOfOne)(x, y, z, n);
}

const std::vector<Function> &functions() {
  static const std::vector<Function> all = {
      {"exp", "dl.exp %", DLC_CLAMPED(exp, -700., 700.), 2, -8, 8},
      {"exp2", "dl.exp2 %", DLC_CLAMPED(exp2, -1000., 1000.), 2, -8, 8},
      {"expm1", "dl.expm1 %", DLC_CLAMPED(expm1, -700., 700.), 2, -8, 8},
      {"log", "dl.log %", DLC_WITHIN(log, 0., inf), 2, 0.1f, 10},
      {"log2", "dl.log2 %", DLC_WITHIN(log2, 0., inf), 2, 0.1f, 10},
      {"log1p", "dl.log1p %", DLC_WITHIN(log1p, -1., inf), 2, -0.9f, 9},
      {"sqrt", "dl.sqrt %", scalar<squareRoot>, 0.5, 0.1f, 10},
      {"rsqrt", "dl.rsqrt %", scalar<rsqrt>, 2, 0.1f, 10},
      {"cbrt", "dl.cbrt %", DLC_LIBM(cbrt), 2, -8, 8, 0, -1},
      {"sin", "dl.sin %", DLC_LIBM(sin), 2, -8, 8, 0, -1},
      {"cos", "dl.cos %", DLC_LIBM(cos), 2, -8, 8, 0, 1},
      {"tan", "dl.tan %", DLC_LIBM(tan), 2, -8, 8, 0, -1},
      {"asin", "dl.asin %", DLC_WITHIN(asin, -1., 1.), 2, -1, 1, 0, -1},
      {"acos", "dl.acos %", DLC_WITHIN(acos, -1., 1.), 2, -1, 1},
      {"atan", "dl.atan %", DLC_LIBM(atan), 2, -8, 8, 0, -1},
      {"sinh", "dl.sinh %", DLC_CLAMPED(sinh, -700., 700.), 2, -8, 8, 0, -1},
      {"cosh", "dl.cosh %", DLC_CLAMPED(cosh, -700., 700.), 2, -8, 8, 0, 1},
      {"tanh", "dl.tanh %", DLC_CLAMPED(tanh, -30., 30.), 2, -4, 4, 0, -1},
      {"asinh", "dl.asinh %", DLC_LIBM(asinh), 2, -8, 8, 0, -1},
      {"acosh", "dl.acosh %", DLC_WITHIN(acosh, 1., inf), 2, 1, 9},
      {"atanh", "dl.atanh %", DLC_WITHIN(atanh, -1., 1.), 2, -1, 1, 0, -1},
      {"erf", "dl.erf %", DLC_LIBM(erf), 2, -4, 4, 0, -1},
      {"erfc", "dl.erfc %", DLC_CLAMPED(erfc, -20., 20.), 2, -4, 4},
      {"lgamma", "dl.lgamma %", scalar<logGamma>, 4, -8, 8, 0x1p-23},
      {"digamma", "dl.digamma %", scalar<digamma>, 4, -8, 8, 0x1p-23},
      {"sigmoid", "dl.sigmoid %", DLC_OWN(sigmoid), 2, -8, 8},
      {"softplus", "dl.softplus %", DLC_OWN(softplus), 4, -8, 8},
      {"silu", "dl.silu %", DLC_OWN(silu), 4, -8, 8},
      {"softsign", "dl.softsign %", scalar<softsign>, 2, -8, 8, 0, -1},
      {"gelu", "dl.gelu %", DLC_OWN(gelu), 4, -4, 4},
      {"gelu_tanh", "dl.gelu % approximate tanh", DLC_OWN(geluTanh), 4, -4, 4},
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
