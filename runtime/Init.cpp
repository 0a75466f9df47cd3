// Initialisers: constant, uniform, normal. Only additions, multiplications,
// divisions and square roots of doubles, unfused, so that a seed gives the same
// bits on every machine.
#include "runtime/Error.h"
#include "runtime/Philox.h"
#include "runtime/Store.h"
#include <math.h>
#include <string.h>

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

using namespace dlrt;

/// FNV-1a of the name: the upper half of the counter, so that every parameter
/// has its own stream.
static uint64_t hashName(const char *name) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (; *name; ++name)
    hash = (hash ^ uint8_t(*name)) * 0x100000001b3ull;
  return hash;
}

/// Natural logarithm of a positive normal x, within 1e-15: log(m 2^e) = e log 2
/// + 2 artanh((m - 1) / (m + 1)), m in [0.7, 1.42).
static double naturalLog(double x) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  int64_t exponent = int64_t(bits >> 52) - 1022;
  bits = (bits & 0xfffffffffffffull) | 1022ull << 52; // m in [0.5, 1)
  double m;
  memcpy(&m, &bits, 8);
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  double t = (m - 1) / (m + 1), t2 = t * t, sum = 0;
  for (int k = 21; k >= 1; k -= 2) // |t| < 0.172: t^23 is below 1e-17
    sum = sum * t2 + 1.0 / k;
  return double(exponent) * 0.69314718055994530942 + 2 * t * sum;
}

/// c[0] + c[1] r + ... + c[7] r^7.
static double polynomial(const double (&c)[8], double r) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i)
    sum = sum * r + c[i];
  return sum;
}

/// Quantile of the standard normal distribution at 0 < p < 1, to 1e-16
/// (Wichura, algorithm AS 241, PPND16).
static double normalQuantile(double p) {
  static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                              4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
  static const double b[8] = {1,
                              4.2313330701600911252e+1,
                              6.8718700749205790830e+2,
                              5.3941960214247511077e+3,
                              2.1213794301586595867e+4,
                              3.9307895800092710610e+4,
                              2.8729085735721942674e+4,
                              5.2264952788528545610e+3};
  static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
                              1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static const double d[8] = {1,
                              2.05319162663775882187e0,
                              1.67638483018380384940e0,
                              6.89767334985100004550e-1,
                              1.48103976427480074590e-1,
                              1.51986665636164571966e-2,
                              5.47593808499534494600e-4,
                              1.05075007164441684324e-9};
  static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
                              2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static const double f[8] = {1,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};
  double q = p - 0.5;
  if (fabs(q) <= 0.425) {
    double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
  }
  double r = __builtin_sqrt(-naturalLog(q < 0 ? p : 1 - p));
  double value = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5) / polynomial(f, r - 5);
  return q < 0 ? -value : value;
}

/// x as an integer of [lo, hi], rounded to nearest, NaN to 0.
static int64_t toInteger(double x, double lo, double hi) {
  if (!(x > lo))
    return x != x ? 0 : int64_t(lo);
  return x >= hi ? (hi >= 9223372036854775807.0 ? INT64_MAX : int64_t(hi)) : int64_t(rint(x));
}

/// Stores x as element i, rounded to the element type.
static void put(char *data, uint32_t dtype, uint64_t i, double x) {
  auto write = [&](auto value) { memcpy(data + i * sizeof value, &value, sizeof value); };
  switch (dtype) {
  case DLX_F32:
    write(float(x));
    break;
  case DLX_F64:
    write(x);
    break;
  case DLX_BF16: { // once, to nearest even: by the f32 next to x, to odd;
                   // initialisers give no NaN but by their operands
    float single = float(x);
    uint32_t bits;
    memcpy(&bits, &single, 4);
    if (double(single) != x && bits % 2 == 0)
      bits += fabs(double(single)) < fabs(x) ? 1 : -1;
    write(uint16_t(x != x ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16));
    break;
  }
  case DLX_I1:
    write(uint8_t(x != 0));
    break;
  case DLX_I8:
    write(int8_t(toInteger(x, -128, 127)));
    break;
  case DLX_U8:
    write(uint8_t(toInteger(x, 0, 255)));
    break;
  case DLX_I32:
    write(int32_t(toInteger(x, -2147483648.0, 2147483647.0)));
    break;
  default:
    write(toInteger(x, -9223372036854775808.0, 9223372036854775807.0));
    break;
  }
}

/// Gram and Schmidt's orthonormal columns of a matrix [n, k], n >= k, modified, in place: those of QR where R's diagonal is positive. sums:
/// k elements.
static void orthonormalise(double *matrix, uint64_t n, uint64_t k, double *sums) {
  for (uint64_t j = 0; j < k; ++j) {
    double square = 0;
    for (uint64_t row = 0; row < n; ++row)
      square += matrix[row * k + j] * matrix[row * k + j];
    double length = __builtin_sqrt(square);
    memset(sums, 0, k * sizeof *sums);
    for (uint64_t row = 0; row < n; ++row) {
      double *line = matrix + row * k;
      line[j] /= length;
      for (uint64_t l = j + 1; l < k; ++l)
        sums[l] += line[j] * line[l];
    }
    for (uint64_t row = 0; row < n; ++row)
      for (uint64_t l = j + 1; l < k; ++l)
        matrix[row * k + l] -= matrix[row * k + j] * sums[l];
  }
}

dlrt_status dlrt::initialise(Store &store, size_t i, uint64_t seed) {
  const dlx_tensor &tensor = store.tensor(i);
  char *data = store.overwrite(i);
  uint64_t hash = hashName(store.info(i).name), elements = 1;
  for (int32_t d = 0; d < store.info(i).ndim; ++d)
    elements *= uint64_t(store.info(i).dims[d]);
  if (tensor.init == DLX_INIT_NONE || (tensor.init == DLX_INIT_CONSTANT && tensor.a == 0 && !signbit(tensor.a))) {
    memset(data, 0, store.bytes(i));
    return DLRT_OK;
  }
  bool orthogonal = tensor.init == DLX_INIT_ORTHOGONAL;
  uint64_t columns = orthogonal ? uint64_t(store.info(i).dims[store.info(i).ndim - 1]) : 1, rows = columns ? elements / columns : 0;
  bool tall = rows >= columns; // the columns are orthogonal, else the rows
  uint64_t k = tall ? columns : rows;
  Array<double> matrix, sums;
  if (orthogonal && (!matrix.allocate(elements) || !sums.allocate(k)))
    return fail(DLRT_MEMORY, "no memory for the orthogonal columns of parameter '%s'", store.info(i).name);
  // Four elements a counter, two in f64, which takes 52 bits of two words; u is
  // never 0 or 1.
  bool wide = tensor.dtype == DLX_F64;
  uint32_t words[4] = {}, each = wide ? 2 : 4;
  for (uint64_t at = 0; at < elements; ++at) {
    if (at % each == 0 && tensor.init != DLX_INIT_CONSTANT) {
      uint64_t block = at / each;
      words[0] = uint32_t(block), words[1] = uint32_t(block >> 32), words[2] = uint32_t(hash), words[3] = uint32_t(hash >> 32);
      philox(words, seed);
    }
    const uint32_t *w = words + (wide ? at % 2 * 2 : at % 4);
    double u = wide ? (double((uint64_t(w[1]) << 32 | w[0]) >> 12) + 0.5) * 0x1p-52 : (double(*w) + 0.5) * 0x1p-32;
    double x = tensor.init == DLX_INIT_CONSTANT  ? tensor.a
               : tensor.init == DLX_INIT_UNIFORM ? tensor.a + (tensor.b - tensor.a) * u
                                                 : tensor.a + tensor.b * normalQuantile(u);
    if (orthogonal)
      matrix[tall ? at : at % columns * k + at / columns] = normalQuantile(u);
    else
      put(data, tensor.dtype, at, x);
  }
  if (!orthogonal)
    return DLRT_OK;
  orthonormalise(matrix.data(), k ? elements / k : 0, k, sums.data());
  orthonormalise(matrix.data(), k ? elements / k : 0, k, sums.data()); // rounding leaves more than an ulp of angle the first time
  for (uint64_t at = 0; at < elements; ++at)
    put(data, tensor.dtype, at, tensor.b * matrix[tall ? at : at % columns * k + at / columns]);
  return DLRT_OK;
}
