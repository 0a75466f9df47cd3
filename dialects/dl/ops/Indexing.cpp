// Indexing: elements at indices that are computed or given, and their sums at such indices.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

/// The type of dl.gather of x by indices, or why there is none.
static FailureOr<RankedTensorType> gathered(Refusal refuse, Type x, Type indices, int64_t axis, int64_t batch) {
  auto from = getExtents(x), at = getExtents(indices);
  if (from.empty())
    return refuse("expected an x of rank 1 at least, found ", x);
  if (axis < 0 || axis >= (int64_t)from.size())
    return refuse("expected an axis of ", x, " from 0 to ", (int64_t)from.size() - 1, ", found ", axis);
  if (batch < 0 || batch > axis || batch > (int64_t)at.size())
    return refuse("expected a batch from 0 to the axis ", axis, " and the rank of the indices ", indices, ", found ", batch);
  for (int64_t d = 0; d < batch; ++d)
    if (from[d] != at[d])
      return refuse("dimension ", d, " is of the batch: expected the extent ", toString(from[d]), " of ", x, ", found ", toString(at[d]),
                    " of the indices");
  SmallVector<AffineExpr> y(ArrayRef(from).take_front(axis));
  y.append(at.begin() + batch, at.end());
  y.append(from.begin() + axis + 1, from.end());
  return getTensor(y, getElementTypeOrSelf(x));
}
namespace {
/// Dimensions of what is gathered, [batch, before, indices, behind].
struct Places {
  int64_t axis, batch, count; ///< of dimensions that the indices have behind the batch
  SmallVector<AffineExpr> dims(MLIRContext *c, int64_t from, int64_t number) const {
    return llvm::map_to_vector(llvm::seq<int64_t>(from, from + number), [&](int64_t d) { return getAffineDimExpr(d, c); });
  }
  template <typename Op>
  Places(Op op)
      : axis(op.getAxis()), batch(op.getBatch()),
        count(cast<RankedTensorType>(op.getIndices().getType()).getRank() - (int64_t)op.getBatch()) {}
};
} // namespace

//===-- Gather ----------------------------------------------------------------------------------------------------===//
LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  Refusal refuse{loc, getOperationName()};
  if (failed(checkTensor(loc, a.getX().getType())) || failed(checkTensor(loc, a.getIndices().getType())))
    return failure();
  int64_t batch = a.getBatchAttr() ? a.getBatch() : 0; // the parser has set no default yet
  auto y = gathered(refuse, a.getX().getType(), a.getIndices().getType(), a.getAxis(), batch);
  if (failed(y))
    return failure();
  if (auto outside = a.getOutside(); outside && !isValueOf(outside->convertToDouble(), y->getElementType()))
    return refuse("outside ", outside->convertToDouble(), " is not a value of ", y->getElementType());
  types.push_back(*y);
  return success();
}
SmallVector<Source> GatherOp::getSources() {
  MLIRContext *c = getContext();
  Places p(*this);
  int64_t rank = cast<RankedTensorType>(getY().getType()).getRank();
  AffineExpr index = getAffineDimExpr(rank, c);
  auto from = p.dims(c, 0, p.axis), at = p.dims(c, 0, p.batch);
  from.push_back(index);
  from.append(p.dims(c, p.axis + p.count, rank - p.axis - p.count));
  at.append(p.dims(c, p.axis, p.count));
  return {Source{0, getMap(rank + 1, from, c), {{index, getExtents(getX())[p.axis]}}, {{1, getMap(rank, at, c), !getOutside()}}}};
}
TypedAttr GatherOp::getFill() {
  Type element = getElementTypeOrSelf(getY().getType());
  Builder b(getContext());
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, getOutsideAttr() ? getOutsideAttr().getValueAsDouble() : std::numeric_limits<double>::quiet_NaN());
  unsigned bits = element.getIntOrFloatBitWidth();
  APInt whole = bits == 1 ? APInt(1, 1) : APInt::getSignedMinValue(bits);
  if (getOutsideAttr())
    whole = APInt(bits, int64_t(getOutsideAttr().getValueAsDouble()), /*isSigned=*/true, /*implicitTrunc=*/true);
  return b.getIntegerAttr(element, whole);
}
void GatherOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), ScatterSumOp::create(d.builder(), getLoc(), getX().getType(), g, getIndices(), getAxis(), getBatch()));
}

//===-- Sums at indices -------------------------------------------------------------------------------------------===//
LogicalResult ScatterSumOp::verify() {
  Refusal refuse{getLoc(), getOperationName()};
  auto x = gathered(refuse, getY().getType(), getIndices().getType(), getAxis(), getBatch());
  if (failed(x))
    return failure();
  return *x == getX().getType()
             ? success()
             : refuse("expected x as dl.gather of the result ", getY().getType(), " gives it: ", *x, ", found ", getX().getType());
}
Nest ScatterSumOp::getNest() {
  MLIRContext *c = getContext();
  Places p(*this);
  Nest nest;
  nest.extents = getExtents(getY());
  nest.parallel = nest.extents.size();
  auto indices = getExtents(getIndices());
  nest.extents.append(indices.begin() + p.batch, indices.end());
  auto from = p.dims(c, 0, p.axis), at = p.dims(c, 0, p.batch), each = p.dims(c, nest.parallel, p.count);
  from.append(each);
  at.append(each);
  from.append(p.dims(c, p.axis + 1, nest.parallel - p.axis - 1));
  nest.operands = {getMap(nest.extents.size(), from, c), getMap(nest.extents.size(), at, c)};
  nest.match = Match{1, unsigned(p.axis)};
  return nest;
}
SmallVector<Value> ScatterSumOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  return {Scalars{b, loc}.cst(like(t, computeType(getElementTypeOrSelf(getY().getType()))), 0)};
}
SmallVector<Value> ScatterSumOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.add(acc[0], x[0])};
}
SmallVector<Value> ScatterSumOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void ScatterSumOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), GatherOp::create(d.builder(), getLoc(), g, getIndices(), getAxis(), getBatch(), d.builder().getF64FloatAttr(0)));
}
