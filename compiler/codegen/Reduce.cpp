// Recipes in their plainest form, scalar loops. docs/summation.md.
#include "compiler/codegen/Evaluator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::codegen {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;

SmallVector<Value> cutTerms(Frame &f, ValueRange extents, int64_t most, ArrayRef<int64_t> units) {
  SmallVector<Value> steps(extents.size());
  Value inner = f.c(1);
  for (size_t d = extents.size(); d-- > 0;) {
    Value run = f.mul(inner, extents[d]), whole = f.less(run, f.c(most + 1)), unit = f.c(units.empty() ? 1 : units[d]);
    Value fit = f.quotient(f.c(most), f.max(f.mul(inner, unit), f.c(1)));
    steps[d] = f.select(whole, f.max(extents[d], f.c(1)), f.mul(f.max(fit, f.c(1)), unit));
    inner = f.select(whole, run, f.c(most + 1));
  }
  return steps;
}
Value finish(Frame &f, Value accumulator, Type element) { return Scalars{f.b, f.b.getLoc()}.cast(accumulator, element); }

using Body = LoopBody;
Values loopOver(Evaluator &ev, Value lo, Value hi, Value step, Values acc, Body body) {
  Frame &f = ev.f;
  auto l = f.loop(lo, hi, step, acc, [&](Value i, ValueRange in, SmallVectorImpl<Value> &next) {
    auto saved = std::exchange(ev.at, f.before(f.b.getBlock()->getParentOp()));
    Evaluator inner{f, ev.lanes, {}, &ev};
    next = body(inner, i, Values(in));
    ev.at = saved;
  });
  return Values(l.getResults());
}
namespace {
/// Accumulators in memory, scalars or vectors, indexed by loops.
struct Slots {
  Frame &f;
  SmallVector<Type> types;
  Values memory;
  static int64_t lanes(Type t) { return isa<VectorType>(t) ? cast<VectorType>(t).getNumElements() : 1; }
  Slots(Frame &f, ValueRange like, int64_t count) : f(f), types(like.getTypes()) {
    for (Type t : types)
      memory.push_back(f.local(getElementTypeOrSelf(t), count * lanes(t)));
  }
  Value at(Type t, Value memory, Value i) { return f.gep(getElementTypeOrSelf(t), memory, f.mul(i, f.c(lanes(t)))); }
  Values load(Value i) {
    Values v;
    for (auto [t, p] : llvm::zip(types, memory))
      v.push_back(f.load(getElementTypeOrSelf(t), at(t, p, i), lanes(t)));
    return v;
  }
  void store(Value i, ValueRange values) {
    for (auto [t, p, v] : llvm::zip(types, memory, values))
      f.store(getElementTypeOrSelf(t), v, at(t, p, i));
  }
};
} // namespace

Values fixedTree(Evaluator &ev, Value n, ValueRange identity, Merge merge, function_ref<Values(Evaluator &, Value)> part) {
  Frame &f = ev.f;
  Slots slots(f, identity, 64); // a stack of sums of 1, 2, 4, ... parts, by the bits of their number
  loopOver(ev, f.c(0), n, f.c(1), {}, [&](Evaluator &inner, Value i, Values) {
    Value ones = math::CountTrailingZerosOp::create(f.b, arith::XOrIOp::create(f.b, i, f.c(-1)));
    Values whole = loopOver(inner, f.c(0), ones, f.c(1), part(inner, i),
                            [&](Evaluator &, Value level, Values acc) { return merge(slots.load(level), acc); });
    slots.store(ones, whole);
    return Values();
  });
  // What is left, from the shortest: the first is taken as it is, since merging the identity could change a bit.
  Value low = math::CountTrailingZerosOp::create(f.b, n);
  return loopOver(ev, low, f.c(63), f.c(1), Values(identity), [&](Evaluator &inner, Value level, Values acc) {
    Value bit = arith::AndIOp::create(f.b, arith::ShRUIOp::create(f.b, n, level), f.c(1));
    Value set = arith::CmpIOp::create(f.b, arith::CmpIPredicate::ne, bit, f.c(0));
    return inner.guard(set, acc, [&](Evaluator &) {
      Values here = slots.load(level);
      Value first = arith::CmpIOp::create(f.b, arith::CmpIPredicate::eq, level, low);
      Values merged = merge(here, acc);
      for (auto [m, h] : llvm::zip(merged, here))
        m = f.select(first, h, m);
      return merged;
    });
  });
}

Parts::Parts(Frame &f, Box whole, int64_t most, ArrayRef<int64_t> units) : f(f), box(std::move(whole)), number(f.c(1)) {
  Values lengths;
  for (auto [lo, hi] : llvm::zip(box.lo, box.hi))
    lengths.push_back(f.sub(hi, lo));
  steps = cutTerms(f, lengths, most, units);
  for (auto [length, step] : llvm::zip(lengths, steps)) {
    counts.push_back(f.quotient(f.sub(f.add(length, step), f.c(1)), step));
    number = f.mul(number, counts.back());
  }
}
Box Parts::at(Value i) const {
  Box part = box;
  for (size_t d = counts.size(); d-- > 0;) { // of a box without terms the first part may be asked for
    Value rest = d ? f.quotient(i, f.max(counts[d], f.c(1))) : f.c(0), here = f.sub(i, f.mul(rest, counts[d]));
    part.lo[d] = f.add(box.lo[d], f.mul(here, steps[d]));
    part.hi[d] = f.min(box.hi[d], f.add(part.lo[d], steps[d]));
    i = rest;
  }
  return part;
}
Values combineChains(Evaluator &ev, dl::ChainAttr recipe, const Box &all, ValueRange identity, Merge merge,
                     function_ref<Values(Evaluator &, const Box &)> chain) {
  Frame &f = ev.f;
  auto panels = [&](Evaluator &outer, const Box &chunk) {
    Parts parts(f, chunk, recipe.getPanel());
    if (getConstantIntValue(parts.number) == 1)
      return chain(outer, chunk);
    // Added in ascending order; the first is taken as it is.
    if (auto few = getConstantIntValue(parts.number); few && *few <= 4) {
      Values sum = chain(outer, parts.at(f.c(0)));
      for (int64_t i = 1; i < *few; ++i)
        sum = merge(sum, chain(outer, parts.at(f.c(i))));
      return sum;
    }
    return loopOver(outer, f.c(0), parts.number, f.c(1), Values(identity), [&](Evaluator &inner, Value i, Values acc) {
      Values sum = chain(inner, parts.at(i)), both = merge(acc, sum);
      for (auto [b, s] : llvm::zip(both, sum))
        b = f.select(f.less(i, f.c(1)), s, b);
      return both;
    });
  };
  Parts chunks(f, all, recipe.getChunk());
  if (getConstantIntValue(chunks.number) == 1)
    return panels(ev, all);
  return fixedTree(ev, chunks.number, identity, merge, [&](Evaluator &inner, Value i) { return panels(inner, chunks.at(i)); });
}

namespace {
/// One op being reduced at one place; `at` has a coordinate for each dimension of the nest as loops reach it.
struct ScalarReduction {
  CombineOpInterface op;
  dl::Nest nest = op.getNest();
  Coords at = {};
  Location loc = op->getLoc();

  Values identity(Frame &f) { return op.emitIdentity(f.b, loc, f.b.getF32Type()); }
  Values merge(Frame &f, ValueRange x, ValueRange y) { return op.emitMerge(f.b, loc, x, y); }

  Values term(Evaluator &ev, Values acc) {
    auto emit = [&](Evaluator &e) {
      Values elements;
      for (auto [operand, map] : llvm::zip(op->getOperands(), nest.operands)) {
        Coords from;
        for (AffineExpr x : map.getResults())
          from.push_back(e.map(x, at));
        elements.push_back(e.eval(operand, from));
      }
      return op.emitTerm(e.f.b, loc, acc, elements, [&](unsigned d) { return at[d].base; });
    };
    Value in = ev.holds(nest.bounds, at);
    return in ? ev.guard(in, acc, emit) : emit(ev);
  }
  /// Terms of a box over dimensions [d, all), ascending.
  Values chain(Evaluator &ev, const Box &box, unsigned d, Values acc) {
    if (d == nest.reduced())
      return term(ev, acc);
    return loopOver(ev, box.lo[d], box.hi[d], ev.f.c(1), acc, [&](Evaluator &inner, Value i, Values in) {
      at[nest.parallel + d] = {i};
      return chain(inner, box, d + 1, in);
    });
  }
  Values chains(Evaluator &ev, dl::ChainAttr recipe) {
    Frame &f = ev.f;
    Box all;
    for (AffineExpr e : ArrayRef(nest.extents).drop_front(nest.parallel)) {
      all.lo.push_back(f.c(0));
      all.hi.push_back(f.expr(e));
    }
    return combineChains(
        ev, recipe, all, identity(f), [&](ValueRange x, ValueRange y) { return merge(f, x, y); },
        [&](Evaluator &inner, const Box &panel) { return chain(inner, panel, 0, identity(inner.f)); });
  }
  /// Sets the coordinates of dimensions [lo, hi) from a row-major number over them.
  void locate(Evaluator &ev, unsigned lo, unsigned hi, Value number) {
    AffineExpr rest = getAffineDimExpr(0, op->getContext());
    for (unsigned d = hi; d-- > lo;) {
      at[d] = ev.map(d > lo ? rest % nest.extents[d] : rest, Coord{number});
      rest = rest.floorDiv(nest.extents[d]);
    }
  }
  Value count(Frame &f, unsigned lo, unsigned hi) {
    return f.expr(dl::product(ArrayRef(nest.extents).slice(lo, hi - lo), op->getContext()));
  }

  /// Term j of [0, n), at most `most`, goes to lane j mod L, which adds up runs of `run` terms, and these, where all lanes have one,
  /// from the identity; then lane l takes in l + L/2, ..., 1, as far as these have terms.
  Values lanes(Evaluator &ev, int64_t L, int64_t run, int64_t most, Value n, Body body) {
    Frame &f = ev.f;
    Values none = identity(f);
    Slots slots(f, none, L);
    slots.store(f.c(0), none);
    Value used = f.min(n, f.c(L));
    auto known = getConstantIntValue(n);
    loopOver(ev, f.c(0), used, f.c(1), {}, [&](Evaluator &inner, Value lane, Values) {
      auto terms = [&](Evaluator &e, Value first, Value end) { return loopOver(e, first, end, f.c(L), none, body); };
      if ((known ? *known : most) < L * run) {
        slots.store(lane, terms(inner, lane, n));
        return Values();
      }
      Values first = terms(inner, lane, f.min(n, f.c(L * run))), several = merge(f, none, first);
      for (auto [s, x] : llvm::zip(several, first))
        s = f.select(f.less(n, f.c(L * run)), x, s);
      slots.store(lane, several);
      loopOver(inner, f.add(lane, f.c(L * run)), n, f.c(L * run), {}, [&](Evaluator &e, Value first, Values) {
        slots.store(lane, merge(f, slots.load(lane), terms(e, first, f.min(n, f.add(first, f.c(L * run))))));
        return Values();
      });
      return Values();
    });
    for (int64_t w = L / 2; w; w /= 2)
      f.loop(f.c(0), f.min(f.c(w), f.sub(used, f.c(w))),
             [&](Value lane) { slots.store(lane, merge(f, slots.load(lane), slots.load(f.add(lane, f.c(w))))); });
    return slots.load(f.c(0));
  }
  Values tree(Evaluator &ev, Value n, function_ref<Values(Evaluator &, Value)> part) {
    return fixedTree(ev, n, identity(ev.f), [&](ValueRange x, ValueRange y) { return merge(ev.f, x, y); }, part);
  }
  Values rows(Evaluator &ev, dl::LanesAttr recipe, unsigned first) {
    Frame &f = ev.f;
    unsigned all = nest.extents.size();
    Value n = count(f, first, all), most = f.c(recipe.getRowChunk());
    auto chunk = [&](Evaluator &outer, Value lo, Value size) {
      return lanes(outer, recipe.getRowLanes(), recipe.getRun(), recipe.getRowChunk(), size, [&](Evaluator &inner, Value j, Values acc) {
        locate(inner, first, all, f.add(lo, j));
        return term(inner, acc);
      });
    };
    if (auto known = getConstantIntValue(n); known && *known <= recipe.getRowChunk())
      return chunk(ev, f.c(0), n);
    return tree(ev, f.ceilDiv(n, recipe.getRowChunk()), [&](Evaluator &inner, Value c) {
      Value lo = f.mul(c, most);
      return chunk(inner, lo, f.min(f.sub(n, lo), most));
    });
  }
  Values columns(Evaluator &ev, dl::LanesAttr recipe, unsigned last) {
    Frame &f = ev.f;
    Value n = count(f, nest.parallel, last), most = f.c(recipe.getColumnChunk());
    return tree(ev, f.ceilDiv(n, recipe.getColumnChunk()), [&](Evaluator &chunk, Value c) {
      Value lo = f.mul(c, most);
      return lanes(chunk, recipe.getColumnLanes(), recipe.getRun(), recipe.getColumnChunk(), f.min(f.sub(n, lo), most),
                   [&](Evaluator &inner, Value r, Values acc) {
                     locate(inner, nest.parallel, last, f.add(lo, r));
                     return last == nest.extents.size() ? term(inner, acc) : merge(f, acc, rows(inner, recipe, last));
                   });
    });
  }
  Values all(Evaluator &ev) {
    at.resize(nest.extents.size());
    auto recipe = dl::getRecipe(op);
    if (auto chain = dyn_cast<dl::ChainAttr>(recipe))
      return chains(ev, chain);
    auto lanes = cast<dl::LanesAttr>(recipe);
    unsigned first = nest.parallel;
    return lanes.getColumns() ? columns(ev, lanes, first + lanes.getColumns()) : rows(ev, lanes, first);
  }
};
} // namespace

Values reduceScalar(Evaluator &ev, CombineOpInterface op, ArrayRef<Coord> at) {
  assert(!op.getNest().match && "one element at a time would search all indices");
  ScalarReduction reduction{.op = op, .at = Coords(at)};
  Values out = reduction.all(ev);
  for (auto [x, result] : llvm::zip(out, op->getResults()))
    x = finish(ev.f, x, cast<RankedTensorType>(result.getType()).getElementType());
  return out;
}
} // namespace dlc::codegen
