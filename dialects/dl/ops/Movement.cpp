// Movement: results whose elements are elements of operands.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

LogicalResult BroadcastOp::verify() {
  auto x = getExtents(getX()), y = getExtents(getY());
  if (getDims().size() != x.size())
    return emitOpError("dims has ") << getDims().size() << " entries for an operand of rank " << x.size();
  int64_t last = -1;
  for (auto [i, d] : llvm::enumerate(getDims())) {
    if (d <= last || d >= (int64_t)y.size())
      return emitOpError("dims must be ascending and below the result's rank ") << y.size();
    if (x[i] != y[d])
      return emitOpError("dimension ") << i << " of the operand is " << toString(x[i]) << ", dimension " << d << " of the result is " << toString(y[d]);
    last = d;
  }
  if (getElementTypeOrSelf(getX()) != getElementTypeOrSelf(getY()))
    return emitOpError("element types differ: write dl.cast");
  return success();
}
SmallVector<Source> BroadcastOp::getSources() {
  SmallVector<AffineExpr> from;
  for (int64_t d : getDims())
    from.push_back(getAffineDimExpr(d, getContext()));
  return {Source{0, getMap(cast<RankedTensorType>(getY().getType()).getRank(), from, getContext()), {}}};
}
void BroadcastOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  SmallVector<int64_t> fresh;
  for (int64_t i = 0, n = cast<RankedTensorType>(getY().getType()).getRank(); i < n; ++i)
    if (!llvm::is_contained(getDims(), i))
      fresh.push_back(i);
  d.add(getX(), Tensor{d.builder(), getLoc(), g}.sum(fresh));
}

LogicalResult ReshapeOp::verify() {
  AffineExpr x = product(getExtents(getX()), getContext()), y = product(getExtents(getY()), getContext());
  if (x != y)
    return emitOpError("operand has ") << toString(x) << " elements, result has " << toString(y);
  if (getElementTypeOrSelf(getX()) != getElementTypeOrSelf(getY()))
    return emitOpError("element types differ: write dl.cast");
  return success();
}
bool ReshapeOp::isView() { return true; }
// reshape(x) to x's own shape -> x; reshape(reshape(x)) -> reshape(x)
OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getX().getType() == getY().getType())
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getY();
  }
  return {};
}
// The operand's coordinates by row-major number: symbolic extents divide nothing, so only the leading one may be symbolic.
SmallVector<Source> ReshapeOp::getSources() {
  MLIRContext *c = getContext();
  auto x = getExtents(getX()), y = getExtents(getY());
  AffineExpr linear = getAffineConstantExpr(0, c);
  for (auto [i, e] : llvm::enumerate(y))
    linear = linear * e + getAffineDimExpr(i, c);
  SmallVector<AffineExpr> from(x.size());
  for (size_t i = x.size(); i-- > 0;) {
    from[i] = i ? linear % x[i] : linear;
    linear = linear.floorDiv(x[i]);
  }
  return {Source{0, getMap(y.size(), from, c), {}}};
}
void ReshapeOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), Tensor{d.builder(), getLoc(), g}.reshape(cast<RankedTensorType>(getX().getType())));
}
