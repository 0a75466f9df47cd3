// A Value with arithmetic.
#include "dialects/dl/Dl.h"
using namespace mlir;
namespace dlc::dl {
static SmallVector<int64_t> others(int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> rest;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(dims, i))
      rest.push_back(i);
  return rest;
}
Tensor Tensor::same(double value) const { return with(ConstantOp::create(b, loc, type(), b.getF64FloatAttr(value))); }
Tensor Tensor::sum(ArrayRef<int64_t> dims) const { return dims.empty() ? *this : with(SumOp::create(b, loc, v, dims)); }
Tensor Tensor::sumProducts(const Tensor &other, ArrayRef<int64_t> dims) const {
  return dims.empty() ? *this * other : with(SumProductsOp::create(b, loc, v, other, dims));
}
Tensor Tensor::max(ArrayRef<int64_t> dims) const { return dims.empty() ? *this : with(MaxOp::create(b, loc, v, dims)); }
Tensor Tensor::broadcast(RankedTensorType type, ArrayRef<int64_t> dims) const {
  return v.getType() == type ? *this : with(BroadcastOp::create(b, loc, type, v, dims));
}
Tensor Tensor::spread(RankedTensorType type, ArrayRef<int64_t> summed) const { return broadcast(type, others(type.getRank(), summed)); }
Tensor Tensor::reshape(RankedTensorType type) const { return v.getType() == type ? *this : with(ReshapeOp::create(b, loc, type, v)); }
Tensor Tensor::count(ArrayRef<int64_t> dims) const {
  auto extents = getExtents(v);
  auto counted = llvm::map_to_vector(dims, [&](int64_t d) { return extents[d]; });
  RankedTensorType scalar = RankedTensorType::get({}, computeType(type().getElementType()));
  if (int64_t n = getConstant(product(counted, b.getContext())); n >= 0)
    return with(ConstantOp::create(b, loc, scalar, b.getF64FloatAttr(n)));
  return with(ExtentOp::create(b, loc, scalar, DimsAttr::get(b.getContext(), counted)));
}
Tensor Tensor::reciprocalCount(ArrayRef<int64_t> dims) const { return 1.0 / count(dims); }
Tensor Tensor::transpose(ArrayRef<int64_t> permutation) const {
  return llvm::is_sorted(permutation) ? *this : with(TransposeOp::create(b, loc, v, permutation));
}
Tensor Tensor::slice(int64_t axis, AffineExpr offset, AffineExpr size) const {
  MLIRContext *c = b.getContext();
  auto sizes = getExtents(v);
  SmallVector<AffineExpr> offsets(sizes.size(), getAffineConstantExpr(0, c));
  SmallVector<int64_t> ones(sizes.size(), 1);
  offsets[axis] = offset, sizes[axis] = size;
  return with(SliceOp::create(b, loc, v, DimsAttr::get(c, offsets), DimsAttr::get(c, sizes), b.getDenseI64ArrayAttr(ones)));
}
Tensor Tensor::cast(Type element) const {
  return type().getElementType() == element ? *this : with(CastOp::create(b, loc, withElement(type(), element), v));
}
Tensor Tensor::wide() const { return cast(computeType(type().getElementType())); }
Tensor Tensor::mean(ArrayRef<int64_t> dims) const {
  Tensor s = sum(dims);
  return s * reciprocalCount(dims).broadcast(s.type(), {});
}
Tensor Tensor::exp() const { return with(ExpOp::create(b, loc, v)); }
Tensor Tensor::log() const { return with(LogOp::create(b, loc, v)); }
Tensor Tensor::log1p() const { return with(Log1pOp::create(b, loc, v)); }
Tensor Tensor::tanh() const { return with(TanhOp::create(b, loc, v)); }
Tensor Tensor::sqrt() const { return with(SqrtOp::create(b, loc, v)); }
Tensor Tensor::rsqrt() const { return with(RsqrtOp::create(b, loc, v)); }
Tensor Tensor::abs() const { return with(AbsOp::create(b, loc, v)); }
Tensor Tensor::erf() const { return with(ErfOp::create(b, loc, v)); }
Tensor Tensor::erfc() const { return with(ErfcOp::create(b, loc, v)); }
Tensor Tensor::sin() const { return with(SinOp::create(b, loc, v)); }
Tensor Tensor::cos() const { return with(CosOp::create(b, loc, v)); }
Tensor Tensor::sinh() const { return with(SinhOp::create(b, loc, v)); }
Tensor Tensor::cosh() const { return with(CoshOp::create(b, loc, v)); }
Tensor Tensor::digamma() const { return with(DigammaOp::create(b, loc, v)); }
// As digamma (functions/Gamma.cpp), each term differentiated: recurrence to z = y + 8, the asymptotic series there, and below 1/2
// psi'(x) = (pi / sin(pi x))^2 - psi'(1 - x).
Tensor Tensor::trigamma() const {
  const Tensor &x = *this;
  Tensor reflected = less(x, 0.5), y = select(reflected, 1.0 - x, x), w = 1.0 / (y + 8.0), square = w * w;
  Value series = same(0.0);
  for (double c : {-3617. / 510, 7. / 6, -691. / 2730, 5. / 66, -1. / 30, 1. / 42, -1. / 30, 1. / 6})
    series = with(series) * square + c;
  Value total = w + square * 0.5 + with(series) * square * w;
  for (int i = 0; i < 8; ++i) {
    Tensor term = 1.0 / (y + double(i));
    total = with(total) + term * term;
  }
  Tensor sum = with(total);
  Tensor cosecant = 3.14159265358979324 / (x * 3.14159265358979324).sin();
  return select(reflected, cosecant * cosecant - sum, sum);
}
Tensor Tensor::clamped(double bound) const { return greater(lesser(*this, same(bound)), same(-bound)); }
Tensor Tensor::sign() const { return select(less(same(0.0), *this), same(1.0), select(less(*this, 0.0), same(-1.0), *this)); }
Tensor Tensor::sigmoid() const { return with(SigmoidOp::create(b, loc, v)); }
Tensor Tensor::operator-() const { return with(NegOp::create(b, loc, v)); }
Tensor operator+(const Tensor &x, const Tensor &y) { return x.with(AddOp::create(x.b, x.loc, x, y)); }
Tensor operator-(const Tensor &x, const Tensor &y) { return x.with(SubOp::create(x.b, x.loc, x, y)); }
Tensor operator*(const Tensor &x, const Tensor &y) { return x.with(MulOp::create(x.b, x.loc, x, y)); }
Tensor operator/(const Tensor &x, const Tensor &y) { return x.with(DivOp::create(x.b, x.loc, x, y)); }
Tensor operator+(const Tensor &x, double y) { return x + x.same(y); }
Tensor operator-(const Tensor &x, double y) { return x - x.same(y); }
Tensor operator*(const Tensor &x, double y) { return x * x.same(y); }
Tensor operator/(const Tensor &x, double y) { return x / x.same(y); }
Tensor operator+(double x, const Tensor &y) { return y.same(x) + y; }
Tensor operator-(double x, const Tensor &y) { return y.same(x) - y; }
Tensor operator*(double x, const Tensor &y) { return y.same(x) * y; }
Tensor operator/(double x, const Tensor &y) { return y.same(x) / y; }
Tensor pow(const Tensor &x, const Tensor &y) { return x.with(PowOp::create(x.b, x.loc, x, y)); }
Tensor greater(const Tensor &x, const Tensor &y) { return x.with(MaximumOp::create(x.b, x.loc, x, y)); }
Tensor lesser(const Tensor &x, const Tensor &y) { return x.with(MinimumOp::create(x.b, x.loc, x, y)); }
Tensor fma(const Tensor &x, const Tensor &y, const Tensor &z) { return x.with(FmaOp::create(x.b, x.loc, x, y, z)); }
Tensor less(const Tensor &x, const Tensor &y) { return x.with(CompareOp::create(x.b, x.loc, Predicate::lt, x, y)); }
Tensor less(const Tensor &x, double y) { return less(x, x.same(y)); }
Tensor equal(const Tensor &x, const Tensor &y) { return x.with(CompareOp::create(x.b, x.loc, Predicate::eq, x, y)); }
Tensor equal(const Tensor &x, double y) { return equal(x, x.same(y)); }
Tensor select(const Tensor &c, const Tensor &yes, const Tensor &no) { return c.with(SelectOp::create(c.b, c.loc, c, yes, no)); }
Tensor shown(const Tensor &x, const Tensor &g) { return select(equal(x, x), g, g.same(std::numeric_limits<double>::quiet_NaN())); }

static Tensor divided(const Tensor &sum, const Tensor &n) { return sum / n.broadcast(sum.type(), {}); }
Centred::Centred(const Tensor &x, ArrayRef<int64_t> dims)
    : dims(dims), m(x.mean(dims)), d(x - m.spread(x.type(), dims)), delta(divided(d.sum(dims), x.count(dims))) {}
Tensor Centred::mean() const { return select(less(delta.abs(), std::numeric_limits<double>::infinity()), m + delta, m); }
Tensor Centred::variance() const {
  Tensor squares = d.sumProducts(d, dims);
  Tensor v = squares * d.reciprocalCount(dims).broadcast(squares.type(), {}) - delta * delta;
  return select(less(v, 0.0), v.same(0.0), v); // rounding may leave less than nothing
}
} // namespace dlc::dl
