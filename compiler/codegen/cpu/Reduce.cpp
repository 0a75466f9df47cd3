// The order of summation: which one an op has, and its plainest form, scalar loops. docs/summation.md.
#include "compiler/codegen/cpu/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::codegen {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;

/// The dimension that a map's result number i is, or -1.
static int64_t dimAt(AffineMap map, unsigned i) {
  auto dim = i < map.getNumResults() ? map.getResult(i) : AffineExpr();
  return isa_and_nonnull<AffineDimExpr>(dim) ? cast<AffineDimExpr>(dim).getPosition() : -1;
}
Summation getSummation(CombineOpInterface op) {
  Summation s;
  dl::Nest nest = op.getNest();
  int64_t first = nest.parallel, total = nest.extents.size();
  if (op.isMultiplyAdd()) {
    // A weight gradient: the sample is the first dimension of both operands.
    if (!llvm::all_of(nest.operands, [&](AffineMap m) { return dimAt(m, 0) == first; }))
      return s;
    if (nest.reduced() == 3)
      s.chunk = 8;
    if (nest.reduced() == 1) {
      int64_t result = 1;
      for (AffineExpr e : ArrayRef(nest.extents).take_front(first))
        result = dl::getConstant(e) < 0 || result < 0 ? -1 : result * dl::getConstant(e);
      if (result >= 0 && result <= 16384)
        s.chunk = 1024;
    }
    return s;
  }
  if (!nest.bounds.empty())
    return s;
  for (AffineMap m : nest.operands)
    if (m.getNumResults() == total && m.isPermutation()) {
      while (s.rows < nest.reduced() && dimAt(m, total - 1 - s.rows) == total - 1 - s.rows)
        ++s.rows;
      s.columns = nest.reduced() - s.rows;
      break;
    }
  return s;
}
Value finish(Frame &f, Value accumulator, Type element) { return Scalars{f.b, f.b.getLoc()}.cast(accumulator, element); }

namespace {
using Body = function_ref<Values(Evaluator &, Value, Values)>;

/// One op being reduced at one place; `at` has a coordinate for each dimension of the nest as loops reach it.
struct ScalarReduction {
  CombineOpInterface op;
  dl::Nest nest = op.getNest();
  Coords at = {};
  Location loc = op->getLoc();

  Values identity(Frame &f) { return op.emitIdentity(f.b, loc, f.b.getF32Type()); }
  Values merge(Frame &f, ValueRange x, ValueRange y) { return op.emitMerge(f.b, loc, x, y); }

  /// for (i = lo; i < hi; i += step) acc = body(i, acc), with an evaluator of the body's own.
  Values loop(Evaluator &ev, Value lo, Value hi, Value step, Values acc, Body body) {
    Frame &f = ev.f;
    auto l = f.loop(lo, hi, step, acc, [&](Value i, ValueRange in, SmallVectorImpl<Value> &next) {
      auto saved = std::exchange(ev.at, f.before(f.b.getBlock()->getParentOp()));
      Evaluator inner{f, 1, {}, &ev};
      next = body(inner, i, Values(in));
      ev.at = saved;
    });
    return Values(l.getResults());
  }
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
  /// Terms over dimensions [d, all), ascending, the first from lo to hi where these are given.
  Values chain(Evaluator &ev, unsigned d, Values acc, Value lo = {}, Value hi = {}) {
    if (d == nest.extents.size())
      return term(ev, acc);
    Frame &f = ev.f;
    return loop(ev, lo ? lo : f.c(0), hi ? hi : f.expr(nest.extents[d]), f.c(1), acc, [&](Evaluator &inner, Value i, Values in) {
      at[d] = {i};
      return chain(inner, d + 1, in);
    });
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

  /// Accumulators in memory, indexed by loops.
  struct Slots {
    Frame &f;
    SmallVector<Type> types;
    Values memory;
    Slots(Frame &f, ValueRange like, int64_t count) : f(f), types(like.getTypes()) {
      for (Type t : types)
        memory.push_back(f.local(t, count));
    }
    Values load(Value i) {
      Values v;
      for (auto [t, p] : llvm::zip(types, memory))
        v.push_back(f.load(t, f.gep(t, p, i), 1));
      return v;
    }
    void store(Value i, ValueRange values) {
      for (auto [t, p, v] : llvm::zip(types, memory, values))
        f.store(t, v, f.gep(t, p, i));
    }
  };
  /// Term j of [0, n) goes to lane j mod L; then lane l takes in l + L/2, ..., 1, as far as these have terms.
  Values lanes(Evaluator &ev, int64_t L, Value n, Body body) {
    Frame &f = ev.f;
    Values none = identity(f);
    Slots slots(f, none, L);
    slots.store(f.c(0), none);
    Value used = f.min(n, f.c(L));
    loop(ev, f.c(0), used, f.c(1), {}, [&](Evaluator &inner, Value lane, Values) {
      slots.store(lane, loop(inner, lane, n, f.c(L), none, body));
      return Values();
    });
    for (int64_t w = L / 2; w; w /= 2)
      f.loop(f.c(0), f.min(f.c(w), f.sub(used, f.c(w))),
             [&](Value lane) { slots.store(lane, merge(f, slots.load(lane), slots.load(f.add(lane, f.c(w))))); });
    return slots.load(f.c(0));
  }
  /// The fixed tree over parts [0, n), as parts come: a stack of sums of 1, 2, 4, ... parts, by the bits of their number.
  Values tree(Evaluator &ev, Value n, function_ref<Values(Evaluator &, Value)> part) {
    Frame &f = ev.f;
    Slots slots(f, identity(f), 64);
    loop(ev, f.c(0), n, f.c(1), {}, [&](Evaluator &inner, Value i, Values) {
      Value ones = math::CountTrailingZerosOp::create(f.b, arith::XOrIOp::create(f.b, i, f.c(-1)));
      Values whole = loop(inner, f.c(0), ones, f.c(1), part(inner, i),
                          [&](Evaluator &, Value level, Values acc) { return merge(f, slots.load(level), acc); });
      slots.store(ones, whole);
      return Values();
    });
    // What is left, from the shortest: the first is taken as it is, since merging the identity could change a bit.
    Values init = identity(f);
    Value low = math::CountTrailingZerosOp::create(f.b, n);
    return loop(ev, low, f.c(63), f.c(1), init, [&](Evaluator &inner, Value level, Values acc) {
      Value bit = arith::AndIOp::create(f.b, arith::ShRUIOp::create(f.b, n, level), f.c(1));
      Value set = arith::CmpIOp::create(f.b, arith::CmpIPredicate::ne, bit, f.c(0));
      return inner.guard(set, acc, [&](Evaluator &) {
        Values here = slots.load(level);
        Value first = arith::CmpIOp::create(f.b, arith::CmpIPredicate::eq, level, low);
        Values merged = merge(f, here, acc);
        for (auto [m, h] : llvm::zip(merged, here))
          m = arith::SelectOp::create(f.b, first, h, m);
        return merged;
      });
    });
  }
  Values rows(Evaluator &ev, unsigned first) {
    unsigned all = nest.extents.size();
    return lanes(ev, Summation::rowLanes, count(ev.f, first, all), [&](Evaluator &inner, Value j, Values acc) {
      locate(inner, first, all, j);
      return term(inner, acc);
    });
  }
  Values columns(Evaluator &ev, unsigned last) {
    Frame &f = ev.f;
    Value n = count(f, nest.parallel, last);
    return tree(ev, f.ceilDiv(n, Summation::columnChunk), [&](Evaluator &chunk, Value c) {
      Value lo = f.mul(c, f.c(Summation::columnChunk));
      Value size = f.min(f.sub(n, lo), f.c(Summation::columnChunk));
      return lanes(chunk, Summation::columnLanes, size, [&](Evaluator &inner, Value r, Values acc) {
        locate(inner, nest.parallel, last, f.add(lo, r));
        return last == nest.extents.size() ? term(inner, acc) : merge(f, acc, rows(inner, last));
      });
    });
  }
  Values all(Evaluator &ev) {
    Frame &f = ev.f;
    Summation s = getSummation(op);
    unsigned first = nest.parallel;
    at.resize(nest.extents.size());
    if (s.columns)
      return columns(ev, first + s.columns);
    if (s.rows)
      return rows(ev, first);
    if (!s.chunk)
      return chain(ev, first, identity(f));
    Value n = f.expr(nest.extents[first]), size = f.c(s.chunk);
    return tree(ev, f.ceilDiv(n, s.chunk), [&](Evaluator &inner, Value c) {
      Value lo = f.mul(c, size);
      return chain(inner, first, identity(f), lo, f.min(n, f.add(lo, size)));
    });
  }
};
} // namespace

Values reduceScalar(Evaluator &ev, CombineOpInterface op, ArrayRef<Coord> at) {
  ScalarReduction reduction{.op = op, .at = Coords(at)};
  Values out = reduction.all(ev);
  for (auto [x, result] : llvm::zip(out, op->getResults()))
    x = finish(ev.f, x, cast<RankedTensorType>(result.getType()).getElementType());
  return out;
}
} // namespace dlc::codegen
