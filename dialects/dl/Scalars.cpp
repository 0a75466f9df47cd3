// Arithmetic on scalars and vectors alike.
#include "dialects/dl/Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
namespace dlc::dl {

static bool isFloat(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }
static bool isBool(Value v) { return getElementTypeOrSelf(v.getType()).isInteger(1); }

Type computeType(Type e) { return e.isBF16() ? Float32Type::get(e.getContext()) : e; }
Type like(Type shape, Type e) {
  if (auto v = dyn_cast<VectorType>(shape))
    return VectorType::get(v.getShape(), e);
  return e;
}
bool isValueOf(double value, Type element) {
  if (isa<FloatType>(element))
    return true;
  bool unsignedBit = element.isInteger(1);
  double top = std::ldexp(1.0, element.getIntOrFloatBitWidth() - !unsignedBit);
  // Beyond 2^53 the number that was written may have been another.
  return value == std::trunc(value) && std::fabs(value) < 0x1p53 && value >= (unsignedBit ? 0.0 : -top) && value < top;
}

template <typename F, typename I> static Value either(Scalars &s, Value x, Value y) {
  return isFloat(x) ? Value(F::create(s.b, s.loc, x, y)) : Value(I::create(s.b, s.loc, x, y));
}
Value Scalars::add(V x, V y) { return either<arith::AddFOp, arith::AddIOp>(*this, x, y); }
Value Scalars::sub(V x, V y) { return either<arith::SubFOp, arith::SubIOp>(*this, x, y); }
Value Scalars::mul(V x, V y) { return either<arith::MulFOp, arith::MulIOp>(*this, x, y); }
Value Scalars::div(V x, V y) {
  if (isFloat(x))
    return arith::DivFOp::create(b, loc, x, y);
  // x / 0 -> 0 and min / -1 -> min: integer division has no trap here.
  V zero = icst(y.getType(), 0), one = icst(y.getType(), 1), minusOne = icst(y.getType(), -1);
  V isZero = eq(y, zero), isMinus = eq(y, minusOne);
  V q = arith::DivSIOp::create(b, loc, x, select(bor(isZero, isMinus), one, y));
  return select(isZero, zero, select(isMinus, sub(zero, x), q));
}
Value Scalars::rem(V x, V y) { return isFloat(x) ? V(arith::RemFOp::create(b, loc, x, y)) : sub(x, mul(div(x, y), y)); }
Value Scalars::neg(V x) { return isFloat(x) ? V(arith::NegFOp::create(b, loc, x)) : sub(icst(x.getType(), 0), x); }
Value Scalars::abs(V x) { return isFloat(x) ? V(math::AbsFOp::create(b, loc, x)) : V(math::AbsIOp::create(b, loc, x)); }
Value Scalars::fma(V x, V y, V acc) {
  if (!isFloat(x))
    return add(acc, mul(x, y));
  if (isa<VectorType>(x.getType()))
    return vector::FMAOp::create(b, loc, x, y, acc);
  return math::FmaOp::create(b, loc, x, y, acc, arith::FastMathFlags::contract);
}
Value Scalars::fused(V x, V y, V z) { return math::FmaOp::create(b, loc, x, y, z); }

static Value compare(Scalars &s, arith::CmpFPredicate f, arith::CmpIPredicate i, Value x, Value y) {
  if (isFloat(x))
    return arith::CmpFOp::create(s.b, s.loc, f, x, y);
  if (isBool(x)) // i1 is signed in arith: true is -1
    i = i == arith::CmpIPredicate::slt   ? arith::CmpIPredicate::ult
        : i == arith::CmpIPredicate::sle ? arith::CmpIPredicate::ule
        : i == arith::CmpIPredicate::sgt ? arith::CmpIPredicate::ugt
        : i == arith::CmpIPredicate::sge ? arith::CmpIPredicate::uge
                                         : i;
  return arith::CmpIOp::create(s.b, s.loc, i, x, y);
}
using FP = arith::CmpFPredicate;
using IP = arith::CmpIPredicate;
Value Scalars::lt(V x, V y) { return compare(*this, FP::OLT, IP::slt, x, y); }
Value Scalars::le(V x, V y) { return compare(*this, FP::OLE, IP::sle, x, y); }
Value Scalars::gt(V x, V y) { return compare(*this, FP::OGT, IP::sgt, x, y); }
Value Scalars::ge(V x, V y) { return compare(*this, FP::OGE, IP::sge, x, y); }
Value Scalars::eq(V x, V y) { return compare(*this, FP::OEQ, IP::eq, x, y); }
Value Scalars::ne(V x, V y) { return compare(*this, FP::UNE, IP::ne, x, y); }
Value Scalars::select(V c, V yes, V no) { return arith::SelectOp::create(b, loc, c, yes, no); }
// x > y ? x : y is vmaxps, which gives y where either is NaN; then x where x is NaN.
Value Scalars::max(V x, V y) {
  if (!isFloat(x))
    return select(gt(x, y), x, y);
  V m = select(gt(x, y), x, y);
  return select(arith::CmpFOp::create(b, loc, FP::UNO, x, x), x, m);
}
Value Scalars::min(V x, V y) {
  if (!isFloat(x))
    return select(lt(x, y), x, y);
  V m = select(lt(x, y), x, y);
  return select(arith::CmpFOp::create(b, loc, FP::UNO, x, x), x, m);
}
Value Scalars::band(V x, V y) { return arith::AndIOp::create(b, loc, x, y); }
Value Scalars::bor(V x, V y) { return arith::OrIOp::create(b, loc, x, y); }
Value Scalars::bxor(V x, V y) { return arith::XOrIOp::create(b, loc, x, y); }
Value Scalars::bnot(V x) { return bxor(x, icst(x.getType(), -1)); }
Value Scalars::shl(V x, V y) { return arith::ShLIOp::create(b, loc, x, y); }
Value Scalars::shr(V x, V y) { return arith::ShRUIOp::create(b, loc, x, y); }
static Value constant(Scalars &s, Type type, TypedAttr attr) {
  if (auto v = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(VectorType::get(v.getShape(), attr.getType()), Attribute(attr));
  return arith::ConstantOp::create(s.b, s.loc, attr);
}
Value Scalars::cst(Type type, double value) {
  Type stored = getElementTypeOrSelf(type), e = computeType(stored);
  if (!isa<FloatType>(e))
    return icst(type, (int64_t)value);
  double rounded = b.getFloatAttr(stored, value).getValueAsDouble(); // once, to the storage type
  return constant(*this, type, b.getFloatAttr(e, rounded));
}
Value Scalars::icst(Type type, int64_t value) {
  Type e = computeType(getElementTypeOrSelf(type));
  if (isa<FloatType>(e))
    return constant(*this, type, b.getFloatAttr(e, (double)value));
  return constant(*this, type, b.getIntegerAttr(e, APInt(e.getIntOrFloatBitWidth(), value, true, true)));
}
Value Scalars::lowest(Type type) {
  Type e = computeType(getElementTypeOrSelf(type));
  if (auto f = dyn_cast<FloatType>(e))
    return constant(*this, type, b.getFloatAttr(e, APFloat::getInf(f.getFloatSemantics(), true)));
  return icst(type, e.isInteger(1) ? 0 : APInt::getSignedMinValue(e.getIntOrFloatBitWidth()).getSExtValue());
}
Value Scalars::highest(Type type) {
  Type e = computeType(getElementTypeOrSelf(type));
  if (auto f = dyn_cast<FloatType>(e))
    return constant(*this, type, b.getFloatAttr(e, APFloat::getInf(f.getFloatSemantics(), false)));
  return icst(type, e.isInteger(1) ? -1 : APInt::getSignedMaxValue(e.getIntOrFloatBitWidth()).getSExtValue());
}
Value Scalars::round(V x, Type element) {
  if (!element.isBF16())
    return x;
  Type i = like(x.getType(), b.getI32Type());
  V bits = arith::BitcastOp::create(b, loc, i, x);
  V lsb = band(shr(bits, icst(i, 16)), icst(i, 1));
  V r = band(add(bits, add(lsb, icst(i, 0x7fff))), icst(i, -65536));
  V nan = arith::CmpFOp::create(b, loc, FP::UNO, x, x);
  return select(nan, x, arith::BitcastOp::create(b, loc, x.getType(), r));
}
// The f32 next to an f64, to odd: the exact value where there is one, else of its two neighbours the one whose last bit is set.
// Rounded again, to fewer bits, it gives what one rounding would have given (Boldo and Melquiond, 2008).
static Value toOdd(Scalars &s, Value v) {
  Type f32 = like(v.getType(), s.b.getF32Type()), i = like(v.getType(), s.b.getI32Type());
  Value t = arith::TruncFOp::create(s.b, s.loc, f32, v);
  Value size = s.abs(v), back = s.abs(arith::ExtFOp::create(s.b, s.loc, v.getType(), t));
  Value bits = arith::BitcastOp::create(s.b, s.loc, i, t), even = s.eq(s.band(bits, s.icst(i, 1)), s.icst(i, 0));
  Value step = s.select(s.lt(back, size), s.icst(i, 1), s.select(s.lt(size, back), s.icst(i, -1), s.icst(i, 0)));
  return arith::BitcastOp::create(s.b, s.loc, f32, s.select(even, s.add(bits, step), bits));
}
// An f64 that rounds to 40 bits or fewer as the integer does: exact below 2^53, else without the last 11 bits, the least of those
// kept set where one of them was.
static Value sticky(Scalars &s, Value v) {
  Type i = v.getType(), f = like(i, s.b.getF64Type());
  Value low = s.band(v, s.icst(i, 0x7ff)), odd = s.select(s.eq(low, s.icst(i, 0)), s.icst(i, 0), s.icst(i, 0x800));
  Value kept = s.bor(s.band(v, s.icst(i, ~int64_t(0x7ff))), odd), limit = s.icst(i, int64_t(1) << 53);
  Value small = s.band(s.lt(v, limit), s.lt(s.neg(limit), v));
  return arith::SIToFPOp::create(s.b, s.loc, f, s.select(small, v, kept));
}
Value Scalars::cast(V v, Type to) {
  Type from = getElementTypeOrSelf(v.getType()), c = computeType(to), t = like(v.getType(), c);
  if (to != c) { // bf16 by way of f32: what f32 does not hold goes there to odd, and is rounded once
    if (from.isInteger(32))
      v = arith::SIToFPOp::create(b, loc, like(t, b.getF64Type()), v);
    else if (from.isInteger(64))
      v = sticky(*this, v);
    if (from = getElementTypeOrSelf(v.getType()); from.isF64())
      v = toOdd(*this, v), from = c;
  }
  if (from != c) {
    bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(c);
    unsigned wf = from.getIntOrFloatBitWidth(), wt = c.getIntOrFloatBitWidth();
    if (fromFloat && toFloat)
      v = wf < wt ? V(arith::ExtFOp::create(b, loc, t, v)) : V(arith::TruncFOp::create(b, loc, t, v));
    else if (fromFloat && wt == 1)
      v = ne(v, cst(v.getType(), 0.0));
    else if (fromFloat) {
      // Saturating: fptosi is undefined outside the range. The upper bound is exact as a power of two.
      double top = wt == 64 ? 9223372036854775808.0 : double(int64_t(1) << (wt - 1));
      V x = v, high = ge(x, cst(x.getType(), top)), low = lt(x, cst(x.getType(), -top));
      V nan = arith::CmpFOp::create(b, loc, FP::UNO, x, x);
      V safe = select(bor(bor(high, low), nan), cst(x.getType(), 0.0), x);
      v = arith::FPToSIOp::create(b, loc, t, safe);
      v = select(high, highest(t), select(low, lowest(t), v));
    } else if (toFloat)
      v = wf == 1 ? V(arith::UIToFPOp::create(b, loc, t, v)) : V(arith::SIToFPOp::create(b, loc, t, v));
    else if (wt == 1)
      v = ne(v, icst(v.getType(), 0));
    else if (wf < wt)
      v = wf == 1 ? V(arith::ExtUIOp::create(b, loc, t, v)) : V(arith::ExtSIOp::create(b, loc, t, v));
    else
      v = arith::TruncIOp::create(b, loc, t, v);
  }
  return round(v, to);
}
Value Scalars::spread(V v, int64_t lanes) {
  if (isa<VectorType>(v.getType()) || lanes == 1)
    return v;
  return vector::BroadcastOp::create(b, loc, VectorType::get({lanes}, v.getType()), v);
}
} // namespace dlc::dl
