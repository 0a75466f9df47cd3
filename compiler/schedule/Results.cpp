// Where an entry's results lie: a parameter's or state's new value over the old one where every reader of the old one comes before,
// else beside it and copied. What depends on parameters alone goes to prepare.
#include "compiler/schedule/EntrySchedule.h"
#include "llvm/ADT/BitVector.h"

namespace dlc {
/// Every use of argument `arg` is pointwise up to the results and each element is read by the block that writes it, so a
/// result may lie where the argument does.
static bool isElementwise(func::FuncOp kernel, unsigned arg) {
  auto plan = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan");
  bool combines = !kernel.getOps<dl::CombineOpInterface>().empty();
  if (combines && (plan.getEmitter() == dlx::Emitter::rows || plan.getEmitter() == dlx::Emitter::loops))
    return false;
  SmallVector<Value> work{kernel.getArgument(arg)};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!work.empty())
    for (Operation *user : work.pop_back_val().getUsers()) {
      if (isa<func::ReturnOp>(user) || !seen.insert(user).second)
        continue;
      if (!isa<dl::PointwiseOpInterface>(user))
        return false;
      work.append(user->result_begin(), user->result_end());
    }
  return true;
}

void EntrySchedule::noteEdge(unsigned from, unsigned to) {
  next[from].push_back(to);
  if (from < to)
    return;
  for (auto it = spans.upper_bound(from); it != spans.begin() && std::prev(it)->second >= to; it = spans.erase(it))
    --it, to = std::min(to, it->first), from = std::max(from, it->second);
  spans[to] = from;
}

void EntrySchedule::follow(unsigned i) {
  next.resize(nodes.size());
  for (unsigned b : nodes[i].before)
    noteEdge(b, i);
  for (unsigned s : nodes[i].reads)
    if (hasHome(s))
      if (auto &readers = readersOf[homeOf(s)]; readers.empty() || readers.back() != i)
        readers.push_back(i);
}

llvm::DenseSet<unsigned> EntrySchedule::after(unsigned from, unsigned last) {
  if (auto it = spans.upper_bound(last); it != spans.begin())
    last = std::max(last, std::prev(it)->second);
  llvm::DenseSet<unsigned> seen;
  SmallVector<unsigned> work{from};
  while (!work.empty())
    for (unsigned n : next[work.pop_back_val()])
      if (n <= last && seen.insert(n).second)
        work.push_back(n);
  return seen;
}

void EntrySchedule::addCopy(unsigned to, unsigned from) {
  Node n = copyNode(to, from);
  for (unsigned w : writersOf[from])
    n.before.push_back(w);
  if (hasHome(to)) // readers of what it overwrites
    llvm::append_range(n.before, readersOf[homeOf(to)]);
  writersOf[to].push_back(nodes.size());
  nodes.push_back(std::move(n));
  follow(nodes.size() - 1);
}

bool EntrySchedule::donate(unsigned storage, Home home) {
  if (storages[storage].kind != BufferKind::arena || storages[storage].pinned || writersOf[storage].size() != 1)
    return false;
  unsigned writer = writersOf[storage].front();
  Node &made = nodes[writer];
  // Pieces: all of the old value may be one of them, which then lies there already.
  auto stays = [&](const Piece &p) { return p.whole && homeOf(p.from) == home; };
  if (made.kind == Node::Pieces ? llvm::any_of(made.pieces, [&](const Piece &p) { return homeOf(p.from) == home && !stays(p); })
                                : made.kind != Node::Launch)
    return false;
  ArrayRef<unsigned> readers = readersOf[home];
  unsigned last = 0; // of the other readers
  for (unsigned r : readers)
    if (r != writer)
      last = std::max(last, r);
  llvm::DenseSet<unsigned> later = after(writer, last);
  for (unsigned r : readers) {
    if (later.contains(r))
      return false;
    if (r != writer || made.kind == Node::Pieces)
      continue;
    // In its own launch: element by element only.
    auto kernel = kernels.lookup(nodes[r].call.getCallee());
    for (auto [i, v] : llvm::enumerate(nodes[r].call.getOperands()))
      if (homeOf(storageOf.lookup(v)) == home && !isElementwise(kernel, i))
        return false;
  }
  for (unsigned r : readers)
    if (r != writer) {
      nodes[writer].before.push_back(r);
      noteEdge(r, writer);
    }
  if (made.kind == Node::Pieces) {
    llvm::erase_if(made.reads, [&](unsigned s) { return homeOf(s) == home; });
    llvm::erase_if(made.pieces, stays);
  }
  std::tie(storages[storage].kind, storages[storage].at) = home;
  return true;
}

void EntrySchedule::bindResults() {
  for (unsigned i = 0; i < nodes.size(); ++i)
    follow(i);
  unsigned outputs = 0;
  SmallVector<std::pair<Home, unsigned>> fresh; // and the storages of the new values
  for (auto [i, v] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
    unsigned storage = storageOf.lookup(v);
    if (auto state = entry.getResultAttrOfType<StringAttr>(i, "dl.state")) {
      Home home = homes.lookup(state.getValue());
      if (homeOf(storage) == home)
        continue; // unchanged
      if (home.first == BufferKind::param)
        writes.push_back(home.second);
      if (hasHome(storage)) { // another's old value, which may be overwritten too
        unsigned kept = newStorage(BufferKind::arena, 0, storage);
        addCopy(kept, storage);
        storage = kept;
      }
      fresh.push_back({home, storage});
    } else if (storages[storage].kind == BufferKind::arena && !storages[storage].pinned) {
      storages[storage].kind = BufferKind::output;
      storages[storage].at = outputs++;
    } else {
      addCopy(newStorage(BufferKind::output, outputs++, v), storage);
    }
  }
  SmallVector<std::pair<unsigned, unsigned>> copies;
  for (auto [home, storage] : fresh)
    if (!donate(storage, home))
      copies.push_back({newStorage(home.first, home.second, storage), storage});
  for (auto [to, from] : copies)
    addCopy(to, from);
}

bool EntrySchedule::usesSymbols(const Node &n) {
  bool found = false;
  auto look = [&](dl::DimsAttr dims) {
    found |= llvm::any_of(dims.getExtents(), [](AffineExpr e) { return !isa<AffineConstantExpr>(e); });
  };
  look(n.grid);
  auto kernel = kernels.lookup(func::CallOp(n.call).getCallee());
  if (kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan").getEmitter() == dlx::Emitter::chain)
    return true; // its parts may ask for any
  // Packing evaluates what needs no more arguments than it reads; other launches may loop over anything.
  llvm::SmallPtrSet<Value, 8> others;
  auto first = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan").getLaunches()[0];
  for (BlockArgument a : kernel.getArguments())
    if (n.function == (kernel.getSymName() + "pack").str() && !llvm::is_contained(first.getReads(), a.getArgNumber()))
      others.insert(a);
  for (Operation &top : kernel.getBody().front()) {
    if (llvm::any_of(top.getOperands(), [&](Value v) { return others.contains(v); })) {
      others.insert_range(top.getResults());
      continue;
    }
    top.walk([&](Operation *op) {
      op->getAttrDictionary().walk(look);
      for (Type t : op->getResultTypes())
        t.walk(look);
    });
  }
  return found;
}

void EntrySchedule::splitPrepare() {
  llvm::BitVector constant(storages.size());
  for (auto [i, s] : llvm::enumerate(storages))
    constant[i] = s.kind == BufferKind::param && !llvm::is_contained(writes, s.at);
  std::vector<int> moved(nodes.size(), -1);
  for (auto [i, n] : llvm::enumerate(nodes)) { // block order is an order of dependence
    bool ok = n.kind == Node::Launch && llvm::all_of(n.reads, [&](unsigned s) { return constant[s]; }) &&
              llvm::all_of(n.writes, [&](unsigned s) { return storages[s].kind == BufferKind::arena && writersOf[s].size() == 1; }) &&
              !usesSymbols(n);
    if (!ok)
      continue;
    moved[i] = 0;
    for (unsigned s : n.writes)
      constant.set(s);
  }
  std::vector<Node> rest;
  std::vector<unsigned> number(nodes.size());
  for (auto [i, n] : llvm::enumerate(nodes)) {
    auto &list = moved[i] < 0 ? rest : prepare;
    number[i] = list.size();
    list.push_back(n);
  }
  auto renumber = [&](std::vector<Node> &list, bool prepared) {
    for (Node &n : list) {
      SmallVector<unsigned> before;
      for (unsigned b : n.before)
        if ((moved[b] >= 0) == prepared)
          before.push_back(number[b]);
      n.before = before;
    }
  };
  renumber(rest, false);
  renumber(prepare, true);
  nodes = std::move(rest);
  // What the entry reads outlives prepare; the rest is prepare's own arena.
  int64_t offset = 0;
  llvm::BitVector read(storages.size());
  for (Node &n : nodes)
    for (unsigned s : n.reads)
      read.set(s);
  for (Node &n : prepare)
    for (unsigned s : n.writes)
      if (read.test(s)) {
        storages[s].kind = BufferKind::prepared;
        storages[s].at = offset;
        offset = llvm::alignTo(offset + storages[s].bound, 64);
      }
  preparedBytes = offset;
}

} // namespace dlc
