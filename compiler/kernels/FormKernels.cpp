// Groups of ops to functions: dl entries in, calls of kernels out.
#include "compiler/codegen/Backend.h"
#include "compiler/kernels/Groups.h"
#include "compiler/kernels/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_FORMKERNELS
#include "compiler/kernels/Passes.h.inc"
} // namespace dlc

namespace {
using namespace dlc;

/// Equal for functions that differ in their names and locations alone.
using Structure = std::vector<uintptr_t>;
void add(Region &region, llvm::DenseMap<Value, unsigned> &numbers, Structure &structure) {
  auto word = [&](auto x) { structure.push_back(reinterpret_cast<uintptr_t>(x.getAsOpaquePointer())); };
  auto define = [&](ValueRange values) {
    structure.push_back(values.size());
    for (Value v : values) {
      numbers.try_emplace(v, numbers.size());
      word(v.getType());
    }
  };
  for (Block &block : region) {
    define(block.getArguments());
    for (Operation &op : block) {
      word(op.getName());
      word(op.getAttrDictionary());
      structure.push_back(op.getNumOperands());
      for (Value v : op.getOperands())
        structure.push_back(numbers.lookup(v));
      define(op.getResults());
      structure.push_back(op.getNumRegions());
      for (Region &inner : op.getRegions())
        add(inner, numbers, structure);
    }
  }
}
Structure structureOf(func::FuncOp fn) {
  Structure structure;
  llvm::DenseMap<Value, unsigned> numbers;
  add(fn.getBody(), numbers, structure);
  return structure;
}

struct FormKernels : dlc::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;
  std::map<Structure, func::FuncOp> known;
  std::map<std::pair<Structure, dlx::Emitter>, std::string> whyPlain; // why an emitter that was asked would not take such a kernel
  llvm::StringSet<> taken;                                            // names
  unsigned count = 0;
  int64_t groups = 0; ///< so far
  codegen::Target made;

  /// A function of what the group reads to what others read of it, and the values to call it with.
  func::FuncOp outline(const Grouping &grouping, const Group &group, llvm::SetVector<Value> &reads, SmallVectorImpl<Value> &writes) {
    llvm::SmallPtrSet<Operation *, 8> inside(group.ops.begin(), group.ops.end());
    SmallVector<Operation *> body; // with the free ops that the group repeats
    llvm::SmallPtrSet<Operation *, 8> placed;
    std::function<void(Value)> want = [&](Value v) {
      Operation *def = v.getDefiningOp();
      if (def && inside.contains(def))
        return;
      if (!def || !isFree(def) || grouping.isMaterialized(def)) {
        reads.insert(v);
        return;
      }
      if (!placed.insert(def).second)
        return;
      for (Value operand : def->getOperands())
        want(operand);
      body.push_back(def);
    };
    for (Operation *op : group.ops) {
      for (Value operand : op->getOperands())
        want(operand);
      body.push_back(op);
      for (Value result : op->getResults())
        if (readOutside(grouping, result, inside))
          writes.push_back(result);
    }
    OpBuilder b(&getContext());
    auto type = b.getFunctionType(llvm::to_vector(llvm::map_range(reads, [](Value v) { return v.getType(); })),
                                  llvm::to_vector(llvm::map_range(writes, [](Value v) { return v.getType(); })));
    auto fn = func::FuncOp::create(group.ops.front()->getLoc(), "kernel", type);
    fn.setPrivate();
    fn->setAttr("dlx.kernel", b.getUnitAttr());
    Block *block = fn.addEntryBlock();
    IRMapping map;
    for (auto [v, arg] : llvm::zip(reads, block->getArguments())) {
      arg.setLoc(v.getLoc());
      map.map(v, arg);
    }
    b.setInsertionPointToStart(block);
    for (Operation *op : body)
      b.clone(*op, map)->removeAttr("dlx.late");
    SmallVector<Value> results;
    for (Value v : writes)
      results.push_back(map.lookup(v));
    func::ReturnOp::create(b, fn.getLoc(), results);
    return fn;
  }
  /// Some op outside the group reads `v`, be it through free ops that are repeated there.
  static bool readOutside(const Grouping &grouping, Value v, const llvm::SmallPtrSet<Operation *, 8> &inside) {
    SmallVector<Value> work{v};
    llvm::SmallPtrSet<Operation *, 8> seen;
    while (!work.empty())
      for (Operation *user : work.pop_back_val().getUsers()) {
        if (inside.contains(user) || !seen.insert(user).second)
          continue;
        if (!isFree(user) || grouping.isMaterialized(user))
          return true;
        work.append(user->result_begin(), user->result_end());
      }
    return false;
  }
  func::FuncOp intern(func::FuncOp fn, ModuleOp module) {
    auto [it, fresh] = known.try_emplace(structureOf(fn), fn);
    if (!fresh) {
      fn.erase();
      return it->second;
    }
    std::string name;
    do // entries may have any name
      name = "k" + std::to_string(count++);
    while (!taken.insert(name).second);
    fn.setName(name);
    module.push_back(fn);
    return fn;
  }

  void form(Block &block, const Layers &layers, ModuleOp module, SmallVectorImpl<Attribute> &verdicts) {
    // Bodies of control ops first: they are blocks like this one.
    for (Operation &op : block)
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          form(inner, layers, module, verdicts);
    Grouping grouping(block, layers, fuse, groups, [&](const Grouping &grouping, const Group &group) {
      llvm::SetVector<Value> reads;
      SmallVector<Value> writes;
      OwningOpRef<func::FuncOp> kernel = outline(grouping, group, reads, writes);
      using dlx::Emitter;
      auto asked = group.kind == GroupKind::Contraction ? Emitter::contraction
                   : group.kind == GroupKind::Window    ? Emitter::window
                   : group.kind == GroupKind::Scatter   ? Emitter::scatter
                   : group.kind == GroupKind::Columns   ? Emitter::columns
                                                        : Emitter::rows;
      auto [it, fresh] = whyPlain.try_emplace({structureOf(*kernel), asked});
      if (fresh)
        it->second = codegen::whyPlainLoops(*kernel, made, asked);
      return it->second;
    });
    verdicts.append(grouping.verdicts().begin(), grouping.verdicts().end());
    groups = grouping.end();
    Operation *terminator = block.getTerminator();
    OpBuilder b(terminator);
    IRMapping map;
    // A value where calls stand: views are made again from what they view.
    auto resolve = [&](Value v) {
      SmallVector<Operation *> chain;
      Value base = v;
      while (!map.contains(base) && base.getDefiningOp() && base.getDefiningOp()->getBlock() == &block) {
        chain.push_back(base.getDefiningOp());
        base = base.getDefiningOp()->getOperand(0);
      }
      for (Operation *op : llvm::reverse(chain))
        b.clone(*op, map);
      return map.lookupOrDefault(v);
    };
    SmallVector<Operation *> old;
    for (Operation &op : block.without_terminator())
      old.push_back(&op);
    for (const Group *group : grouping.ordered()) {
      Operation *first = group->ops.front();
      if (group->kind == GroupKind::Control || group->kind == GroupKind::Pieces) {
        for (Value v : first->getOperands())
          resolve(v);
        Operation *as = b.clone(*first, map);
        if (group->kind == GroupKind::Pieces)
          as->setAttr("dlx.pieces", b.getUnitAttr()); // for the schedule
        continue;
      }
      llvm::SetVector<Value> reads;
      SmallVector<Value> writes;
      func::FuncOp fn = intern(outline(grouping, *group, reads, writes), module);
      SmallVector<Value> arguments;
      for (Value v : reads)
        arguments.push_back(resolve(v));
      auto call = func::CallOp::create(b, writes.size() == 1 ? writes.front().getLoc() : first->getLoc(), fn, arguments);
      call->setAttr("dlx.group", b.getI64IntegerAttr(grouping.number(*group)));
      call->setAttr("dlx.place", b.getStringAttr(layers.place(layers.mainOf(group->ops, group->anchor))));
      llvm::SetVector<StringRef> of;
      for (Operation *op : group->ops)
        if (StringRef layer = layers.of(op); !layer.empty())
          of.insert(layer);
      call->setAttr("dlx.layers", b.getStrArrayAttr(of.getArrayRef()));
      for (auto [v, r] : llvm::zip(writes, call.getResults()))
        map.map(v, r);
    }
    for (OpOperand &operand : terminator->getOpOperands())
      operand.set(resolve(operand.get()));
    for (Operation *op : llvm::reverse(old)) {
      op->dropAllUses();
      op->erase();
    }
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (made = codegen::Target::find(target); !made) {
      module.emitError("unknown target '") << target << "': there are " << codegen::Target::list();
      return signalPassFailure();
    }
    for (auto symbol : module.getOps<SymbolOpInterface>())
      taken.insert(symbol.getName());
    for (auto fn : llvm::to_vector(module.getOps<func::FuncOp>())) {
      if (fn.isDeclaration() || fn->hasAttr("dlx.kernel"))
        continue;
      SmallVector<Attribute> verdicts;
      form(fn.getBody().front(), Layers(fn), module, verdicts);
      fn->setAttr("dlx.verdicts", ArrayAttr::get(&getContext(), verdicts));
    }
  }
};
} // namespace
