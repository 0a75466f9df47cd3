// Calls of kernels in, dlx programs out. A launch runs as soon as what it reads has been written; a parameter's new value
// is written over the old one where every reader of the old one comes before, else beside it and copied.
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Program.h"
#include "llvm/ADT/BitVector.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_SCHEDULE
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc

namespace {
using namespace dlc;
using dlx::BufferKind;

/// Every use of argument `arg` is pointwise up to the results and each element is read by the block that writes it, so a
/// result may lie where the argument does.
bool isElementwise(func::FuncOp kernel, unsigned arg) {
  auto plan = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan");
  bool combines = !kernel.getOps<dl::CombineOpInterface>().empty();
  if (combines && (plan.getEmitter() == dlx::Emitter::rows || plan.getEmitter() == dlx::Emitter::loops))
    return false;
  SmallVector<Value> work{kernel.getArgument(arg)};
  while (!work.empty())
    for (Operation *user : work.pop_back_val().getUsers()) {
      if (isa<func::ReturnOp>(user))
        continue;
      if (!isa<dl::PointwiseOpInterface>(user))
        return false;
      work.append(user->result_begin(), user->result_end());
    }
  return true;
}

class EntrySchedule {
public:
  EntrySchedule(func::FuncOp entry, const Bounds &bounds, const llvm::StringMap<unsigned> &params) : entry(entry), bounds(bounds), params(params) {}

  LogicalResult run(ModuleOp module) {
    bindArguments();
    if (failed(collect(entry.getBody().front(), nodes)))
      return failure();
    for (Node &n : nodes) // dependences by storage: writers before readers
      for (unsigned s : n.reads)
        for (unsigned w : writersOf[s])
          if (&nodes[w] != &n)
            n.before.push_back(w);
    for (auto [i, n] : llvm::enumerate(nodes)) // launches of one call follow each other where they share a storage
      for (unsigned s : n.writes)
        for (unsigned w : writersOf[s])
          if (w < i)
            n.before.push_back(w);
    bindResults();
    splitPrepare();
    stageAll(nodes);
    int time = 0;
    setTimes(nodes, time);
    build(module);
    return success();
  }

private:
  func::FuncOp entry;
  const Bounds &bounds;
  const llvm::StringMap<unsigned> &params;
  std::vector<Storage> storages;
  std::vector<Node> nodes, prepare;
  llvm::DenseMap<Value, unsigned> storageOf;
  std::map<unsigned, SmallVector<unsigned, 2>> writersOf;
  bool writesParams = false;
  int64_t scratch = 0;

  unsigned newStorage(BufferKind kind, int64_t at, AffineExpr bytes) {
    Storage s;
    s.kind = kind, s.at = at, s.bytes = bytes, s.bound = atBounds(bytes, bounds);
    storages.push_back(s);
    return storages.size() - 1;
  }
  unsigned paramNumber(StringRef name) { return params.lookup(name); }

  void bindArguments() {
    unsigned inputs = 0;
    for (BlockArgument a : entry.getArguments()) {
      auto param = entry.getArgAttrOfType<dl::ParamAttr>(a.getArgNumber(), "dl.param");
      storageOf[a] = param ? newStorage(BufferKind::param, paramNumber(param.getName()), bytesOf(a.getType()))
                           : newStorage(BufferKind::input, inputs++, bytesOf(a.getType()));
    }
  }

  LogicalResult collect(Block &block, std::vector<Node> &list) {
    for (Operation &op : block.without_terminator()) {
      if (auto move = dyn_cast<dl::MovementOpInterface>(op); move && move.isView()) {
        storageOf[op.getResult(0)] = storageOf.lookup(op.getOperand(0));
        continue;
      }
      auto call = dyn_cast<func::CallOp>(op);
      if (!call)
        return op.emitOpError("has no place in a schedule: run dl-kernels-form first");
      auto kernel = call->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee());
      auto plan = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan");
      if (!plan)
        return kernel.emitOpError("has no dlx.plan: run dl-plan first");
      scratch = std::max(scratch, plan.getScratch());
      SmallVector<unsigned> number; // the kernel's values
      for (Value v : call.getOperands())
        number.push_back(storageOf.lookup(v));
      for (Value v : call.getResults())
        number.push_back(storageOf[v] = newStorage(BufferKind::arena, 0, bytesOf(v.getType())));
      for (dl::DimsAttr bytes : plan.getTemps())
        number.push_back(newStorage(BufferKind::arena, 0, bytes.getExtents()[0]));
      for (dlx::LaunchAttr launch : plan.getLaunches()) {
        Node n;
        n.function = (kernel.getSymName() + launch.getName()).str();
        n.grid = launch.getGrid();
        n.call = call;
        for (int64_t i : launch.getReads())
          n.reads.push_back(number[i]);
        for (int64_t i : launch.getWrites()) {
          n.writes.push_back(number[i]);
          writersOf[number[i]].push_back(list.size());
        }
        list.push_back(std::move(n));
      }
    }
    return success();
  }

  void addCopy(unsigned to, unsigned from) {
    Node n;
    n.kind = Node::Copy;
    n.grid = dl::DimsAttr::get(entry.getContext(), storages[from].bytes);
    n.reads = {from};
    n.writes = {to};
    for (unsigned w : writersOf[from])
      n.before.push_back(w);
    for (auto [i, other] : llvm::enumerate(nodes)) // readers of what it overwrites
      if (storages[to].kind == BufferKind::param && readsParam(other, storages[to].at))
        n.before.push_back(i);
    writersOf[to].push_back(nodes.size());
    nodes.push_back(std::move(n));
  }
  bool readsParam(const Node &n, int64_t number) {
    return llvm::any_of(n.reads, [&](unsigned s) { return storages[s].kind == BufferKind::param && storages[s].at == number; });
  }

  /// Nodes that run after `from`.
  llvm::BitVector after(unsigned from) {
    std::vector<SmallVector<unsigned, 4>> next(nodes.size());
    for (auto [i, n] : llvm::enumerate(nodes))
      for (unsigned b : n.before)
        next[b].push_back(i);
    llvm::BitVector seen(nodes.size());
    SmallVector<unsigned> work{from};
    while (!work.empty())
      for (unsigned n : next[work.pop_back_val()])
        if (!seen.test(n))
          seen.set(n), work.push_back(n);
    return seen;
  }

  /// The result lies in the parameter itself, if no reader of the old value is left for later.
  bool donate(unsigned storage, unsigned param) {
    if (storages[storage].kind != BufferKind::arena || writersOf[storage].size() != 1)
      return false;
    unsigned writer = writersOf[storage].front();
    llvm::BitVector later = after(writer);
    SmallVector<unsigned> readers;
    for (auto [i, n] : llvm::enumerate(nodes))
      if (readsParam(n, param))
        readers.push_back(i);
    for (unsigned r : readers) {
      if (later.test(r))
        return false;
      if (r != writer)
        continue;
      // In its own launch: element by element only.
      auto kernel = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(nodes[r].call.getCallee());
      for (auto [i, v] : llvm::enumerate(nodes[r].call.getOperands()))
        if (Storage &s = storages[storageOf.lookup(v)]; s.kind == BufferKind::param && s.at == (int64_t)param && !isElementwise(kernel, i))
          return false;
    }
    for (unsigned r : readers)
      if (r != writer)
        nodes[writer].before.push_back(r);
    storages[storage].kind = BufferKind::param;
    storages[storage].at = param;
    return true;
  }

  void bindResults() {
    unsigned outputs = 0;
    SmallVector<std::pair<unsigned, unsigned>> copies;
    for (auto [i, v] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
      unsigned storage = storageOf.lookup(v);
      if (auto state = entry.getResultAttrOfType<StringAttr>(i, "dl.state")) {
        unsigned param = paramNumber(state.getValue());
        writesParams = true;
        if (storages[storage].kind == BufferKind::param && storages[storage].at == (int64_t)param && writersOf[storage].empty())
          continue; // unchanged
        if (!donate(storage, param))
          copies.push_back({newStorage(BufferKind::param, param, bytesOf(v.getType())), storage});
        continue;
      }
      if (storages[storage].kind == BufferKind::arena) {
        storages[storage].kind = BufferKind::output;
        storages[storage].at = outputs++;
      } else {
        copies.push_back({newStorage(BufferKind::output, outputs++, bytesOf(v.getType())), storage});
      }
    }
    for (auto [to, from] : copies)
      addCopy(to, from);
  }

  /// What depends on parameters alone runs once after they change.
  void splitPrepare() {
    if (writesParams)
      return;
    llvm::BitVector constant(storages.size());
    for (auto [i, s] : llvm::enumerate(storages))
      constant[i] = s.kind == BufferKind::param;
    std::vector<int> moved(nodes.size(), -1);
    for (auto [i, n] : llvm::enumerate(nodes)) { // block order is an order of dependence
      bool ok = n.kind == Node::Launch && llvm::all_of(n.reads, [&](unsigned s) { return constant[s]; }) &&
                llvm::all_of(n.writes, [&](unsigned s) { return storages[s].kind == BufferKind::arena && writersOf[s].size() == 1; }) &&
                isa<AffineConstantExpr>(n.grid.getExtents()[0]);
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
  int64_t preparedBytes = 0;

  static void stageAll(std::vector<Node> &list) {
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
  void setTimes(std::vector<Node> &list, int &time) {
    int stages = 0;
    for (Node &n : list)
      stages = std::max(stages, n.stage + 1);
    for (Node &n : list) {
      for (unsigned s : n.reads)
        storages[s].last = std::max(storages[s].last, time + n.stage), storages[s].first = std::min(storages[s].first, time + n.stage);
      for (unsigned s : n.writes)
        storages[s].last = std::max(storages[s].last, time + n.stage), storages[s].first = std::min(storages[s].first, time + n.stage);
    }
    time += stages;
  }

  dl::DimsAttr extent(AffineExpr e) { return dl::DimsAttr::get(entry.getContext(), e); }
  Value buffer(OpBuilder &top, unsigned s) {
    Storage &storage = storages[s];
    if (!storage.made)
      storage.made = dlx::BufferOp::create(top, entry.getLoc(), dlx::BufferType::get(entry.getContext()), storage.kind, storage.at, extent(storage.bytes), storage.bound);
    return storage.made;
  }
  void emit(std::vector<Node> &list, OpBuilder &top, OpBuilder &b) {
    SmallVector<Node *> order;
    for (Node &n : list)
      order.push_back(&n);
    llvm::sort(order, [](Node *x, Node *y) { return std::pair(x->stage, x) < std::pair(y->stage, y); });
    for (size_t i = 0; i < order.size();) {
      int stage = order[i]->stage;
      dlx::StageOp op;
      SmallVector<Node *> copies;
      for (; i < order.size() && order[i]->stage == stage; ++i) {
        Node &n = *order[i];
        if (n.kind == Node::Copy) {
          copies.push_back(&n);
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
    }
  }
  dlx::ProgramOp program(ModuleOp module, StringRef name, std::vector<Node> &list, int64_t arena) {
    OpBuilder end = OpBuilder::atBlockEnd(module.getBody());
    auto op = dlx::ProgramOp::create(end, entry.getLoc(), name, entry.getSymName(), arena, scratch, preparedBytes, FlatSymbolRefAttr(), false, false);
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
  void build(ModuleOp module) {
    std::string name = entry.getSymName().str();
    bool prepared = !prepare.empty();
    int64_t arena = place(storages);
    auto op = program(module, "program." + name, nodes, arena);
    op.setWritesParams(writesParams);
    if (!prepared)
      return;
    for (Storage &s : storages)
      s.first = INT_MAX, s.last = -1;
    stageAll(prepare);
    int time = 0;
    setTimes(prepare, time);
    auto before = program(module, "program." + name + ".prepare", prepare, place(storages));
    before.setIsPrepare(true);
    op.setPrepareAttr(FlatSymbolRefAttr::get(before.getSymNameAttr()));
    before->moveBefore(op);
  }
};

struct Schedule : dlc::impl::ScheduleBase<Schedule> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Bounds bounds;
    for (auto symbol : module.getOps<dl::SymbolOp>())
      bounds[symbol.getSymName()] = symbol.getMax();
    // Parameters are the model's: numbered in the order in which entries name them.
    llvm::StringMap<unsigned> params;
    SmallVector<func::FuncOp> entries;
    for (auto fn : module.getOps<func::FuncOp>())
      if (!fn->hasAttr("dlx.kernel") && !fn.isDeclaration())
        entries.push_back(fn);
    for (auto fn : entries)
      for (unsigned i = 0; i < fn.getNumArguments(); ++i)
        if (auto param = fn.getArgAttrOfType<dl::ParamAttr>(i, "dl.param"))
          params.try_emplace(param.getName(), params.size());
    for (auto fn : entries)
      if (failed(EntrySchedule(fn, bounds, params).run(module)))
        return signalPassFailure();
  }
};
} // namespace
