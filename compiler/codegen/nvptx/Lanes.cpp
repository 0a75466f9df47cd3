// The accumulators of reductions, and the trees of their lanes.
#include "compiler/codegen/nvptx/Lanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::codegen::nvptx {
using dl::CombineOpInterface;
using Values = SmallVector<Value>;

Values Sums::each(function_ref<Values(CombineOpInterface, size_t)> fn) const {
  Values all;
  for (Operation *op : ops)
    llvm::append_range(all, fn(cast<CombineOpInterface>(op), all.size()));
  return all;
}
Values Sums::identities() const {
  return each([&](CombineOpInterface op, size_t) { return op.emitIdentity(f.b, op->getLoc(), f.b.getF32Type()); });
}
Values Sums::merge(ValueRange x, ValueRange y) const {
  return each([&](CombineOpInterface op, size_t first) {
    unsigned n = op->getNumResults();
    return op.emitMerge(f.b, op->getLoc(), x.slice(first, n), y.slice(first, n));
  });
}
Values Sums::mergeIf(Value condition, ValueRange x, ValueRange y) const {
  Values both = merge(x, y);
  for (auto [b, old] : llvm::zip_equal(both, x))
    b = f.select(condition, b, old);
  return both;
}
Values Sums::term(Evaluator &ev, ArrayRef<Coord> at, ValueRange acc) const {
  return each([&](CombineOpInterface op, size_t first) { return g.term(ev, op, at, acc.slice(first, op->getNumResults())); });
}
void Sums::know(Evaluator &ev, ArrayRef<Coord> row, ValueRange sums) const {
  each([&](CombineOpInterface op, size_t first) {
    for (auto [result, x] : llvm::zip(op->getResults(), sums.slice(first, op->getNumResults())))
      ev.know(result, row, finish(f, x, cast<RankedTensorType>(result.getType()).getElementType()));
    return Values(sums.slice(first, op->getNumResults()));
  });
}
SmallVector<Type> Sums::types() const {
  SmallVector<Type> all;
  for (Operation *op : ops)
    llvm::append_range(all, accumulatorTypes(op));
  return all;
}

Values laneSum(Evaluator &ev, const Sums &sums, Lanes lanes, Value lane, Value n, int64_t most,
               function_ref<Values(Evaluator &, Value, ValueRange)> term) {
  Frame &f = sums.f;
  Values none = sums.identities();
  auto terms = [&](Evaluator &e, Value first, Value end) {
    return loopOver(e, first, end, f.c(lanes.count), none, [&](Evaluator &inner, Value j, Values acc) { return term(inner, j, acc); });
  };
  int64_t whole = lanes.count * lanes.run; // terms of one run of all lanes
  if (most < whole)
    return terms(ev, lane, n);
  Values first = terms(ev, lane, f.min(n, f.c(whole)));
  Values acc = sums.merge(none, first);
  for (auto [a, x] : llvm::zip_equal(acc, first))
    a = f.select(f.less(n, f.c(whole)), x, a);
  return loopOver(ev, f.add(lane, f.c(whole)), n, f.c(whole), acc, [&](Evaluator &inner, Value from, Values in) {
    return sums.merge(in, terms(inner, from, f.min(n, f.add(from, f.c(whole)))));
  });
}

Values warpSum(Evaluator &ev, const Sums &sums, dl::LanesAttr recipe, Value lane, Value n, int64_t most,
               function_ref<Values(Evaluator &, Value, ValueRange)> term) {
  Frame &f = sums.f;
  Lanes lanes{recipe.getRowLanes(), recipe.getRun()};
  assert(lanes.count == 2 * warp && "two lanes a thread");
  Value used = f.min(n, f.c(lanes.count));
  Values acc = laneSum(ev, sums, lanes, lane, n, most, term);
  if (most > warp) {
    Values further = laneSum(ev, sums, lanes, f.add(lane, f.c(warp)), n, most, term);
    acc = sums.mergeIf(f.less(f.add(lane, f.c(warp)), used), acc, further);
  }
  for (int64_t by = warp / 2; by; by /= 2) { // only threads below `by` go on, and lanes without a term drop out
    Values other;
    for (Value a : acc)
      other.push_back(f.fromFurther(a, by));
    acc = sums.mergeIf(f.less(lane, f.min(f.c(by), f.sub(used, f.c(by)))), acc, other);
  }
  for (Value &a : acc)
    a = f.fromFirst(a);
  return acc;
}
} // namespace dlc::codegen::nvptx
