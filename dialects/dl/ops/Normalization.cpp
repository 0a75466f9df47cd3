// Softmax, batch and layer norm, dropout: what they are made of, and their derivatives.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }
static Tensor wide(OpBuilder &b, Location loc, Value v) { return Tensor{b, loc, v}.wide(); }
/// Adds a wide gradient in the operand's type.
static void addTo(Differentiator &d, Value operand, const Tensor &gradient) { d.add(operand, gradient.cast(elementOf(operand))); }

//===-- Softmax ---------------------------------------------------------------------------------------------------===//
template <typename Op> static LogicalResult verifyAxis(Op op) {
  int64_t rank = cast<RankedTensorType>(op.getX().getType()).getRank();
  if (op.getAxis() < (uint64_t)rank)
    return success();
  int64_t axis = int64_t(op.getAxis());
  auto d = op.emitOpError("expected an axis from 0 to ") << rank - 1 << ", found " << axis;
  if (axis < 0 && axis + rank >= 0)
    d << ": write axis " << axis + rank;
  return d;
}
/// x minus its maximum along the axis.
static Tensor shifted(const Tensor &x, int64_t axis) { return x - x.max({axis}).spread(x.type(), {axis}); }

LogicalResult SoftmaxOp::verify() { return verifyAxis(*this); }
SmallVector<Value> SoftmaxOp::decompose(OpBuilder &b) {
  int64_t axis = getAxis();
  Tensor e = shifted(wide(b, getLoc(), getX()), axis).exp();
  return {(e / e.sum({axis}).spread(e.type(), {axis})).cast(elementOf(getY()))};
}
void SoftmaxOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  int64_t axis = getAxis();
  Tensor dy = wide(d.builder(), getLoc(), g), y = dy.with(getY()).wide();
  addTo(d, getX(), y * (dy - (dy * y).sum({axis}).spread(y.type(), {axis})));
}

LogicalResult LogSoftmaxOp::verify() { return verifyAxis(*this); }
SmallVector<Value> LogSoftmaxOp::decompose(OpBuilder &b) {
  int64_t axis = getAxis();
  Tensor z = shifted(wide(b, getLoc(), getX()), axis);
  return {(z - z.exp().sum({axis}).log().spread(z.type(), {axis})).cast(elementOf(getY()))};
}
void LogSoftmaxOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !d.needs(getX()))
    return;
  int64_t axis = getAxis();
  Tensor dy = wide(d.builder(), getLoc(), g), y = dy.with(getY()).wide();
  addTo(d, getX(), dy - y.exp() * dy.sum({axis}).spread(y.type(), {axis}));
}

//===-- Batch and layer norm --------------------------------------------------------------------------------------===//
template <typename Op> static LogicalResult verifyChannels(Op op) {
  auto x = cast<RankedTensorType>(op.getX().getType()), gamma = cast<RankedTensorType>(op.getGamma().getType());
  if (x.getRank() < 2 || x.isDynamicDim(x.getRank() - 1))
    return op.emitOpError("expected x as [..., c] with a constant number of channels, found ") << x;
  auto expected = RankedTensorType::get({x.getShape().back()}, x.getElementType());
  if (gamma != expected)
    return op.emitOpError("expected ") << expected << " for each channel of x " << x << ", found " << gamma;
  double epsilon = op.getEpsilon().convertToDouble();
  if (!(epsilon >= 0 && epsilon < 1))
    return op.emitOpError("expected 0 <= epsilon < 1, found ") << epsilon;
  return success();
}
/// [c] for every element of x's type.
static Tensor perChannel(const Tensor &v, const Tensor &x) { return v.broadcast(x.type(), {x.rank() - 1}); }
/// All dimensions but the channels'.
static SmallVector<int64_t> rows(const Tensor &x) { return llvm::to_vector(llvm::seq<int64_t>(0, x.rank() - 1)); }

LogicalResult BatchNormOp::verify() {
  if (failed(verifyChannels(*this)))
    return failure();
  if (double momentum = getMomentum().convertToDouble(); !(momentum >= 0 && momentum <= 1))
    return emitOpError("expected 0 <= momentum <= 1, found ") << momentum;
  return success();
}
SmallVector<Value> BatchNormOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX()), centred = x - perChannel(wide(b, getLoc(), getMean()), x);
  Tensor scale = wide(b, getLoc(), getGamma()) * (wide(b, getLoc(), getVar()) + getEpsilon().convertToDouble()).rsqrt();
  return {fma(centred, perChannel(scale, x), perChannel(wide(b, getLoc(), getBeta()), x)).cast(elementOf(getY()))};
}
void BatchNormOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  OpBuilder &b = d.builder();
  Tensor dy = wide(b, getLoc(), g), gamma = wide(b, getLoc(), getGamma());
  Tensor r = (wide(b, getLoc(), getVar()) + getEpsilon().convertToDouble()).rsqrt(), scale = gamma * r;
  if (d.needs(getX()))
    addTo(d, getX(), dy * perChannel(scale, dy));
  if (!d.needs(getGamma()) && !d.needs(getBeta()) && !d.needs(getMean()) && !d.needs(getVar()))
    return;
  Tensor dbeta = dy.sum(rows(dy)), mean = wide(b, getLoc(), getMean());
  Tensor dydiff = dy.sumProducts(wide(b, getLoc(), getX()) - perChannel(mean, dy), rows(dy));
  if (d.needs(getBeta()))
    addTo(d, getBeta(), dbeta);
  if (d.needs(getGamma()))
    addTo(d, getGamma(), dydiff * r);
  if (d.needs(getMean()))
    addTo(d, getMean(), -(dbeta * scale));
  if (d.needs(getVar()))
    addTo(d, getVar(), dydiff * scale * r * r * -0.5);
}
SmallVector<Value> BatchNormOp::buildTraining(Training &t) {
  OpBuilder &b = t.builder();
  auto op = BatchNormTrainOp::create(b, getLoc(), getX().getType(), getMean().getType(), getMean().getType(), getX(), getGamma(), getBeta(),
                                     getEpsilonAttr());
  Tensor x = wide(b, getLoc(), getX()), mean = wide(b, getLoc(), op.getMean()), var = wide(b, getLoc(), op.getVar());
  Tensor n = x.count(rows(x)), less = n - 1.0;
  Tensor unbiased = var * (n / less.with(MaximumOp::create(b, getLoc(), less, less.same(1.0)))).broadcast(var.type(), {});
  double momentum = getMomentum().convertToDouble();
  SmallVector<AffineExpr> extents = getExtents(getX());
  bool perhapsNone = llvm::any_of(ArrayRef(extents).drop_back(), [&](AffineExpr e) { return !isNonNegative(*this, e - 1); });
  auto carry = [&](Value state, const Tensor &now) {
    Tensor old = wide(b, getLoc(), state), mixed = old * (1.0 - momentum) + now * momentum;
    if (!perhapsNone)
      return t.setState(state, mixed.cast(elementOf(state)));
    Tensor some = dlc::dl::less(n.same(0.0), n).broadcast(withElement(old.type(), b.getI1Type()), {}); // a batch of none has no statistics
    t.setState(state, select(some, mixed, old).cast(elementOf(state)));
  };
  carry(getMean(), mean);
  carry(getVar(), unbiased);
  return {op.getY()};
}

LogicalResult BatchNormTrainOp::verify() { return verifyChannels(*this); }
SmallVector<Value> BatchNormTrainOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  Centred centred(x, rows(x));
  Tensor var = centred.variance(), scale = wide(b, getLoc(), getGamma()) * (var + getEpsilon().convertToDouble()).rsqrt();
  Tensor y = fma(centred.elements(), perChannel(scale, x), perChannel(wide(b, getLoc(), getBeta()), x));
  return {y.cast(elementOf(getY())), centred.mean().cast(elementOf(getMean())), var.cast(elementOf(getVar()))};
}
void BatchNormTrainOp::buildVjp(Differentiator &d) {
  OpBuilder &b = d.builder();
  Value g = d.cotangent(getY()), gMean = d.cotangent(getMean()), gVar = d.cotangent(getVar());
  Tensor x = wide(b, getLoc(), getX());
  Centred statistics(x, rows(x)); // not of the results, whose rounding costs digits: the forward pass' are found by CSE
  Tensor centred = statistics.elements();
  Tensor share = x.reciprocalCount(rows(x));
  auto perElement = [&](const Tensor &v) { return perChannel(v * share.broadcast(v.type(), {}), x); };
  if (g) {
    Tensor dy = wide(b, getLoc(), g), r = (statistics.variance() + getEpsilon().convertToDouble()).rsqrt();
    Tensor z = centred * perChannel(r, x), dbeta = dy.sum(rows(x)), dgamma = dy.sumProducts(z, rows(x));
    if (d.needs(getGamma()))
      addTo(d, getGamma(), dgamma);
    if (d.needs(getBeta()))
      addTo(d, getBeta(), dbeta);
    if (d.needs(getX()))
      addTo(d, getX(), perChannel(wide(b, getLoc(), getGamma()) * r, x) * (dy - perElement(dbeta) - z * perElement(dgamma)));
  }
  if (gMean && d.needs(getX()))
    addTo(d, getX(), perElement(wide(b, getLoc(), gMean)));
  if (gVar && d.needs(getX()))
    addTo(d, getX(), perElement(wide(b, getLoc(), gVar)) * centred * 2.0);
}

/// 1 / sqrt(var + epsilon) of each row.
static Tensor inverseDeviation(const Centred &x, double epsilon) { return (x.variance() + epsilon).rsqrt(); }
LogicalResult LayerNormOp::verify() { return verifyChannels(*this); }
SmallVector<Value> LayerNormOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  SmallVector<int64_t> last{x.rank() - 1};
  Centred row(x, last);
  Tensor z = row.elements() * inverseDeviation(row, getEpsilon().convertToDouble()).spread(x.type(), last);
  return {fma(z, perChannel(wide(b, getLoc(), getGamma()), z), perChannel(wide(b, getLoc(), getBeta()), z)).cast(elementOf(getY()))};
}
void LayerNormOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  OpBuilder &b = d.builder();
  Tensor dy = wide(b, getLoc(), g), x = wide(b, getLoc(), getX());
  SmallVector<int64_t> last{x.rank() - 1};
  auto spread = [&](const Tensor &v) { return v.spread(x.type(), last); };
  Centred row(x, last);
  Tensor r = inverseDeviation(row, getEpsilon().convertToDouble()), z = row.elements() * spread(r);
  if (d.needs(getX())) {
    // mean(dz z) = (sum(dz d) - delta sum(dz)) r / n, so that it needs no pass of its own.
    Tensor dz = dy * perChannel(wide(b, getLoc(), getGamma()), dy), sum = dz.sum(last);
    Tensor share = x.reciprocalCount(last).broadcast(sum.type(), {});
    Tensor mean = sum * share, along = (dz.sumProducts(row.d, last) - row.delta * sum) * (r * share);
    addTo(d, getX(), spread(r) * (dz - spread(mean) - z * spread(along)));
  }
  if (d.needs(getGamma()))
    addTo(d, getGamma(), dy.sumProducts(z, rows(z)));
  if (d.needs(getBeta()))
    addTo(d, getBeta(), dy.sum(rows(z)));
}

//===-- Dropout ---------------------------------------------------------------------------------------------------===//
LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  return rate >= 0 && rate < 1 ? success() : emitOpError("expected 0 <= rate < 1, found ") << rate;
}
SmallVector<Value> DropoutOp::decompose(OpBuilder &) { return {getX()}; }
void DropoutOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), g);
}
SmallVector<Value> DropoutOp::buildTraining(Training &t) {
  OpBuilder &b = t.builder();
  double rate = getRate().convertToDouble();
  Tensor x{b, getLoc(), getX()};
  Tensor u = x.with(RandomUniformOp::create(b, getLoc(), withElement(x.type(), b.getF32Type()), t.key(getLoc()), 0));
  Tensor dropped = less(u, rate);
  return {select(dropped, x.same(0.0), x * (1.0 / (1.0 - rate)))};
}
