// A kernel's multiply-add as loops with strides: splits of dimensions (channel groups, phases of strides), loops that lie in
// memory as one, and the part of each loop: vector, rows, second rows, outer, reduced.
#include "compiler/codegen/Contraction.h"
#include "compiler/codegen/Frame.h"

using namespace mlir;
namespace dlc::codegen {
using dl::getConstant;

namespace {
struct Analysis {
  Contraction c;
  std::string &reason;
  dl::Nest nest = {};
  MLIRContext *context = nullptr;
  SmallVector<AffineExpr> aIndex = {};

  bool refuse(const Twine &why) {
    reason = why.str();
    return false;
  }
  AffineExpr constant(int64_t value) { return getAffineConstantExpr(value, context); }
  AffineExpr dim(unsigned i) { return getAffineDimExpr(i, context); }

  /// Dimensions that some map divides: dim = by * outer + inner - shift.
  struct Split {
    int64_t by = 1, shift = 0;
  };
  SmallVector<Split> splits = {};
  bool findSplits(AffineExpr e) {
    bool fine = true;
    e.walk([&](AffineExpr x) {
      if (x.getKind() != AffineExprKind::FloorDiv && x.getKind() != AffineExprKind::Mod)
        return;
      auto division = cast<AffineBinaryOpExpr>(x);
      int64_t by = getConstant(division.getRHS()), shift = 0, divided = -1;
      if (division.getLHS().isSymbolicOrConstant())
        return;
      // d + a multiple of `by`, and a constant
      std::function<bool(AffineExpr)> terms = [&](AffineExpr of) {
        if (of.getKind() == AffineExprKind::Add)
          return terms(cast<AffineBinaryOpExpr>(of).getLHS()) && terms(cast<AffineBinaryOpExpr>(of).getRHS());
        if (auto d = dyn_cast<AffineDimExpr>(of); d && by > 1) {
          bool first = divided < 0;
          divided = d.getPosition();
          return first;
        }
        if (isa<AffineConstantExpr>(of))
          shift += getConstant(of);
        return isa<AffineConstantExpr>(of) || (by > 0 && of.isMultipleOf(by));
      };
      if (!terms(division.getLHS()) || shift < 0 || divided < 0 || divided >= (int64_t)nest.parallel) {
        fine = refuse("an operand's index divides " + dl::toString(division.getLHS()) + " by " + Twine(by));
        return;
      }
      Split &s = splits[divided];
      if (s.by != 1 && (s.by != by || s.shift != shift))
        fine = refuse("dimension " + Twine(divided) + " is divided in two ways");
      s = {by, shift};
    });
    return fine;
  }

  /// e over loops as a Linear; null where it is not one. Quotients are exact where the rest is known to lie in [0, divisor).
  std::optional<Linear> linear(AffineExpr e) {
    Linear l{SmallVector<int64_t>(c.loops.size(), 0), constant(0)};
    if (e.isSymbolicOrConstant()) {
      l.base = e;
      return l;
    }
    if (auto d = dyn_cast<AffineDimExpr>(e)) {
      l.c[d.getPosition()] = 1;
      return l;
    }
    auto binary = cast<AffineBinaryOpExpr>(e);
    auto x = linear(binary.getLHS()), y = linear(binary.getRHS());
    if (!x || !y)
      return std::nullopt;
    int64_t by = getConstant(binary.getRHS());
    switch (e.getKind()) {
    case AffineExprKind::Add:
      for (auto [p, q] : llvm::zip(x->c, y->c))
        p += q;
      x->base = x->base + y->base;
      return x;
    case AffineExprKind::Mul:
      if (!isa<AffineConstantExpr>(binary.getRHS()))
        return std::nullopt;
      for (int64_t &p : x->c)
        p *= by;
      x->base = x->base * by;
      return x;
    case AffineExprKind::FloorDiv:
    case AffineExprKind::Mod: {
      int64_t base = getConstant(x->base), low = 0, high = 0;
      if (!isa<AffineConstantExpr>(x->base) || by <= 0)
        return std::nullopt;
      Linear quotient = l, rest = l;
      quotient.base = constant(llvm::divideFloorSigned(base, by));
      rest.base = constant(low = high = base - by * llvm::divideFloorSigned(base, by));
      for (auto [i, p] : llvm::enumerate(x->c)) {
        if (p % by == 0) {
          quotient.c[i] = p / by;
          continue;
        }
        int64_t n = getConstant(c.loops[i].extent);
        if (n < 0)
          return std::nullopt;
        rest.c[i] = p;
        (p > 0 ? high : low) += p * (n - 1);
      }
      if (low < 0 || high >= by)
        return std::nullopt;
      return e.getKind() == AffineExprKind::Mod ? rest : quotient;
    }
    default:
      return std::nullopt;
    }
  }
  /// Elements a step of each loop, and from the start, of a dense tensor read at `index`.
  bool strides(ArrayRef<AffineExpr> extents, ArrayRef<AffineExpr> index, AffineExpr Contraction::Loop::*stride, AffineExpr &base) {
    for (auto &loop : c.loops)
      loop.*stride = constant(0);
    AffineExpr step = constant(1), from = constant(0);
    for (int64_t i = index.size(); i-- > 0; step = step * extents[i]) {
      auto l = linear(index[i]);
      if (!l)
        return refuse("an operand's index " + dl::toString(index[i]) + " is not linear in the loops");
      for (auto [loop, p] : llvm::zip(c.loops, l->c))
        if (p)
          loop.*stride = loop.*stride + step * p;
      from = from + step * l->base;
    }
    base = from;
    return true;
  }

  bool build() {
    context = c.op->getContext();
    nest = c.op.getNest();
    if (c.op->getNumOperands() != 2 || nest.operands.size() != 2 || c.op->getNumResults() != 1 || nest.parallel == 0)
      return refuse("expected two operands and one result of rank 1 or more");
    splits.resize(nest.extents.size());
    for (AffineMap map : nest.operands)
      for (AffineExpr e : map.getResults())
        if (!findSplits(e))
          return false;
    for (auto &bound : nest.bounds)
      if (!findSplits(bound.expr))
        return false;

    SmallVector<AffineExpr> at;                 // nest's dimensions over loops
    SmallVector<dl::Bound> bounds(nest.bounds); // then those on the result's own elements
    for (auto [i, extent] : llvm::enumerate(nest.extents)) {
      auto [by, shift] = splits[i];
      bool reduced = i >= nest.parallel;
      AffineExpr inner = dim(c.loops.size() + (by > 1));
      if (by == 1) {
        at.push_back(inner);
      } else {
        at.push_back(dim(c.loops.size()) * by + inner - shift);
        if (int64_t n = getConstant(extent); shift || n < 0 || n % by)
          bounds.push_back({dim(i), extent}); // the last steps of a phase may lie outside
        c.loops.push_back({(extent + shift).ceilDiv(by), {}, {}, {}, false});
        extent = constant(by);
      }
      c.loops.push_back({extent, {}, {}, {}, reduced});
    }
    auto over = [&](AffineExpr e) { return e.replaceDims(at); };
    for (unsigned i = 0; i < nest.parallel; ++i)
      c.coords.push_back(at[i]);
    SmallVector<AffineExpr> index[2];
    for (int i = 0; i < 2; ++i)
      for (AffineExpr e : nest.operands[i].getResults())
        index[i].push_back(over(e));
    if (!strides(dl::getExtents(c.a), index[0], &Contraction::Loop::a, c.aBase) ||
        !strides(dl::getExtents(c.b), index[1], &Contraction::Loop::b, c.bBase) ||
        !strides(dl::getExtents(c.y), c.coords, &Contraction::Loop::y, c.yBase))
      return false;
    c.bIndex = index[1], aIndex = index[0];
    return addRanges(bounds, at) && chooseVector() && (mergeReduced(), mergeRows(), chooseRows());
  }

  bool addRanges(ArrayRef<dl::Bound> bounds, ArrayRef<AffineExpr> at) {
    unsigned first = llvm::find_if(c.loops, [](auto &loop) { return loop.reduced; }) - c.loops.begin();
    for (auto [number, bound] : llvm::enumerate(bounds)) {
      auto l = linear(bound.expr.replaceDims(at));
      if (!l)
        return refuse("a bound on " + dl::toString(bound.expr) + " is not linear in the loops");
      Contraction::Range range{*l, bound.extent};
      bool constantIndex = true;
      for (unsigned i = 0; i < c.loops.size(); ++i) {
        if (!l->c[i])
          continue;
        constantIndex = false;
        if (!c.loops[i].reduced && l->c[i] < 0)
          return refuse("a bound falls along a dimension of the result");
        if (c.loops[i].reduced && range.reduced >= 0)
          return refuse("a bound couples two reduced dimensions");
        if (c.loops[i].reduced)
          range.reduced = i;
      }
      int64_t base = getConstant(l->base), extent = getConstant(bound.extent);
      if (constantIndex && isa<AffineConstantExpr>(l->base) && base >= 0 && base < extent)
        continue;
      if (range.reduced < 0 && number < nest.bounds.size()) { // no term at all where it fails
        if (first == c.loops.size())
          return refuse("a bound without a reduced dimension");
        range.reduced = first;
      }
      c.ranges.push_back(std::move(range));
    }
    return true;
  }
  bool bounded(unsigned loop) {
    return llvm::any_of(c.ranges, [&](auto &r) { return r.index.c[loop] != 0; });
  }

  bool chooseVector() {
    int best = -1;
    for (unsigned i = 0; i < c.loops.size(); ++i) {
      if (c.loops[i].reduced || getConstant(c.loops[i].y) != 1 || bounded(i))
        continue;
      if (best < 0 || c.loops[best].isOne())
        best = i;
    }
    if (best < 0)
      return refuse("no dimension of the result lies in steps of one element");
    c.vector = best;
    bool inA = c.has(best, &Contraction::Loop::a), inB = c.has(best, &Contraction::Loop::b);
    if (!inA && !inB && !c.loops[best].isOne())
      return refuse("the result's last dimension is in no operand");
    if (inA && !inB) {
      std::swap(c.a, c.b);
      std::swap(c.aBase, c.bBase);
      std::swap(aIndex, c.bIndex);
      for (auto &loop : c.loops)
        std::swap(loop.a, loop.b);
    }
    c.aVector = inA && inB;
    if (c.aVector && getConstant(c.loops[best].a) != 1)
      return refuse("both operands vary along the result's last dimension, one of them in steps of more than one element");
    return true;
  }

  /// Inner loop q runs on in memory where p's next step begins, in what both move through.
  bool follows(unsigned p, unsigned q, AffineExpr Contraction::Loop::*stride) {
    return dl::normalize(c.loops[p].*stride - c.loops[q].*stride * c.loops[q].extent) == constant(0);
  }
  void absorb(unsigned p, unsigned q) { // p and q become q
    SmallVector<AffineExpr> to;
    for (unsigned i = 0; i < c.loops.size(); ++i)
      to.push_back(i == p ? dim(q).floorDiv(getConstant(c.loops[q].extent)) : i == q ? dim(q) % getConstant(c.loops[q].extent) : dim(i));
    for (AffineExpr &e : c.coords)
      e = e.replaceDims(to);
    for (AffineExpr &e : c.bIndex)
      e = e.replaceDims(to);
    c.loops[q].extent = c.loops[p].extent * c.loops[q].extent;
    c.loops[p].extent = c.loops[p].a = c.loops[p].b = c.loops[p].y = constant(0);
    c.loops[p].extent = constant(1);
  }
  // (r, s, c) -> (r, s * c) where s and c are neighbours in both operands
  void mergeReduced() {
    SmallVector<unsigned> order;
    for (unsigned i = 0; i < c.loops.size(); ++i)
      if (c.loops[i].reduced)
        order.push_back(i);
    SmallVector<int64_t> extents = llvm::map_to_vector(order, [&](unsigned i) { return getConstant(c.loops[i].extent); });
    int64_t inner = 1; // terms of a step of p: where a panel has them all, no cut parts them
    for (unsigned k = order.size() - 1; k-- > 0;) {
      unsigned p = order[k], q = order[k + 1];
      if (extents[k + 1] < 0 || llvm::MulOverflow(inner, extents[k + 1], inner) || inner > c.recipe.getPanel())
        break;
      int64_t n = getConstant(c.loops[q].extent);
      if (n < 1 || c.loops[q].unit != 1 || bounded(q) || !follows(p, q, &Contraction::Loop::a) || !follows(p, q, &Contraction::Loop::b))
        continue;
      absorb(p, q);
      c.loops[q].whole = n;
      for (auto &r : c.ranges)
        if (r.reduced == (int)p)
          r.reduced = q, std::swap(r.index.c[p], r.index.c[q]), c.loops[q].unit = n;
    }
  }
  bool isRow(unsigned i) {
    return !c.loops[i].reduced && i != c.vector && !c.loops[i].isOne() && !c.has(i, &Contraction::Loop::b) &&
           c.has(i, &Contraction::Loop::a);
  }
  // (n, oh, ow) -> one row loop where pixels follow each other in a and in the result
  void mergeRows() {
    for (unsigned q = c.loops.size(); q-- > 0;)
      for (unsigned p = q; p-- > 0;) {
        int64_t n = getConstant(c.loops[q].extent);
        if (!isRow(p) || !isRow(q) || n < 1 || bounded(p) || bounded(q) || !follows(p, q, &Contraction::Loop::a) ||
            !follows(p, q, &Contraction::Loop::y))
          continue;
        absorb(p, q);
      }
  }
  /// Less than half of the indices of `row` have all their terms.
  bool mostlyClamped(unsigned row) {
    int64_t n = getConstant(c.loops[row].extent);
    for (auto &r : c.ranges) {
      if (r.reduced < 0 || !r.index.c[row])
        continue;
      int64_t extent = getConstant(r.extent), taps = getConstant(c.loops[r.reduced].extent) / c.loops[r.reduced].unit;
      if (n < 0 || extent < 0 || taps < 0)
        return false;
      int64_t inside = (extent - std::abs(r.index.c[r.reduced]) * (taps - 1)) / r.index.c[row];
      if (2 * inside < n)
        return true;
    }
    return false;
  }
  bool chooseRows() {
    auto innermost = [&](int other) { // later loops have smaller steps in the result
      for (unsigned i = c.loops.size(); i-- > 0;)
        if (isRow(i) && (int)i != other)
          return (int)i;
      return -1;
    };
    int row = innermost(-1);
    // Where padding reaches most rows, tiles go along a loop that padding leaves alone (the samples), if there is one.
    if (row >= 0 && mostlyClamped(row))
      for (unsigned i = c.loops.size(); i-- > 0;)
        if (isRow(i) && !bounded(i)) {
          int64_t n = getConstant(c.loops[i].extent);
          row = n < 0 || n >= 4 ? i : row;
          break;
        }
    c.row = row < 0 ? c.vector : row;
    for (auto [i, r] : llvm::enumerate(c.ranges))
      if (row >= 0 && r.index.c[row] && r.reduced >= 0) {
        if (c.rowRange >= 0)
          return refuse("two bounds couple rows of the result with reduced dimensions");
        c.rowRange = i;
      }
    if (c.rowRange >= 0)
      c.plane = innermost(row);
    for (auto [i, r] : llvm::enumerate(c.ranges))
      if (c.plane >= 0 && r.index.c[c.plane] && r.reduced >= 0) {
        if (c.planeRange >= 0 || (int)i == c.rowRange)
          return refuse("two bounds couple rows of the result with reduced dimensions");
        c.planeRange = i;
      }
    for (unsigned i = 0; i < c.loops.size(); ++i) {
      if (c.loops[i].reduced) {
        if (!c.loops[i].isOne() || llvm::any_of(c.ranges, [&](auto &r) { return r.reduced == (int)i; }))
          c.reduced.push_back(i);
      } else if (i != c.vector && (int)i != row && (int)i != c.plane && !c.loops[i].isOne()) {
        c.outer.push_back(i);
      }
    }
    AffineExpr terms = constant(1);
    for (unsigned i : c.reduced)
      terms = terms * c.loops[i].extent;
    auto mayExceed = [&](int64_t most) { return !dl::isNonNegative(c.op, dl::normalize(most - terms)); };
    c.panels = mayExceed(c.recipe.getPanel());
    c.chunks = mayExceed(c.recipe.getChunk());
    for (unsigned i : c.outer)
      if (c.has(i, &Contraction::Loop::b))
        c.packed.push_back(i);
    llvm::append_range(c.packed, c.reduced);
    return true;
  }
};
} // namespace

int64_t Contraction::packedBytes() const {
  int64_t bytes = std::max<int64_t>(dl::getConstant(loops[vector].extent), 1) * storageBytes(compute);
  for (unsigned i : packed)
    bytes *= std::max<int64_t>(dl::getConstant(loops[i].extent), 1);
  return bytes;
}
SmallVector<int64_t> Contraction::chunkSteps() const {
  SmallVector<int64_t> steps(reduced.size());
  int64_t inner = 1;
  for (size_t d = reduced.size(); d-- > 0;) {
    int64_t n = getConstant(loops[reduced[d]].extent), unit = loops[reduced[d]].whole, run, most = recipe.getChunk();
    if (inner < 0) // whether what follows is in one chunk depends on symbols
      return {};
    bool whole = n >= 0 && !llvm::MulOverflow(inner, n, run) && run <= most;
    steps[d] = whole ? std::max<int64_t>(n, 1) : std::max<int64_t>(1, most / (inner * unit)) * unit;
    inner = whole ? run : n < 0 ? -1 : most + 1;
  }
  return steps;
}

std::optional<Contraction> analyseContraction(func::FuncOp kernel, std::string &reason) {
  Analysis analysis{{}, reason};
  auto refuse = [&](const Twine &why) {
    reason = why.str();
    return std::nullopt;
  };
  for (Operation &op : kernel.getBody().front()) {
    auto combine = dyn_cast<dl::CombineOpInterface>(op);
    if (!combine)
      continue;
    if (!combine.isMultiplyAdd())
      return refuse(op.getName().getStringRef() + " combines by something other than multiply-adds");
    if (analysis.c.op)
      return refuse("more than one multiply-add");
    analysis.c.op = combine;
  }
  Contraction &c = analysis.c;
  if (!c.op)
    return refuse("no multiply-add");
  if (c.op->getNumOperands() != 2)
    return refuse("expected two operands");
  c.a = c.op->getOperand(0), c.b = c.op->getOperand(1), c.y = c.op->getResult(0);
  c.recipe = dyn_cast<dl::ChainAttr>(dl::getRecipe(c.op));
  if (!c.recipe)
    return refuse("its recipe is no chain");
  c.compute = dl::computeType(cast<RankedTensorType>(c.y.getType()).getElementType());
  if (!c.compute.isF32() && !c.compute.isF64())
    return refuse("accumulators are f32 or f64");
  auto yExtents = dl::getExtents(c.y);
  for (Value result : kernel.getBody().front().getTerminator()->getOperands())
    if (dl::getExtents(result) != yExtents)
      return refuse("a result has another shape than the product");
  if (!followPointwise(kernel, c.op.getOperation(), reason))
    return std::nullopt;
  if (!analysis.build())
    return std::nullopt;
  if (!isa<BlockArgument>(c.a))
    return refuse("the operand that is spread over vectors is computed in the kernel: it must be stored");
  return c;
}
} // namespace dlc::codegen
