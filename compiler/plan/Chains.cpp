// Kernels whose values between them are too large for a core's caches run as one, strip by strip of rows: attention's scores, forward
// and backward, are never in memory. Recipes don't depend on rows, so no bit changes.
#include "compiler/codegen/cpu/Chain.h"
#include "compiler/codegen/cpu/Contraction.h"
#include "compiler/plan/Passes.h"
#include "dialects/dl/Bounds.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_CHAINS
#include "compiler/plan/Passes.h.inc"

namespace {
using codegen::cpu::RowOrder;
/// What a strip reads again and again has at most so many bytes. Strips have one of these numbers of rows, which tiles of many heights
/// divide.
constexpr int64_t mostReread = 1 << 22, stripRows[] = {96, 48, 24, 12};

struct Former {
  ModuleOp module;
  codegen::Target target;
  int64_t least; ///< bytes of a value that is worth a chain; half of it are a strip's own values, in the second-level cache
  SymbolTable names{module};
  dl::SymbolRanges ranges = dl::getSymbolRanges(module);
  llvm::StringMap<func::FuncOp> known = {};                                 ///< chains by what they call and how
  std::map<Operation *, std::optional<RowOrder>> orders = {};               ///< of kernels, by themselves
  std::map<std::pair<Operation *, unsigned>, bool> ownRows = {};            ///< of kernels and their arguments
  std::map<Operation *, SmallVector<std::pair<RowOrder, bool>>> likes = {}; ///< whether kernels have these

  func::FuncOp kernelOf(func::CallOp call) { return names.lookup<func::FuncOp>(call.getCallee()); }
  std::optional<RowOrder> orderOf(func::FuncOp kernel) {
    auto [at, fresh] = orders.try_emplace(kernel);
    return fresh ? at->second = codegen::cpu::rowOrder(kernel) : at->second;
  }
  bool hasOrder(func::FuncOp kernel, const RowOrder &order) {
    auto &asked = likes[kernel];
    auto *at = llvm::find_if(asked, [&](auto &a) { return a.first == order; });
    return at != asked.end() ? at->second : asked.emplace_back(order, codegen::cpu::rowOrder(kernel, &order) == order).second;
  }
  bool readsOwnRow(func::FuncOp kernel, unsigned argument) {
    auto [at, fresh] = ownRows.try_emplace({kernel, argument});
    return fresh ? at->second = codegen::cpu::readsOwnRow(kernel, argument) : at->second;
  }
  bool isLarge(Value v) { return dl::getUpperBytes(v.getType(), ranges) >= least; }

  struct Members {
    RowOrder order;
    llvm::SmallSetVector<Operation *, 4> calls;
    bool has(Value v) const { return v.getDefiningOp() && calls.contains(v.getDefiningOp()); }
  };
  /// `call` has the rows of the members, and its row reads no other row of theirs.
  bool fits(const Members &m, func::CallOp call) {
    func::FuncOp kernel = kernelOf(call);
    if (!hasOrder(kernel, m.order))
      return false;
    for (auto [i, v] : llvm::enumerate(call.getOperands()))
      if (m.has(v) && !readsOwnRow(kernel, i))
        return false;
    return true;
  }
  bool readOf(const Members &m, func::CallOp producer) {
    for (Operation *member : m.calls)
      for (OpOperand &operand : member->getOpOperands())
        if (operand.get().getDefiningOp() == producer && !readsOwnRow(kernelOf(cast<func::CallOp>(member)), operand.getOperandNumber()))
          return false;
    return true;
  }
  void grow(Members &m) {
    for (size_t i = 0; i < m.calls.size(); ++i) {
      SmallVector<func::CallOp> near;
      for (Value v : m.calls[i]->getResults())
        if (isLarge(v))
          for (Operation *user : v.getUsers())
            near.push_back(dyn_cast<func::CallOp>(user));
      for (Value v : m.calls[i]->getOperands())
        if (v.getDefiningOp() && isLarge(v))
          near.push_back(dyn_cast<func::CallOp>(v.getDefiningOp()));
      for (func::CallOp call : near)
        if (call && call->getBlock() == m.calls[0]->getBlock() && !m.calls.contains(call) && fits(m, call) && readOf(m, call))
          m.calls.insert(call);
    }
    llvm::SmallVector<Operation *> order(m.calls.getArrayRef());
    llvm::sort(order, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    m.calls.clear();
    m.calls.insert_range(order);
  }
  /// Values that no one else reads.
  SmallVector<Value> inside(const Members &m) {
    SmallVector<Value> values;
    for (Operation *call : m.calls)
      for (Value v : call->getResults())
        if (llvm::all_of(v.getUsers(), [&](Operation *user) { return m.calls.contains(user); }))
          values.push_back(v);
    return values;
  }
  /// Bytes of second operands that every strip of an outer index reads.
  int64_t reread(const Members &m) {
    int64_t bytes = 0;
    for (Operation *call : m.calls) {
      std::string reason;
      auto c = codegen::analyseContraction(kernelOf(cast<func::CallOp>(call)), reason);
      if (!c)
        continue;
      int64_t own = codegen::storageBytes(c->compute) * dl::getUpperBound(c->loops[c->vector].extent, ranges);
      for (unsigned i : c->reduced)
        own *= dl::getUpperBound(c->loops[i].extent, ranges);
      bytes += own;
    }
    return bytes;
  }
  /// What stands between the members and needs one of them, or nothing where a member needs such in turn.
  std::optional<SmallVector<Operation *>> later(const Members &m) {
    llvm::SmallSetVector<Operation *, 8> found;
    for (Operation *op = m.calls.front(); op != m.calls.back(); op = op->getNextNode()) {
      bool member = m.calls.contains(op);
      bool needs = llvm::any_of(op->getOperands(), [&](Value v) {
        return v.getDefiningOp() && (found.contains(v.getDefiningOp()) || (!member && m.calls.contains(v.getDefiningOp())));
      });
      if (needs && member)
        return std::nullopt;
      if (needs)
        found.insert(op);
    }
    if (llvm::any_of(m.calls.back()->getOperands(), [&](Value v) { return v.getDefiningOp() && found.contains(v.getDefiningOp()); }))
      return std::nullopt;
    return found.takeVector();
  }
  int64_t rowsOf(const Members &m, ArrayRef<Value> values) {
    double bytes = 0, rows = double(dl::getUpperBound(m.order.outer, ranges)) * dl::getUpperBound(m.order.inner, ranges);
    for (Value v : values)
      bytes += double(dl::getUpperBytes(v.getType(), ranges));
    for (int64_t n : stripRows)
      if (n * bytes / rows <= double(least) / 2)
        return n;
    return stripRows[std::size(stripRows) - 1];
  }

  /// A function that calls the members' kernels, planned for strips.
  func::FuncOp build(const Members &m, ArrayRef<Value> hidden, int64_t rows, ArrayRef<Value> reads, ArrayRef<Value> writes) {
    std::string key = std::to_string(rows);
    llvm::raw_string_ostream text(key);
    for (Operation *op : m.calls) {
      text << ' ' << cast<func::CallOp>(op).getCallee();
      for (Value v : op->getOperands()) {
        auto *read = llvm::find(reads, v);
        if (read != reads.end())
          text << " a" << read - reads.begin();
        else
          text << " r" << llvm::find(m.calls, v.getDefiningOp()) - m.calls.begin() << '.' << cast<OpResult>(v).getResultNumber();
      }
      for (Value v : op->getResults())
        text << (llvm::is_contained(hidden, v) ? " -" : " w");
    }
    if (func::FuncOp same = known.lookup(key))
      return same;
    OpBuilder b(module.getContext());
    auto types = [](ArrayRef<Value> values) { return llvm::map_to_vector(values, [](Value v) { return v.getType(); }); };
    auto fn = func::FuncOp::create(m.calls[0]->getLoc(), "chain0", b.getFunctionType(types(reads), types(writes)));
    fn.setPrivate();
    fn->setAttr("dlx.kernel", b.getUnitAttr());
    names.insert(fn);
    b.setInsertionPointToEnd(fn.addEntryBlock());
    IRMapping map;
    map.map(reads, fn.getArguments());
    for (auto [i, op] : llvm::enumerate(m.calls)) {
      auto part = cast<func::FuncOp>(kernelOf(cast<func::CallOp>(op))->clone());
      part->removeAttr("dlx.kernel");
      part.setName((fn.getSymName() + "_" + Twine(i)).str());
      names.insert(part);
      codegen::PlanOptions options{.target = target};
      options.stripRows = rows;
      (void)codegen::planKernel(part, options); // as it was, but by strips
      auto call =
          func::CallOp::create(b, op->getLoc(), part, llvm::map_to_vector(op->getOperands(), [&](Value v) { return map.lookup(v); }));
      map.map(op->getResults(), call.getResults());
    }
    func::ReturnOp::create(b, fn.getLoc(), llvm::map_to_vector(writes, [&](Value v) { return map.lookup(v); }));
    fn->setAttr("dlx.plan", codegen::cpu::planChain(fn, rows));
    return known[key] = fn;
  }
  /// For explain: what lies between groups of the chain goes through scratch.
  void note(const Members &m, ArrayRef<Value> hidden) {
    auto entry = m.calls[0]->getParentOfType<func::FuncOp>();
    auto verdicts = entry->getAttrOfType<ArrayAttr>("dlx.verdicts");
    if (!verdicts)
      return;
    llvm::DenseMap<int64_t, Operation *> calls;
    for (Operation *call : m.calls)
      if (auto group = call->getAttrOfType<IntegerAttr>("dlx.group"))
        calls[group.getInt()] = call;
    SmallVector<Attribute> changed(verdicts.getValue());
    for (Attribute &attribute : changed) {
      auto v = cast<dlx::VerdictAttr>(attribute);
      Operation *from = calls.lookup(v.getFrom()), *to = calls.lookup(v.getTo());
      bool hides = from && to && from != to && llvm::all_of(from->getResults(), [&](Value x) {
                     return !llvm::is_contained(x.getUsers(), to) || llvm::is_contained(hidden, x);
                   });
      if (hides)
        attribute = dlx::VerdictAttr::get(v.getContext(), v.getProducer(), v.getConsumer(), true,
                                          "chain: a strip of rows at a time, in scratch", v.getBytes(), v.getFrom(), v.getTo());
    }
    entry->setAttr("dlx.verdicts", ArrayAttr::get(entry.getContext(), changed));
  }
  void replace(const Members &m) {
    auto hidden = inside(m);
    int64_t bytes = 0;
    for (Value v : hidden)
      bytes += dl::getUpperBytes(v.getType(), ranges);
    if (m.calls.size() < 2 || bytes < 2 * least || reread(m) > mostReread)
      return;
    auto after = later(m);
    if (!after)
      return;
    llvm::SmallSetVector<Value, 8> reads;
    SmallVector<Value> writes;
    for (Operation *call : m.calls) {
      for (Value v : call->getOperands())
        if (!m.has(v))
          reads.insert(v);
      for (Value v : call->getResults())
        if (!llvm::is_contained(hidden, v))
          writes.push_back(v);
    }
    note(m, hidden);
    func::FuncOp fn = build(m, hidden, rowsOf(m, hidden), reads.getArrayRef(), writes);
    OpBuilder b(m.calls.back());
    auto call = func::CallOp::create(b, m.calls[0]->getLoc(), fn, reads.getArrayRef());
    llvm::SmallSetVector<Attribute, 8> layers; // for explain, where kernels were formed by --dl-kernels-form
    for (Operation *part : m.calls)
      if (auto of = part->getAttrOfType<ArrayAttr>("dlx.layers"))
        layers.insert_range(of);
    call->setAttr("dlx.layers", b.getArrayAttr(layers.getArrayRef()));
    if (Attribute place = m.calls[0]->getAttr("dlx.place"))
      call->setAttr("dlx.place", place);
    for (auto [v, by] : llvm::zip(writes, call.getResults()))
      v.replaceAllUsesWith(by);
    for (Operation *op : llvm::reverse(*after))
      op->moveAfter(call);
    for (Operation *op : llvm::reverse(m.calls))
      op->erase();
  }
  void form(Block &block) {
    SmallVector<func::CallOp> starts(block.getOps<func::CallOp>());
    llvm::DenseSet<Operation *> gone;
    for (func::CallOp start : starts) {
      if (gone.contains(start) || llvm::none_of(start.getResults(), [&](Value v) { return isLarge(v); }))
        continue;
      auto order = orderOf(kernelOf(start));
      if (!order)
        continue;
      Members m{*order, {}};
      m.calls.insert(start);
      grow(m);
      SmallVector<Operation *> calls(m.calls.getArrayRef());
      replace(m);
      gone.insert_range(calls); // or they were tried
    }
  }
};

struct Chains : impl::ChainsBase<Chains> {
  using ChainsBase::ChainsBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Former former{module, codegen::Target::get(target), least};
    SmallVector<func::FuncOp> entries;
    for (auto fn : module.getOps<func::FuncOp>())
      if (!fn->hasAttr("dlx.plan") && !fn.isDeclaration())
        entries.push_back(fn);
    for (func::FuncOp fn : entries)
      fn.walk([&](Block *block) { former.form(*block); });
    if (former.known.empty())
      return;
    llvm::StringSet<> called;
    module.walk([&](func::CallOp call) { called.insert(call.getCallee()); });
    for (auto fn : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (fn->hasAttr("dlx.kernel") && !called.contains(fn.getSymName()))
        fn.erase();
  }
};
} // namespace
} // namespace dlc
