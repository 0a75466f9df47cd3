// Which ops become one kernel: in block order each op tries to join the groups of its producers. A join must fit the
// structures (one of the rows of refusal()), must leave the graph of groups without a cycle, and must be taken by an emitter where
// one of the two was.
#include "compiler/kernels/Groups.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
namespace dlc {
using namespace dl;

static unsigned rankOf(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }
/// A movement that repeats its operand: its one source drops dimensions of the result and keeps the others in order.
static bool isBroadcast(Operation *op, SmallVectorImpl<unsigned> *kept = nullptr) {
  auto move = dyn_cast<MovementOpInterface>(op);
  if (!move || move.isView())
    return false;
  auto sources = move.getSources();
  if (sources.size() != 1 || !sources[0].where.empty() || !sources[0].indices.empty() ||
      sources[0].map.getNumResults() >= rankOf(op->getResult(0)))
    return false;
  int last = -1;
  for (AffineExpr e : sources[0].map.getResults()) {
    auto d = dyn_cast<AffineDimExpr>(e);
    if (!d || (int)d.getPosition() <= last)
      return false;
    last = d.getPosition();
    if (kept)
      kept->push_back(last);
  }
  return true;
}
static bool isView(Operation *op) {
  auto move = dyn_cast_or_null<MovementOpInterface>(op);
  return move && move.isView();
}
/// Made of positions, constants and extents by a few operations, such as a causal mask: less than its load.
static bool isIndexArithmetic(Operation *op) {
  unsigned budget = 10;
  std::function<bool(Operation *)> made = [&](Operation *op) {
    if (!op || !budget--)
      return false;
    if (auto p = dyn_cast<PositionalOpInterface>(op))
      return p.getElementCost() <= 1;
    auto p = dyn_cast<PointwiseOpInterface>(op);
    return (isBroadcast(op) || (p && p.getElementCost() <= 1)) &&
           llvm::all_of(op->getOperands(), [&](Value v) { return made(v.getDefiningOp()); });
  };
  return made(op);
}
/// `budget`: scalar ops that one may stand on, since each kernel that reads it repeats them all.
static bool isFree(Operation *op, unsigned &budget) {
  if (isBroadcast(op))
    return true;
  if (auto p = dyn_cast<PositionalOpInterface>(op))
    return p.getElementCost() <= 4;
  auto p = dyn_cast<PointwiseOpInterface>(op);
  if (!p)
    return false;
  if (op->getNumOperands() == 0)
    return true;
  if (isIndexArithmetic(op))
    return true;
  return llvm::all_of(op->getResults(), [](Value v) { return rankOf(v) == 0; }) && p.getElementCost() <= 4 &&
         llvm::all_of(op->getOperands(), [&](Value v) { return !v.getDefiningOp() || (budget && isFree(v.getDefiningOp(), --budget)); });
}
bool Grouping::isFree(Operation *op) const {
  auto [at, fresh] = free.try_emplace(op);
  unsigned budget = 64;
  return fresh ? at->second = dlc::isFree(op, budget) : at->second;
}
static bool isKernelOp(Operation *op) {
  return isa<PointwiseOpInterface, PositionalOpInterface, MovementOpInterface, CombineOpInterface>(op) && !isView(op);
}
static bool isContraction(Operation *op) {
  auto c = dyn_cast_or_null<CombineOpInterface>(op);
  return c && c.isMultiplyAdd();
}

/// A kernel asks for each part of a concatenation whether an element lies in it, and each slice of a value is a kernel of its own:
/// above so many, parts are copied instead.
static constexpr size_t mostParts = 16;
/// The source's coordinates are the result's, but for an offset along one dimension: a part of the one is dense in the other.
static bool isPart(Operation *op, const Source &source) {
  unsigned differing = 0;
  auto from = getExtents(op->getOperand(source.operand)), to = getExtents(op->getResult(0));
  if (from.size() != to.size() || !source.indices.empty() || source.map.getNumResults() != from.size())
    return false;
  for (auto [d, e] : llvm::enumerate(source.map.getResults())) {
    AffineExpr dim = getAffineDimExpr(d, op->getContext());
    if (e == dim && from[d] == to[d])
      continue;
    if (++differing > 1 || simplifyAffineExpr(e - dim, to.size(), source.map.getNumSymbols()).isFunctionOfDim(d))
      return false;
  }
  return source.where.size() <= 1;
}
static bool isSlice(Operation *op) {
  auto move = dyn_cast<MovementOpInterface>(op);
  if (!move || move.isView() || op->getNumOperands() != 1)
    return false;
  auto sources = move.getSources();
  return sources.size() == 1 && sources[0].where.empty() && isPart(op, sources[0]);
}
/// A part of a parameter or state, which is left as it is elsewhere, and the result is the new value: the part alone is written.
static bool isUpdate(Operation *op) {
  auto move = dyn_cast<MovementOpInterface>(op);
  auto sources = move ? move.getSources() : SmallVector<Source>();
  if (sources.size() != 2 || move.getFill() || !sources[1].where.empty() || !sources[1].map.isIdentity() || !isPart(op, sources[0]))
    return false;
  Value y = move->getResult(0);
  auto old = dyn_cast<BlockArgument>(move->getOperand(sources[1].operand));
  auto entry = old ? dyn_cast<func::FuncOp>(old.getOwner()->getParentOp()) : func::FuncOp();
  auto param = entry ? entry.getArgAttrOfType<ParamAttr>(old.getArgNumber(), "dl.param") : ParamAttr();
  return param && llvm::any_of(y.getUses(), [&](OpOperand &use) {
           auto name = isa<func::ReturnOp>(use.getOwner()) ? entry.getResultAttrOfType<StringAttr>(use.getOperandNumber(), "dl.state")
                                                           : StringAttr();
           return name && name.getValue() == param.getName();
         });
}
static bool isInPieces(Operation *op) {
  auto move = dyn_cast<MovementOpInterface>(op);
  if (!move || move.isView() || !op->getNumOperands())
    return false;
  if (isUpdate(op))
    return true;
  if (op->getNumOperands() > mostParts)
    return !move.getFill() && llvm::all_of(move.getSources(), [&](const Source &source) { return isPart(op, source); });
  size_t slices = 0;
  for (Operation *user : op->getOperand(0).getUsers())
    if (op->getNumOperands() == 1 && isSlice(user) && ++slices > mostParts)
      return isSlice(op);
  return false;
}

/// Of a backward pass that is to save memory.
static bool isLate(const Group &g) {
  return llvm::any_of(g.ops, [](Operation *op) { return op->hasAttr("dlx.late"); });
}

Grouping::Grouping(Block &block, const Layers &layers, bool fuse, bool asked, int64_t first, Unfit unfit)
    : layers(layers), asked(asked), first(first) {
  if (auto module = block.getParentOp()->getParentOfType<ModuleOp>())
    ranges = getSymbolRanges(module);
  collect(block);
  for (unsigned c = 0; c < ops.size(); ++c)
    groups.push_back(single(ops[c])), groupOf.push_back(c);
  for (unsigned c = 0; fuse && c < ops.size(); ++c) {
    if (groups[c].kind == GroupKind::Pieces)
      continue;
    // Anchors first: what can follow a contraction or a reduction should, before it joins a plain pointwise group.
    SmallVector<unsigned> producers;
    for (unsigned e : in[c])
      if (!llvm::is_contained(producers, edges[e].producer))
        producers.push_back(edges[e].producer);
    llvm::sort(producers,
               [&](unsigned x, unsigned y) { return std::pair(groups[groupOf[y]].kind, x) < std::pair(groups[groupOf[x]].kind, y); });
    for (unsigned p : producers)
      if (groupOf[p] != groupOf[c])
        join(p, c, unfit);
    joinSiblings(c, unfit);
  }
  MLIRContext *context = block.getParentOp()->getContext();
  for (const Edge &e : ArrayRef(edges).take_front(asked ? edges.size() : 0)) {
    bool one = groupOf[e.producer] == groupOf[e.consumer];
    static constexpr StringRef names[] = {
        "pointwise group", "row program", "column reduction", "window", "epilogue of the scatter", "epilogue of the contraction",
        "control flow",    "pieces"};
    auto it = refused.find({e.producer, e.consumer});
    bool pieces = inPieces.contains(ops[e.producer]) || inPieces.contains(ops[e.consumer]);
    assert((one || !fuse || pieces || it != refused.end()) && "every producer of every op was tried");
    std::string reason = one     ? names[(int)groups[groupOf[e.producer]].kind].str()
                         : !fuse ? "-O0 fuses nothing"
                         : pieces
                             ? isUpdate(ops[e.producer]) || isUpdate(ops[e.consumer])
                                   ? "a part of a parameter or state is copied to where it lies, without a kernel"
                                   : "more than " + std::to_string(mostParts) + " parts of one value: they are copied, without a kernel"
                             : it->second;
    list.push_back(dlx::VerdictAttr::get(context, StringAttr::get(context, layers.describe(ops[e.producer])).getValue(),
                                         layers.describe(ops[e.consumer]), one, reason, 2 * bytes(e.value),
                                         number(groups[groupOf[e.producer]]), number(groups[groupOf[e.consumer]])));
  }
}

void Grouping::collect(Block &block) {
  // Free ops whose value must lie in memory are ops like others.
  llvm::SmallPtrSet<Operation *, 8> needed;
  for (Operation &op : block)
    if (isInPieces(&op))
      inPieces.insert(&op);
  for (Operation &op : block)
    for (Value v : op.getOperands())
      if (Operation *def = v.getDefiningOp(); def && isFree(def))
        if (!isKernelOp(&op) || isContraction(&op) || inPieces.contains(&op))
          needed.insert(def);
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>() && !isView(&op) && (!isFree(&op) || needed.contains(&op))) {
      index[&op] = ops.size();
      ops.push_back(&op);
    }
  in.resize(ops.size());
  out.resize(ops.size());
  for (auto [i, op] : llvm::enumerate(ops)) {
    bool moved = isa<MovementOpInterface>(op) && !isBroadcast(op);
    for (Value v : op->getOperands())
      trace(v, moved ? Relation::Moved : Relation::Same, i);
  }
}
void Grouping::trace(Value v, Relation relation, unsigned consumer) {
  Operation *def = v.getDefiningOp();
  if (!def)
    return;
  if (auto it = index.find(def); it != index.end()) {
    edges.push_back({it->second, consumer, v, relation});
    in[consumer].push_back(edges.size() - 1);
    out[it->second].push_back(edges.size() - 1);
    return;
  }
  if (isView(def))
    return trace(def->getOperand(0), Relation::View, consumer);
  if (!isFree(def))
    return;
  SmallVector<unsigned> kept;
  if (isBroadcast(def, &kept) && relation != Relation::View) {
    bool leading = llvm::all_of(llvm::enumerate(kept), [](auto p) { return p.index() == p.value(); });
    relation = relation == Relation::Same && leading && !kept.empty() ? Relation::RowBroadcast : Relation::Broadcast;
  }
  for (Value operand : def->getOperands())
    trace(operand, relation, consumer);
}

Group Grouping::single(Operation *op) const {
  Group g;
  g.ops.push_back(op);
  if (!isKernelOp(op) || inPieces.contains(op)) {
    g.kind = inPieces.contains(op) ? GroupKind::Pieces : GroupKind::Control;
    return g;
  }
  auto combine = dyn_cast<CombineOpInterface>(op);
  g.space = getExtents(op->getResult(0));
  g.kind = GroupKind::Pointwise;
  if (!combine)
    return g;
  g.anchor = op;
  Nest nest = combine.getNest();
  if (combine.isMultiplyAdd()) {
    g.kind = GroupKind::Contraction;
    return g;
  }
  if (nest.match) {
    g.kind = GroupKind::Scatter;
    return g;
  }
  bool whole = nest.bounds.empty() && llvm::all_equal(nest.operands) && nest.operands[0].isProjectedPermutation() &&
               nest.operands[0].getNumResults() == nest.extents.size();
  if (!whole) {
    g.kind = GroupKind::Window;
    return g;
  }
  // Trailing dimensions reduced: rows. Otherwise columns.
  g.space = getExtents(op->getOperand(0));
  g.rows = nest.parallel;
  bool trailing = true;
  for (unsigned i = 0; i < nest.parallel; ++i)
    trailing &= nest.operands[0].getResult(i) == getAffineDimExpr(i, op->getContext());
  g.kind = trailing ? GroupKind::Rows : GroupKind::Columns;
  return g;
}

int64_t Grouping::bytes(Value v) const { return getUpperBytes(v.getType(), ranges); }

/// Why the consumers' group cannot join the producers', or nothing and the joined group.
std::string Grouping::refusal(const Group &p, const Group &c, ArrayRef<const Edge *> between, Group &merged) const {
  using K = GroupKind;
  using R = Relation;
  auto all = [&](auto ok) { return llvm::all_of(between, [&](const Edge *e) { return ok(e->relation); }); };
  const Edge &first = *between.front();
  if (p.kind == K::Pieces || c.kind == K::Pieces)
    return "it is copied in pieces";
  if (isLate(c) && !isLate(p))
    return "the consumer is of the backward pass and waits for it: memory is to be saved";
  auto name = [&](const Group &g) { return asked ? layers.describe(g.anchor ? g.anchor : g.ops.back()) : ""; };
  auto cost = [&](const Twine &what) { return what.str() + ": " + std::to_string(2 * bytes(first.value)) + " bytes of traffic stay"; };
  if (llvm::any_of(between, [](const Edge *e) { return e->relation == R::View; }))
    return cost("a reshape lies between, so the consumer's elements are numbered otherwise");
  if (llvm::any_of(between, [](const Edge *e) { return e->relation == R::Moved; }))
    return cost("the consumer moves elements: it wants them at other coordinates than they are made at");
  auto count = [&](ArrayRef<AffineExpr> extents) {
    int64_t n = 1;
    for (AffineExpr e : extents)
      if (llvm::MulOverflow(n, getUpperBound(e, ranges), n))
        return INT64_MAX;
    return n;
  };
  auto flops = [&] {
    int64_t n = 0;
    for (Operation *op : ArrayRef(p.ops).take_front(asked ? p.ops.size() : 0))
      n += count(getFlops(op));
    return n;
  };
  bool anchored = c.kind == K::Contraction || c.kind == K::Window || c.kind == K::Scatter || c.kind == K::Columns;
  if (anchored && llvm::none_of(between, [&](const Edge *e) { return ops[e->consumer] == c.anchor; })) {
    // It feeds what follows the anchor: it is computed there, element by element.
    if (p.kind != K::Pointwise)
      return cost(name(p) + " and " + name(c) + " combine terms over different blocks");
    if (!all([](R r) { return r == R::Same; }) || ArrayRef<AffineExpr>(p.space) != ArrayRef<AffineExpr>(getExtents(c.anchor->getResult(0))))
      return cost("the consumer repeats the values over further dimensions: computing them there would repeat their " + Twine(flops()) +
                  " flops");
    merged = c;
    merged.ops.append(p.ops.begin(), p.ops.end());
    return "";
  }
  if (c.kind == K::Contraction || c.kind == K::Window) {
    // An operand is read once for each tile across the other operand, or for each window that holds it.
    std::string reader = (c.kind == K::Window ? "window " : "contraction ") + name(c);
    int64_t terms = count(cast<CombineOpInterface>(c.anchor).getNest().extents), elements = count(getExtents(first.value));
    if (terms <= elements)
      return cost("the " + reader + " reads each element once, but in blocks of its own: another producer's blocks cannot feed them");
    return "the " + reader + " reads each element " + std::to_string(elements ? terms / elements : 0) + " times: recomputing " +
           std::to_string(flops()) + " flops each time costs more than " + std::to_string(2 * bytes(first.value)) + " bytes of traffic";
  }
  if (c.kind == K::Scatter)
    return cost("the scatter " + name(c) + " reads in the order of its indices: another producer's blocks cannot feed it");
  if (p.kind == K::Control || c.kind == K::Control)
    return cost("control flow: its body has kernels of its own");
  merged = p;
  merged.ops.append(c.ops.begin(), c.ops.end());
  switch (p.kind) {
  case K::Control:
  case K::Pieces:
    break;
  case K::Contraction:
  case K::Scatter:
  case K::Window:
    if (c.kind != K::Pointwise)
      return cost("the reduction's rows span several blocks of the producer");
    if (!all([](R r) { return r == R::Same; }))
      return cost("the consumer repeats the result over other dimensions: it needs all of it first");
    if (p.space != c.space)
      return cost("the consumer has another shape");
    return "";
  case K::Columns:
    if (c.kind != K::Pointwise)
      return cost("a reduction after a reduction over leading dimensions needs all of it first");
    if (!all([](R r) { return r == R::Same; }))
      return cost("the consumer repeats the reduction over the dimensions that it reduced: every chunk must be in first");
    if (getExtents(p.anchor->getResult(0)) != ArrayRef<AffineExpr>(c.space))
      return cost("the consumer has another shape");
    return "";
  case K::Pointwise:
    if (!all([](R r) { return r == R::Same; }))
      return cost("the consumer repeats the values over further dimensions: computing them there would take their " + Twine(flops()) +
                  " flops " + Twine(count(c.space) / std::max<int64_t>(1, count(p.space))) + " times");
    if (p.space != c.space)
      return cost("the consumer has another shape");
    if (c.kind == K::Pointwise)
      return "";
    if (c.kind == K::Rows) {
      merged.kind = K::Rows, merged.rows = c.rows, merged.anchor = c.anchor;
      return "";
    }
    // Columns read their operand once: the producer rides along if nobody else wants it in memory.
    for (Operation *op : p.ops)
      for (unsigned e : out[index.lookup(op)])
        if (groupOf[edges[e].consumer] != groupOf[index.lookup(c.ops.front())] && groupOf[edges[e].consumer] != groupOf[index.lookup(op)])
          return cost("it is also read elsewhere and lies in memory anyway");
    for (Operation *op : p.ops)
      for (Operation *user : op->getUsers())
        if (!index.count(user) && !isFree(user))
          return cost("it is also a result and lies in memory anyway");
    merged = c;
    merged.ops.append(p.ops.begin(), p.ops.end());
    return "";
  case K::Rows: {
    if (c.kind == K::Columns)
      return cost("the consumer reduces across rows: every row must be in first");
    ArrayRef<AffineExpr> rowSpace = ArrayRef(p.space).take_front(p.rows);
    if (c.kind == K::Rows && (c.space != p.space || c.rows != p.rows))
      return cost("the consumer reduces rows of another shape");
    if (c.kind == K::Pointwise && c.space != p.space && ArrayRef<AffineExpr>(c.space) != rowSpace)
      return cost("the consumer has neither the rows' shape nor one element a row");
    for (const Edge *e : between) {
      bool perRow = getExtents(e->value) == rowSpace;
      bool full = getExtents(e->value) == ArrayRef<AffineExpr>(p.space);
      bool ok = c.kind == K::Pointwise && ArrayRef<AffineExpr>(c.space) == rowSpace && rowSpace.size() != p.space.size()
                    ? perRow && e->relation == R::Same
                    : (full && e->relation == R::Same) || (perRow && e->relation == R::RowBroadcast);
      if (!ok)
        return cost("the consumer wants values of other rows");
    }
    return "";
  }
  }
  llvm_unreachable("kinds are listed");
}

/// Edges that pathAround looks at from either end before it takes a path for granted, so that a deep net takes linear time.
static constexpr size_t maxLooks = 4096;

/// What leads from group p through another to group c, so that joining them would close a cycle, or "". What feeds c and
/// what p feeds in turn: where one is a handful, as where a gradient reads a value of the forward pass, the search is short.
std::string Grouping::pathAround(unsigned p, unsigned c) const {
  struct Search {
    const Grouping &all;
    const std::vector<SmallVector<unsigned, 4>> &edgesOf;
    unsigned start, at = start, op = 0, edge = 0; // a group, an op of it, an edge of that
    SmallVector<unsigned> work = {};
    llvm::SmallDenseSet<unsigned> seen = {start};

    const Edge *next() {
      while (true) {
        ArrayRef<Operation *> ops = all.groups[at].ops;
        if (op == ops.size() && work.empty())
          return nullptr;
        if (op == ops.size())
          at = work.pop_back_val(), op = edge = 0;
        else if (ArrayRef<unsigned> list = edgesOf[all.index.lookup(ops[op])]; edge < list.size())
          return &all.edges[list[edge++]];
        else
          ++op, edge = 0;
      }
    }
  } above{*this, in, c}, below{*this, out, p};
  unsigned last = index.lookup(groups[c].ops.back()); // behind it every group is still one op, and none leads back to c
  for (size_t looks = 0; looks < maxLooks; ++looks)
    for (bool up : {true, false}) {
      Search &own = up ? above : below, &other = up ? below : above;
      const Edge *edge = own.next();
      if (!edge)
        return "";
      unsigned to = groupOf[up ? edge->producer : edge->consumer];
      if ((own.at == own.start && to == other.start) || index.lookup(groups[to].ops.front()) > last || !own.seen.insert(to).second)
        continue;
      own.work.push_back(to);
      if (!other.seen.contains(to))
        continue;
      const Group &middle = groups[to == other.start ? own.at : to];
      return (asked ? layers.describe(middle.anchor ? middle.anchor : middle.ops.back()) : "") +
             ", in another kernel, reads the one and feeds the other";
    }
  return "too many kernels lie between to tell that none reads the one and feeds the other";
}

bool Grouping::join(unsigned producer, unsigned consumer, Unfit unfit) {
  unsigned p = groupOf[producer], c = groupOf[consumer];
  SmallVector<const Edge *> between;
  for (Operation *op : groups[c].ops)
    for (unsigned e : in[index.lookup(op)])
      if (groupOf[edges[e].producer] == p)
        between.push_back(&edges[e]);
  Group merged;
  std::string why = refusal(groups[p], groups[c], between, merged);
  if (why.empty() && merged.ops.size() > 256) // the evaluator recurses over a kernel: bounded, however deep the net
    why = "a kernel has at most 256 ops: " + std::to_string(2 * bytes(between.front()->value)) + " bytes of traffic stay";
  if (why.empty())
    why = pathAround(p, c);
  if (why.empty() && merged.anchor) {
    auto taken = [&](Group &g) { return g.taken ? *g.taken : *(g.taken = g.anchor && unfit(*this, g).empty()); };
    if (std::string reason = unfit(*this, merged); !reason.empty() && (taken(groups[p]) || taken(groups[c])))
      why = "no emitter would take the two as one kernel: " + reason;
  }
  if (!why.empty()) {
    for (const Edge *e : between)
      refused[{e->producer, e->consumer}] = why;
    return false;
  }
  llvm::sort(merged.ops, [&](Operation *x, Operation *y) { return index.lookup(x) < index.lookup(y); });
  for (Operation *op : groups[c].ops)
    groupOf[index.lookup(op)] = p;
  groups[c].ops.clear();
  merged.taken.reset();
  groups[p] = std::move(merged);
  return true;
}

/// Reductions over the same leading dimensions of one tensor read it once.
void Grouping::joinSiblings(unsigned c, Unfit unfit) {
  if (groups[groupOf[c]].kind != GroupKind::Columns || groups[groupOf[c]].anchor != ops[c])
    return;
  for (Operation *op : SmallVector<Operation *>(groups[groupOf[c]].ops))
    for (Value v : op->getOperands()) {
      if (getExtents(v) != groups[groupOf[c]].space)
        continue;
      auto [it, fresh] = summed.try_emplace(v, c);
      unsigned p = groupOf[std::exchange(it->second, c)], own = groupOf[c];
      if (fresh || p == own || groups[p].kind != GroupKind::Columns || groups[p].ops.size() + groups[own].ops.size() > 256)
        continue;
      Nest one = cast<CombineOpInterface>(groups[p].anchor).getNest(), other = cast<CombineOpInterface>(groups[own].anchor).getNest();
      bool feeds = llvm::any_of(groups[own].ops, [&](Operation *reader) {
        return llvm::any_of(in[index.lookup(reader)], [&](unsigned e) { return groupOf[edges[e].producer] == p; });
      });
      if (feeds || one.extents != other.extents || one.operands[0] != other.operands[0] || !pathAround(p, own).empty())
        continue;
      Group merged = groups[p];
      merged.ops.append(groups[own].ops);
      llvm::sort(merged.ops, [&](Operation *x, Operation *y) { return index.lookup(x) < index.lookup(y); });
      merged.taken = unfit(*this, merged).empty();
      if (!*merged.taken)
        continue;
      for (Operation *mine : groups[own].ops)
        groupOf[index.lookup(mine)] = p;
      groups[own].ops.clear();
      groups[p] = std::move(merged);
    }
}

SmallVector<const Group *> Grouping::ordered() const {
  // Depth-first over groups, by hand: a net may be ten thousand layers deep.
  SmallVector<const Group *> order;
  std::vector<char> state(groups.size(), 0);
  SmallVector<unsigned> stack;
  for (unsigned root = 0; root < groups.size(); ++root) {
    if (groups[root].ops.empty() || state[root])
      continue;
    stack.push_back(root);
    while (!stack.empty()) {
      unsigned g = stack.back();
      if (state[g] == 0) {
        state[g] = 1; // its producers first, then it again
        for (Operation *op : groups[g].ops)
          for (unsigned e : in[index.lookup(op)])
            if (unsigned from = groupOf[edges[e].producer]; state[from] == 0)
              stack.push_back(from);
        continue;
      }
      stack.pop_back();
      if (state[g] == 1) {
        state[g] = 2;
        order.push_back(&groups[g]);
      }
    }
  }
  return order;
}
} // namespace dlc
