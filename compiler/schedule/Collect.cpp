// Calls of planned kernels to nodes and storages; scans to loops.
#include "compiler/schedule/EntrySchedule.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/BitVector.h"

namespace dlc {
unsigned EntrySchedule::newStorage(BufferKind kind, int64_t at, AffineExpr bytes, int64_t bound) {
  Storage s;
  s.kind = kind, s.at = at, s.bytes = bytes, s.bound = bound;
  storages.push_back(s);
  return storages.size() - 1;
}

void EntrySchedule::bindArguments() {
  unsigned inputs = 0;
  for (BlockArgument a : entry.getArguments()) {
    auto param = entry.getArgAttrOfType<dl::ParamAttr>(a.getArgNumber(), "dl.param");
    auto [kind, at] = param ? homes.lookup(param.getName()) : Home(BufferKind::input, inputs++);
    storageOf[a] = newStorage(kind, at, a);
  }
}

void EntrySchedule::connect(std::vector<Node> &list, Writers &writers) {
  writers.clear();
  for (auto [i, n] : llvm::enumerate(list))
    for (unsigned s : n.writes)
      writers[s].push_back(i);
  for (auto [i, n] : llvm::enumerate(list)) {
    for (unsigned s : n.reads)
      for (unsigned w : writers[s])
        if (w != i)
          n.before.push_back(w);
    for (unsigned s : n.writes)
      for (unsigned w : writers[s])
        if (w < i)
          n.before.push_back(w);
  }
}

LogicalResult EntrySchedule::collect(Block &block, std::vector<Node> &list) {
  for (Operation &op : block.without_terminator()) {
    if (auto move = dyn_cast<dl::MovementOpInterface>(op); move && move.isView()) {
      storageOf[op.getResult(0)] = storageOf.lookup(op.getOperand(0));
      continue;
    }
    if (op.hasAttr("dlx.pieces")) {
      collectPieces(cast<dl::MovementOpInterface>(op), list);
      continue;
    }
    LogicalResult done = failure();
    if (auto call = dyn_cast<func::CallOp>(op))
      done = collectCall(call, list);
    else if (auto scan = dyn_cast<dl::ScanOp>(op)) // the one control op: a loop of the program
      done = collectScan(scan, list);
    else
      done = op.emitOpError("has no place in a schedule: run dl-kernels-form first");
    if (failed(done))
      return failure();
  }
  return success();
}

LogicalResult EntrySchedule::collectCall(func::CallOp call, std::vector<Node> &list) {
  func::FuncOp kernel = kernels.lookup(call.getCallee());
  auto plan = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan");
  if (!plan)
    return kernel.emitOpError("has no dlx.plan: run dl-plan first");
  scratch = std::max(scratch, plan.getScratch());
  SmallVector<unsigned> number; // the kernel's values
  for (Value v : call.getOperands())
    number.push_back(storageOf.lookup(v));
  for (Value v : call.getResults())
    number.push_back(storageOf[v] = newStorage(BufferKind::arena, 0, v));
  for (dl::DimsAttr bytes : plan.getTemps())
    number.push_back(newStorage(BufferKind::arena, 0, bytes.getExtents()[0], dl::getUpperBound(bytes.getExtents()[0], ranges)));
  for (dlx::LaunchAttr launch : plan.getLaunches()) {
    Node n;
    n.function = (kernel.getSymName() + launch.getName()).str();
    n.grid = launch.getGrid();
    n.call = call;
    for (int64_t i : launch.getReads())
      n.reads.push_back(number[i]);
    for (int64_t i : launch.getWrites())
      n.writes.push_back(number[i]);
    list.push_back(std::move(n));
  }
  return success();
}

Node EntrySchedule::copyNode(unsigned to, unsigned from) {
  Node n;
  n.kind = Node::Copy;
  n.grid = extent(storages[from].bytes);
  n.reads = {from};
  n.writes = {to};
  return n;
}

/// What a source gives of the result, or the result takes of the source: they differ along one dimension alone.
static Piece pieceOf(dl::MovementOpInterface op, const dl::Source &source) {
  Value x = op->getOperand(source.operand), y = op->getResult(0);
  auto from = dl::getExtents(x), to = dl::getExtents(y);
  MLIRContext *context = y.getContext();
  unsigned axis = 0, rank = from.size();
  auto moved = [&](unsigned d) { // by how much the source's coordinate is ahead of the result's
    AffineExpr by = source.map.getResult(d) - getAffineDimExpr(d, context);
    return simplifyAffineExpr(by, rank, source.map.getNumSymbols());
  };
  AffineExpr zero = getAffineConstantExpr(0, context);
  Piece p;
  p.takes = source.where.empty();
  p.whole = p.takes && source.map.isIdentity() && x.getType() == y.getType();
  while (!p.whole && axis + 1 < rank && moved(axis) == zero && from[axis] == to[axis])
    ++axis;
  int64_t element = std::max<int64_t>(1, getElementTypeOrSelf(y).getIntOrFloatBitWidth() / 8);
  AffineExpr inner = dl::product(ArrayRef(to).drop_front(axis + 1), context) * element; // bytes of one step along the axis
  p.rows = dl::product(ArrayRef(to).take_front(axis), context);
  p.bytes = dl::normalize((p.takes ? to : from)[axis] * inner);
  p.stride = dl::normalize((p.takes ? from : to)[axis] * inner);
  p.offset = dl::normalize((p.takes ? moved(axis) : moved(axis) * -1) * inner);
  return p;
}

void EntrySchedule::collectPieces(dl::MovementOpInterface op, std::vector<Node> &list) {
  Value result = op->getResult(0);
  Node n;
  n.kind = Node::Pieces;
  unsigned whole = storageOf[result] = newStorage(BufferKind::arena, 0, result);
  n.writes.push_back(whole);
  for (const dl::Source &source : op.getSources()) {
    Value operand = op->getOperand(source.operand);
    unsigned s = storageOf.lookup(operand);
    n.reads.push_back(s);
    Piece p = pieceOf(op, source);
    p.to = whole, p.from = s;
    n.pieces.insert(p.whole ? n.pieces.begin() : n.pieces.end(), p); // what holds everywhere else is written first
  }
  list.push_back(std::move(n));
}

LogicalResult EntrySchedule::collectScan(dl::ScanOp scan, std::vector<Node> &list) {
  Node loop;
  loop.kind = Node::Loop;
  loop.grid = scan.getTrip();
  AffineExpr trip = scan.getTripCount();
  auto view = [&](unsigned s, unsigned base) {
    storages[s].kind = BufferKind::view;
    storages[s].at = base;
    bool back = scan.getReverse();
    storages[s].start = back ? (trip - 1) * storages[s].bytes : getAffineConstantExpr(0, entry.getContext());
    storages[s].stride = back ? -storages[s].bytes : storages[s].bytes;
    loop.moving.push_back(s);
  };
  unsigned firstInside = storages.size();
  SmallVector<unsigned> carried;
  for (auto [init, argument, result] : llvm::zip(scan.getInit(), scan.getCarriedArguments(), scan.getFinals())) {
    unsigned s = newStorage(BufferKind::arena, 0, argument);
    storages[s].pinned = true;
    list.push_back(copyNode(s, storageOf.lookup(init)));
    storageOf[argument] = storageOf[result] = s;
    carried.push_back(s);
  }
  for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getInputArguments())) {
    unsigned base = storageOf.lookup(input), s = newStorage(BufferKind::arena, 0, argument);
    view(s, base);
    storageOf[argument] = s;
    loop.reads.push_back(base);
  }
  for (auto [capture, argument] : llvm::zip(scan.getCaptures(), scan.getCaptureArguments())) {
    storageOf[argument] = storageOf.lookup(capture);
    loop.reads.push_back(storageOf.lookup(capture));
  }
  for (Value stack : scan.getStacks())
    storageOf[stack] = newStorage(BufferKind::arena, 0, stack);
  unsigned firstBody = storages.size();
  if (failed(collect(scan.getBody().front(), loop.body)))
    return failure();
  // What the body yields is made where the next step or the stack wants it, or copied there.
  llvm::SmallDenseSet<unsigned> taken;
  auto take = [&](Value v) {
    unsigned s = storageOf.lookup(v);
    return s >= firstBody && storages[s].kind == BufferKind::arena && !storages[s].pinned && taken.insert(s).second;
  };
  auto yielded = scan.getBody().front().getTerminator()->getOperands();
  for (auto [i, a] : llvm::enumerate(carried)) {
    unsigned from = storageOf.lookup(yielded[i]), b = from;
    if (!take(yielded[i])) {
      b = newStorage(BufferKind::arena, 0, a);
      loop.body.push_back(copyNode(b, from));
    }
    storages[b].pinned = true;
    loop.swaps.push_back({a, b});
    loop.writes.append({a, b});
  }
  for (auto [stack, v] : llvm::zip(scan.getStacks(), yielded.drop_front(carried.size()))) {
    unsigned from = storageOf.lookup(v), base = storageOf.lookup(stack), s = from;
    if (!take(v)) {
      s = newStorage(BufferKind::arena, 0, from);
      loop.body.push_back(copyNode(s, from));
    }
    view(s, base);
    loop.writes.push_back(base);
  }
  hoist(loop, list, firstInside, firstBody);
  Writers inside;
  connect(loop.body, inside);
  stageAll(loop.body);
  list.push_back(std::move(loop));
  return success();
}

void EntrySchedule::hoist(Node &loop, std::vector<Node> &list, unsigned firstInside, unsigned firstBody) {
  llvm::BitVector varies(storages.size());
  for (unsigned s = firstInside; s < storages.size(); ++s)
    varies.set(s); // carried values, views, and what the body makes, until a hoisted launch makes it
  Writers writers;
  for (auto [i, n] : llvm::enumerate(loop.body))
    for (unsigned s : n.writes)
      writers[s].push_back(i);
  std::vector<Node> rest;
  for (Node &n : loop.body) {
    bool same = n.kind == Node::Launch && llvm::none_of(n.reads, [&](unsigned s) { return varies.test(s); }) &&
                llvm::all_of(n.writes, [&](unsigned s) {
                  return s >= firstBody && writers[s].size() == 1 && storages[s].kind == BufferKind::arena && !storages[s].pinned;
                });
    if (!same) {
      rest.push_back(std::move(n));
      continue;
    }
    for (unsigned s : n.writes) {
      varies.reset(s);
      loop.reads.push_back(s);
    }
    list.push_back(std::move(n));
  }
  loop.body = std::move(rest);
}

} // namespace dlc
