// Convolution and its two gradients. The three are each other's derivatives.
#include "dialects/dl/ops/Window.h"
using namespace mlir;
using namespace dlc::dl;

/// The type of y in y = conv2d(x, w).
template <typename Op>
static FailureOr<RankedTensorType> inferConv(Refusal refuse, Op op, Type xType, StringRef xName, Type wType, StringRef wName) {
  auto x = dyn_cast<RankedTensorType>(xType), w = dyn_cast<RankedTensorType>(wType);
  if (!x || !w || w.getRank() != 4 || !w.hasStaticShape() || llvm::any_of(w.getShape(), [](int64_t n) { return n > INT32_MAX; }))
    return refuse("expected ", xName, " as [n, h, w, c] and ", wName, " as constant [r, s, c / groups, k], found ", xType, " and ", wType);
  if (failed(Window::of(op, w.getShape()).check(refuse, x, xName)))
    return failure();
  if (x.getElementType() != w.getElementType())
    return refuse("expected one element type, found ", x.getElementType(), " and ", w.getElementType(), ": write dl.cast before it");
  int64_t groups = op.getGroups(), c = x.getDimSize(3), k = w.getDimSize(3);
  if (groups < 1 || c % groups || k % groups)
    return refuse("expected groups that divide ", c, " channels of ", xName, " and ", k, " of ", wName, ", found ", groups);
  if (w.getDimSize(2) != c / groups)
    return refuse(wName, " has ", w.getDimSize(2), " input channels, ", xName, " has ", c, " in ", groups,
                  groups == 1 ? " group" : " groups", ": expected [r, s, ", c / groups, ", k]");
  auto y = Window::of(op, w.getShape()).windows(getExtents(x));
  y[3] = getAffineConstantExpr(k, x.getContext());
  return getTensor(y, x.getElementType());
}
/// Where dy of a gradient op must have the type of conv2d's result.
template <typename Op> static LogicalResult verifyGradient(Op op, Value x, StringRef xName, Value w, StringRef wName) {
  auto y = inferConv(Refusal{op.getLoc(), op->getName().getStringRef()}, op, x.getType(), xName, w.getType(), wName);
  if (failed(y) || *y == op.getDy().getType())
    return y;
  return op.emitOpError("dy is ") << op.getDy().getType() << ", but a convolution of " << xName << ' ' << x.getType() << " with " << wName
                                  << ' ' << w.getType() << " gives " << *y;
}
/// Channel `inner` of the group to which `channel` belongs, where a group has `own` of the latter and `other` of the former.
static AffineExpr inGroup(int64_t groups, AffineExpr channel, int64_t own, AffineExpr inner, int64_t other) {
  return groups == 1 ? inner : channel.floorDiv(own) * other + inner;
}
static SmallVector<AffineExpr> dimsOf(MLIRContext *c) {
  return llvm::map_to_vector(llvm::seq(7u), [&](unsigned i) { return getAffineDimExpr(i, c); });
}
static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

LogicalResult Conv2dOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto y = inferConv(Refusal{loc, getOperationName()}, a, a.getX().getType(), "x", a.getW().getType(), "w");
  if (succeeded(y))
    types.push_back(*y);
  return y;
}
// [n, oh, ow, k | r, s, c]
Nest Conv2dOp::getNest() {
  auto d = dimsOf(getContext());
  auto x = getExtents(getX()), w = getExtents(getW());
  Window window = Window::of(*this, shapeOf(getW()));
  Nest nest;
  nest.extents = getExtents(getY());
  nest.parallel = 4;
  nest.extents.append({w[0], w[1], w[2]});
  AffineExpr h = window.pixel(0, d[1], d[4], x[1], nest.bounds), v = window.pixel(1, d[2], d[5], x[2], nest.bounds);
  AffineExpr c = inGroup(getGroups(), d[3], shapeOf(getW())[3] / getGroups(), d[6], shapeOf(getW())[2]);
  nest.operands = {getMap(7, {d[0], h, v, c}, getContext()), getMap(7, {d[4], d[5], d[6], d[3]}, getContext())};
  return nest;
}
void Conv2dOp::buildVjp(Differentiator &d) {
  Value dy = d.cotangent(getY());
  if (!dy)
    return;
  if (d.needs(getX()))
    d.add(getX(), Conv2dInputGradOp::create(d.builder(), getLoc(), getX().getType(), dy, getW(), getStrides(), getPadding(), getDilation(),
                                            getGroups()));
  if (d.needs(getW()))
    d.add(getW(), Conv2dWeightGradOp::create(d.builder(), getLoc(), getW().getType(), getX(), dy, getStrides(), getPadding(), getDilation(),
                                             getGroups()));
}

LogicalResult Conv2dInputGradOp::verify() { return verifyGradient(*this, getDx(), "dx", getW(), "w"); }
// [n, h, w, c | r, s, k], r and s over the windows that cover the pixel
Nest Conv2dInputGradOp::getNest() {
  auto d = dimsOf(getContext());
  Window window = Window::of(*this, shapeOf(getW()));
  Nest nest;
  nest.extents = getExtents(getDx());
  nest.parallel = 4;
  int64_t outer = shapeOf(getW())[3] / getGroups(), inner = shapeOf(getW())[2];
  Window::Cover h = window.cover(0, d[1], d[4], nest.extents[1], nest.bounds);
  Window::Cover v = window.cover(1, d[2], d[5], nest.extents[2], nest.bounds);
  nest.extents.append({h.count, v.count, getAffineConstantExpr(outer, getContext())});
  AffineExpr k = inGroup(getGroups(), d[3], inner, d[6], outer), c = getGroups() == 1 ? d[3] : d[3] % inner;
  nest.operands = {getMap(7, {d[0], h.window, v.window, k}, getContext()), getMap(7, {h.tap, v.tap, c, k}, getContext())};
  return nest;
}
void Conv2dInputGradOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getDx());
  if (!g)
    return;
  if (d.needs(getDy()))
    d.add(getDy(), Conv2dOp::create(d.builder(), getLoc(), g, getW(), getStrides(), getPadding(), getDilation(), getGroups()));
  if (d.needs(getW()))
    d.add(getW(), Conv2dWeightGradOp::create(d.builder(), getLoc(), getW().getType(), g, getDy(), getStrides(), getPadding(), getDilation(),
                                             getGroups()));
}

LogicalResult Conv2dWeightGradOp::verify() { return verifyGradient(*this, getX(), "x", getDw(), "dw"); }
// [r, s, c, k | n, oh, ow]
Nest Conv2dWeightGradOp::getNest() {
  auto d = dimsOf(getContext());
  auto x = getExtents(getX()), y = getExtents(getDy());
  Window window = Window::of(*this, shapeOf(getDw()));
  Nest nest;
  nest.extents = getExtents(getDw());
  nest.parallel = 4;
  nest.extents.append({y[0], y[1], y[2]});
  AffineExpr h = window.pixel(0, d[5], d[0], x[1], nest.bounds), v = window.pixel(1, d[6], d[1], x[2], nest.bounds);
  AffineExpr c = inGroup(getGroups(), d[3], shapeOf(getDw())[3] / getGroups(), d[2], shapeOf(getDw())[2]);
  nest.operands = {getMap(7, {d[4], h, v, c}, getContext()), getMap(7, {d[4], d[5], d[6], d[3]}, getContext())};
  return nest;
}
void Conv2dWeightGradOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getDw());
  if (!g)
    return;
  if (d.needs(getX()))
    d.add(getX(), Conv2dInputGradOp::create(d.builder(), getLoc(), getX().getType(), getDy(), g, getStrides(), getPadding(), getDilation(),
                                            getGroups()));
  if (d.needs(getDy()))
    d.add(getDy(), Conv2dOp::create(d.builder(), getLoc(), getX(), g, getStrides(), getPadding(), getDilation(), getGroups()));
}
