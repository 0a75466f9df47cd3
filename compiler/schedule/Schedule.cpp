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

class EntrySchedule {
public:
  EntrySchedule(func::FuncOp entry, const Bounds &bounds, const llvm::StringMap<unsigned> &params) : entry(entry), bounds(bounds), params(params) {}

  LogicalResult run(ModuleOp module) {
    bindArguments();
    if (failed(collect(entry.getBody().front(), nodes)))
      return failure();
    connect(nodes, writersOf);
    bindResults();
    splitPrepare();
    stageAll(nodes);
    int time = 0;
    setTimes(nodes, time);
    joinSwapped();
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
  std::map<unsigned, SmallVector<unsigned, 2>> writersOf; // nodes by the storage they write
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

  using Writers = std::map<unsigned, SmallVector<unsigned, 2>>;
  /// Dependences by storage: writers before readers, and writers in their order.
  static void connect(std::vector<Node> &list, Writers &writers) {
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

  LogicalResult collect(Block &block, std::vector<Node> &list) {
    for (Operation &op : block.without_terminator()) {
      if (auto move = dyn_cast<dl::MovementOpInterface>(op); move && move.isView()) {
        storageOf[op.getResult(0)] = storageOf.lookup(op.getOperand(0));
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
  LogicalResult collectCall(func::CallOp call, std::vector<Node> &list) {
    auto kernel = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee());
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
      for (int64_t i : launch.getWrites())
        n.writes.push_back(number[i]);
      list.push_back(std::move(n));
    }
    return success();
  }
  Node copyNode(unsigned to, unsigned from) {
    Node n;
    n.kind = Node::Copy;
    n.grid = extent(storages[from].bytes);
    n.reads = {from};
    n.writes = {to};
    return n;
  }
  /// Carried values have two storages, exchanged after each step; steps of inputs and stacks are views that move.
  LogicalResult collectScan(dl::ScanOp scan, std::vector<Node> &list) {
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
      unsigned s = newStorage(BufferKind::arena, 0, bytesOf(init.getType()));
      storages[s].pinned = true;
      list.push_back(copyNode(s, storageOf.lookup(init)));
      storageOf[argument] = storageOf[result] = s;
      carried.push_back(s);
    }
    for (auto [input, argument] : llvm::zip(scan.getInputs(), scan.getInputArguments())) {
      unsigned base = storageOf.lookup(input), s = newStorage(BufferKind::arena, 0, bytesOf(argument.getType()));
      view(s, base);
      storageOf[argument] = s;
      loop.reads.push_back(base);
    }
    for (auto [capture, argument] : llvm::zip(scan.getCaptures(), scan.getCaptureArguments())) {
      storageOf[argument] = storageOf.lookup(capture);
      loop.reads.push_back(storageOf.lookup(capture));
    }
    for (Value stack : scan.getStacks())
      storageOf[stack] = newStorage(BufferKind::arena, 0, bytesOf(stack.getType()));
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
        b = newStorage(BufferKind::arena, 0, storages[a].bytes);
        loop.body.push_back(copyNode(b, from));
      }
      storages[b].pinned = true;
      loop.swaps.push_back({a, b});
      loop.writes.append({a, b});
    }
    for (auto [stack, v] : llvm::zip(scan.getStacks(), yielded.drop_front(carried.size()))) {
      unsigned from = storageOf.lookup(v), base = storageOf.lookup(stack), s = from;
      if (!take(v)) {
        s = newStorage(BufferKind::arena, 0, storages[from].bytes);
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
  /// Launches that do the same in every step (packing a captured weight) run once, before the loop.
  void hoist(Node &loop, std::vector<Node> &list, unsigned firstInside, unsigned firstBody) {
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

  void addCopy(unsigned to, unsigned from) {
    Node n = copyNode(to, from);
    for (unsigned w : writersOf[from])
      n.before.push_back(w);
    if (storages[to].kind == BufferKind::param) // readers of what it overwrites
      llvm::append_range(n.before, readersOf[storages[to].at]);
    writersOf[to].push_back(nodes.size());
    nodes.push_back(std::move(n));
    follow(nodes.size() - 1);
  }

  std::vector<SmallVector<unsigned, 4>> next;                  // nodes that wait for a node
  std::map<unsigned, unsigned> spans;                          // first to last, apart: crossed by an edge to a smaller number
  llvm::DenseMap<int64_t, SmallVector<unsigned, 4>> readersOf; // nodes by the parameter they read
  void noteEdge(unsigned from, unsigned to) {
    next[from].push_back(to);
    if (from < to)
      return;
    for (auto it = spans.upper_bound(from); it != spans.begin() && std::prev(it)->second >= to; it = spans.erase(it))
      --it, to = std::min(to, it->first), from = std::max(from, it->second);
    spans[to] = from;
  }
  /// Notes what node `i` waits for and which parameters it reads.
  void follow(unsigned i) {
    next.resize(nodes.size());
    for (unsigned b : nodes[i].before)
      noteEdge(b, i);
    for (unsigned s : nodes[i].reads)
      if (storages[s].kind == BufferKind::param)
        if (auto &readers = readersOf[storages[s].at]; readers.empty() || readers.back() != i)
          readers.push_back(i);
  }
  /// Nodes that run after `from`: all those numbered up to `last`. From behind the span that holds it no edge leads back.
  llvm::DenseSet<unsigned> after(unsigned from, unsigned last) {
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

  /// The result lies in the parameter itself, if no reader of the old value is left for later.
  bool donate(unsigned storage, unsigned param) {
    if (storages[storage].kind != BufferKind::arena || storages[storage].pinned || writersOf[storage].size() != 1 ||
        nodes[writersOf[storage].front()].kind != Node::Launch)
      return false;
    unsigned writer = writersOf[storage].front();
    ArrayRef<unsigned> readers = readersOf[param];
    unsigned last = 0; // of the other readers
    for (unsigned r : readers)
      if (r != writer)
        last = std::max(last, r);
    llvm::DenseSet<unsigned> later = after(writer, last);
    for (unsigned r : readers) {
      if (later.contains(r))
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
      if (r != writer) {
        nodes[writer].before.push_back(r);
        noteEdge(r, writer);
      }
    storages[storage].kind = BufferKind::param;
    storages[storage].at = param;
    return true;
  }

  /// Outputs first, then states: a copy that reads a parameter's old value is a reader that its new value waits for.
  void bindResults() {
    for (unsigned i = 0; i < nodes.size(); ++i)
      follow(i);
    unsigned outputs = 0;
    SmallVector<std::pair<unsigned, unsigned>> states; // parameter, storage
    for (auto [i, v] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
      unsigned storage = storageOf.lookup(v);
      if (auto state = entry.getResultAttrOfType<StringAttr>(i, "dl.state")) {
        unsigned param = paramNumber(state.getValue());
        writesParams = true;
        bool old = storages[storage].kind == BufferKind::param;
        if (old && storages[storage].at == (int64_t)param)
          continue; // unchanged
        if (old) { // another parameter's old value, which may be overwritten too
          unsigned kept = newStorage(BufferKind::arena, 0, storages[storage].bytes);
          addCopy(kept, storage);
          storage = kept;
        }
        states.push_back({param, storage});
      } else if (storages[storage].kind == BufferKind::arena && !storages[storage].pinned) {
        storages[storage].kind = BufferKind::output;
        storages[storage].at = outputs++;
      } else {
        addCopy(newStorage(BufferKind::output, outputs++, bytesOf(v.getType())), storage);
      }
    }
    SmallVector<std::pair<unsigned, unsigned>> copies;
    for (auto [param, storage] : states)
      if (!donate(storage, param))
        copies.push_back({newStorage(BufferKind::param, param, storages[storage].bytes), storage});
    for (auto [to, from] : copies)
      addCopy(to, from);
  }

  /// The kernel's code or grid asks for a symbol, which prepare does not know.
  bool usesSymbols(const Node &n) {
    bool found = false;
    auto look = [&](dl::DimsAttr dims) { found |= llvm::any_of(dims.getExtents(), [](AffineExpr e) { return !isa<AffineConstantExpr>(e); }); };
    look(n.grid);
    auto kernel = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(func::CallOp(n.call).getCallee());
    kernel.getBody().walk([&](Operation *op) {
      op->getAttrDictionary().walk(look);
      for (Type t : op->getResultTypes())
        t.walk(look);
    });
    return found;
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
  void use(unsigned s, int first, int last) {
    storages[s].first = std::min(storages[s].first, first);
    storages[s].last = std::max(storages[s].last, last);
    if (storages[s].kind == BufferKind::view)
      use(storages[s].at, first, last);
  }
  /// Stages take a time each; a loop takes those of its body, and what it touches lives through all of them.
  void setTimes(std::vector<Node> &list, int &time) {
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
  /// Either memory may hold the value after the loop.
  void joinSwapped() {
    for (auto [a, b] : swapped) {
      storages[a].first = storages[b].first = std::min(storages[a].first, storages[b].first);
      storages[a].last = storages[b].last = std::max(storages[a].last, storages[b].last);
    }
  }
  SmallVector<std::pair<unsigned, unsigned>> swapped;

  dl::DimsAttr extent(AffineExpr e) { return dl::DimsAttr::get(entry.getContext(), e); }
  Value buffer(OpBuilder &top, unsigned s) {
    Storage &storage = storages[s];
    if (!storage.made && storage.kind == BufferKind::view) {
      Value base = buffer(top, storage.at);
      storage.made = dlx::ViewOp::create(top, entry.getLoc(), dlx::BufferType::get(entry.getContext()), base, extent(storage.start),
                                         extent(storage.stride), extent(storage.bytes), storage.bound);
    }
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
      SmallVector<Node *> copies, loops;
      for (; i < order.size() && order[i]->stage == stage; ++i) {
        Node &n = *order[i];
        if (n.kind != Node::Launch) {
          (n.kind == Node::Copy ? copies : loops).push_back(&n);
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
