// Stages, times and the dlx program. A launch runs as soon as what it reads has been written, or as late as its readers allow.
#include "compiler/schedule/EntrySchedule.h"
#include "runtime/dlx.h"

namespace dlc {
void EntrySchedule::stageAll(std::vector<Node> &list) {
  std::vector<SmallVector<unsigned, 4>> next(list.size());
  std::vector<unsigned> waiting(list.size());
  for (auto [i, n] : llvm::enumerate(list)) {
    llvm::sort(n.before);
    n.before.erase(llvm::unique(n.before), n.before.end());
    waiting[i] = n.before.size();
    for (unsigned b : n.before)
      next[b].push_back(i);
  }
  SmallVector<unsigned> ready;
  for (auto [i, w] : llvm::enumerate(waiting))
    if (!w)
      ready.push_back(i);
  while (!ready.empty()) {
    unsigned n = ready.pop_back_val();
    for (unsigned m : next[n]) {
      list[m].stage = std::max(list[m].stage, list[n].stage + 1);
      if (!--waiting[m])
        ready.push_back(m);
    }
  }
}

void EntrySchedule::delay(std::vector<Node> &list) {
  std::vector<int> lastUse(storages.size(), -1), latest(list.size(), INT_MAX);
  std::vector<unsigned> order(list.size());
  for (auto [i, n] : llvm::enumerate(list)) {
    order[i] = i;
    for (auto *used : {&n.reads, &n.writes})
      for (unsigned s : *used)
        lastUse[s] = std::max(lastUse[s], n.stage);
  }
  llvm::sort(order, [&](unsigned x, unsigned y) { return std::pair(-list[x].stage, x) < std::pair(-list[y].stage, y); });
  for (unsigned i : order) { // readers come first
    Node &n = list[i];
    auto bytes = [&](ArrayRef<unsigned> used, auto counts) {
      uint64_t sum = 0;
      for (unsigned s : used)
        if (storages[s].kind == BufferKind::arena && counts(s))
          sum = llvm::SaturatingAdd<uint64_t>(sum, storages[s].bound);
      return sum;
    };
    if (n.kind == Node::Launch && latest[i] != INT_MAX && latest[i] > n.stage &&
        bytes(n.writes, [](unsigned) { return true; }) > bytes(n.reads, [&](unsigned s) { return lastUse[s] < latest[i]; })) {
      n.stage = latest[i];
      for (unsigned s : n.reads)
        lastUse[s] = std::max(lastUse[s], n.stage);
    }
    for (unsigned b : n.before)
      latest[b] = std::min(latest[b], n.stage - 1);
  }
}

void EntrySchedule::use(unsigned s, int first, int last) {
  storages[s].first = std::min(storages[s].first, first);
  storages[s].last = std::max(storages[s].last, last);
  if (storages[s].kind == BufferKind::view)
    use(storages[s].at, first, last);
}

void EntrySchedule::setTimes(std::vector<Node> &list, int &time) {
  int stages = 0;
  for (Node &n : list)
    stages = std::max(stages, n.stage + 1);
  std::vector<SmallVector<Node *, 4>> byStage(stages);
  for (Node &n : list)
    byStage[n.stage].push_back(&n);
  for (auto &stage : byStage) {
    for (Node *n : stage)
      if (n->kind != Node::Loop)
        for (auto *storages : {&n->reads, &n->writes})
          for (unsigned s : *storages)
            use(s, time, time);
    ++time;
    for (Node *n : stage) {
      if (n->kind != Node::Loop)
        continue;
      int start = time;
      setTimes(n->body, time);
      for (auto *storages : {&n->reads, &n->writes})
        for (unsigned s : *storages)
          use(s, start, time);
      ++time;
      for (auto [a, b] : n->swaps)
        swapped.push_back({a, b});
    }
  }
}

void EntrySchedule::joinSwapped() {
  for (auto [a, b] : swapped) {
    storages[a].first = storages[b].first = std::min(storages[a].first, storages[b].first);
    storages[a].last = storages[b].last = std::max(storages[a].last, storages[b].last);
  }
}

Value EntrySchedule::buffer(OpBuilder &top, unsigned s) {
  Storage &storage = storages[s];
  Location place = storage.place.value_or(entry.getLoc());
  if (!storage.made && storage.kind == BufferKind::view) {
    Value base = buffer(top, storage.at);
    storage.made = dlx::ViewOp::create(top, place, dlx::BufferType::get(entry.getContext()), base, extent(storage.start),
                                       extent(storage.stride), extent(storage.bytes), storage.bound);
  }
  if (!storage.made)
    storage.made = dlx::BufferOp::create(top, place, dlx::BufferType::get(entry.getContext()), storage.kind, storage.at,
                                         extent(storage.bytes), storage.bound);
  return storage.made;
}

void EntrySchedule::emit(std::vector<Node> &list, OpBuilder &top, OpBuilder &b) {
  SmallVector<Node *> order;
  for (Node &n : list)
    order.push_back(&n);
  llvm::sort(order, [](Node *x, Node *y) { return std::pair(x->stage, x) < std::pair(y->stage, y); });
  for (size_t i = 0; i < order.size();) {
    int stage = order[i]->stage;
    dlx::StageOp op;
    SmallVector<Node *> copies, pieces, loops;
    for (; i < order.size() && order[i]->stage == stage; ++i) {
      Node &n = *order[i];
      if (n.kind != Node::Launch) {
        (n.kind == Node::Copy ? copies : n.kind == Node::Pieces ? pieces : loops).push_back(&n);
        continue;
      }
      if (!op) {
        op = dlx::StageOp::create(b, entry.getLoc());
        op.getBody().emplaceBlock();
      }
      SmallVector<Value> arguments;
      for (unsigned s : n.reads)
        arguments.push_back(buffer(top, s));
      for (unsigned s : n.writes)
        arguments.push_back(buffer(top, s));
      OpBuilder inner = OpBuilder::atBlockEnd(&op.getBody().front());
      dlx::LaunchOp::create(inner, n.call.getLoc(), n.function, n.grid, arguments);
    }
    for (Node *n : copies)
      dlx::CopyOp::create(b, entry.getLoc(), buffer(top, n->writes[0]), buffer(top, n->reads[0]), n->grid);
    for (Node *n : pieces)
      for (const Piece &p : n->pieces) {
        Value to = buffer(top, p.to), from = buffer(top, p.from);
        if (p.takes)
          dlx::TakeOp::create(b, entry.getLoc(), to, from, extent(p.bytes), extent(p.rows), extent(p.offset), extent(p.stride));
        else
          dlx::PlaceOp::create(b, entry.getLoc(), to, from, extent(p.bytes), extent(p.rows), extent(p.offset), extent(p.stride));
      }
    for (Node *n : loops) {
      SmallVector<Value> moving, first, second;
      for (unsigned s : n->moving)
        moving.push_back(buffer(top, s));
      for (auto [a, b] : n->swaps)
        first.push_back(buffer(top, a)), second.push_back(buffer(top, b));
      auto loop = dlx::LoopOp::create(b, entry.getLoc(), n->grid, moving, first, second);
      OpBuilder inner = OpBuilder::atBlockEnd(&loop.getBody().emplaceBlock());
      emit(n->body, top, inner);
    }
  }
}

dlx::ProgramOp EntrySchedule::program(ModuleOp module, StringRef name, std::vector<Node> &list, int64_t arena) {
  OpBuilder end = OpBuilder::atBlockEnd(module.getBody());
  auto op = dlx::ProgramOp::create(end, entry.getLoc(), name, entry.getSymName(), arena, scratch, preparedBytes, FlatSymbolRefAttr(),
                                   DenseI64ArrayAttr(), false);
  Block &block = op.getBody().emplaceBlock();
  for (Storage &s : storages)
    s.made = {};
  OpBuilder b = OpBuilder::atBlockEnd(&block);
  // Buffers come first: they are built before this marker.
  auto marker = dlx::StageOp::create(b, entry.getLoc());
  marker.getBody().emplaceBlock();
  OpBuilder top(marker);
  emit(list, top, b);
  marker.erase();
  return op;
}

LogicalResult EntrySchedule::build(ModuleOp module) {
  auto fits = [&](int64_t bytes, const char *what) -> LogicalResult {
    if (bytes <= (int64_t)DLX_MAX_BYTES)
      return success();
    return entry.emitError("needs more than ") << DLX_MAX_BYTES << " bytes of " << what << " at the bounds of its symbols";
  };
  std::string name = entry.getSymName().str();
  bool prepared = !prepare.empty();
  int64_t arena = place(storages);
  if (failed(fits(arena, "arena")) || failed(fits(scratch, "scratch")) || failed(fits(preparedBytes, "prepared parameters")))
    return failure();
  auto op = program(module, "program." + name, nodes, arena);
  llvm::sort(writes);
  if (!writes.empty())
    op.setWrites(writes);
  if (!prepared)
    return success();
  for (Storage &s : storages)
    s.first = INT_MAX, s.last = -1;
  stageAll(prepare);
  int time = 0;
  setTimes(prepare, time);
  arena = place(storages);
  if (failed(fits(arena, "arena")))
    return failure();
  auto before = program(module, "program." + name + ".prepare", prepare, arena);
  before.setIsPrepare(true);
  op.setPrepareAttr(FlatSymbolRefAttr::get(before.getSymNameAttr()));
  before->moveBefore(op);
  return success();
}

} // namespace dlc
