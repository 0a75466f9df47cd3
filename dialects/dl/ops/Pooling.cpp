// Pooling: maximum with its place, sum, and their gradients.
#include "dialects/dl/ops/Window.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
using namespace mlir;
using namespace dlc::dl;

static LogicalResult checkPool(Refusal refuse, const Window &window, ArrayRef<int64_t> kernel, Type image, StringRef name) {
  if (kernel.size() != 2)
    return refuse("expected a kernel [rows, columns], found [", kernel, "]");
  if (failed(window.check(refuse, image, name)))
    return failure();
  for (unsigned axis = 0; axis < 2; ++axis)
    if (std::max(window.low(axis), window.high(axis)) >= window.span(axis))
      return refuse("padding of ", std::max(window.low(axis), window.high(axis)), " leaves no pixel in a window that spans ",
                    window.span(axis), axis ? " columns" : " rows");
  return success();
}
/// An image's type after pooling: the numbers of windows for height and width.
template <typename Op> static FailureOr<RankedTensorType> inferPool(Refusal refuse, Op op, Type image, StringRef name) {
  Window window = Window::of(op, op.getKernel());
  if (failed(checkPool(refuse, window, op.getKernel(), image, name)))
    return failure();
  return getTensor(window.windows(getExtents(image)), cast<RankedTensorType>(image).getElementType());
}
/// The type of an index into windows that give `y`.
static RankedTensorType indexType(const Window &window, RankedTensorType y) {
  Builder b(y.getContext());
  return withElement(y, window.kernel[0] * window.kernel[1] <= 128 ? b.getI8Type() : b.getI32Type());
}
template <typename Op> static Refusal refusal(Op op) { return {op.getLoc(), op->getName().getStringRef()}; }
/// Where a gradient's dy must have the type of the pooled dx.
template <typename Op> static FailureOr<RankedTensorType> verifyGradient(Op op) {
  auto y = inferPool(refusal(op), op, op.getDx().getType(), "dx");
  if (failed(y) || *y == op.getDy().getType())
    return y;
  return op.emitOpError("dy is ") << op.getDy().getType() << ", but pooling dx " << op.getDx().getType() << " gives " << *y;
}

static SmallVector<AffineExpr> dimsOf(MLIRContext *c) {
  return llvm::map_to_vector(llvm::seq(6u), [&](unsigned i) { return getAffineDimExpr(i, c); });
}
/// [n, oh, ow, c | r, s]: operand 0 is the image, the others are read at the window.
template <typename Op> static Nest gather(Op op, Value image, Value result) {
  MLIRContext *c = op.getContext();
  Window window = Window::of(op, op.getKernel());
  auto d = dimsOf(c), x = getExtents(image);
  Nest nest;
  nest.extents = getExtents(result);
  nest.parallel = 4;
  nest.extents.append({getAffineConstantExpr(window.kernel[0], c), getAffineConstantExpr(window.kernel[1], c)});
  AffineExpr h = window.pixel(0, d[1], d[4], x[1], nest.bounds), v = window.pixel(1, d[2], d[5], x[2], nest.bounds);
  nest.operands.assign(op->getNumOperands(), getMap(6, {d[0], d[1], d[2], d[3]}, c));
  nest.operands[0] = getMap(6, {d[0], h, v, d[3]}, c);
  return nest;
}
/// [n, h, w, c | r, s] over the windows that cover the pixel; every operand is read at the window. `tap` becomes the number
/// of the tap on the pixel.
template <typename Op> static Nest scatter(Op op, AffineExpr *tap = nullptr) {
  MLIRContext *c = op.getContext();
  Window window = Window::of(op, op.getKernel());
  auto d = dimsOf(c);
  Nest nest;
  nest.extents = getExtents(op.getDx());
  nest.parallel = 4;
  Window::Cover h = window.cover(0, d[1], d[4], nest.extents[1], nest.bounds);
  Window::Cover v = window.cover(1, d[2], d[5], nest.extents[2], nest.bounds);
  nest.extents.append({h.count, v.count});
  nest.operands.assign(op->getNumOperands(), getMap(6, {d[0], h.window, v.window, d[3]}, c));
  if (tap)
    *tap = h.tap * window.kernel[1] + v.tap;
  return nest;
}

static int64_t lanes(Value v) {
  auto vector = dyn_cast<VectorType>(v.getType());
  return vector ? vector.getNumElements() : 1;
}
/// A tap's number from the nest's coordinates; nothing in it is negative.
static Value emitIndex(Scalars e, AffineExpr expr, function_ref<Value(unsigned)> coord) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return e.icst(e.b.getI64Type(), constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return coord(dim.getPosition());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value x = emitIndex(e, binary.getLHS(), coord), y = emitIndex(e, binary.getRHS(), coord);
  int64_t n = std::max(lanes(x), lanes(y));
  x = e.spread(x, n), y = e.spread(y, n);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return e.add(x, y);
  case AffineExprKind::Mul:
    return e.mul(x, y);
  case AffineExprKind::Mod:
    return arith::RemUIOp::create(e.b, e.loc, x, y);
  default:
    llvm_unreachable("a tap's number has sums, products and remainders");
  }
}
/// The number of tap `expr` in the type and lanes of `index`.
static Value emitTap(Scalars e, AffineExpr expr, function_ref<Value(unsigned)> coord, Value index) {
  return e.spread(e.cast(emitIndex(e, expr, coord), getElementTypeOrSelf(index.getType())), lanes(index));
}
template <typename Op> static AffineExpr tapOf(Op op) {
  auto d = dimsOf(op.getContext());
  return d[4] * op.getKernel()[1] + d[5];
}
static SmallVector<Value> zero(OpBuilder &b, Location loc, Type t, Value result) {
  return {Scalars{b, loc}.cst(like(t, computeType(getElementTypeOrSelf(result.getType()))), 0.0)};
}
/// acc + (index == tap ? x : 0)
static SmallVector<Value> addChosen(Scalars e, ValueRange acc, ValueRange x, AffineExpr tap, function_ref<Value(unsigned)> coord) {
  Value chosen = e.eq(x[1], emitTap(e, tap, coord, x[1]));
  return {e.add(acc[0], e.select(chosen, x[0], e.cst(x[0].getType(), 0)))};
}

//===-- Maximum ---------------------------------------------------------------------------------------------------===//
LogicalResult MaxPool2dOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto y = inferPool(Refusal{loc, getOperationName()}, a, a.getX().getType(), "x");
  if (failed(y))
    return failure();
  types.append({*y, indexType(Window::of(a, a.getKernel()), *y)});
  return success();
}
Nest MaxPool2dOp::getNest() { return gather(*this, getX(), getY()); }
// With padding, tap 0 may be no pixel: -1 says that there was none yet, so that a first -inf counts. Without, tap 0 is one.
SmallVector<Value> MaxPool2dOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  Scalars e{b, loc};
  Type x = computeType(getElementTypeOrSelf(getX().getType())), index = getElementTypeOrSelf(getIndex().getType());
  bool padded = Window::of(*this, getKernel()).padded();
  return {e.lowest(like(t, x)), e.icst(like(t, index), padded ? -1 : 0)};
}
/// (y, j) where it is greater than (x, i), or the first NaN, or the first at all; else (x, i).
static SmallVector<Value> later(Scalars e, bool padded, Value x, Value i, Value y, Value j) {
  bool real = isa<FloatType>(getElementTypeOrSelf(x.getType()));
  Value take = real ? e.band(arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UGT, y, x), e.eq(x, x)) : e.gt(y, x);
  if (padded)
    take = e.bor(take, e.lt(i, e.icst(i.getType(), 0)));
  return {e.select(take, y, x), e.select(take, j, i)};
}
SmallVector<Value> MaxPool2dOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)> coord) {
  Scalars e{b, loc};
  return later(e, Window::of(*this, getKernel()).padded(), acc[0], acc[1], x[0], emitTap(e, tapOf(*this), coord, acc[1]));
}
SmallVector<Value> MaxPool2dOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return later({b, loc}, Window::of(*this, getKernel()).padded(), x[0], x[1], y[0], y[1]);
}
void MaxPool2dOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  Tensor dy{d.builder(), getLoc(), g};
  d.add(getX(), MaxPool2dGradOp::create(d.builder(), getLoc(), getX().getType(), shown(dy.with(getY()), dy), getIndex(), getKernel(),
                                        getStrides(), getPadding(), getDilation()));
}

LogicalResult MaxPool2dGradOp::verify() {
  auto y = verifyGradient(*this);
  if (failed(y))
    return failure();
  if (auto index = indexType(Window::of(*this, getKernel()), *y); index != getIndex().getType())
    return emitOpError("index is ") << getIndex().getType() << ", but pooling dx gives " << index;
  return success();
}
Nest MaxPool2dGradOp::getNest() { return scatter(*this); }
SmallVector<Value> MaxPool2dGradOp::emitIdentity(OpBuilder &b, Location loc, Type t) { return zero(b, loc, t, getDx()); }
SmallVector<Value> MaxPool2dGradOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x,
                                             function_ref<Value(unsigned)> coord) {
  AffineExpr tap;
  scatter(*this, &tap);
  return addChosen({b, loc}, acc, x, tap, coord);
}
SmallVector<Value> MaxPool2dGradOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void MaxPool2dGradOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getDx()); g && d.needs(getDy()))
    d.add(getDy(), MaxPool2dPickOp::create(d.builder(), getLoc(), g, getIndex(), getKernel(), getStrides(), getPadding(), getDilation()));
}

LogicalResult MaxPool2dPickOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  Refusal refuse{loc, getOperationName()};
  auto y = inferPool(refuse, a, a.getX().getType(), "x");
  if (failed(y))
    return failure();
  if (auto index = indexType(Window::of(a, a.getKernel()), *y); index != a.getIndex().getType())
    return refuse("index is ", a.getIndex().getType(), ", but pooling x gives ", index);
  types.push_back(*y);
  return success();
}
Nest MaxPool2dPickOp::getNest() { return gather(*this, getX(), getY()); }
SmallVector<Value> MaxPool2dPickOp::emitIdentity(OpBuilder &b, Location loc, Type t) { return zero(b, loc, t, getY()); }
SmallVector<Value> MaxPool2dPickOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x,
                                             function_ref<Value(unsigned)> coord) {
  return addChosen({b, loc}, acc, x, tapOf(*this), coord);
}
SmallVector<Value> MaxPool2dPickOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void MaxPool2dPickOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), MaxPool2dGradOp::create(d.builder(), getLoc(), getX().getType(), g, getIndex(), getKernel(), getStrides(), getPadding(),
                                          getDilation()));
}

//===-- Sum -------------------------------------------------------------------------------------------------------===//
LogicalResult SumPool2dOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto y = inferPool(Refusal{loc, getOperationName()}, a, a.getX().getType(), "x");
  if (succeeded(y))
    types.push_back(*y);
  return y;
}
Nest SumPool2dOp::getNest() { return gather(*this, getX(), getY()); }
SmallVector<Value> SumPool2dOp::emitIdentity(OpBuilder &b, Location loc, Type t) { return zero(b, loc, t, getY()); }
SmallVector<Value> SumPool2dOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.add(acc[0], x[0])};
}
SmallVector<Value> SumPool2dOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void SumPool2dOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(),
          SumPool2dGradOp::create(d.builder(), getLoc(), getX().getType(), g, getKernel(), getStrides(), getPadding(), getDilation()));
}

LogicalResult SumPool2dGradOp::verify() { return verifyGradient(*this); }
Nest SumPool2dGradOp::getNest() { return scatter(*this); }
SmallVector<Value> SumPool2dGradOp::emitIdentity(OpBuilder &b, Location loc, Type t) { return zero(b, loc, t, getDx()); }
SmallVector<Value> SumPool2dGradOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.add(acc[0], x[0])};
}
SmallVector<Value> SumPool2dGradOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) {
  return {Scalars{b, loc}.add(x[0], y[0])};
}
void SumPool2dGradOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getDx()); g && d.needs(getDy()))
    d.add(getDy(), SumPool2dOp::create(d.builder(), getLoc(), g, getKernel(), getStrides(), getPadding(), getDilation()));
}

//===-- Mean ------------------------------------------------------------------------------------------------------===//
LogicalResult AvgPool2dOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto y = inferPool(Refusal{loc, getOperationName()}, a, a.getX().getType(), "x");
  if (succeeded(y))
    types.push_back(*y);
  return y;
}
// How many pixels each window has, in y's wide type. Counted on a plane [1, h, w, 1] of ones: it is the same for all n and c.
Tensor AvgPool2dOp::divisor(OpBuilder &b) {
  RankedTensorType y = withElement(getY().getType(), computeType(getElementTypeOrSelf(getY().getType())));
  Window window = Window::of(*this, getKernel());
  auto constant = [&](RankedTensorType type, double value) {
    return Tensor{b, getLoc(), ConstantOp::create(b, getLoc(), type, b.getF64FloatAttr(value))};
  };
  if (getCountIncludePad() || !window.padded())
    return constant(y, window.kernel[0] * window.kernel[1]);
  auto extents = getExtents(getX());
  extents[0] = extents[3] = getAffineConstantExpr(1, getContext());
  Tensor ones = constant(getTensor(extents, y.getElementType()), 1);
  Tensor counts = ones.with(SumPool2dOp::create(b, getLoc(), ones, getKernel(), getStrides(), getPadding(), getDilation()));
  auto plane = getExtents(counts.type());
  return counts.reshape(getTensor({plane[1], plane[2]}, y.getElementType())).broadcast(y, {1, 2});
}
SmallVector<Value> AvgPool2dOp::decompose(OpBuilder &b) {
  Tensor x = Tensor{b, getLoc(), getX()}.wide();
  Tensor sum = x.with(SumPool2dOp::create(b, getLoc(), x, getKernel(), getStrides(), getPadding(), getDilation()));
  return {(sum / divisor(b)).cast(getElementTypeOrSelf(getY().getType()))};
}
void AvgPool2dOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  Tensor share = Tensor{d.builder(), getLoc(), g}.wide() / divisor(d.builder());
  RankedTensorType x = withElement(getX().getType(), share.type().getElementType());
  Tensor dx = share.with(SumPool2dGradOp::create(d.builder(), getLoc(), x, share, getKernel(), getStrides(), getPadding(), getDilation()));
  d.add(getX(), dx.cast(getElementTypeOrSelf(getX().getType())));
}
