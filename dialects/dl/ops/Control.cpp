// Control: dl.scan, what it checks, drops and differentiates to.
#include "dialects/dl/Dl.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static bool isFloat(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }
/// One step's type with the steps in front.
static RankedTensorType stackOf(AffineExpr trip, Type step) {
  SmallVector<AffineExpr> extents = {trip};
  llvm::append_range(extents, getExtents(step));
  return getTensor(extents, getElementTypeOrSelf(step));
}
static RankedTensorType stepOf(Type stack) { return getTensor(ArrayRef(getExtents(stack)).drop_front(), getElementTypeOrSelf(stack)); }

LogicalResult ScanOp::verify() {
  if (getTrip().getExtents().size() != 1)
    return emitOpError("trip has ") << getTrip().getExtents().size() << " extents, expected the number of steps: write dl.scan <28>";
  AffineExpr trip = getTripCount();
  Block &body = getBody().front();
  if (body.getNumArguments() != getNumOperands())
    return emitOpError("body has ") << body.getNumArguments() << " arguments, expected " << getNumOperands()
                                    << ": one for each carried value, input and capture";
  for (auto [i, operand, argument] : llvm::enumerate(getOperands(), body.getArguments())) {
    bool input = i >= getNumCarried() && i < getNumCarried() + getInputs().size();
    if (!isa<RankedTensorType>(argument.getType()))
      return emitOpError("body's argument ") << i << " is " << argument.getType() << ", expected a ranked tensor";
    if (Type expected = input ? stackOf(trip, argument.getType()) : argument.getType(); operand.getType() != expected)
      return emitOpError("operand ") << i << " is " << operand.getType() << ", expected " << expected << " since the body takes "
                                     << argument.getType() << (input ? " a step" : "");
  }
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield)
    return emitOpError("body ends in '") << body.back().getName() << "', expected dl.yield";
  if (yield.getNumOperands() != getNumResults() || getNumResults() < getNumCarried())
    return emitOpError("yields ") << yield.getNumOperands() << " values for " << getNumResults() << " results and " << getNumCarried()
                                  << " carried values: yield the carried values, then a step of each stacked result";
  for (auto [i, value, result] : llvm::enumerate(yield.getOperands(), getResults())) {
    bool carried = i < getNumCarried();
    if (carried && value.getType() != getInit()[i].getType())
      return emitOpError("carried value ") << i << " starts as " << getInit()[i].getType() << " and becomes " << value.getType();
    if (Type expected = carried ? value.getType() : stackOf(trip, value.getType()); result.getType() != expected)
      return emitOpError("result ") << i << " is " << result.getType() << ", expected " << expected;
  }
  return success();
}

void ScanOp::build(OpBuilder &b, OperationState &state, AffineExpr trip, ValueRange init, ValueRange inputs, ValueRange captures,
                   bool reverse, function_ref<SmallVector<Value>(OpBuilder &, ValueRange, ValueRange, ValueRange)> body) {
  state.addOperands(init);
  state.addOperands(inputs);
  state.addOperands(captures);
  auto &properties = state.getOrAddProperties<Properties>();
  properties.trip = DimsAttr::get(b.getContext(), trip);
  properties.operandSegmentSizes = {(int)init.size(), (int)inputs.size(), (int)captures.size()};
  if (reverse)
    properties.reverse = b.getUnitAttr();
  SmallVector<Type> types(init.getTypes());
  for (Value v : inputs)
    types.push_back(stepOf(v.getType()));
  llvm::append_range(types, captures.getTypes());
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(state.addRegion(), {}, types, SmallVector<Location>(types.size(), state.location));
  ValueRange arguments = block->getArguments();
  auto values =
      body(b, arguments.take_front(init.size()), arguments.slice(init.size(), inputs.size()), arguments.take_back(captures.size()));
  YieldOp::create(b, state.location, values);
  for (auto [i, v] : llvm::enumerate(values))
    state.types.push_back(i < init.size() ? v.getType() : stackOf(trip, v.getType()));
}

/// Which of a scan's values a new one has; at first all.
struct Kept {
  SmallVector<bool> carried, inputs, captures, stacks;
  explicit Kept(ScanOp op)
      : carried(op.getNumCarried(), true), inputs(op.getInputs().size(), true), captures(op.getCaptures().size(), true),
        stacks(op.getStacks().size(), true) {}
};
static SmallVector<Value> keep(ValueRange values, ArrayRef<bool> kept) {
  SmallVector<Value> rest;
  for (auto [v, k] : llvm::zip_equal(values, kept))
    if (k)
      rest.push_back(v);
  return rest;
}
/// The scan with what is kept of it, which also stacks `more` values of its body. Ops that read what is not kept, `but`, are left out.
static ScanOp rebuild(OpBuilder &b, ScanOp op, const Kept &kept, ArrayRef<Value> more = {}, Operation *but = nullptr) {
  return ScanOp::create(b, op.getLoc(), op.getTripCount(), keep(op.getInit(), kept.carried), keep(op.getInputs(), kept.inputs),
                        keep(op.getCaptures(), kept.captures), op.getReverse(),
                        [&](OpBuilder &inner, ValueRange c, ValueRange x, ValueRange k) {
                          IRMapping map;
                          map.map(keep(op.getCarriedArguments(), kept.carried), c);
                          map.map(keep(op.getInputArguments(), kept.inputs), x);
                          map.map(keep(op.getCaptureArguments(), kept.captures), k);
                          Block &body = op.getBody().front();
                          for (Operation &o : body.without_terminator())
                            if (&o != but)
                              inner.clone(o, map);
                          ValueRange yielded = body.getTerminator()->getOperands();
                          SmallVector<Value> values = keep(yielded.take_front(op.getNumCarried()), kept.carried);
                          llvm::append_range(values, keep(yielded.drop_front(op.getNumCarried()), kept.stacks));
                          llvm::append_range(values, more);
                          return llvm::map_to_vector(values, [&](Value v) { return map.lookup(v); });
                        });
}

namespace {
/// scan -> the same without stacks that nobody reads, and without inputs and captures that the body does not read
struct DropUnused : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    auto used = [](ValueRange values) { return llvm::map_to_vector(values, [](Value v) { return !v.use_empty(); }); };
    Kept kept(op);
    kept.stacks = used(op.getStacks()), kept.inputs = used(op.getInputArguments()), kept.captures = used(op.getCaptureArguments());
    if (!llvm::is_contained(kept.stacks, false) && !llvm::is_contained(kept.inputs, false) && !llvm::is_contained(kept.captures, false))
      return failure();
    ScanOp small = rebuild(rewriter, op, kept);
    SmallVector<Value> results(small.getFinals());
    unsigned next = 0;
    for (bool k : kept.stacks)
      results.push_back(k ? small.getStacks()[next++] : Value());
    rewriter.replaceOp(op, results);
    return success();
  }
};
// scan <0> -> init, stacks without elements
struct NoSteps : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    if (getConstant(op.getTripCount()) != 0)
      return failure();
    SmallVector<Value> results(op.getInit());
    for (Value stack : op.getStacks())
      results.push_back(ConstantOp::create(rewriter, op.getLoc(), stack.getType(), APFloat(0.0)));
    rewriter.replaceOp(op, results);
    return success();
  }
};
// two stacks of one value -> one of them
struct ShareStacks : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    llvm::DenseMap<Value, Value> first;
    for (auto [v, stack] :
         llvm::zip_equal(op.getBody().front().getTerminator()->getOperands().drop_front(op.getNumCarried()), op.getStacks()))
      if (auto [it, fresh] = first.try_emplace(v, stack); !fresh && !stack.use_empty()) {
        rewriter.replaceAllUsesWith(stack, it->second);
        changed = true;
      }
    return success(changed);
  }
};
// scan: c' = c + u^T v, c read by nothing else -> c + (all u)^T (all v): one product over all steps, whose terms ascend with them
struct SumProductsAtOnce : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScanOp op, PatternRewriter &rewriter) const override {
    Block &body = op.getBody().front();
    for (auto [i, c] : llvm::enumerate(op.getCarriedArguments())) {
      auto sum = body.getTerminator()->getOperand(i).getDefiningOp<AddOp>();
      if (!sum || !sum->hasOneUse() || !c.hasOneUse() || *c.user_begin() != sum)
        continue;
      auto product = (sum.getLhs() == c ? sum.getRhs() : sum.getLhs()).getDefiningOp<MatmulOp>();
      if (!product || !product->hasOneUse() || !product.getTransposeLhs() || product.getTransposeRhs() ||
          product.getLhs().getType().getRank() != 2 || product.getRhs().getType().getRank() != 2)
        continue;
      if (llvm::any_of(product->getOperands(), [&](Value v) { return llvm::is_contained(op.getCaptureArguments(), v); }))
        continue;
      SmallVector<Value> stacked; // what no input has already
      for (Value v : product->getOperands())
        if (!llvm::is_contained(op.getInputArguments(), v))
          stacked.push_back(v);
      Kept kept(op);
      kept.carried[i] = false;
      ScanOp rest = rebuild(rewriter, op, kept, stacked, sum);
      unsigned next = 0;
      auto all = [&](Value v) {
        auto input = llvm::find(op.getInputArguments(), v);
        Value steps = input != op.getInputArguments().end() ? op.getInputs()[input - op.getInputArguments().begin()]
                                                            : rest.getResults()[op.getNumResults() - 1 + next++];
        auto extents = getExtents(steps);
        return Tensor{rewriter, op.getLoc(), steps}
            .reshape(getTensor({dlc::dl::product({extents[0], extents[1]}, rewriter.getContext()), extents[2]}, getElementTypeOrSelf(v)))
            .v;
      };
      Value u = all(product.getLhs()), v = all(product.getRhs());
      Value y = MatmulOp::create(rewriter, product.getLoc(), u, v, /*transpose_lhs=*/true, /*transpose_rhs=*/false);
      if (auto none = op.getInit()[i].getDefiningOp<ConstantOp>(); !none || !none.getValue().isZero())
        y = AddOp::create(rewriter, sum.getLoc(), op.getInit()[i], y);
      SmallVector<Value> results(rest.getResults().take_front(op.getNumResults() - 1));
      results.insert(results.begin() + i, y);
      rewriter.replaceOp(op, results);
      return success();
    }
    return failure();
  }
};
} // namespace
void ScanOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnused, NoSteps, ShareStacks, SumProductsAtOnce>(context);
}

// With the step (c', y) = f(c, x, k) and the cotangents dc' and dy, run the other way: dc, dx, dk += vjp of f at c, x, k.
void ScanOp::buildVjp(Differentiator &d) {
  OpBuilder &b = d.builder();
  auto zero = [&](OpBuilder &at, Value like) { return Tensor{at, getLoc(), like}.same(0.0).v; };

  // The forward scan gives way to one that stacks the carried values and the products, which cost more to make again than to keep
  // (with what is added to them, where that is all that reads them); nobody uses this one any more.
  ScanOp forward = *this;
  SmallVector<Value> kept(getCarriedArguments());
  for (Operation &o : getBody().front().without_terminator())
    if (auto combine = dyn_cast<CombineOpInterface>(o); combine && combine.isMultiplyAdd()) {
      Value product = o.getResult(0);
      while (product.hasOneUse() && isa<AddOp, SubOp>(*product.user_begin()))
        product = product.user_begin()->getResult(0);
      kept.push_back(product);
    }
  if (!kept.empty()) {
    OpBuilder here(getOperation());
    forward = rebuild(here, *this, Kept(*this), kept);
  }
  auto cotangentsOf = llvm::map_to_vector(getResults(), [&](Value v) { return d.cotangent(v); });
  unsigned n = getNumCarried(), results = getNumResults();
  if (forward != *this)
    getOperation()->replaceAllUsesWith(forward.getResults().take_front(results));

  SmallVector<unsigned> carried, stacks; // of floating-point type; with a cotangent
  for (unsigned i = 0; i < n; ++i)
    if (isFloat(getInit()[i]))
      carried.push_back(i);
  for (unsigned i = n; i < results; ++i)
    if (cotangentsOf[i])
      stacks.push_back(i);
  SmallVector<unsigned> inputs, captures; // whose cotangents are asked for
  for (auto [i, v] : llvm::enumerate(getInputs()))
    if (d.needs(v))
      inputs.push_back(i);
  for (auto [i, v] : llvm::enumerate(getCaptures()))
    if (d.needs(v))
      captures.push_back(i);

  SmallVector<Value> init, sequences;
  for (unsigned i : carried)
    init.push_back(cotangentsOf[i] ? cotangentsOf[i] : zero(b, getInit()[i]));
  for (unsigned i : captures)
    init.push_back(zero(b, getCaptures()[i]));
  llvm::append_range(sequences, forward.getResults().drop_front(results));
  llvm::append_range(sequences, getInputs());
  for (unsigned i : stacks)
    sequences.push_back(cotangentsOf[i]);

  Block &body = getBody().front();
  auto backward = ScanOp::create(b, getLoc(), getTripCount(), init, sequences, getCaptures(), !getReverse(),
                                 [&](OpBuilder &inner, ValueRange c, ValueRange x, ValueRange k) {
                                   IRMapping map;
                                   map.map(getCarriedArguments(), x.take_front(n));
                                   map.map(getInputArguments(), x.slice(kept.size(), getInputs().size()));
                                   map.map(getCaptureArguments(), k);
                                   for (Operation &o : body.without_terminator())
                                     inner.clone(o, map);
                                   SmallVector<Value> seeds(results), wanted;
                                   for (auto [i, v] : llvm::zip(carried, c))
                                     seeds[i] = v;
                                   for (auto [i, v] : llvm::zip_equal(stacks, x.take_back(stacks.size())))
                                     seeds[i] = v;
                                   for (unsigned i : carried)
                                     wanted.push_back(getCarriedArguments()[i]);
                                   for (unsigned i : captures)
                                     wanted.push_back(getCaptureArguments()[i]);
                                   for (unsigned i : inputs)
                                     wanted.push_back(getInputArguments()[i]);
                                   auto gradients = d.block(inner, body, map, seeds, wanted);
                                   for (auto [i, g, v] : llvm::enumerate(gradients, wanted)) {
                                     if (!g)
                                       g = i >= carried.size() && i < c.size() ? c[i] : zero(inner, map.lookup(v));
                                     else if (i >= carried.size() && i < c.size())
                                       g = Tensor{inner, getLoc(), c[i]} + Tensor{inner, getLoc(), g};
                                   }
                                   // The copies of the products have served: what reads them reads the stacks.
                                   for (auto [v, stack] : llvm::zip_equal(ArrayRef(kept).drop_front(n), x.slice(n, kept.size() - n))) {
                                     llvm::replace(gradients, map.lookup(v), stack);
                                     map.lookup(v).replaceAllUsesWith(stack);
                                   }
                                   return gradients;
                                 });
  for (auto [i, g] : llvm::zip(carried, backward.getFinals()))
    d.add(getInit()[i], g);
  for (auto [i, g] : llvm::zip_equal(captures, backward.getFinals().drop_front(carried.size())))
    d.add(getCaptures()[i], g);
  for (auto [i, g] : llvm::zip_equal(inputs, backward.getStacks()))
    d.add(getInputs()[i], g);
}
