// Movement: results whose elements are elements of operands.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }
/// Adds the extent, or says that it is negative or too large to write down.
static LogicalResult addExtent(std::optional<Location> loc, SmallVectorImpl<AffineExpr> &extents, AffineExpr e) {
  bool symbolic = false;
  e.walk([&](AffineExpr part) { symbolic |= isa<AffineSymbolExpr>(part); });
  if (!symbolic && getConstant(e) < 0)
    return emitOptionalError(loc, "dimension ", extents.size(), " of the result would have the extent ", toString(e));
  extents.push_back(e);
  return success();
}
/// The coordinates of the result, to be changed where the operand's differ.
static SmallVector<AffineExpr> coordinates(Value y) {
  return llvm::map_to_vector(llvm::seq<unsigned>(0, typeOf(y).getRank()), [&](unsigned i) { return getAffineDimExpr(i, y.getContext()); });
}

//===-- Broadcast -------------------------------------------------------------------------------------------------===//
LogicalResult BroadcastOp::verify() {
  auto x = getExtents(getX()), y = getExtents(getY());
  if (getDims().size() != x.size())
    return emitOpError("dims has ") << getDims().size() << " entries for an operand of rank " << x.size();
  int64_t last = -1;
  for (auto [i, d] : llvm::enumerate(getDims())) {
    if (d <= last || d >= (int64_t)y.size())
      return emitOpError("dims must be ascending and below the result's rank ") << y.size();
    if (x[i] != y[d])
      return emitOpError("dimension ") << i << " of the operand is " << toString(x[i]) << ", dimension " << d << " of the result is "
                                       << toString(y[d]);
    last = d;
  }
  if (getElementTypeOrSelf(getX()) != getElementTypeOrSelf(getY()))
    return emitOpError("element types differ: write dl.cast");
  return success();
}
// broadcast(x) to x's own type -> x; broadcast(constant) -> constant; broadcast(broadcast(x)) -> broadcast(x)
OpFoldResult BroadcastOp::fold(FoldAdaptor a) {
  if (getX().getType() == getY().getType())
    return getX();
  if (a.getX())
    return a.getX();
  if (auto inner = getX().getDefiningOp<BroadcastOp>()) {
    setDims(llvm::map_to_vector(inner.getDims(), [&](int64_t d) { return getDims()[d]; }));
    getXMutable().assign(inner.getX());
    return getY();
  }
  return {};
}
SmallVector<Source> BroadcastOp::getSources() {
  auto from = llvm::map_to_vector(getDims(), [&](int64_t d) { return getAffineDimExpr(d, getContext()); });
  return {Source{0, getMap(typeOf(getY()).getRank(), from, getContext()), {}}};
}
void BroadcastOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  SmallVector<int64_t> fresh;
  for (int64_t i = 0, n = typeOf(getY()).getRank(); i < n; ++i)
    if (!llvm::is_contained(getDims(), i))
      fresh.push_back(i);
  d.add(getX(), Tensor{d.builder(), getLoc(), g}.sum(fresh));
}

//===-- Reshape ---------------------------------------------------------------------------------------------------===//
LogicalResult ReshapeOp::verify() {
  AffineExpr x = product(getExtents(getX()), getContext()), y = product(getExtents(getY()), getContext());
  if (x != y)
    return emitOpError("operand has ") << toString(x) << " elements, result has " << toString(y);
  if (getElementTypeOrSelf(getX()) != getElementTypeOrSelf(getY()))
    return emitOpError("element types differ: write dl.cast");
  return success();
}
bool ReshapeOp::isView() { return true; }
// reshape(x) to x's own type -> x; reshape(constant) -> constant; reshape(reshape(x)) -> reshape(x)
OpFoldResult ReshapeOp::fold(FoldAdaptor a) {
  if (getX().getType() == getY().getType())
    return getX();
  if (a.getX())
    return a.getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getY();
  }
  return {};
}
// Runs of dimensions with equal products correspond; within a run coordinates go by way of the row-major number. So a
// leading symbolic dimension that both shapes have is never divided.
SmallVector<Source> ReshapeOp::getSources() {
  MLIRContext *c = getContext();
  auto x = getExtents(getX()), y = getExtents(getY());
  SmallVector<AffineExpr> from(x.size());
  size_t i = 0, j = 0;
  auto next = [&]() -> std::pair<size_t, size_t> { // the shortest run that starts at i and j
    for (size_t steps = 1; steps < x.size() - i + y.size() - j; ++steps)
      for (size_t p = 0; p <= steps; ++p)
        if (size_t q = steps - p;
            i + p <= x.size() && j + q <= y.size() && product(ArrayRef(x).slice(i, p), c) == product(ArrayRef(y).slice(j, q), c))
          return {i + p, j + q};
    return {x.size(), y.size()};
  };
  while (i < x.size() || j < y.size()) {
    auto [iEnd, jEnd] = next();
    AffineExpr linear = getAffineConstantExpr(0, c);
    for (; j < jEnd; ++j)
      linear = linear * y[j] + getAffineDimExpr(j, c);
    for (size_t k = iEnd; k-- > i;) {
      from[k] = k > i ? linear % x[k] : linear;
      linear = linear.floorDiv(x[k]);
    }
    i = iEnd;
  }
  return {Source{0, getMap(y.size(), from, c), {}}};
}
void ReshapeOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), Tensor{d.builder(), getLoc(), g}.reshape(typeOf(getX())));
}

//===-- Transpose -------------------------------------------------------------------------------------------------===//
LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, a.getX().getType())))
    return failure();
  auto x = getExtents(a.getX());
  SmallVector<int64_t> sorted(a.getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, x.size())))
    return emitOptionalError(loc, "permutation [", a.getPermutation(), "] must have each of the ", x.size(),
                             " dimensions of the operand once");
  auto y = llvm::map_to_vector(a.getPermutation(), [&](int64_t p) { return x[p]; });
  types.push_back(getTensor(y, typeOf(a.getX()).getElementType()));
  return success();
}
static SmallVector<int64_t> inverse(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> back(permutation.size());
  for (auto [i, p] : llvm::enumerate(permutation))
    back[p] = i;
  return back;
}
// transpose by the identity -> x; transpose(constant) -> constant; transpose(transpose(x)) -> transpose(x)
OpFoldResult TransposeOp::fold(FoldAdaptor a) {
  if (llvm::is_sorted(getPermutation()))
    return getX();
  if (a.getX())
    return a.getX();
  if (auto inner = getX().getDefiningOp<TransposeOp>()) {
    setPermutation(llvm::map_to_vector(getPermutation(), [&](int64_t p) { return inner.getPermutation()[p]; }));
    getXMutable().assign(inner.getX());
    return getY();
  }
  return {};
}
SmallVector<Source> TransposeOp::getSources() {
  auto from = llvm::map_to_vector(inverse(getPermutation()), [&](int64_t d) { return getAffineDimExpr(d, getContext()); });
  return {Source{0, getMap(from.size(), from, getContext()), {}}};
}
void TransposeOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), Tensor{d.builder(), getLoc(), g}.transpose(inverse(getPermutation())));
}

//===-- Slice -----------------------------------------------------------------------------------------------------===//
LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, a.getX().getType())))
    return failure();
  size_t rank = typeOf(a.getX()).getRank(), offsets = a.getOffsets().getExtents().size(), sizes = a.getSizes().getExtents().size();
  if (offsets != rank || sizes != rank || a.getStrides().size() != rank)
    return emitOptionalError(loc, "expected ", rank, " offsets, sizes and strides, found ", offsets, ", ", sizes, " and ",
                             a.getStrides().size());
  SmallVector<AffineExpr> y;
  for (AffineExpr size : a.getSizes().getExtents())
    if (failed(addExtent(loc, y, size)))
      return failure();
  types.push_back(getTensor(y, typeOf(a.getX()).getElementType()));
  return success();
}
/// Where the last element that dimension i of the slice reads stands.
static AffineExpr lastRead(SliceOp s, unsigned i) {
  return s.getOffsets().getExtents()[i] + (s.getSizes().getExtents()[i] - 1) * s.getStrides()[i];
}
LogicalResult SliceOp::verify() {
  for (auto [i, n, offset, size] : llvm::enumerate(getExtents(getX()), getOffsets().getExtents(), getSizes().getExtents())) {
    if (getStrides()[i] < 1)
      return emitOpError("stride ") << getStrides()[i] << " of dimension " << i
                                    << ": expected at least 1; write dl.reverse to go backwards";
    if (!isNonNegative(*this, offset) || !isNonNegative(*this, size) || !isNonNegative(*this, n - 1 - lastRead(*this, i)))
      return emitOpError("dimension ") << i << ": offset " << toString(offset) << ", size " << toString(size) << " and stride "
                                       << getStrides()[i] << " are not known to stay within the extent " << toString(n);
  }
  return success();
}
// slice of all -> x; slice(constant) -> constant; slice(slice(x)) -> slice(x)
OpFoldResult SliceOp::fold(FoldAdaptor a) {
  if (getX().getType() == getY().getType() && llvm::all_of(getStrides(), [](int64_t s) { return s == 1; }))
    return getX();
  if (a.getX())
    return a.getX();
  if (auto inner = getX().getDefiningOp<SliceOp>()) {
    SmallVector<AffineExpr> offsets;
    SmallVector<int64_t> strides;
    for (auto [outer, own, stride, more] :
         llvm::zip(inner.getOffsets().getExtents(), getOffsets().getExtents(), inner.getStrides(), getStrides())) {
      offsets.push_back(outer + own * stride);
      strides.push_back(stride * more);
    }
    setOffsetsAttr(DimsAttr::get(getContext(), offsets));
    setStrides(strides);
    getXMutable().assign(inner.getX());
    return getY();
  }
  return {};
}
SmallVector<Source> SliceOp::getSources() {
  auto from = coordinates(getY());
  for (auto [e, offset, stride] : llvm::zip(from, getOffsets().getExtents(), getStrides()))
    e = offset + e * stride;
  return {Source{0, getMap(from.size(), from, getContext()), {}}};
}
void SliceOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  OpBuilder &b = d.builder();
  if (llvm::is_contained(getExtents(getY()), getAffineConstantExpr(0, getContext()))) // nothing is read
    return d.add(getX(), Tensor{b, getLoc(), getX()}.same(0.0));
  SmallVector<AffineExpr> high;
  for (auto [i, n] : llvm::enumerate(getExtents(getX())))
    high.push_back(n - 1 - lastRead(*this, i));
  auto interior = llvm::map_to_vector(getStrides(), [](int64_t s) { return s - 1; });
  Value dx = PadOp::create(b, getLoc(), g, getOffsets(), DimsAttr::get(getContext(), high), b.getDenseI64ArrayAttr(interior),
                           b.getF64FloatAttr(0));
  d.add(getX(), dx);
}

//===-- Pad -------------------------------------------------------------------------------------------------------===//
LogicalResult PadOp::inferReturnTypes(MLIRContext *c, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, a.getX().getType())))
    return failure();
  auto low = a.getLow().getExtents(), high = a.getHigh().getExtents();
  auto x = getExtents(a.getX());
  if (low.size() != x.size() || high.size() != x.size() || a.getInterior().size() != x.size())
    return emitOptionalError(loc, "expected ", x.size(), " low, high and interior widths, found ", low.size(), ", ", high.size(), " and ",
                             a.getInterior().size());
  SmallVector<AffineExpr> y;
  for (auto [n, l, h, between] : llvm::zip(x, low, high, a.getInterior())) {
    AffineExpr gaps = getConstant(n) == 0 ? n : n - 1;
    if (failed(addExtent(loc, y, l + n + gaps * between + h)))
      return failure();
  }
  types.push_back(getTensor(y, typeOf(a.getX()).getElementType()));
  return success();
}
LogicalResult PadOp::verify() {
  if (Type element = typeOf(getX()).getElementType(); !isValueOf(getValue().convertToDouble(), element))
    return emitOpError("value ") << getValue().convertToDouble() << " is not a value of " << element;
  for (auto [i, n, low, high] : llvm::enumerate(getExtents(getX()), getLow().getExtents(), getHigh().getExtents())) {
    int64_t between = getInterior()[i];
    if (!isNonNegative(*this, low) || !isNonNegative(*this, high) || between < 0)
      return emitOpError("dimension ") << i << ": low " << toString(low) << ", high " << toString(high) << " and interior " << between
                                       << " are not known to be 0 or more: write dl.slice to cut off";
    if (between && getConstant(n) != 0 && !isNonNegative(*this, n - 1))
      return emitOpError("dimension ") << i << " has an interior but may have no element: give " << toString(n)
                                       << " a dl.symbol with a minimum";
  }
  return success();
}
// pad by nothing -> x; pad(constant) with the same value -> constant
OpFoldResult PadOp::fold(FoldAdaptor a) {
  if (getX().getType() == getY().getType())
    return getX();
  auto number = dyn_cast_or_null<FloatAttr>(a.getX());
  return number && number.getValue().bitwiseIsEqual(getValue()) ? OpFoldResult(number) : OpFoldResult();
}
SmallVector<Source> PadOp::getSources() {
  Source s{0, {}, {}};
  auto from = coordinates(getY());
  AffineExpr one = getAffineConstantExpr(1, getContext());
  for (auto [e, n, low, high, between] :
       llvm::zip(from, getExtents(getX()), getLow().getExtents(), getHigh().getExtents(), getInterior())) {
    AffineExpr at = e - low;
    e = at.floorDiv(between + 1);
    if (getConstant(low) != 0 || getConstant(high) != 0)
      s.where.push_back({e, n});
    if (between)
      s.where.push_back({at % (between + 1), one});
  }
  s.map = getMap(from.size(), from, getContext());
  return {s};
}
TypedAttr PadOp::getFill() {
  Type element = typeOf(getY()).getElementType();
  Builder b(getContext());
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, getValue().convertToDouble());
  APSInt whole(element.getIntOrFloatBitWidth(), /*isUnsigned=*/element.isInteger(1)); // exact, as the verifier has seen
  bool exact;
  getValue().convertToInteger(whole, APFloat::rmTowardZero, &exact);
  return b.getIntegerAttr(element, whole);
}
void PadOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  OpBuilder &b = d.builder();
  auto strides = llvm::map_to_vector(getInterior(), [](int64_t between) { return between + 1; });
  Value dx = SliceOp::create(b, getLoc(), g, getLow(), DimsAttr::get(getContext(), getExtents(getX())), b.getDenseI64ArrayAttr(strides));
  d.add(getX(), dx);
}

//===-- Concat ----------------------------------------------------------------------------------------------------===//
LogicalResult ConcatOp::inferReturnTypes(MLIRContext *c, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (a.getXs().empty())
    return emitOptionalError(loc, "expected at least one operand");
  for (Value x : a.getXs())
    if (failed(checkTensor(loc, x.getType())))
      return failure();
  auto y = getExtents(a.getXs().front());
  Type element = typeOf(a.getXs().front()).getElementType();
  int64_t axis = a.getAxis();
  if (axis < 0 || axis >= (int64_t)y.size())
    return emitOptionalError(loc, "axis ", axis, " of tensors of rank ", y.size());
  for (auto [k, x] : llvm::enumerate(a.getXs().drop_front())) {
    auto extents = getExtents(x);
    auto alike = extents.size() == y.size() && typeOf(x).getElementType() == element;
    for (int64_t i = 0; alike && i < (int64_t)y.size(); ++i)
      alike = i == axis || extents[i] == y[i];
    if (!alike)
      return emitOptionalError(loc, "operands 0 and ", k + 1, " differ in more than the extent of axis ", axis, ": ",
                               a.getXs().front().getType(), " and ", x.getType());
    y[axis] = y[axis] + extents[axis];
  }
  types.push_back(getTensor(y, element));
  return success();
}
// concat(x) -> x
OpFoldResult ConcatOp::fold(FoldAdaptor) { return getXs().size() == 1 ? getXs().front() : Value(); }
SmallVector<Source> ConcatOp::getSources() {
  SmallVector<Source> sources;
  AffineExpr offset = getAffineConstantExpr(0, getContext());
  for (auto [k, x] : llvm::enumerate(getXs())) {
    auto from = coordinates(getY());
    AffineExpr n = getExtents(x)[getAxis()];
    from[getAxis()] = from[getAxis()] - offset;
    sources.push_back({(unsigned)k, getMap(from.size(), from, getContext()), {{from[getAxis()], n}}});
    offset = offset + n;
  }
  return sources;
}
void ConcatOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  OpBuilder &b = d.builder();
  SmallVector<AffineExpr> offsets(typeOf(getY()).getRank(), getAffineConstantExpr(0, getContext()));
  SmallVector<int64_t> ones(offsets.size(), 1);
  for (Value x : getXs()) {
    auto extents = getExtents(x);
    if (d.needs(x))
      d.add(x, SliceOp::create(b, getLoc(), g, DimsAttr::get(getContext(), offsets), DimsAttr::get(getContext(), extents),
                               b.getDenseI64ArrayAttr(ones)));
    offsets[getAxis()] = offsets[getAxis()] + extents[getAxis()];
  }
}

//===-- Update of a slice -------------------------------------------------------------------------------------------===//
LogicalResult UpdateSliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  if (failed(checkTensor(loc, a.getX().getType())) || failed(checkTensor(loc, a.getUpdate().getType())))
    return failure();
  RankedTensorType x = typeOf(a.getX()), update = typeOf(a.getUpdate());
  if (x.getRank() != update.getRank() || x.getElementType() != update.getElementType())
    return emitOptionalError(loc, "expected an update of the operand's rank and element type, found ", update, " for ", x);
  if (size_t offsets = a.getOffsets().getExtents().size(); (int64_t)offsets != x.getRank())
    return emitOptionalError(loc, "expected ", x.getRank(), " offsets, found ", offsets);
  types.push_back(x);
  return success();
}
LogicalResult UpdateSliceOp::verify() {
  for (auto [i, n, size, offset] : llvm::enumerate(getExtents(getX()), getExtents(getUpdate()), getOffsets().getExtents()))
    if (!isNonNegative(*this, offset) || !isNonNegative(*this, size) || !isNonNegative(*this, n - offset - size)) // as dl.slice, its VJP
      return emitOpError("dimension ") << i << ": offset " << toString(offset) << " and size " << toString(size)
                                       << " are not known to stay within the extent " << toString(n);
  return success();
}
// update_slice(x, u) of all -> u
OpFoldResult UpdateSliceOp::fold(FoldAdaptor) { return getX().getType() == getUpdate().getType() ? getUpdate() : Value(); }
SmallVector<Source> UpdateSliceOp::getSources() {
  auto here = coordinates(getY()), from = here;
  Source update{1, {}, {}};
  for (auto [e, n, size, offset] : llvm::zip(from, getExtents(getX()), getExtents(getUpdate()), getOffsets().getExtents())) {
    e = e - offset;
    if (n != size)
      update.where.push_back({e, size});
  }
  update.map = getMap(from.size(), from, getContext());
  return {update, Source{0, getMap(here.size(), here, getContext()), {}}};
}
void UpdateSliceOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  OpBuilder &b = d.builder();
  if (d.needs(getX()))
    d.add(getX(), UpdateSliceOp::create(b, getLoc(), g, Tensor{b, getLoc(), getUpdate()}.same(0.0).v, getOffsets()));
  SmallVector<int64_t> ones(typeOf(getY()).getRank(), 1);
  if (d.needs(getUpdate()))
    d.add(getUpdate(), SliceOp::create(b, getLoc(), g, getOffsets(), DimsAttr::get(getContext(), getExtents(getUpdate())),
                                       b.getDenseI64ArrayAttr(ones)));
}

//===-- Reverse ---------------------------------------------------------------------------------------------------===//
LogicalResult ReverseOp::verify() { return checkDims(getLoc(), getDims(), typeOf(getX()).getRank()); }
// reverse of no dimension -> x; reverse(constant) -> constant; reverse(reverse(x)) of the same dimensions -> x
OpFoldResult ReverseOp::fold(FoldAdaptor a) {
  if (getDims().empty())
    return getX();
  if (a.getX())
    return a.getX();
  auto inner = getX().getDefiningOp<ReverseOp>();
  return inner && inner.getDims() == getDims() ? inner.getX() : Value();
}
SmallVector<Source> ReverseOp::getSources() {
  auto from = coordinates(getY()), extents = getExtents(getX());
  for (int64_t i : getDims())
    from[i] = extents[i] - 1 - from[i];
  return {Source{0, getMap(from.size(), from, getContext()), {}}};
}
void ReverseOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), ReverseOp::create(d.builder(), getLoc(), g, getDims()));
}
