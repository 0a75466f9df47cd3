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

/// What a group's function holds, reads and gives, before there is one.
struct Outline {
  SmallVector<Operation *> body; ///< with the free ops that the group repeats
  llvm::SetVector<Value> reads;
  SmallVector<Value> writes; ///< what others read of it
};
/// Equal for outlines whose functions differ in their names and locations alone.
using Structure = std::vector<uintptr_t>;
using Attributes = llvm::DenseMap<Operation *, DictionaryAttr>; ///< of ops in kernels: made of their properties each time
struct StructureOf {
  Structure words;
  llvm::DenseMap<Value, unsigned> numbers;
  Attributes &attributes;

  StructureOf(const Outline &o, Attributes &attributes) : attributes(attributes) {
    define(o.reads.getArrayRef());
    for (Operation *op : o.body)
      add(*op);
    use(o.writes);
  }
  void word(auto x) { words.push_back(reinterpret_cast<uintptr_t>(x.getAsOpaquePointer())); }
  void use(ValueRange values) {
    words.push_back(values.size());
    for (Value v : values)
      words.push_back(numbers.lookup(v));
  }
  void define(ValueRange values) {
    words.push_back(values.size());
    for (Value v : values) {
      numbers.try_emplace(v, numbers.size());
      word(v.getType());
    }
  }
  void add(Operation &op) {
    word(op.getName());
    auto [at, fresh] = attributes.try_emplace(&op);
    word(fresh ? at->second = withoutLate(op) : at->second);
    use(op.getOperands());
    define(op.getResults());
    words.push_back(op.getNumRegions());
    for (Region &region : op.getRegions())
      for (Block &block : region) {
        define(block.getArguments());
        for (Operation &inner : block)
          add(inner);
      }
  }
  /// The attributes of the op in a kernel, where dlx.late has done its work.
  static DictionaryAttr withoutLate(Operation &op) {
    DictionaryAttr all = op.getAttrDictionary();
    if (!all.contains("dlx.late"))
      return all;
    return DictionaryAttr::get(op.getContext(),
                               llvm::to_vector(llvm::make_filter_range(all, [](NamedAttribute a) { return a.getName() != "dlx.late"; })));
  }
};

struct FormKernels : dlc::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;
  std::map<Structure, func::FuncOp> known;
  std::map<std::pair<Structure, dlx::Emitter>, std::string> whyPlain; // why an emitter that was asked would not take such a kernel
  Attributes attributes;                                              // of ops of the block at hand
  llvm::StringSet<> taken;                                            // names
  unsigned count = 0;
  int64_t groups = 0; ///< so far
  codegen::Target made;

  static Outline outline(const Grouping &grouping, const Group &group) {
    Outline o;
    llvm::SmallPtrSet<Operation *, 8> inside(group.ops.begin(), group.ops.end()), placed;
    std::function<void(Value)> want = [&](Value v) {
      Operation *def = v.getDefiningOp();
      if (def && inside.contains(def))
        return;
      if (!def || !grouping.isFree(def) || grouping.isMaterialized(def)) {
        o.reads.insert(v);
        return;
      }
      if (!placed.insert(def).second)
        return;
      for (Value operand : def->getOperands())
        want(operand);
      o.body.push_back(def);
    };
    for (Operation *op : group.ops) {
      for (Value operand : op->getOperands())
        want(operand);
      o.body.push_back(op);
      for (Value result : op->getResults())
        if (readOutside(grouping, result, inside))
          o.writes.push_back(result);
    }
    return o;
  }
  func::FuncOp build(const Outline &o, Location loc) {
    OpBuilder b(&getContext());
    auto types = [](ArrayRef<Value> values) { return llvm::map_to_vector(values, [](Value v) { return v.getType(); }); };
    auto fn = func::FuncOp::create(loc, "kernel", b.getFunctionType(types(o.reads.getArrayRef()), types(o.writes)));
    fn.setPrivate();
    fn->setAttr("dlx.kernel", b.getUnitAttr());
    Block *block = fn.addEntryBlock();
    IRMapping map;
    for (auto [v, arg] : llvm::zip(o.reads, block->getArguments())) {
      arg.setLoc(v.getLoc());
      map.map(v, arg);
    }
    b.setInsertionPointToStart(block);
    for (Operation *op : o.body)
      b.clone(*op, map)->removeAttr("dlx.late");
    SmallVector<Value> results;
    for (Value v : o.writes)
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
        if (!grouping.isFree(user) || grouping.isMaterialized(user))
          return true;
        work.append(user->result_begin(), user->result_end());
      }
    return false;
  }
  /// The module's function of this outline.
  func::FuncOp intern(const Outline &o, Location loc, ModuleOp module) {
    func::FuncOp &fn = known[StructureOf(o, attributes).words];
    if (fn)
      return fn;
    std::string name;
    do // entries may have any name
      name = "k" + std::to_string(count++);
    while (!taken.insert(name).second);
    fn = build(o, loc);
    fn.setName(name);
    module.push_back(fn);
    return fn;
  }

  void form(Block &block, const Layers &layers, ModuleOp module, SmallVectorImpl<Attribute> &given) {
    // Bodies of control ops first: they are blocks like this one.
    for (Operation &op : block)
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          form(inner, layers, module, given);
    attributes.clear(); // ops of inner blocks are gone
    Grouping grouping(block, layers, fuse, this->verdicts, groups, [&](const Grouping &grouping, const Group &group) {
      Outline o = outline(grouping, group);
      using dlx::Emitter;
      auto asked = group.kind == GroupKind::Contraction ? Emitter::contraction
                   : group.kind == GroupKind::Window    ? Emitter::window
                   : group.kind == GroupKind::Scatter   ? Emitter::scatter
                   : group.kind == GroupKind::Columns   ? Emitter::columns
                                                        : Emitter::rows;
      auto [it, fresh] = whyPlain.try_emplace({StructureOf(o, attributes).words, asked});
      if (fresh)
        it->second = codegen::whyPlainLoops(*OwningOpRef<func::FuncOp>(build(o, group.ops.front()->getLoc())), made, asked);
      return it->second;
    });
    given.append(grouping.verdicts().begin(), grouping.verdicts().end());
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
      Outline o = outline(grouping, *group);
      func::FuncOp fn = intern(o, first->getLoc(), module);
      SmallVector<Value> arguments;
      for (Value v : o.reads)
        arguments.push_back(resolve(v));
      auto call = func::CallOp::create(b, o.writes.size() == 1 ? o.writes.front().getLoc() : first->getLoc(), fn, arguments);
      call->setAttr("dlx.group", b.getI64IntegerAttr(grouping.number(*group)));
      call->setAttr("dlx.place", b.getStringAttr(layers.place(layers.mainOf(group->ops, group->anchor))));
      llvm::SetVector<StringRef> of;
      for (Operation *op : group->ops)
        if (StringRef layer = layers.of(op); !layer.empty())
          of.insert(layer);
      call->setAttr("dlx.layers", b.getStrArrayAttr(of.getArrayRef()));
      for (auto [v, r] : llvm::zip(o.writes, call.getResults()))
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
      SmallVector<Attribute> given;
      form(fn.getBody().front(), Layers(fn), module, given);
      if (verdicts)
        fn->setAttr("dlx.verdicts", ArrayAttr::get(&getContext(), given));
    }
  }
};
} // namespace
