// What the functions of one number should give: f64 references for f32 functions, with the bounds that hold them.
#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace dlc::bench {
struct Function {
  const char *name;
  const char *op; ///< the dl op and its attributes, "dl.gelu % approximate tanh": % is the operand
  /// y[i] = f(x[i]) in f64, right to some ulp of it.
  void (*reference)(const float *x, double *y, size_t n);
  double bound;     ///< the largest error allowed, in ulp of the f32 result
  float low, high;  ///< ordinary arguments, for timing
  double floor = 0; ///< an absolute error up to this is no error: near the roots of lgamma and digamma
  int parity = 0;   ///< f(-x) = parity f(x): -1 odd, 1 even, 0 neither
};
const std::vector<Function> &functions();

/// z[i] = x[i]^y[i] in f64.
void powers(const float *x, const float *y, double *z, size_t n);

/// |found - expected| in units of the last place of an f32 of `expected`'s size; 0 where both are NaN, and where `expected` is
/// beyond f32 and `found` infinite. Infinite where one is NaN, or a zero has the wrong sign.
double errorInUlp(float found, double expected, double floor = 0);

/// The only function of a module that applies `function` to `n` elements of `type`.
std::string moduleText(const Function &function, int64_t n, const char *type = "f32");
} // namespace dlc::bench
