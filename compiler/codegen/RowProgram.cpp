// Which results of a kernel are computed together over rows, in how many passes, and which dimensions go together.
#include "compiler/codegen/RowProgram.h"
#include <numeric>

namespace dlc::codegen {
using Dims = std::vector<int>; ///< for each dimension of a value the space's, or -1

namespace {
struct Analysis {
  std::string &reason;
  RowGroup &g;
  std::set<std::pair<void *, Dims>> seen = {};
  std::vector<bool> joined = {}; ///< dimensions i and i + 1 of the space

  bool fail(const Twine &why) { return reason = why.str(), false; }
  void pin(int d) {
    if (d > 0)
      joined[d - 1] = false;
    if (d >= 0 && d + 1 < (int)g.space.size())
      joined[d] = false;
  }
  /// Each joined pair is not at all in `at`, or wholly, in order, and as far apart in `v` as in the space: a number over the pair
  /// is then the same in both. The first of them may run less far, as in a slice of the first rows.
  void check(Value v, const Dims &at) {
    auto extents = dl::getExtents(v);
    for (size_t d = 0; d < joined.size(); ++d) {
      auto x = llvm::find(at, (int)d), y = llvm::find(at, (int)d + 1);
      if (x == at.end() && y == at.end())
        continue;
      joined[d] = joined[d] && x != at.end() && y == x + 1 && llvm::count(at, (int)d) == 1 && llvm::count(at, (int)d + 1) == 1 &&
                  extents[y - at.begin()] == g.space[d + 1];
    }
  }
  /// Follows what `v` at dimensions `at` is made of.
  bool visit(Value v, const Dims &at) {
    if (!seen.insert({v.getAsOpaquePointer(), at}).second || at.empty())
      return true;
    Operation *op = v.getDefiningOp();
    if (!op)
      return check(v, at), true;
    if (isa<dl::PointwiseOpInterface>(op))
      return llvm::all_of(op->getOperands(), [&](Value x) { return visit(x, at); });
    if (auto movement = dyn_cast<dl::MovementOpInterface>(op))
      return movement.isView() ? view(movement, at) : move(movement, at);
    if (isa<dl::PositionalOpInterface>(op)) {
      for (int d : at)
        pin(d);
      return true;
    }
    if (!g.reductions.contains(op))
      return fail(op->getName().getStringRef() + " is not a reduction over the group's columns");
    for (unsigned d = 0; d < g.outer; ++d)
      if (at.size() != g.outer || at[d] != (int)d)
        return fail(op->getName().getStringRef() + " is read at other rows than its own");
    return reduction(cast<dl::CombineOpInterface>(op));
  }
  bool reduction(dl::CombineOpInterface op) {
    dl::Nest nest = op.getNest();
    for (auto [x, map] : llvm::zip(op->getOperands(), nest.operands)) {
      Dims all(g.space.size());
      std::iota(all.begin(), all.end(), 0);
      if (!visit(x, access(map, all)))
        return false;
    }
    return true;
  }
  Dims access(AffineMap map, ArrayRef<int> at) {
    Dims from;
    for (AffineExpr e : map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(e);
      from.push_back(dim ? at[dim.getPosition()] : -1);
      if (!dim)
        pinAll(e, at);
    }
    return from;
  }
  void pinAll(AffineExpr e, ArrayRef<int> at) {
    for (auto [i, d] : llvm::enumerate(at))
      if (e.isFunctionOfDim(i))
        pin(d);
  }
  bool move(dl::MovementOpInterface op, const Dims &at) {
    for (const dl::Source &source : op.getSources()) {
      Dims over(at); // and one for each index, which is no dimension of the space
      for (const dl::Index &index : source.indices) {
        if (!visit(op->getOperand(index.operand), access(index.map, at)))
          return false;
        over.push_back(-1);
      }
      for (const dl::Bound &bound : source.where)
        pinAll(bound.expr, over);
      if (!visit(op->getOperand(source.operand), access(source.map, over)))
        return false;
    }
    return true;
  }
  /// As Evaluator::move: by dimensions where these are the same but for ones, else by element number.
  bool view(dl::MovementOpInterface op, const Dims &at) {
    Value x = op->getOperand(0);
    if (auto dims = viewedDims(op)) {
      Dims from;
      for (int d : *dims)
        from.push_back(d < 0 ? -1 : at[d]);
      return visit(x, from);
    }
    check(op->getResult(0), at);
    bool reduces = false;
    llvm::SetVector<Value> cone;
    cone.insert(x);
    for (size_t i = 0; i < cone.size(); ++i)
      if (Operation *source = cone[i].getDefiningOp()) {
        reduces |= isa<dl::CombineOpInterface>(source);
        cone.insert_range(source->getOperands());
      }
    return !reduces || fail("a reshape mixes the dimensions of a reduction's result");
  }
  void runs() {
    unsigned first = 0;
    for (unsigned d = 0; d < g.space.size(); ++d)
      if (d + 1 == g.space.size() || !joined[d]) {
        g.runs.push_back({first, d + 1});
        first = d + 1;
      }
  }
};
} // namespace

/// Reductions that `v` depends on, the deepest first.
static void reductionsOf(Value v, llvm::SetVector<Operation *> &found, llvm::DenseSet<Value> &seen) {
  Operation *op = v.getDefiningOp();
  if (!op || !seen.insert(v).second)
    return;
  for (Value x : op->getOperands())
    reductionsOf(x, found, seen);
  if (isa<dl::CombineOpInterface>(op))
    found.insert(op);
}
static unsigned levelOf(RowGroup &g, Value v) {
  if (auto it = g.level.find(v); it != g.level.end())
    return it->second;
  unsigned level = 0;
  if (Operation *op = v.getDefiningOp()) {
    for (Value x : op->getOperands())
      level = std::max(level, levelOf(g, x));
    level += g.reductions.contains(op);
  }
  return g.level[v] = level;
}
unsigned RowGroup::passOf(Operation *reduction) const { return level.lookup(reduction->getResult(0)) - 1; }

unsigned RowGroup::rowRuns() const {
  return llvm::count_if(runs, [&](auto run) { return run.first < outer; });
}
AffineExpr RowGroup::runExtent(unsigned run) const {
  auto [first, last] = runs[run];
  return dl::product(ArrayRef(space).slice(first, last - first), context);
}
Coords RowGroup::spread(Frame &f, unsigned first, ArrayRef<Coord> numbers) const {
  Coords at;
  for (auto [run, coord] : llvm::zip(ArrayRef(runs).drop_front(first), numbers)) {
    at.append(run.second - run.first - 1, Coord{f.c(0)});
    at.push_back(coord);
  }
  return at;
}
Coords RowGroup::locate(Evaluator &ev, unsigned first, unsigned last, Value number) const {
  Coords numbers(last - first);
  AffineExpr rest = getAffineDimExpr(0, context);
  for (unsigned i = last; i-- > first;) {
    bool one = dl::getConstant(runExtent(i)) == 1; // where a view reads it, too
    numbers[i - first] = one ? Coord{ev.f.c(0)} : ev.map(i > first ? rest % runExtent(i) : rest, Coord{number});
    rest = rest.floorDiv(runExtent(i));
  }
  return spread(ev.f, first, numbers);
}
Value RowGroup::coordinate(Evaluator &ev, ArrayRef<Coord> at, unsigned d) const {
  auto run = *llvm::find_if(runs, [&](auto r) { return d >= r.first && d < r.second; });
  AffineExpr e = getAffineDimExpr(0, context).floorDiv(dl::product(ArrayRef(space).slice(d + 1, run.second - d - 1), context));
  if (d > run.first)
    e = e % space[d];
  return ev.index(ev.map(e, at[run.second - 1]), true);
}
SmallVector<Value> RowGroup::term(Evaluator &ev, dl::CombineOpInterface op, ArrayRef<Coord> at, ValueRange acc) const {
  dl::Scalars s{ev.f.b, op->getLoc()};
  SmallVector<Value> elements;
  for (auto [x, map] : llvm::zip(op->getOperands(), op.getNest().operands))
    elements.push_back(s.spread(ev.eval(x, ev.map(map, at)), ev.lanes));
  auto out = op.emitTerm(ev.f.b, op->getLoc(), acc, elements, [&](unsigned d) { return coordinate(ev, at, d); });
  if (ev.mask)
    for (auto [x, a] : llvm::zip(out, acc))
      x = s.select(ev.mask, x, a);
  return out;
}

/// Values worth keeping: reached from a pass's roots by pointwise ops alone, costly, and seen in an earlier pass.
static void findKept(func::FuncOp kernel, RowGroup &g) {
  int64_t columns = dl::getConstant(g.columns());
  if (columns <= registerColumns || g.passes == 1)
    return;
  llvm::DenseMap<Value, unsigned> first;
  for (unsigned pass = 0; pass < g.passes; ++pass) {
    SmallVector<Value> work;
    for (Operation *r : g.reductions)
      if (auto nest = cast<dl::CombineOpInterface>(r).getNest(); g.passOf(r) == pass)
        for (auto [x, map] : llvm::zip(r->getOperands(), nest.operands))
          if (map.isIdentity())
            work.push_back(x);
    if (pass + 1 == g.passes)
      for (unsigned r : g.full)
        work.push_back(strip(kernel.getBody().front().getTerminator()->getOperand(r)));
    llvm::DenseSet<Value> seen;
    while (!work.empty()) {
      Value v = work.pop_back_val();
      auto op = v.getDefiningOp<dl::PointwiseOpInterface>();
      if (!op || op->getNumOperands() == 0 || !seen.insert(v).second)
        continue;
      auto [it, fresh] = first.try_emplace(v, pass);
      if (it->second < pass && op.getElementCost() > keepCost) {
        g.kept.insert({v, it->second});
        continue;
      }
      work.append(op->operand_begin(), op->operand_end());
    }
  }
  if (columns * 8 * (int64_t)g.kept.size() > 1 << 18)
    g.kept.clear();
}

std::optional<std::vector<RowGroup>> analyseRows(func::FuncOp kernel, std::string &reason, bool leading) {
  std::vector<RowGroup> groups;
  auto returned = kernel.getBody().front().getTerminator()->getOperands();
  auto fail = [&](const Twine &why) { return reason = why.str(), std::nullopt; };
  SmallVector<unsigned> plain; // results without a reduction, placed last
  for (auto [number, value] : llvm::enumerate(returned)) {
    Value v = strip(value);
    llvm::SetVector<Operation *> found;
    llvm::DenseSet<Value> seen;
    reductionsOf(v, found, seen);
    if (found.empty()) {
      plain.push_back(number);
      continue;
    }
    RowGroup g;
    g.context = kernel.getContext();
    for (Operation *op : found) {
      auto combine = cast<dl::CombineOpInterface>(op);
      auto nest = combine.getNest();
      dl::LanesAttr lanes = getLanes(combine);
      StringRef name = op->getName().getStringRef();
      if (!lanes || (leading ? lanes.getColumns() : lanes.getRows()) != nest.reduced())
        return fail(name + " does not reduce " + (leading ? "leading or middle" : "trailing") + " dimensions alone");
      if (op != found[0] && (nest.extents != g.space || nest.parallel != g.outer))
        return fail(name + " reduces another space than " + found[0]->getName().getStringRef() +
                    ": one kernel has reductions over the same columns");
      g.space = nest.extents, g.outer = nest.parallel;
    }
    auto same = llvm::find_if(groups, [&](RowGroup &o) { return o.space == g.space && o.outer == g.outer; });
    RowGroup &home = same == groups.end() ? groups.emplace_back(g) : *same;
    home.reductions.insert_range(found);
    auto extents = dl::getExtents(v);
    bool full = !leading && extents == home.space;
    if (!full && ArrayRef(extents) != ArrayRef(home.space).take_front(home.outer))
      return fail("result " + Twine(number) +
                  (leading ? " has another shape than the reductions' results: it takes another pass over the reduced values"
                           : " has neither the shape of the reduced values nor one element a row"));
    (full ? home.full : home.perRow).push_back(number);
  }
  for (unsigned number : plain) {
    auto extents = dl::getExtents(strip(returned[number]));
    RowGroup *home = nullptr;
    for (RowGroup &g : groups)
      if (!home && g.space == extents)
        ((home = &g)->space.empty() ? g.perRow : g.full).push_back(number);
    for (RowGroup &g : groups)
      if (!home && !g.reductions.empty() && ArrayRef(g.space).take_front(g.outer) == ArrayRef(extents))
        (home = &g)->perRow.push_back(number);
    if (home)
      continue;
    RowGroup &g = groups.emplace_back();
    g.context = kernel.getContext(), g.space = extents;
    (extents.empty() ? g.perRow : g.full).push_back(number);
  }
  if (leading && (groups.size() != 1 || groups[0].reductions.empty() || !groups[0].full.empty()))
    return fail("results are of several shapes, or nothing is reduced");
  for (RowGroup &g : groups) {
    Analysis a{reason, g};
    a.joined.assign(g.space.empty() ? 0 : g.space.size() - 1, true);
    if (!g.reductions.empty() && g.outer > 0 && g.outer < g.space.size())
      a.joined[g.outer - 1] = false;
    Dims all(g.space.size()), rows(g.outer);
    std::iota(all.begin(), all.end(), 0), std::iota(rows.begin(), rows.end(), 0);
    for (unsigned r : g.full)
      if (!a.visit(strip(returned[r]), all))
        return std::nullopt;
    for (unsigned r : g.perRow)
      if (!a.visit(strip(returned[r]), rows))
        return std::nullopt;
    for (Operation *r : g.reductions)
      if (!a.reduction(cast<dl::CombineOpInterface>(r)))
        return std::nullopt;
    a.runs();
    if (g.reductions.empty())
      g.outer = g.runs.empty() ? 0 : g.runs.back().first;
    else if (!leading && g.runs.back().first != g.outer)
      return fail("the columns' dimensions are read apart: give the reduction one dimension by dl.reshape");
    for (Operation *r : g.reductions)
      g.passes = std::max(g.passes, levelOf(g, r->getResult(0)));
    if (leading && g.passes > 1)
      return fail("one reduction depends on another over the same rows");
    for (unsigned r : g.full)
      g.passes = std::max(g.passes, levelOf(g, strip(returned[r])) + 1);
    findKept(kernel, g);
  }
  return groups;
}

int64_t RowGroup::keptAt(Value v) const {
  int64_t bytes = 0;
  for (auto &[k, pass] : kept) {
    if (k == v)
      break;
    bytes +=
        llvm::alignTo(dl::getConstant(columns()), registerColumns) * storageBytes(cast<RankedTensorType>(k.getType()).getElementType());
  }
  return bytes;
}
void RowGroup::cut() {
  passes = 1;
  for (Operation *r : reductions)
    passes = std::max(passes, passOf(r) + 2);
  kept.clear();
}
AffineExpr RowGroup::parts(int64_t size) const { return columns().floorDiv(size) + 1; }
AffineExpr RowGroup::blocks(int64_t rowsOfBlock, int64_t size) const {
  AffineExpr whole = getAffineConstantExpr(1, context);
  return rows().ceilDiv(rowsOfBlock) * (size ? columns().ceilDiv(size) : whole);
}
AffineExpr RowGroup::blocksOfPass(int64_t size, unsigned pass) const {
  return pass + 1 == passes && full.empty() ? rows() : rows() * parts(size);
}
SmallVector<Value> RowGroup::roots(func::FuncOp kernel, unsigned pass) const {
  SmallVector<Value> roots;
  for (Operation *r : reductions)
    if (passOf(r) == pass)
      llvm::append_range(roots, r->getOperands());
  if (pass + 1 == passes)
    for (ArrayRef<unsigned> results : {ArrayRef(full), ArrayRef(perRow)})
      for (unsigned r : results)
        roots.push_back(strip(kernel.getBody().front().getTerminator()->getOperand(r)));
  return roots;
}
llvm::SetVector<Operation *> RowGroup::earlier(const SmallVector<Value> &values, unsigned pass) const {
  llvm::SetVector<Operation *> found;
  llvm::SetVector<Value> cone(values.begin(), values.end());
  for (size_t i = 0; i < cone.size(); ++i)
    if (Operation *op = cone[i].getDefiningOp()) {
      if (reductions.contains(op) && passOf(op) < pass)
        found.insert(op);
      else
        cone.insert_range(op->getOperands());
    }
  return found;
}
SmallVector<Type> accumulatorTypes(Operation *reduction) {
  Block nowhere;
  OpBuilder b(reduction->getContext());
  b.setInsertionPointToStart(&nowhere);
  return llvm::map_to_vector(cast<dl::CombineOpInterface>(reduction).emitIdentity(b, reduction->getLoc(), b.getF32Type()),
                             [](Value v) { return v.getType(); });
}
/// Of all that makes the values up to the group's reductions.
int64_t RowGroup::costOf(const SmallVector<Value> &values) const {
  int64_t sum = 0;
  llvm::SetVector<Value> cone(values.begin(), values.end());
  for (size_t i = 0; i < cone.size(); ++i)
    if (Operation *op = cone[i].getDefiningOp()) {
      sum += elementCost(cone[i]);
      if (!reductions.contains(op))
        cone.insert_range(op->getOperands());
    }
  return sum;
}
int64_t RowGroup::cost(func::FuncOp kernel) const {
  return costOf(llvm::map_to_vector(full, [&](unsigned r) { return strip(kernel.getBody().front().getTerminator()->getOperand(r)); }));
}
unsigned firstTemp(ArrayRef<RowGroup> groups, ArrayRef<int64_t> block, Operation *reduction) {
  unsigned n = 0;
  for (auto [i, g] : llvm::enumerate(groups))
    for (Operation *r : g.reductions) {
      if (r == reduction)
        return n;
      n += block[2 * i + 1] ? r->getNumResults() : 0;
    }
  return n;
}
} // namespace dlc::codegen
