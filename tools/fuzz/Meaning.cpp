// The table of what pointwise ops mean, from their documentation and libm alone.
#include "mlir/IR/TypeUtilities.h"
#include "tools/fuzz/Reference.h"
#include <cmath>

using namespace mlir;
namespace dlc::fuzz {
static double softplus(double x) { return std::isnan(x) ? x : std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
static double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
/// x sigmoid(v), in more range than f64 has: where the sigmoid alone would be a subnormal number, the product need not be one.
static double timesSigmoid(double x, double v) {
  long double e = std::exp(-std::fabs((long double)v));
  return double(x * (v < 0 ? e : 1) / (1 + e));
}
static double gelu(double x) { return std::isinf(x) ? (x > 0 ? x : -0.0) : 0.5 * x * std::erfc(-x * M_SQRT1_2); }
static double geluTanh(double x) {
  return std::isinf(x) ? (x > 0 ? x : -0.0) : timesSigmoid(x, 2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
}
/// By recurrence up to 10, there by the asymptotic series; below 1/2 by reflection.
static double digamma(double x) {
  if (std::isinf(x))
    return x > 0 ? x : NAN;
  if (x == 0)
    return std::copysign(INFINITY, -x);
  if (x < 0.5)
    return x == std::floor(x) ? NAN : digamma(1 - x) - M_PI / std::tan(M_PI * std::remainder(x, 1));
  double sum = 0;
  for (; x < 10; ++x)
    sum -= 1 / x;
  double y = 1 / (x * x);
  return sum + std::log(x) - 0.5 / x -
         y * (1. / 12 - y * (1. / 120 - y * (1. / 252 - y * (1. / 240 - y * (1. / 132 - y * (691. / 32760 - y / 12))))));
}
static double greater(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : x > y ? x : y; }
static double lesser(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : x < y ? x : y; }

using Unary = double (*)(double);
struct Row {
  Unary f;
  double half, absolute = 0;
};
/// Functions of one floating-point number: correctly rounded ones have 1, others what is promised, and as much again.
static const std::map<StringRef, Row> unary = {
    {"neg", {[](double x) { return -x; }, 0}},
    {"abs", {[](double x) { return std::fabs(x); }, 0}},
    {"relu", {[](double x) { return x < 0 ? 0 : x; }, 0}},
    {"sqrt", {[](double x) { return std::sqrt(x); }, 1}},
    {"rsqrt", {[](double x) { return 1 / std::sqrt(x); }, 8}},
    {"exp", {[](double x) { return std::exp(x); }, 8}},
    {"exp2", {[](double x) { return std::exp2(x); }, 8}},
    {"expm1", {[](double x) { return std::expm1(x); }, 8}},
    {"log", {[](double x) { return std::log(x); }, 8}},
    {"log2", {[](double x) { return std::log2(x); }, 8}},
    {"log1p", {[](double x) { return std::log1p(x); }, 8}},
    {"sin", {[](double x) { return std::sin(x); }, 8}},
    {"cos", {[](double x) { return std::cos(x); }, 8}},
    {"tan", {[](double x) { return std::tan(x); }, 8}},
    {"asin", {[](double x) { return std::asin(x); }, 8}},
    {"acos", {[](double x) { return std::acos(x); }, 8}},
    {"atan", {[](double x) { return std::atan(x); }, 8}},
    {"sinh", {[](double x) { return std::sinh(x); }, 8}},
    {"cosh", {[](double x) { return std::cosh(x); }, 8}},
    {"asinh", {[](double x) { return std::asinh(x); }, 8}},
    {"acosh", {[](double x) { return std::acosh(x); }, 8}},
    {"atanh", {[](double x) { return std::atanh(x); }, 8}},
    {"tanh", {[](double x) { return std::tanh(x); }, 8}},
    {"erf", {[](double x) { return std::erf(x); }, 8}},
    {"erfc", {[](double x) { return std::erfc(x); }, 8}},
    {"cbrt", {[](double x) { return std::cbrt(x); }, 8}},
    {"sigmoid", {sigmoid, 8}},
    {"lgamma", {[](double x) { return std::lgamma(x); }, 8, 0x1p-22}},
    {"digamma", {digamma, 8, 0x1p-22}},
    {"softplus", {softplus, 16}},
    {"silu", {[](double x) { return x == -INFINITY ? -0.0 : timesSigmoid(x, x); }, 16}},
    {"softsign", {[](double x) { return std::isinf(x) ? std::copysign(1, x) : x / (1 + std::fabs(x)); }, 8}},
};

static Num real(double f) { return {f, 0, 0}; }
static Num whole(int64_t i) { return {0, i, 0}; }
static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }

static bool compares(dl::Predicate p, auto x, auto y) {
  switch (p) {
  case dl::Predicate::lt:
    return x < y;
  case dl::Predicate::le:
    return x <= y;
  case dl::Predicate::gt:
    return x > y;
  case dl::Predicate::ge:
    return x >= y;
  case dl::Predicate::eq:
    return x == y;
  case dl::Predicate::ne:
    return x != y;
  }
  llvm_unreachable("covered");
}

/// Toward zero, saturating; NaN to 0.
static int64_t truncated(double x, unsigned bits) {
  double top = std::ldexp(1.0, bits - 1);
  if (std::isnan(x))
    return 0;
  return x >= top ? int64_t((uint64_t(1) << (bits - 1)) - 1) : x < -top ? -int64_t(uint64_t(1) << (bits - 1)) : int64_t(x);
}
static Meaning cast(Type from, Type to) {
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (fromFloat && toFloat)
    return {[](ArrayRef<Num> x) { return x[0]; }, formatOf(to).digits < formatOf(from).digits ? 1. : 0.};
  if (to.isInteger(1))
    return {[=](ArrayRef<Num> x) { return whole(fromFloat ? x[0].f != 0 : x[0].i != 0); }};
  if (fromFloat)
    return {[bits = to.getIntOrFloatBitWidth()](ArrayRef<Num> x) { return whole(truncated(x[0].f, bits)); }};
  if (!toFloat)
    return {[](ArrayRef<Num> x) { return x[0]; }}; // wraps where it is stored
  auto &semantics = llvm::cast<FloatType>(to).getFloatSemantics();
  return {[&semantics](ArrayRef<Num> x) { // one rounding, from the integer itself
    llvm::APFloat f(semantics);
    f.convertFromAPInt(llvm::APInt(64, x[0].i, true), true, llvm::APFloat::rmNearestTiesToEven);
    bool lost;
    (void)f.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return real(f.convertToDouble());
  }};
}

static Meaning binary(StringRef name, bool isFloat) {
  auto both = [&](double half, auto f, auto i) -> Meaning {
    if (isFloat)
      return {[f](ArrayRef<Num> x) { return real(f(x[0].f, x[1].f)); }, half};
    return {[i](ArrayRef<Num> x) { return whole(i(x[0].i, x[1].i)); }};
  };
  using U = uint64_t;
  if (name == "add")
    return both(1, std::plus<double>(), [](U x, U y) { return x + y; });
  if (name == "sub")
    return both(1, std::minus<double>(), [](U x, U y) { return x - y; });
  if (name == "mul")
    return both(1, std::multiplies<double>(), [](U x, U y) { return x * y; });
  if (name == "div")
    return both(1, std::divides<double>(), [](int64_t x, int64_t y) { return y == 0 ? 0 : y == -1 ? int64_t(0 - U(x)) : x / y; });
  if (name == "maximum")
    return both(0, greater, [](int64_t x, int64_t y) { return std::max(x, y); });
  if (name == "minimum")
    return both(0, lesser, [](int64_t x, int64_t y) { return std::min(x, y); });
  if (name == "pow" && isFloat)
    return {[](ArrayRef<Num> x) { return real(std::pow(x[0].f, x[1].f)); }, 8};
  if (name == "and")
    return {[](ArrayRef<Num> x) { return whole(x[0].i & x[1].i); }};
  if (name == "or")
    return {[](ArrayRef<Num> x) { return whole(x[0].i | x[1].i); }};
  if (name == "xor")
    return {[](ArrayRef<Num> x) { return whole(x[0].i ^ x[1].i); }};
  return {};
}

Meaning meaningOf(Operation *op) {
  StringRef name = op->getName().stripDialect();
  Type to = elementOf(op->getResult(0));
  if (auto constant = dyn_cast<dl::ConstantOp>(op)) {
    double v = constant.getValue().convertToDouble();
    Num c = isa<FloatType>(to) ? nearest(real(v), to) : whole(int64_t(v));
    return {[c](ArrayRef<Num>) { return c; }};
  }
  if (auto select = dyn_cast<dl::SelectOp>(op))
    return {[](ArrayRef<Num> x) { return x[0].i ? x[1] : x[2]; }};
  if (auto compare = dyn_cast<dl::CompareOp>(op)) {
    bool isFloat = isa<FloatType>(elementOf(compare.getLhs()));
    return {[p = compare.getPredicate(), isFloat](ArrayRef<Num> x) {
      return whole(isFloat ? compares(p, x[0].f, x[1].f) : compares(p, x[0].i, x[1].i));
    }};
  }
  if (isa<dl::CastOp>(op))
    return cast(elementOf(op->getOperand(0)), to);
  if (isa<dl::NotOp>(op))
    return {[](ArrayRef<Num> x) { return whole(!x[0].i); }};
  if (isa<dl::FmaOp>(op))
    return {[](ArrayRef<Num> x) { return real(std::fma(x[0].f, x[1].f, x[2].f)); }, 1};
  if (auto leaky = dyn_cast<dl::LeakyReluOp>(op)) // alpha is rounded to the type as well
    return {[alpha = leaky.getAlpha().convertToDouble()](ArrayRef<Num> x) { return real(x[0].f > 0 ? x[0].f : alpha * x[0].f); }, 3};
  if (auto g = dyn_cast<dl::GeluOp>(op))
    return {[f = g.getApproximate() == dl::GeluForm::tanh ? geluTanh : gelu](ArrayRef<Num> x) { return real(f(x[0].f)); }, 16};
  if (op->getNumOperands() == 2 && op->getNumResults() == 1)
    return binary(name, isa<FloatType>(to));
  if (auto row = unary.find(name); row != unary.end() && op->getNumOperands() == 1 && isa<FloatType>(to))
    return {[f = row->second.f](ArrayRef<Num> x) { return real(f(x[0].f)); }, row->second.half, row->second.absolute};
  return {};
}
} // namespace dlc::fuzz
