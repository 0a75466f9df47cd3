// Kernels of a net often are one kernel for several extents: their functions differ in strides and trip counts alone. Such constants
// become arguments, but for those that would cost time: divisors in inner loops, and what is in the registers' tiles of contractions.
#include "compiler/codegen/cpu/Share.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
namespace dlc::codegen::cpu {

static constexpr StringLiteral prefix = "shared_";
bool isShared(StringRef symbol) { return symbol.starts_with(prefix) || isMicroKernel(symbol); }

namespace {
std::optional<int64_t> constantOf(Value v) {
  auto c = v.getDefiningOp<arith::ConstantOp>();
  return c && v.getType().isInteger(64) ? std::optional(cast<IntegerAttr>(c.getValue()).getInt()) : std::nullopt;
}

/// A function without its index constants: equal keys are equal functions but for what stands in the holes.
struct Skeleton {
  func::FuncOp fn;
  std::vector<uint64_t> key = {};
  std::vector<OpOperand *> holes = {};

  explicit Skeleton(func::FuncOp fn) : fn(fn) {
    add(fn.getFunctionType());
    add(fn.getBody(), 0);
  }

private:
  enum : uint64_t { Earlier, Constant, Hole, End };
  llvm::DenseMap<Value, unsigned> numbers;

  void add(Type type) { key.push_back(reinterpret_cast<uintptr_t>(type.getAsOpaquePointer())); }
  void define(ValueRange values) {
    for (Value v : values) {
      numbers.try_emplace(v, numbers.size());
      add(v.getType());
    }
  }
  void add(Region &region, unsigned depth) {
    for (Block &block : region) {
      define(block.getArguments());
      for (Operation &op : block)
        if (!(op.getNumResults() == 1 && constantOf(op.getResult(0))))
          add(op, depth);
    }
    key.push_back(End);
  }
  void add(Operation &op, unsigned depth) {
    key.push_back(reinterpret_cast<uintptr_t>(op.getName().getAsOpaquePointer()));
    key.push_back(reinterpret_cast<uintptr_t>(op.getDiscardableAttrDictionary().getAsOpaquePointer()));
    key.push_back(op.hashProperties());
    key.push_back(op.getNumOperands());
    bool divides = isa<arith::DivUIOp, arith::DivSIOp, arith::RemUIOp, arith::RemSIOp>(op) && depth > 1;
    bool stays = divides || isa<LLVM::AllocaOp>(op);
    for (OpOperand &operand : op.getOpOperands()) {
      auto constant = constantOf(operand.get());
      key.push_back(!constant ? Earlier : stays ? Constant : Hole);
      if (!constant)
        key.push_back(numbers.lookup(operand.get()));
      else if (stays)
        key.push_back(*constant);
      else
        holes.push_back(&operand);
    }
    define(op.getResults());
    for (Region &region : op.getRegions())
      add(region, depth + isa<scf::ForOp, scf::WhileOp>(op));
  }
};

/// Equal keys have equal hashes of properties; here these are compared themselves.
bool sameProperties(func::FuncOp x, func::FuncOp y) {
  auto opsOf = [](func::FuncOp fn) {
    SmallVector<Operation *> ops;
    for (Operation &op : fn.getBody().front())
      op.walk([&](Operation *o) {
        if (!isa<arith::ConstantOp>(o) || !o->getResult(0).getType().isInteger(64))
          ops.push_back(o);
      });
    return ops;
  };
  return llvm::all_of(llvm::zip_equal(opsOf(x), opsOf(y)), [](auto pair) {
    auto [p, q] = pair;
    return p->getName().compareOpProperties(p->getPropertiesStorage(), q->getPropertiesStorage());
  });
}

/// What members of a group have in the holes where they differ: a column for each argument, a row for each member.
struct Arguments {
  SmallVector<SmallVector<int64_t>> columns;
  SmallVector<int> ofHole; ///< a column, or -1: all have the same
  explicit Arguments(ArrayRef<Skeleton *> group) {
    std::map<SmallVector<int64_t>, int> known;
    for (size_t hole = 0; hole < group.front()->holes.size(); ++hole) {
      auto column = llvm::map_to_vector(group, [&](Skeleton *s) { return *constantOf(s->holes[hole]->get()); });
      if (llvm::all_equal(column)) {
        ofHole.push_back(-1);
        continue;
      }
      auto [it, fresh] = known.try_emplace(column, columns.size());
      if (fresh)
        columns.push_back(column);
      ofHole.push_back(it->second);
    }
  }
};

Operation *moduleOf(func::FuncOp fn) { return fn->getParentOp(); }

/// A call of `callee` in `block` with the member's constants behind the arguments.
func::CallOp call(OpBuilder &b, func::FuncOp callee, ValueRange arguments, const Arguments &a, size_t member) {
  SmallVector<Value> all(arguments);
  for (auto &column : a.columns)
    all.push_back(arith::ConstantOp::create(b, callee.getLoc(), b.getI64IntegerAttr(column[member])));
  return func::CallOp::create(b, callee.getLoc(), callee, all);
}

using Calls = llvm::StringMap<SmallVector<func::CallOp>>; ///< by what they call

/// One function for all; a member that is a launch calls it, one that is internal gives way to it wherever it is called.
void merge(ArrayRef<Skeleton *> group, const Calls &calls) {
  Arguments a(group);
  func::FuncOp shared = group.front()->fn;
  MLIRContext *context = shared.getContext();
  Type index = IntegerType::get(context, 64);
  SmallVector<std::string> names;
  for (Skeleton *s : group)
    names.push_back(s->fn.getSymName().str());
  bool internal = shared.isPrivate();
  unsigned own = shared.getNumArguments();
  SmallVector<Value> added;
  for (size_t i = 0; i < a.columns.size(); ++i) {
    (void)shared.insertArgument(shared.getNumArguments(), index, {}, shared.getLoc());
    added.push_back(shared.getArguments().back());
  }
  for (auto [hole, column] : llvm::zip_equal(group.front()->holes, a.ofHole))
    if (column >= 0)
      hole->set(added[column]);
  shared.setName((prefix + names.front()).str());
  shared.setPublic();
  llvm::MapVector<Operation *, func::FuncOp> in{}; // the function, or its declaration, in each module
  in[moduleOf(shared)] = shared;
  for (auto [i, s] : llvm::enumerate(group)) {
    Operation *module = i ? moduleOf(s->fn) : moduleOf(shared);
    OpBuilder b = OpBuilder::atBlockEnd(cast<ModuleOp>(module).getBody());
    func::FuncOp &callee = in[module];
    if (!callee) {
      callee = func::FuncOp::create(b, shared.getLoc(), shared.getSymName(), shared.getFunctionType());
      callee.setPrivate();
    }
    if (i)
      s->fn.erase();
    if (internal) {
      for (func::CallOp old : calls.lookup(names[i])) {
        OpBuilder at(old);
        call(at, callee, old.getOperands(), a, i);
        old.erase();
      }
      continue;
    }
    auto launch = func::FuncOp::create(b, shared.getLoc(), names[i],
                                       b.getFunctionType(shared.getArgumentTypes().take_front(own), shared.getResultTypes()));
    b.setInsertionPointToStart(launch.addEntryBlock());
    func::ReturnOp::create(b, shared.getLoc(), call(b, callee, launch.getArguments(), a, i).getResults());
  }
}
} // namespace

void shareFunctions(ArrayRef<ModuleOp> modules) {
  for (bool internal : {true, false}) { // launches agree only after what they call does
    std::vector<std::unique_ptr<Skeleton>> all;
    std::map<std::vector<uint64_t>, size_t> known;
    std::vector<SmallVector<Skeleton *>> groups; // in the order of their first members
    Calls calls;
    for (ModuleOp module : modules)
      for (auto fn : module.getOps<func::FuncOp>()) {
        if (internal)
          fn.walk([&](func::CallOp call) { calls[call.getCallee()].push_back(call); });
        if (fn.isDeclaration() || fn.isPrivate() != internal || fn->hasAttr("dlx.own"))
          continue;
        all.push_back(std::make_unique<Skeleton>(fn));
        auto [it, fresh] = known.try_emplace(all.back()->key, groups.size());
        if (fresh)
          groups.emplace_back();
        auto &group = groups[it->second];
        if (group.empty() || sameProperties(group.front()->fn, fn))
          group.push_back(all.back().get());
      }
    for (auto &group : groups)
      if (group.size() > 1)
        merge(group, calls);
  }
}
} // namespace dlc::codegen::cpu
