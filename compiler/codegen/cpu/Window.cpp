// Combinations over small windows: pooling, its gradients, depthwise convolution, with what feeds and follows them. A block
// is some rows of pixels; vectors lie along the last dimension; a small window is unrolled, and pixels whose windows lie
// wholly inside take no checks. tile: [lanes]; block: [rows]. Panels and chunks of terms are loops: docs/summation.md.
#include "compiler/codegen/Plan.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::codegen::cpu {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;
static constexpr int64_t blockElements = 8192, unrolledTaps = 16;

/// Number of terms of an element, or -1.
static int64_t taps(const dl::Nest &nest) {
  int64_t n = 1;
  for (AffineExpr e : ArrayRef(nest.extents).drop_front(nest.parallel))
    n = dl::getConstant(e) < 0 || n < 0 ? -1 : std::min(n * dl::getConstant(e), int64_t(1) << 30);
  return n;
}
/// The kernel's windows, in order; none and the reason where it is not of this structure.
static llvm::SetVector<Operation *> windows(func::FuncOp kernel, std::string &reason) {
  llvm::SetVector<Operation *> found;
  auto fail = [&](const Twine &why) { return reason = why.str(), llvm::SetVector<Operation *>(); };
  SmallVector<AffineExpr> space;
  auto returned = kernel.getBody().front().getTerminator()->getOperands();
  llvm::SetVector<Value> cone;
  for (Value v : returned)
    cone.insert(strip(v));
  for (size_t i = 0; i < cone.size(); ++i)
    if (Operation *op = cone[i].getDefiningOp()) {
      cone.insert_range(op->getOperands());
      if (isa<CombineOpInterface>(op))
        found.insert(op);
    }
  if (found.empty())
    return fail("nothing is combined");
  for (Operation *op : found) {
    auto combine = cast<CombineOpInterface>(op);
    dl::Nest nest = combine.getNest();
    StringRef name = op->getName().getStringRef();
    if (nest.match)
      return fail(name + " has its terms where indices match");
    if (getLanes(combine) || nest.parallel == 0)
      return fail(name + " is not one chain of terms an element");
    if (taps(nest) < 0)
      return fail(name + " has a window of no constant size");
    space = op == found[0] ? SmallVector<AffineExpr>(ArrayRef(nest.extents).take_front(nest.parallel)) : space;
    if (ArrayRef(space) != ArrayRef(nest.extents).take_front(nest.parallel))
      return fail("windows of two shapes of result");
    llvm::SetVector<Value> above(op->operand_begin(), op->operand_end());
    for (size_t i = 0; i < above.size(); ++i)
      if (Operation *source = above[i].getDefiningOp()) {
        if (found.contains(source))
          return fail(name + " depends on " + source->getName().getStringRef() + ", which another kernel must give");
        above.insert_range(source->getOperands());
      }
  }
  for (auto [i, v] : llvm::enumerate(returned))
    if (dl::getExtents(strip(v)) != space)
      return fail("result " + Twine(i) + " has not the shape of the windows");
  return followPointwise(kernel, found.getArrayRef(), reason) ? found : llvm::SetVector<Operation *>();
}
static SmallVector<AffineExpr> spaceOf(Operation *op) {
  dl::Nest nest = cast<CombineOpInterface>(op).getNest();
  return SmallVector<AffineExpr>(ArrayRef(nest.extents).take_front(nest.parallel));
}
/// All dimensions but the last two.
static AffineExpr rowsOf(ArrayRef<AffineExpr> space) {
  return dl::product(space.drop_back(std::min<size_t>(space.size(), 2)), space[0].getContext());
}

dlx::PlanAttr planWindow(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto found = windows(kernel, reason);
  if (found.empty())
    return {};
  auto space = spaceOf(found[0]);
  int64_t row = dl::getConstant(dl::product(ArrayRef(space).take_back(2), kernel.getContext()));
  int64_t most = 1;
  for (Operation *op : found)
    most = std::max(most, taps(cast<CombineOpInterface>(op).getNest()) / unrolledTaps);
  int64_t rows = row > 0 ? std::max<int64_t>(1, blockElements / row / most) : 1;
  // The widest vectors take two cycles each: not for less than half of one, as of 20 or 50 channels.
  unsigned lanes = Machine::of(options.target).lanes;
  if (int64_t rest = dl::getConstant(space.back()) % 16; lanes == 16 && rest > 0 && rest <= 8)
    lanes = 8;
  Values results;
  SmallVector<int64_t> writes;
  for (auto [i, v] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    results.push_back(v);
    writes.push_back(kernel.getNumArguments() + i);
  }
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::window, {lanes}, {rows},
                            launch(kernel, "", argumentsOf(results), writes, dl::normalize(rowsOf(space).ceilDiv(rows))), {}, 0);
}

namespace {
struct WindowEmitter {
  Frame &f;
  ArrayRef<Operation *> ops;
  SmallVector<AffineExpr> space;
  unsigned lanes;
  Operation *terminator = f.kernel.terminator();

  /// Calls fn for each assignment of constants, from 0 by step(d), to the dimensions of `at`, ascending, the last fastest.
  void forTaps(const dl::Nest &nest, Coords &at, unsigned d, function_ref<int64_t(unsigned)> step, function_ref<void()> fn) {
    if (d == nest.extents.size())
      return fn();
    for (int64_t i = 0, n = dl::getConstant(nest.extents[d]); i < n; i += step(d)) {
      at[d] = {f.c(i)};
      forTaps(nest, at, d + 1, step, fn);
    }
  }
  static bool isLinear(AffineExpr e) {
    auto op = dyn_cast<AffineBinaryOpExpr>(e);
    return !op ||
           ((op.getKind() == AffineExprKind::Add || op.getKind() == AffineExprKind::Mul) && isLinear(op.getLHS()) && isLinear(op.getRHS()));
  }
  /// Every term of every window of this pixel is inside: i1, or null where nothing bounds them.
  Value inside(Evaluator &ev, ArrayRef<Coord> pixel) {
    Value all;
    for (Operation *op : ops) {
      dl::Nest nest = cast<CombineOpInterface>(op).getNest();
      Coords at(pixel);
      at.resize(nest.extents.size());
      for (const dl::Bound &bound : nest.bounds)
        // A linear bound that holds at both ends of a dimension holds between them.
        forTaps(
            nest, at, nest.parallel,
            [&](unsigned d) {
              int64_t n = dl::getConstant(nest.extents[d]);
              return !bound.expr.isFunctionOfDim(d) ? n : isLinear(bound.expr) ? std::max<int64_t>(n - 1, 1) : 1;
            },
            [&] {
              Value in = ev.holds(bound, at);
              all = all ? Scalars{f.b, f.b.getLoc()}.band(all, in) : in;
            });
    }
    return all;
  }
  Values term(Evaluator &ev, CombineOpInterface op, const dl::Nest &nest, ArrayRef<Coord> at, Values acc, bool checked) {
    auto emit = [&](Evaluator &e) {
      Scalars s{f.b, op->getLoc()};
      Values elements;
      for (auto [x, map] : llvm::zip(op->getOperands(), nest.operands)) {
        Coords from;
        for (AffineExpr i : map.getResults())
          from.push_back(e.map(i, at));
        elements.push_back(s.spread(e.eval(x, from), lanes));
      }
      return op.emitTerm(f.b, op->getLoc(), acc, elements, [&](unsigned d) { return e.index(at[d], true); });
    };
    Value in = checked ? ev.holds(nest.bounds, at) : Value();
    return in ? ev.guard(in, acc, emit) : emit(ev);
  }
  /// Terms of a panel over dimensions [d, all) of the nest by loops, for windows too large to unroll.
  Values loops(Evaluator &ev, CombineOpInterface op, const dl::Nest &nest, const Box &panel, Coords &at, unsigned d, Values acc,
               bool checked) {
    if (d == nest.extents.size())
      return term(ev, op, nest, at, acc, checked);
    unsigned r = d - nest.parallel;
    auto l = f.loop(panel.lo[r], panel.hi[r], f.c(1), acc, [&](Value i, ValueRange in, SmallVectorImpl<Value> &next) {
      Evaluator inner{f, lanes, ev.mask, &ev, true};
      at[d] = {i};
      next = loops(inner, op, nest, panel, at, d + 1, Values(in), checked);
    });
    return Values(l.getResults());
  }
  Values chains(Evaluator &ev, CombineOpInterface op, const dl::Nest &nest, Coords &at, Values identity, bool checked) {
    Box all;
    for (AffineExpr e : ArrayRef(nest.extents).drop_front(nest.parallel)) {
      all.lo.push_back(f.c(0));
      all.hi.push_back(f.expr(e));
    }
    return combineChains(
        ev, cast<dl::ChainAttr>(dl::getRecipe(op)), all, identity,
        [&](ValueRange x, ValueRange y) { return op.emitMerge(f.b, op->getLoc(), x, y); },
        [&](Evaluator &outer, const Box &panel) {
          Evaluator inner{f, lanes, ev.mask, &outer, true}; // outer has not the mask: nothing is built there
          return loops(inner, op, nest, panel, at, nest.parallel, identity, checked);
        });
  }
  /// The accumulators of all windows at one vector of elements.
  Values combine(Evaluator &ev, ArrayRef<Coord> element, bool checked) {
    Values all;
    for (Operation *o : ops) {
      auto op = cast<CombineOpInterface>(o);
      dl::Nest nest = op.getNest();
      Coords at(element);
      at.resize(nest.extents.size());
      Values acc = op.emitIdentity(f.b, op->getLoc(), VectorType::get({(int64_t)lanes}, f.b.getF32Type()));
      if (taps(nest) <= std::min(unrolledTaps, cast<dl::ChainAttr>(dl::getRecipe(op)).getPanel()))
        forTaps(nest, at, nest.parallel, [](unsigned) { return 1; }, [&] { acc = term(ev, op, nest, at, acc, checked); });
      else
        acc = chains(ev, op, nest, at, acc, checked);
      llvm::append_range(all, acc);
    }
    return all;
  }
  void element(Evaluator &ev, ArrayRef<Coord> at, bool checked) {
    Values acc = combine(ev, at, checked), x;
    size_t next = 0;
    for (Operation *op : ops)
      for (Value r : op->getResults())
        ev.know(r, at, finish(f, acc[next++], cast<RankedTensorType>(r.getType()).getElementType()));
    for (Value v : terminator->getOperands())
      x.push_back(ev.eval(strip(v), at));
    for (auto [r, v] : llvm::enumerate(terminator->getOperands()))
      ev.store(f.kernel.arguments() + r, strip(v), at, x[r]);
  }
  /// All vectors along the last dimension of one pixel.
  void pixel(Evaluator &ev, Coords at, bool checked) {
    auto vectorAt = [&](Value c, Value mask) {
      Evaluator inner{f, lanes, mask, &ev};
      Coords here(at);
      here.push_back({c, true});
      element(inner, here, checked);
    };
    auto inLoop = [&](Value lo, Value hi, function_ref<Value(Value)> mask) {
      f.loop(lo, hi, f.c(lanes), {}, [&](Value c, ValueRange, SmallVectorImpl<Value> &) {
        auto saved = std::exchange(ev.at, f.before(f.b.getBlock()->getParentOp()));
        vectorAt(c, mask(c));
        ev.at = saved;
      });
    };
    int64_t n = dl::getConstant(space.back());
    Value extent = f.expr(space.back());
    if (n < 0)
      return inLoop(f.c(0), extent, [&](Value c) { return f.prefixMask(f.sub(extent, c), lanes); });
    int64_t full = n / lanes * lanes;
    if (full > lanes)
      inLoop(f.c(0), f.c(full), [](Value) { return Value(); });
    else if (full)
      vectorAt(f.c(0), {});
    if (full < n)
      vectorAt(f.c(full), f.staticMask(n - full, lanes));
  }
  void blocks(int64_t rows) {
    unsigned before = space.size() > 2 ? space.size() - 2 : 0;
    Value lo = f.mul(f.begin, f.c(rows)), hi = f.min(f.mul(f.end, f.c(rows)), f.expr(rowsOf(space)));
    Evaluator outer{f, lanes};
    f.loop(lo, hi, [&](Value row) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator rowEv{f, lanes, {}, &outer};
      Coords at(before);
      AffineExpr rest = getAffineDimExpr(0, space[0].getContext());
      for (unsigned d = before; d-- > 0;) {
        at[d] = rowEv.map(d ? rest % space[d] : rest, Coord{row});
        rest = rest.floorDiv(space[d]);
      }
      auto each = [&](Evaluator &ev, Coords here) {
        if (Value all = inside(ev, here)) {
          ev.guard(all, {}, [&](Evaluator &e) { return pixel(e, here, false), Values(); });
          ev.guard(Scalars{f.b, f.b.getLoc()}.bnot(all), {}, [&](Evaluator &e) { return pixel(e, here, true), Values(); });
        } else {
          pixel(ev, here, false);
        }
      };
      if (space.size() == 1)
        return each(rowEv, at);
      f.loop(f.c(0), f.expr(space[before]), [&](Value i) {
        rowEv.at = f.before(f.b.getBlock()->getParentOp());
        Evaluator ev{f, lanes, {}, &rowEv};
        Coords here(at);
        here.push_back({i});
        each(ev, here);
      });
    });
  }
};
} // namespace

void emitWindow(Kernel &kernel) {
  std::string reason;
  auto found = windows(kernel.fn, reason);
  assert(!found.empty() && "planned by planWindow");
  Frame f(kernel, 0);
  WindowEmitter{f, found.getArrayRef(), spaceOf(found[0]), (unsigned)kernel.plan.getTile()[0]}.blocks(kernel.plan.getBlock()[0]);
}
} // namespace dlc::codegen::cpu
