// Reductions over whole dimensions.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static LogicalResult inferReduced(std::optional<Location> loc, Value x, ArrayRef<int64_t> dims, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, x.getType())))
    return failure();
  auto type = cast<RankedTensorType>(x.getType());
  if (failed(checkDims(loc, dims, type.getRank())))
    return failure();
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

//===-- Sum and mean ----------------------------------------------------------------------------------------------===//
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

// sum over no dimension -> x
OpFoldResult SumOp::fold(FoldAdaptor) { return getDims().empty() ? getX() : Value(); }

LogicalResult SumProductsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferReduced(loc, a.getLhs(), a.getDims(), types);
}
Nest SumProductsOp::getNest() {
  Nest nest = nestOf(getLhs(), getDims());
  nest.operands.push_back(nest.operands[0]);
  return nest;
}
SmallVector<Value> SumProductsOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  return {Scalars{b, loc}.cst(like(t, computeType(getElementTypeOrSelf(getY().getType()))), 0.0)};
}
SmallVector<Value> SumProductsOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.fma(x[0], x[1], acc[0])};
}
SmallVector<Value> SumProductsOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void SumProductsOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !(d.needs(getLhs()) || d.needs(getRhs())))
    return;
  Tensor lhs{d.builder(), getLoc(), getLhs()}, rhs = lhs.with(getRhs()), dy = lhs.with(g).spread(lhs.type(), getDims());
  if (d.needs(getLhs()))
    d.add(getLhs(), dy * rhs);
  if (d.needs(getRhs()))
    d.add(getRhs(), dy * lhs);
}

LogicalResult MeanOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferReduced(loc, a.getX(), a.getDims(), types);
}
SmallVector<Value> MeanOp::decompose(OpBuilder &b) {
  Tensor x = Tensor{b, getLoc(), getX()}.wide();
  return {Centred(x, getDims()).mean().cast(getElementTypeOrSelf(getY().getType()))};
}
void MeanOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  Tensor dy = Tensor{d.builder(), getLoc(), g}.wide(), share = dy.with(getX()).reciprocalCount(getDims()).broadcast(dy.type(), {});
  RankedTensorType type = cast<RankedTensorType>(getX().getType());
  d.add(getX(), (dy * share).cast(type.getElementType()).spread(type, getDims()));
}

//===-- Maximum and minimum ---------------------------------------------------------------------------------------===//
/// dy to the elements equal to the result, in equal shares; a NaN is equal to nothing and gets NaN.
static void shareAmongEqual(Operation *op, ArrayRef<int64_t> dims, Differentiator &d) {
  Value g = d.cotangent(op->getResult(0));
  if (!g || !d.needs(op->getOperand(0)))
    return;
  Tensor dy{d.builder(), op->getLoc(), g}, x = dy.with(op->getOperand(0));
  Tensor hit = equal(x, dy.with(op->getResult(0)).spread(x.type(), dims));
  Type element = x.type().getElementType();
  Tensor shared = dy.wide() / hit.cast(computeType(element)).sum(dims);
  d.add(x, shown(x, select(hit, shared.cast(element).spread(x.type(), dims), x.same(0.0))));
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
void MaxOp::buildVjp(Differentiator &d) { shareAmongEqual(*this, getDims(), d); }
// max over no dimension -> x
OpFoldResult MaxOp::fold(FoldAdaptor) { return getDims().empty() ? getX() : Value(); }

LogicalResult MinOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferReduced(loc, a.getX(), a.getDims(), types);
}
Nest MinOp::getNest() { return nestOf(getX(), getDims()); }
SmallVector<Value> MinOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  return {Scalars{b, loc}.highest(like(t, computeType(getElementTypeOrSelf(getY().getType()))))};
}
SmallVector<Value> MinOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.min(acc[0], x[0])};
}
SmallVector<Value> MinOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) { return {Scalars{b, loc}.min(x[0], y[0])}; }
void MinOp::buildVjp(Differentiator &d) { shareAmongEqual(*this, getDims(), d); }
// min over no dimension -> x
OpFoldResult MinOp::fold(FoldAdaptor) { return getDims().empty() ? getX() : Value(); }

//===-- Argmax ----------------------------------------------------------------------------------------------------===//
LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *c, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(inferReduced(loc, a.getX(), {(int64_t)a.getAxis()}, types)))
    return failure();
  if (getConstant(getExtents(a.getX())[a.getAxis()]) == 0)
    return emitOptionalError(loc, "the greatest of no elements: axis ", a.getAxis(), " has extent 0");
  types.push_back(withElement(types.front(), IntegerType::get(c, 64)));
  return success();
}
LogicalResult ArgmaxOp::verify() {
  AffineExpr n = getExtents(getX())[getAxis()];
  if (isNonNegative(*this, n - 1))
    return success();
  return emitOpError("axis ") << (int64_t)getAxis() << " may have no element: give " << toString(n) << " a dl.symbol with a minimum";
}
Nest ArgmaxOp::getNest() { return nestOf(getX(), {(int64_t)getAxis()}); }
/// The greater of two (value, index); NaN is greatest, at a tie the lower index wins: any order of merging gives one answer.
static SmallVector<Value> greatest(Scalars e, ValueRange x, ValueRange y) {
  Value above = e.gt(y[0], x[0]), tie = e.eq(y[0], x[0]);
  if (isa<FloatType>(getElementTypeOrSelf(x[0].getType()))) {
    Value xNan = e.ne(x[0], x[0]), yNan = e.ne(y[0], y[0]);
    above = e.bor(above, e.band(yNan, e.bnot(xNan)));
    tie = e.bor(tie, e.band(xNan, yNan));
  }
  Value take = e.bor(above, e.band(tie, e.lt(y[1], x[1])));
  return {e.select(take, y[0], x[0]), e.select(take, y[1], x[1])};
}
SmallVector<Value> ArgmaxOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  Scalars e{b, loc};
  return {e.lowest(like(t, computeType(getElementTypeOrSelf(getX().getType())))), e.highest(like(t, b.getI64Type()))};
}
SmallVector<Value> ArgmaxOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)> coord) {
  Scalars e{b, loc};
  auto lanes = dyn_cast<VectorType>(acc[1].getType());
  Value index = e.spread(coord(getNest().parallel), lanes ? lanes.getDimSize(0) : 1);
  return greatest(e, acc, {x[0], index});
}
SmallVector<Value> ArgmaxOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) { return greatest({b, loc}, x, y); }
void ArgmaxOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getValue());
  if (!g || !d.needs(getX()))
    return;
  int64_t axis = getAxis();
  Tensor dy{d.builder(), getLoc(), g}, x = dy.with(getX());
  RankedTensorType places = withElement(x.type(), d.builder().getI64Type());
  Tensor at = dy.with(IotaOp::create(d.builder(), getLoc(), places, axis));
  Tensor hit = equal(at, dy.with(getIndex()).spread(places, {axis}));
  d.add(getX(), select(hit, shown(dy.with(getValue()), dy).spread(x.type(), {axis}), x.same(0.0)));
}
