// Pointwise ops: what their rows in Pointwise.td do not say. Folds keep every bit, signs of zeros included.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

//===-- Folding ---------------------------------------------------------------------------------------------------===//
static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }

/// `value` as an element of type `element` holds it.
static APFloat stored(double value, Type element) {
  APFloat x(value);
  bool inexact;
  x.convert(cast<FloatType>(element).getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return x;
}
/// The operand is a constant whose elements hold exactly `value`, sign of zero included.
static bool is(Attribute operand, double value, Type element) {
  auto number = dyn_cast_or_null<FloatAttr>(operand);
  if (!number)
    return false;
  if (isa<FloatType>(element))
    return stored(number.getValueAsDouble(), element).bitwiseIsEqual(stored(value, element));
  return number.getValueAsDouble() == value;
}
/// One rounded operation on two constants, done as the kernels do it: in the compute type, then to storage.
static OpFoldResult foldConstants(Attribute lhs, Attribute rhs, Type element, function_ref<void(APFloat &, const APFloat &)> apply) {
  auto l = dyn_cast_or_null<FloatAttr>(lhs), r = dyn_cast_or_null<FloatAttr>(rhs);
  if (!l || !r || !isa<FloatType>(element))
    return {};
  Type compute = computeType(element);
  APFloat x = stored(stored(l.getValueAsDouble(), element).convertToDouble(), compute);
  apply(x, stored(stored(r.getValueAsDouble(), element).convertToDouble(), compute));
  return Builder(element.getContext()).getF64FloatAttr(stored(x.convertToDouble(), element).convertToDouble());
}
static constexpr auto nearest = APFloat::rmNearestTiesToEven;

// x + -0.0 -> x (+0.0 would make +0.0 of -0.0); integers: x + 0 -> x
OpFoldResult AddOp::fold(FoldAdaptor a) {
  if (is(a.getRhs(), isa<FloatType>(elementOf(getY())) ? -0.0 : 0.0, elementOf(getY())))
    return getLhs();
  return foldConstants(a.getLhs(), a.getRhs(), elementOf(getY()), [](APFloat &x, const APFloat &y) { x.add(y, nearest); });
}
// x - 0 -> x
OpFoldResult SubOp::fold(FoldAdaptor a) {
  if (is(a.getRhs(), 0.0, elementOf(getY())))
    return getLhs();
  return foldConstants(a.getLhs(), a.getRhs(), elementOf(getY()), [](APFloat &x, const APFloat &y) { x.subtract(y, nearest); });
}
// x * 1 -> x
OpFoldResult MulOp::fold(FoldAdaptor a) {
  if (is(a.getRhs(), 1.0, elementOf(getY())))
    return getLhs();
  return foldConstants(a.getLhs(), a.getRhs(), elementOf(getY()), [](APFloat &x, const APFloat &y) { x.multiply(y, nearest); });
}
// x / 1 -> x
OpFoldResult DivOp::fold(FoldAdaptor a) {
  if (is(a.getRhs(), 1.0, elementOf(getY())))
    return getLhs();
  return foldConstants(a.getLhs(), a.getRhs(), elementOf(getY()), [](APFloat &x, const APFloat &y) { x.divide(y, nearest); });
}
// maximum(x, x) -> x
OpFoldResult MaximumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? getLhs() : Value(); }
// minimum(x, x) -> x
OpFoldResult MinimumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? getLhs() : Value(); }
// -(-x) -> x
OpFoldResult NegOp::fold(FoldAdaptor a) {
  if (auto inner = getX().getDefiningOp<NegOp>())
    return inner.getX();
  return foldConstants(a.getX(), a.getX(), elementOf(getY()), [](APFloat &x, const APFloat &) { x.changeSign(); });
}
// relu(relu(x)) -> relu(x)
OpFoldResult ReluOp::fold(FoldAdaptor) { return getX().getDefiningOp<ReluOp>() ? getX() : Value(); }
// not(not(x)) -> x
OpFoldResult NotOp::fold(FoldAdaptor) {
  auto inner = getX().getDefiningOp<NotOp>();
  return inner ? inner.getX() : Value();
}
// select(c, x, x) -> x; select(true, x, y) -> x; select(false, x, y) -> y
OpFoldResult SelectOp::fold(FoldAdaptor a) {
  if (getYes() == getNo())
    return getYes();
  if (auto c = dyn_cast_or_null<FloatAttr>(a.getCondition()))
    return c.getValueAsDouble() != 0 ? getYes() : getNo();
  return {};
}
/// Every value of `from` is a value of `to`.
static bool holds(Type from, Type to) {
  auto f = dyn_cast<FloatType>(from), t = dyn_cast<FloatType>(to);
  if (!f && t) // signed: one bit is the sign
    return from.getIntOrFloatBitWidth() <= t.getFPMantissaWidth();
  return bool(f) == bool(t) && from.getIntOrFloatBitWidth() <= to.getIntOrFloatBitWidth();
}
// cast(x) to x's own type -> x; cast(cast(x) to a wider type) back -> x; cast(constant) between floats -> constant
OpFoldResult CastOp::fold(FoldAdaptor a) {
  if (getX().getType() == getY().getType())
    return getX();
  if (auto inner = getX().getDefiningOp<CastOp>())
    if (inner.getX().getType() == getY().getType() && holds(elementOf(getY()), elementOf(getX())))
      return inner.getX();
  auto number = dyn_cast_or_null<FloatAttr>(a.getX());
  if (!number || !isa<FloatType>(elementOf(getX())) || !isa<FloatType>(elementOf(getY())))
    return {};
  double held = stored(number.getValueAsDouble(), elementOf(getX())).convertToDouble();
  return Builder(getContext()).getF64FloatAttr(stored(held, elementOf(getY())).convertToDouble());
}
OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

//===-- Checks ----------------------------------------------------------------------------------------------------===//
LogicalResult ConstantOp::verify() {
  double value = getValue().convertToDouble();
  if (isValueOf(value, elementOf(getY())))
    return success();
  InFlightDiagnostic d = emitOpError("value ") << value << " is not a value of " << elementOf(getY());
  if (std::fabs(value) >= 0x1p53 && std::isfinite(value))
    d << " below 2^53, beyond which the text may have been rounded: compute it from smaller ones";
  return d;
}
LogicalResult CastOp::verify() {
  if (getExtents(getX()) != getExtents(getY()))
    return emitOpError("expected one shape, found ") << getX().getType() << " and " << getY().getType() << ": write dl.reshape";
  return success();
}
void CastOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), Tensor{d.builder(), getLoc(), g}.cast(elementOf(getX())));
}
void FmaOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  Tensor dy{d.builder(), getLoc(), g}, lhs = dy.with(getLhs()), rhs = dy.with(getRhs());
  if (d.needs(getLhs()))
    d.add(getLhs(), dy * rhs);
  if (d.needs(getRhs()))
    d.add(getRhs(), dy * lhs);
  if (d.needs(getAddend()))
    d.add(getAddend(), dy);
}
void SelectOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  Tensor dy{d.builder(), getLoc(), g}, c = dy.with(getCondition());
  if (d.needs(getYes()))
    d.add(getYes(), select(c, dy, dy.same(0.0)));
  if (d.needs(getNo()))
    d.add(getNo(), select(c, dy.same(0.0), dy));
}

//===-- Compare ---------------------------------------------------------------------------------------------------===//
LogicalResult CompareOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, a.getLhs().getType())))
    return failure();
  types.push_back(withBool(a.getLhs().getType()));
  return success();
}
int64_t CompareOp::getElementCost() { return 1; }
SmallVector<Value> CompareOp::emitPointwise(OpBuilder &b, Location loc, ValueRange s) {
  Scalars e{b, loc};
  switch (getPredicate()) {
  case Predicate::lt:
    return {e.lt(s[0], s[1])};
  case Predicate::le:
    return {e.le(s[0], s[1])};
  case Predicate::gt:
    return {e.gt(s[0], s[1])};
  case Predicate::ge:
    return {e.ge(s[0], s[1])};
  case Predicate::eq:
    return {e.eq(s[0], s[1])};
  case Predicate::ne:
    return {e.ne(s[0], s[1])};
  }
  llvm_unreachable("not a predicate");
}

//===-- Gelu ------------------------------------------------------------------------------------------------------===//
int64_t GeluOp::getElementCost() { return 40; }
SmallVector<Value> GeluOp::emitPointwise(OpBuilder &b, Location loc, ValueRange s) {
  Scalars e{b, loc};
  return {getApproximate() == GeluForm::none ? e.gelu(s[0]) : e.geluTanh(s[0])};
}
void GeluOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  Tensor dy{d.builder(), getLoc(), g}, x = dy.with(getX());
  if (getApproximate() == GeluForm::none) { // beyond 40 the density is 0 in any type
    Tensor c = x.clamped(40), density = (c * c * -0.5).exp() * 0.39894228040143268;
    return d.add(getX(), dy * ((x * -0.70710678118654752).erfc() * 0.5 + c * density));
  }
  Tensor c = x.clamped(30), square = c * c, v = 1.5957691216057308 * c * (1.0 + 0.044715 * square);
  Tensor slope = 1.5957691216057308 * (1.0 + 0.134145 * square);
  d.add(getX(), dy * (v.sigmoid() + c * v.sigmoid() * (-v).sigmoid() * slope));
}
