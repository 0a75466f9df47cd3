// Which function is meant: of f32 our own, of f64 the C library's or a formula of its functions.
#include "dialects/dl/functions/Functions.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
namespace dlc::dl {
namespace f64 {
template <typename Op> static Number libm(Number x) { return x.with(Op::create(x.s->b, x.s->loc, x.v)); }
static constexpr auto exp = libm<math::ExpOp>, exp2 = libm<math::Exp2Op>, expm1 = libm<math::ExpM1Op>, log = libm<math::LogOp>,
                      log2 = libm<math::Log2Op>, log1p = libm<math::Log1pOp>, cbrt = libm<math::CbrtOp>, sin = libm<math::SinOp>,
                      cos = libm<math::CosOp>, tan = libm<math::TanOp>, asin = libm<math::AsinOp>, acos = libm<math::AcosOp>,
                      atan = libm<math::AtanOp>, sinh = libm<math::SinhOp>, cosh = libm<math::CoshOp>, tanh = libm<math::TanhOp>,
                      asinh = libm<math::AsinhOp>, acosh = libm<math::AcoshOp>, atanh = libm<math::AtanhOp>, erf = libm<math::ErfOp>,
                      erfc = libm<math::ErfcOp>;
static Number pow(Number x, Number y) { return x.with(math::PowFOp::create(x.s->b, x.s->loc, x.v, y.v)); }
static Number lgamma(Number x) { return dl::lgamma(x, log); }
static Number digamma(Number x) { return dl::digamma(x, log); }
static Number sigmoid(Number x) {
  Number e = exp(-abs(x));
  return select(x < 0, e, 1) / (e + 1);
}
/// x sigmoid(v); for v < 0 as x h h / (1 + h h), h = e^(v/2): x h is no subnormal number where e^v is one.
static Number timesSigmoid(Number x, Number v) {
  Number h = exp(abs(v) * -0.5);
  return select(v < 0, x * h * h, x) / (h * h + 1);
}
static Number silu(Number x) { return timesSigmoid(atLeast(x, -1500), x); }
static Number softplus(Number x) { return atLeast(x, 0) + log1p(exp(-abs(x))); }
static Number gelu(Number x) {
  Number a = atLeast(x, -39); // there and below it is -0
  return a * 0.5 * erfc(a * -0.70710678118654752);
}
static Number geluTanh(Number x) {
  Number a = atLeast(x, -30);
  return timesSigmoid(a, a * 1.5957691216057308 * (1 + 0.044715 * a * a));
}
} // namespace f64

static bool isDouble(Value x) { return getElementTypeOrSelf(x.getType()).isF64(); }
#define DLC_FUNCTION(name)                                                                                                                 \
  Value Scalars::name(V x) { return (isDouble(x) ? f64::name({this, x}) : f32::name({this, x})).v; }
DLC_FUNCTION(exp)
DLC_FUNCTION(exp2)
DLC_FUNCTION(expm1)
DLC_FUNCTION(log)
DLC_FUNCTION(log2)
DLC_FUNCTION(log1p)
DLC_FUNCTION(cbrt)
DLC_FUNCTION(sin)
DLC_FUNCTION(cos)
DLC_FUNCTION(tan)
DLC_FUNCTION(asin)
DLC_FUNCTION(acos)
DLC_FUNCTION(atan)
DLC_FUNCTION(sinh)
DLC_FUNCTION(cosh)
DLC_FUNCTION(tanh)
DLC_FUNCTION(asinh)
DLC_FUNCTION(acosh)
DLC_FUNCTION(atanh)
DLC_FUNCTION(erf)
DLC_FUNCTION(erfc)
DLC_FUNCTION(lgamma)
DLC_FUNCTION(digamma)
DLC_FUNCTION(sigmoid)
DLC_FUNCTION(softplus)
DLC_FUNCTION(silu)
DLC_FUNCTION(gelu)
DLC_FUNCTION(geluTanh)
#undef DLC_FUNCTION
Value Scalars::pow(V x, V y) { return (isDouble(x) ? f64::pow({this, x}, {this, y}) : f32::pow({this, x}, {this, y})).v; }
Value Scalars::sqrt(V x) { return dl::sqrt({this, x}).v; }
// Beyond 1e30 it is 1 in any type; infinity would give NaN.
Value Scalars::softsign(V x) {
  Number c = atLeast(atMost(Number{this, x}, 1e30), -1e30);
  return (c / (dl::abs(c) + 1)).v;
}
// Two correctly rounded steps: every CPU gives the same bits, which its estimate instruction would not.
Value Scalars::rsqrt(V x) { return div(cst(x.getType(), 1.0), sqrt(x)); }
} // namespace dlc::dl
