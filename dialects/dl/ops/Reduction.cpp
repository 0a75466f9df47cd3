// Reductions over whole dimensions.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static LogicalResult inferReduced(std::optional<Location> loc, Value x, ArrayRef<int64_t> dims, SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(x.getType());
  if (!type)
    return emitOptionalError(loc, "expected a ranked tensor, found ", x.getType());
  int64_t last = -1;
  for (int64_t d : dims) {
    if (d <= last || d >= type.getRank())
      return emitOptionalError(loc, "dims [", dims, "] must be ascending, distinct and below the rank ", type.getRank());
    last = d;
  }
  SmallVector<AffineExpr> out;
  for (auto [i, e] : llvm::enumerate(getExtents(type)))
    if (!llvm::is_contained(dims, (int64_t)i))
      out.push_back(e);
  types.push_back(getTensor(out, type.getElementType()));
  return success();
}
/// Result dimensions first, then the reduced ones.
static Nest nestOf(Value x, ArrayRef<int64_t> dims) {
  MLIRContext *c = x.getContext();
  Nest n;
  auto extents = getExtents(x);
  SmallVector<AffineExpr> access(extents.size());
  for (size_t i = 0; i < extents.size(); ++i)
    if (!llvm::is_contained(dims, (int64_t)i)) {
      access[i] = getAffineDimExpr(n.extents.size(), c);
      n.extents.push_back(extents[i]);
    }
  n.parallel = n.extents.size();
  for (int64_t i : dims) {
    access[i] = getAffineDimExpr(n.extents.size(), c);
    n.extents.push_back(extents[i]);
  }
  n.operands.push_back(getMap(n.extents.size(), access, c));
  return n;
}

LogicalResult SumOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferReduced(loc, a.getX(), a.getDims(), types);
}
Nest SumOp::getNest() { return nestOf(getX(), getDims()); }
SmallVector<Value> SumOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  Type e = computeType(getElementTypeOrSelf(getY().getType()));
  return {Scalars{b, loc}.cst(like(t, e), 0.0)};
}
SmallVector<Value> SumOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.add(acc[0], x[0])};
}
SmallVector<Value> SumOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) { return {Scalars{b, loc}.add(x[0], y[0])}; }
void SumOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), Tensor{d.builder(), getLoc(), g}.spread(cast<RankedTensorType>(getX().getType()), getDims()));
}

LogicalResult MaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferReduced(loc, a.getX(), a.getDims(), types);
}
Nest MaxOp::getNest() { return nestOf(getX(), getDims()); }
SmallVector<Value> MaxOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  return {Scalars{b, loc}.lowest(like(t, computeType(getElementTypeOrSelf(getY().getType()))))};
}
SmallVector<Value> MaxOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.max(acc[0], x[0])};
}
SmallVector<Value> MaxOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) { return {Scalars{b, loc}.max(x[0], y[0])}; }
void MaxOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  Tensor dy{d.builder(), getLoc(), g}, x = dy.with(getX());
  Tensor hit = equal(x, dy.with(getY()).spread(x.type(), getDims()));
  Tensor ones = hit.cast(x.type().getElementType());
  d.add(getX(), select(hit, (dy / ones.sum(getDims())).spread(x.type(), getDims()), x.same(0.0)));
}
