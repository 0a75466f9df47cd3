// Losses: what they are made of, and their derivatives. Both spell the rows' statistics alike, so that CSE leaves one of each.
#include "dialects/dl/Dl.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }
static Tensor wide(OpBuilder &b, Location loc, Value v) { return Tensor{b, loc, v}.wide(); }
static SmallVector<int64_t> allDims(const Tensor &x) { return llvm::to_vector(llvm::seq<int64_t>(0, x.rank())); }
/// The mean over all elements, as the loss's type.
template <typename Op> static SmallVector<Value> meanOf(Op op, const Tensor &x) {
  return {x.mean(allDims(x)).cast(elementOf(op.getLoss()))};
}
/// dloss over the number of elements that the mean is over, for each element of a tensor like `x`.
static Tensor share(Value dloss, const Tensor &x) {
  Tensor g = x.with(dloss).wide();
  return (g * x.reciprocalCount(allDims(x))).broadcast(x.type(), {});
}
static void addTo(Differentiator &d, Value operand, const Tensor &gradient) { d.add(operand, gradient.cast(elementOf(operand))); }

// log p is held here, so that a probability of 0 costs 100 and not infinity.
static constexpr double lowestLog = -100;
static Tensor heldLog(const Tensor &p) {
  Tensor l = p.log();
  return l.with(MaximumOp::create(l.b, l.loc, l, l.same(lowestLog)));
}
/// g / p where log p is not held, else 0.
static Tensor heldLogVjp(const Tensor &p, const Tensor &g) {
  Tensor l = p.log();
  return shown(l, select(less(p.same(lowestLog), l), g / p, p.same(0.0)));
}

/// The mean's type.
static LogicalResult inferLoss(Type x, SmallVectorImpl<Type> &types) {
  types.push_back(RankedTensorType::get({}, getElementTypeOrSelf(x)));
  return success();
}
/// Losses of a label that looks like the prediction.
static LogicalResult inferSameLoss(Refusal refuse, Type x, Type label, SmallVectorImpl<Type> &types) {
  if (!isa<RankedTensorType>(x) || x != label)
    return refuse("expected a label of the prediction's type ", x, ", found ", label);
  return inferLoss(x, types);
}
/// x [batch..., c]
static bool hasClasses(Type x) {
  auto type = dyn_cast<RankedTensorType>(x);
  return type && type.getRank() >= 2 && !type.isDynamicDim(type.getRank() - 1);
}

//===-- Cross-entropy over classes --------------------------------------------------------------------------------===//
namespace {
/// Rows of logits: z = x - max, e = e^z, s = sum e; log softmax = z - log s, softmax = e / s.
struct Logits {
  int64_t last;
  Tensor z, e, s;
  explicit Logits(const Tensor &x) : last(x.rank() - 1), z(x - x.max({last}).spread(x.type(), {last})), e(z.exp()), s(e.sum({last})) {}
  Tensor softmax() const { return e / s.spread(e.type(), {last}); }
};
/// Which class each row's label names.
struct Labels {
  Tensor hit, valid; // i1 [batch..., c] and [batch...]
  /// Rows without a class hold zeros instead of what may be infinite or NaN: masked here, nothing of it reaches a value or a
  /// derivative of any order.
  Tensor masked(const Tensor &x) const { return select(valid.spread(hit.type(), {x.rank() - 1}), x, x.same(0.0)); }
  /// How many rows have a class, as a number of `rows`' element type.
  Tensor count(const Tensor &rows) const { return valid.cast(rows.type().getElementType()).sum(allDims(rows)); }
};
} // namespace
static Labels labelsOf(const Tensor &x, Value label) {
  OpBuilder &b = x.b;
  Tensor given = x.with(label), t = elementOf(label).isInteger(8) ? given.cast(b.getI32Type()) : given; // i8 cannot count all classes
  int64_t last = x.rank() - 1;
  Tensor number = x.with(IotaOp::create(b, x.loc, withElement(x.type(), t.type().getElementType()), last));
  Tensor low = x.with(CompareOp::create(b, x.loc, Predicate::ge, t, t.same(0))), high = less(t, double(x.type().getShape().back()));
  return {equal(number, t.spread(number.type(), {last})), x.with(AndOp::create(b, x.loc, low, high))};
}

LogicalResult SparseCategoricalCrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a,
                                                                SmallVectorImpl<Type> &types) {
  Refusal refuse{loc, getOperationName()};
  Type x = a.getX().getType();
  auto label = dyn_cast<RankedTensorType>(a.getLabel().getType());
  if (!hasClasses(x))
    return refuse("expected x as [batch..., c] with a constant number of classes, found ", x);
  auto batch = getExtents(x);
  batch.pop_back();
  if (label && !isValueOf(cast<RankedTensorType>(x).getShape().back() - 1, label.getElementType()))
    return refuse("expected a label that holds ", cast<RankedTensorType>(x).getShape().back(), " classes, found ", label, ": write ",
                  getTensor(batch, IntegerType::get(x.getContext(), 32)));
  if (!label || getExtents(label) != batch)
    return refuse("expected a label for each row of x ", x, ": ", getTensor(batch, IntegerType::get(x.getContext(), 32)), ", found ",
                  a.getLabel().getType());
  return inferLoss(x, types);
}
RankedTensorType SparseCategoricalCrossEntropyOp::getLabelType(RankedTensorType x) {
  if (!hasClasses(x))
    return {};
  auto batch = getExtents(x);
  batch.pop_back();
  return getTensor(batch, IntegerType::get(x.getContext(), 32));
}
int64_t SparseCategoricalCrossEntropyOp::getLabelClasses(RankedTensorType x) { return hasClasses(x) ? x.getShape().back() : 0; }
SmallVector<Value> SparseCategoricalCrossEntropyOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  int64_t last = x.rank() - 1;
  Labels labels = labelsOf(x, getLabel());
  auto chosen = [&](const Tensor &v) { return select(labels.hit, v, v.same(0.0)).sum({last}); };
  Tensor row = [&]() -> Tensor {
    if (!getFromLogits())
      return -heldLog(chosen(x));
    Logits logits(labels.masked(x));
    return logits.s.log() - chosen(logits.z);
  }();
  Tensor loss = select(labels.valid, row, row.same(0.0));
  if (!getMeanOverCounted())
    return meanOf(*this, loss);
  return {(loss.sum(allDims(loss)) / labels.count(loss)).cast(elementOf(getLoss()))};
}
void SparseCategoricalCrossEntropyOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g || !d.needs(getX()))
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), zero = x.same(0.0);
  int64_t last = x.rank() - 1;
  Labels labels = labelsOf(x, getLabel());
  auto perRow = [&](const Tensor &row) { // of dloss, 0 where the label is no class
    Tensor s = getMeanOverCounted() ? (row.with(g).wide() / labels.count(row)).broadcast(row.type(), {}) : share(g, row);
    return select(labels.valid, s, s.same(0.0));
  };
  if (getFromLogits()) {
    Logits logits(labels.masked(x));
    Tensor p = logits.softmax();
    addTo(d, getX(), select(labels.hit, p - 1.0, p) * perRow(logits.s).spread(x.type(), {last}));
    return;
  }
  Tensor p = select(labels.hit, x, zero).sum({last});
  addTo(d, getX(), select(labels.hit, heldLogVjp(p, -perRow(p)).spread(x.type(), {last}), zero));
}

LogicalResult CategoricalCrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a,
                                                          SmallVectorImpl<Type> &types) {
  Refusal refuse{loc, getOperationName()};
  if (!hasClasses(a.getX().getType()))
    return refuse("expected x as [batch..., c] with a constant number of classes, found ", a.getX().getType());
  return inferSameLoss(refuse, a.getX().getType(), a.getLabel().getType(), types);
}
RankedTensorType CategoricalCrossEntropyOp::getLabelType(RankedTensorType x) { return hasClasses(x) ? x : RankedTensorType(); }
/// t l, but 0 where t is 0 and l is minus infinity: a class that does not occur costs nothing, however impossible.
static Tensor timesLog(const Tensor &t, const Tensor &l) {
  Tensor neither = t.with(AndOp::create(t.b, t.loc, equal(t, t.same(0.0)), equal(l, l.same(-std::numeric_limits<double>::infinity()))));
  return select(neither, t.same(0.0), t * l);
}
/// log p of every class.
static Tensor logProbabilities(const Tensor &x, bool fromLogits) {
  if (!fromLogits)
    return heldLog(x);
  Logits logits(x);
  return logits.z - logits.s.log().spread(x.type(), {logits.last});
}
SmallVector<Value> CategoricalCrossEntropyOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX()), t = wide(b, getLoc(), getLabel());
  return meanOf(*this, -timesLog(t, logProbabilities(x, getFromLogits())).sum({x.rank() - 1}));
}
void CategoricalCrossEntropyOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), t = x.with(getLabel()).wide();
  int64_t last = x.rank() - 1;
  Tensor rows = t.sum({last}), s = share(g, rows).spread(x.type(), {last});
  if (d.needs(getX()))
    addTo(d, getX(), getFromLogits() ? (Logits(x).softmax() * rows.spread(x.type(), {last}) - t) * s : heldLogVjp(x, -(t * s)));
  if (d.needs(getLabel()))
    addTo(d, getLabel(), -(logProbabilities(x, getFromLogits()) * s));
}

/// Takes x from before `Activation`, and says so by from_logits.
template <typename Activation, typename Op>
static LogicalResult takeLogits(Op op, PatternRewriter &rewriter, function_ref<bool(Activation)> suits) {
  auto activation = op.getX().template getDefiningOp<Activation>();
  if (op.getFromLogits() || !activation || !suits(activation))
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.getXMutable().assign(activation.getX());
    op.setFromLogits(true);
  });
  return success();
}
static bool alongLast(SoftmaxOp op) { return (int64_t)op.getAxis() + 1 == cast<RankedTensorType>(op.getX().getType()).getRank(); }
// cross_entropy(softmax(x)) -> cross_entropy(x) from logits
LogicalResult SparseCategoricalCrossEntropyOp::canonicalize(SparseCategoricalCrossEntropyOp op, PatternRewriter &rewriter) {
  return takeLogits<SoftmaxOp>(op, rewriter, alongLast);
}
LogicalResult CategoricalCrossEntropyOp::canonicalize(CategoricalCrossEntropyOp op, PatternRewriter &rewriter) {
  return takeLogits<SoftmaxOp>(op, rewriter, alongLast);
}
// binary_cross_entropy(sigmoid(x)) -> binary_cross_entropy(x) from logits
LogicalResult BinaryCrossEntropyOp::canonicalize(BinaryCrossEntropyOp op, PatternRewriter &rewriter) {
  return takeLogits<SigmoidOp>(op, rewriter, [](SigmoidOp) { return true; });
}

//===-- Losses over elements --------------------------------------------------------------------------------------===//
RankedTensorType BinaryCrossEntropyOp::getLabelType(RankedTensorType x) { return x; }
RankedTensorType MseOp::getLabelType(RankedTensorType x) { return x; }
RankedTensorType MaeOp::getLabelType(RankedTensorType x) { return x; }
LogicalResult BinaryCrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferSameLoss({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
}
LogicalResult MseOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferSameLoss({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
}
LogicalResult MaeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferSameLoss({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
}

namespace {
/// With y = -|x| and the weight w of |x|, 1 - t where x > 0, else t: forms that keep their bits where sigmoid(x) rounds to 0 or 1.
struct BinaryLogits {
  Tensor positive, w, y;
  BinaryLogits(const Tensor &x, const Tensor &t)
      : positive(less(x.same(0.0), x)), w(select(positive, 1.0 - t, t)), y(select(positive, -x, x)) {}
  /// w |x| + log(1 + e^-|x|), where 0 |x| is 0
  Tensor loss() const { return y.exp().log1p() - select(equal(w, w.same(0.0)), w, w * y); }
  /// sigmoid(x) - t
  Tensor slope() const {
    Tensor d = w - y.sigmoid();
    return select(positive, d, -d);
  }
};
} // namespace
SmallVector<Value> BinaryCrossEntropyOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX()), t = wide(b, getLoc(), getLabel());
  if (getFromLogits())
    return meanOf(*this, BinaryLogits(x, t).loss());
  return meanOf(*this, -(t * heldLog(x) + (1.0 - t) * heldLog(1.0 - x)));
}
void BinaryCrossEntropyOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), t = x.with(getLabel()).wide(), s = share(g, x);
  if (d.needs(getX()))
    addTo(d, getX(), getFromLogits() ? BinaryLogits(x, t).slope() * s : heldLogVjp(1.0 - x, (1.0 - t) * s) - heldLogVjp(x, t * s));
  if (d.needs(getLabel()))
    addTo(d, getLabel(), getFromLogits() ? -(x * s) : (heldLog(1.0 - x) - heldLog(x)) * s);
}

SmallVector<Value> MseOp::decompose(OpBuilder &b) {
  Tensor difference = wide(b, getLoc(), getX()) - wide(b, getLoc(), getLabel());
  Tensor square = difference * difference;
  return meanOf(*this, getHalf() ? square * 0.5 : square);
}
void MseOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), difference = x - x.with(getLabel()).wide();
  Tensor dx = (getHalf() ? difference : difference * 2.0) * share(g, x);
  if (d.needs(getX()))
    addTo(d, getX(), dx);
  if (d.needs(getLabel()))
    addTo(d, getLabel(), -dx);
}

SmallVector<Value> MaeOp::decompose(OpBuilder &b) {
  return meanOf(*this, (wide(b, getLoc(), getX()) - wide(b, getLoc(), getLabel())).abs());
}
void MaeOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), difference = x - x.with(getLabel()).wide(), s = share(g, x), zero = s.same(0.0);
  Tensor dx = shown(difference, select(less(zero, difference), s, select(less(difference, zero), -s, zero)));
  if (d.needs(getX()))
    addTo(d, getX(), dx);
  if (d.needs(getLabel()))
    addTo(d, getLabel(), -dx);
}
