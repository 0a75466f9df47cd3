// Losses: what they are made of, and their derivatives. Both spell the rows' statistics alike, so that CSE leaves one of each.
#include "dialects/dl/ops/Loss.h"
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
LogicalResult dlc::dl::inferSameLoss(Refusal refuse, Type x, Type label, SmallVectorImpl<Type> &types) {
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
  Value unknown;     // neither a class nor to be ignored; null: all that is no class is to be ignored
  /// Rows without a class hold zeros instead of what may be infinite or NaN: masked here, nothing of it reaches a value or a
  /// derivative of any order.
  Tensor masked(const Tensor &x) const { return select(valid.spread(hit.type(), {x.rank() - 1}), x, x.same(0.0)); }
  /// How many rows have a class, as a number of `rows`' element type.
  Tensor count(const Tensor &rows) const { return valid.cast(rows.type().getElementType()).sum(allDims(rows)); }
};
} // namespace
static Labels labelsOf(const Tensor &x, Value label, std::optional<int64_t> ignored) {
  OpBuilder &b = x.b;
  Tensor given = x.with(label), t = elementOf(label).isInteger(8) ? given.cast(b.getI32Type()) : given; // i8 cannot count all classes
  int64_t last = x.rank() - 1;
  Tensor number = x.with(IotaOp::create(b, x.loc, withElement(x.type(), t.type().getElementType()), last));
  Tensor low = x.with(CompareOp::create(b, x.loc, Predicate::ge, t, t.same(0))), high = less(t, double(x.type().getShape().back()));
  Tensor hit = equal(number, t.spread(number.type(), {last})), inside = x.with(AndOp::create(b, x.loc, low, high));
  if (!ignored)
    return {hit, inside, {}};
  Tensor counted = x.with(CompareOp::create(b, x.loc, Predicate::ne, t, t.same(double(*ignored))));
  Tensor outside = x.with(NotOp::create(b, x.loc, inside));
  return {hit, x.with(AndOp::create(b, x.loc, inside, counted)), AndOp::create(b, x.loc, outside, counted)};
}

LogicalResult dlc::dl::inferClassLoss(Refusal refuse, Type x, Type given, SmallVectorImpl<Type> &types) {
  auto label = dyn_cast<RankedTensorType>(given);
  if (!hasClasses(x))
    return refuse("expected x as [batch..., c] with a constant number of classes, found ", x);
  auto batch = getExtents(x);
  batch.pop_back();
  if (label && !isValueOf(cast<RankedTensorType>(x).getShape().back() - 1, label.getElementType()))
    return refuse("expected a label that holds ", cast<RankedTensorType>(x).getShape().back(), " classes, found ", label, ": write ",
                  getTensor(batch, IntegerType::get(x.getContext(), 32)));
  if (!label || getExtents(label) != batch)
    return refuse("expected a label for each row of x ", x, ": ", getTensor(batch, IntegerType::get(x.getContext(), 32)), ", found ",
                  given);
  return inferLoss(x, types);
}
RankedTensorType dlc::dl::classLabelType(RankedTensorType x) {
  if (!hasClasses(x))
    return {};
  auto batch = getExtents(x);
  batch.pop_back();
  return getTensor(batch, IntegerType::get(x.getContext(), 32));
}
std::pair<int64_t, int64_t> dlc::dl::classLabelRange(RankedTensorType x, DictionaryAttr attributes) {
  if (!hasClasses(x))
    return {0, 0};
  auto ignored = attributes.getAs<IntegerAttr>("ignore_index");
  int64_t classes = x.getShape().back(), i = ignored ? ignored.getInt() : 0;
  return {std::min<int64_t>(0, i), std::max(classes, i + 1)};
}

namespace {
/// The mean of what rows with a class cost.
struct RowMean {
  Labels labels;
  bool overCounted;
  Tensor of(const Tensor &row) const {
    Tensor none = labels.unknown ? select(row.with(labels.unknown), row.same(std::numeric_limits<double>::quiet_NaN()), row.same(0.0))
                                 : row.same(0.0);
    Tensor loss = select(labels.valid, row, none);
    return overCounted ? loss.sum(allDims(loss)) / labels.count(loss) : loss.mean(allDims(loss));
  }
  /// The share of dloss that each row has.
  Tensor share(Value dloss, const Tensor &row) const {
    Tensor s = overCounted ? (row.with(dloss).wide() / labels.count(row)).broadcast(row.type(), {}) : ::share(dloss, row);
    return select(labels.valid, s, s.same(0.0));
  }
};
} // namespace
template <typename Op> static RowMean rowsOf(Op op, const Tensor &x) {
  return {labelsOf(x, op.getLabel(), op.getIgnoreIndex()), op.getMeanOverCounted()};
}
static Tensor chosen(const Labels &labels, const Tensor &v) { return select(labels.hit, v, v.same(0.0)).sum({v.rank() - 1}); }
static constexpr double wholeLimit = 0x1p31;
static Hyperparameter ignoreIndex() { return {"ignore_index", 0, wholeLimit, true}; }
static Hyperparameter labelSmoothing() { return {"label_smoothing", 0, 1}; }
template <typename Op> static LogicalResult verifySmoothing(Op op) {
  double e = op.getLabelSmoothing().convertToDouble();
  return e >= 0 && e < 1 ? success() : op.emitOpError("expected 0 <= label_smoothing < 1, found ") << e;
}

SmallVector<Hyperparameter> SparseCategoricalCrossEntropyOp::getNumbers() { return {ignoreIndex(), labelSmoothing()}; }
LogicalResult SparseCategoricalCrossEntropyOp::verify() { return verifySmoothing(*this); }
SmallVector<Value> SparseCategoricalCrossEntropyOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  int64_t last = x.rank() - 1;
  RowMean rows = rowsOf(*this, x);
  double e = getLabelSmoothing().convertToDouble(), each = e / double(x.type().getShape().back());
  // (1 - e) of the label's, and of each class `each`
  auto smooth = [&](const Tensor &label, const Tensor &all) { return e == 0 ? label : label * (1.0 - e) + all.sum({last}) * each; };
  Tensor row = [&]() -> Tensor {
    if (!getFromLogits())
      return e == 0 ? -heldLog(chosen(rows.labels, x)) : -smooth(heldLog(chosen(rows.labels, x)), heldLog(x));
    Logits logits(rows.labels.masked(x));
    return logits.s.log() - smooth(chosen(rows.labels, logits.z), logits.z);
  }();
  return {rows.of(row).cast(elementOf(getLoss()))};
}
void SparseCategoricalCrossEntropyOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g || !d.needs(getX()))
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), zero = x.same(0.0);
  int64_t last = x.rank() - 1;
  RowMean rows = rowsOf(*this, x);
  double e = getLabelSmoothing().convertToDouble(), each = e / double(x.type().getShape().back());
  if (getFromLogits()) {
    Logits logits(rows.labels.masked(x));
    Tensor p = logits.softmax(), other = e == 0 ? p : p - each;
    addTo(d, getX(), select(rows.labels.hit, other - (1.0 - e), other) * rows.share(g, logits.s).spread(x.type(), {last}));
    return;
  }
  Tensor p = chosen(rows.labels, x), share = rows.share(g, p), label = e == 0 ? share : share * (1.0 - e);
  Tensor dx = select(rows.labels.hit, heldLogVjp(p, -label).spread(x.type(), {last}), zero);
  addTo(d, getX(), e == 0 ? dx : dx + heldLogVjp(rows.labels.masked(x), -(share * each).spread(x.type(), {last})));
}

SmallVector<Hyperparameter> NllOp::getNumbers() { return {ignoreIndex()}; }
SmallVector<Value> NllOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  RowMean rows = rowsOf(*this, x);
  return {rows.of(-chosen(rows.labels, x)).cast(elementOf(getLoss()))};
}
void NllOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g || !d.needs(getX()))
    return;
  Tensor x = wide(d.builder(), getLoc(), getX());
  RowMean rows = rowsOf(*this, x);
  Tensor share = rows.share(g, chosen(rows.labels, x)).spread(x.type(), {x.rank() - 1});
  addTo(d, getX(), select(rows.labels.hit, -share, share.same(0.0)));
}

/// margin - x[label] + x[j] where that is positive and j another class.
static Tensor lack(const Labels &labels, const Tensor &x, double margin) {
  Tensor m = x - chosen(labels, x).spread(x.type(), {x.rank() - 1}) + margin;
  return select(labels.hit, m.same(0.0), greater(m, m.same(0.0)));
}
SmallVector<Hyperparameter> MultiMarginOp::getNumbers() { return {{"margin", 1}}; }
SmallVector<Value> MultiMarginOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX());
  RowMean rows = {labelsOf(x, getLabel(), {}), false};
  Tensor row = lack(rows.labels, rows.labels.masked(x), getMargin().convertToDouble()).sum({x.rank() - 1});
  return {rows.of(row / double(x.type().getShape().back())).cast(elementOf(getLoss()))};
}
void MultiMarginOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g || !d.needs(getX()))
    return;
  Tensor x = wide(d.builder(), getLoc(), getX());
  int64_t last = x.rank() - 1;
  RowMean rows = {labelsOf(x, getLabel(), {}), false};
  Tensor l = lack(rows.labels, rows.labels.masked(x), getMargin().convertToDouble());
  Tensor active = shown(l, select(less(l.same(0.0), l), l.same(1.0), l.same(0.0))), sum = active.sum({last});
  Tensor share = rows.share(g, sum) / double(x.type().getShape().back());
  addTo(d, getX(), select(rows.labels.hit, -sum.spread(x.type(), {last}), active) * share.spread(x.type(), {last}));
}

static LogicalResult inferDistributions(Refusal refuse, Type x, Type label, SmallVectorImpl<Type> &types) {
  if (!hasClasses(x))
    return refuse("expected x as [batch..., c] with a constant number of classes, found ", x);
  return inferSameLoss(refuse, x, label, types);
}
LogicalResult CategoricalCrossEntropyOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a,
                                                          SmallVectorImpl<Type> &types) {
  return inferDistributions({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
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
SmallVector<Hyperparameter> CategoricalCrossEntropyOp::getNumbers() { return {labelSmoothing()}; }
LogicalResult CategoricalCrossEntropyOp::verify() { return verifySmoothing(*this); }
static Tensor smoothed(const Tensor &t, double e) { return e == 0 ? t : t * (1.0 - e) + e / double(t.type().getShape().back()); }
SmallVector<Value> CategoricalCrossEntropyOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX()), t = smoothed(wide(b, getLoc(), getLabel()), getLabelSmoothing().convertToDouble());
  return meanOf(*this, -timesLog(t, logProbabilities(x, getFromLogits())).sum({x.rank() - 1}));
}
/// The gradient of -sum t log p with respect to x.
static Tensor crossEntropySlope(const Tensor &x, const Tensor &t, const Tensor &share, bool fromLogits) {
  int64_t last = x.rank() - 1;
  return fromLogits ? (Logits(x).softmax() * t.sum({last}).spread(x.type(), {last}) - t) * share : heldLogVjp(x, -(t * share));
}
void CategoricalCrossEntropyOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  double e = getLabelSmoothing().convertToDouble();
  Tensor x = wide(d.builder(), getLoc(), getX()), t = smoothed(x.with(getLabel()).wide(), e);
  int64_t last = x.rank() - 1;
  Tensor s = share(g, t.sum({last})).spread(x.type(), {last});
  if (d.needs(getX()))
    addTo(d, getX(), crossEntropySlope(x, t, s, getFromLogits()));
  if (d.needs(getLabel())) {
    Tensor dt = -(logProbabilities(x, getFromLogits()) * s);
    addTo(d, getLabel(), e == 0 ? dt : dt * (1.0 - e));
  }
}

LogicalResult KlDivergenceOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  return inferDistributions({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
}
RankedTensorType KlDivergenceOp::getLabelType(RankedTensorType x) { return hasClasses(x) ? x : RankedTensorType(); }
SmallVector<Value> KlDivergenceOp::decompose(OpBuilder &b) {
  Tensor x = wide(b, getLoc(), getX()), t = wide(b, getLoc(), getLabel());
  return meanOf(*this, (timesLog(t, t.log()) - timesLog(t, logProbabilities(x, getFromLogits()))).sum({x.rank() - 1}));
}
void KlDivergenceOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), t = x.with(getLabel()).wide();
  int64_t last = x.rank() - 1;
  Tensor s = share(g, t.sum({last})).spread(x.type(), {last});
  if (d.needs(getX()))
    addTo(d, getX(), crossEntropySlope(x, t, s, getFromLogits()));
  if (d.needs(getLabel()))
    addTo(d, getLabel(), (t.log() + 1.0 - logProbabilities(x, getFromLogits())) * s);
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
LogicalResult KlDivergenceOp::canonicalize(KlDivergenceOp op, PatternRewriter &rewriter) {
  return takeLogits<SoftmaxOp>(op, rewriter, alongLast);
}
// binary_cross_entropy(sigmoid(x)) -> binary_cross_entropy(x) from logits
LogicalResult BinaryCrossEntropyOp::canonicalize(BinaryCrossEntropyOp op, PatternRewriter &rewriter) {
  return takeLogits<SigmoidOp>(op, rewriter, [](SigmoidOp) { return true; });
}

//===-- Losses over elements --------------------------------------------------------------------------------------===//
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

template <typename Op> static SmallVector<Value> meanOfDifferences(Op op, OpBuilder &b) {
  return meanOf(op, op.element(wide(b, op.getLoc(), op.getX()) - wide(b, op.getLoc(), op.getLabel())));
}
template <typename Op> static void differencesVjp(Op op, Differentiator &d) {
  Value g = d.cotangent(op.getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), op.getLoc(), op.getX());
  Tensor dx = op.slope(x - x.with(op.getLabel()).wide()) * share(g, x);
  if (d.needs(op.getX()))
    addTo(d, op.getX(), dx);
  if (d.needs(op.getLabel()))
    addTo(d, op.getLabel(), -dx);
}
// d^2, or half of it
Tensor MseOp::element(const Tensor &d) { return getHalf() ? d * d * 0.5 : d * d; }
Tensor MseOp::slope(const Tensor &d) { return getHalf() ? d : d * 2.0; }
SmallVector<Value> MseOp::decompose(OpBuilder &b) { return meanOfDifferences(*this, b); }
void MseOp::buildVjp(Differentiator &d) { differencesVjp(*this, d); }

// |d|
Tensor MaeOp::element(const Tensor &d) { return d.abs(); }
Tensor MaeOp::slope(const Tensor &d) { return d.sign(); }
SmallVector<Value> MaeOp::decompose(OpBuilder &b) { return meanOfDifferences(*this, b); }
void MaeOp::buildVjp(Differentiator &d) { differencesVjp(*this, d); }

// with h = |d| held at delta: h (|d| - h / 2)
Tensor HuberOp::element(const Tensor &d) {
  Tensor size = d.abs(), held = lesser(size, size.same(getDelta().convertToDouble()));
  return held * (size - held * 0.5);
}
Tensor HuberOp::slope(const Tensor &d) { return d.clamped(getDelta().convertToDouble()); }
SmallVector<Hyperparameter> HuberOp::getNumbers() { return {{"delta", 1}}; }
LogicalResult HuberOp::verify() {
  double delta = getDelta().convertToDouble();
  return delta > 0 ? success() : emitOpError("expected delta > 0, found ") << delta;
}
SmallVector<Value> HuberOp::decompose(OpBuilder &b) { return meanOfDifferences(*this, b); }
void HuberOp::buildVjp(Differentiator &d) { differencesVjp(*this, d); }

// max(0, 1 - t x)
SmallVector<Value> HingeOp::decompose(OpBuilder &b) {
  Tensor lack = 1.0 - wide(b, getLoc(), getLabel()) * wide(b, getLoc(), getX());
  return meanOf(*this, greater(lack, lack.same(0.0)));
}
void HingeOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getLoss());
  if (!g)
    return;
  Tensor x = wide(d.builder(), getLoc(), getX()), t = x.with(getLabel()).wide(), lack = 1.0 - t * x, s = -share(g, x);
  auto counted = [&](const Tensor &v) { return shown(lack, select(less(lack.same(0.0), lack), v * s, s.same(0.0))); };
  if (d.needs(getX()))
    addTo(d, getX(), counted(t));
  if (d.needs(getLabel()))
    addTo(d, getLabel(), counted(x));
}

//===-- Penalties -------------------------------------------------------------------------------------------------===//
LogicalResult KlSparsityOp::verify() {
  double target = getTarget().convertToDouble(), weight = getWeight().convertToDouble();
  if (!(target > 0 && target < 1))
    return emitOpError("expected 0 < target < 1, found ") << target;
  if (!(weight >= 0))
    return emitOpError("expected a weight of 0 or more, found ") << weight;
  return getX().getType().getRank() >= 2 ? success() : emitOpError("expected x as [batch..., units], found ") << getX().getType();
}
SmallVector<Value> KlSparsityOp::decompose(OpBuilder &) { return {getX()}; }
void KlSparsityOp::buildVjp(Differentiator &d) {
  if (Value g = d.cotangent(getY()); g && d.needs(getX()))
    d.add(getX(), g);
}
// weight sum (p log p + (1 - p) log(1 - p) - p log q - (1 - p) log(1 - q))
SmallVector<Value> KlSparsityOp::buildTraining(Training &t) {
  double p = getTarget().convertToDouble();
  Tensor x = wide(t.builder(), getLoc(), getX()), q = x.mean(llvm::to_vector(llvm::seq<int64_t>(0, x.rank() - 1)));
  Tensor units = heldLog(q) * -p - heldLog(1.0 - q) * (1 - p) + (p * std::log(p) + (1 - p) * std::log(1 - p));
  t.addPenalty(units.sum({0}) * getWeight().convertToDouble());
  return {getX()};
}
