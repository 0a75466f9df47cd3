// Which emitter writes a kernel, and how it is cut into launches and blocks.
#include "compiler/codegen/Plan.h"
#include "compiler/plan/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace dlc {
namespace {
/// Calls of a kernel that bind the same of its arguments to what is packed once and read often: a parameter which its entry leaves as
/// it is, or what a loop of several steps captures (the schedule packs it before the loop).
struct Calls {
  llvm::BitVector prepared;
  bool inLoop;
  SmallVector<func::CallOp> calls;
};
} // namespace
static llvm::StringMap<SmallVector<Calls, 1>> callsByKernel(ModuleOp module) {
  llvm::StringMap<SmallVector<Calls, 1>> kernels;
  llvm::DenseMap<Operation *, llvm::StringSet<>> changedOf; // entries' parameters that get new values
  module.walk([&](func::CallOp call) {
    llvm::BitVector here(call.getNumOperands());
    auto entry = dyn_cast<func::FuncOp>(call->getParentOp());
    auto [at, fresh] = changedOf.try_emplace(entry);
    llvm::StringSet<> &changed = at->second;
    for (unsigned r = 0; entry && fresh && r < entry.getNumResults(); ++r)
      if (auto name = entry.getResultAttrOfType<StringAttr>(r, "dl.state"))
        changed.insert(name.getValue());
    auto scan = dyn_cast<dl::ScanOp>(call->getParentOp());
    if (int64_t trip = scan ? dl::getConstant(scan.getTripCount()) : -1; trip >= 0 && trip < 4)
      scan = {};
    for (auto [i, v] : llvm::enumerate(call.getOperands())) {
      auto argument = dyn_cast<BlockArgument>(codegen::strip(v));
      auto param = entry && argument ? entry.getArgAttrOfType<dl::ParamAttr>(argument.getArgNumber(), "dl.param") : dl::ParamAttr();
      here[i] = (param && !param.isState() && !changed.contains(param.getName())) ||
                (scan && argument && llvm::is_contained(scan.getCaptureArguments(), argument));
    }
    auto &groups = kernels[call.getCallee()];
    bool inLoop = !entry;
    auto *same = llvm::find_if(groups, [&](const Calls &c) { return c.prepared == here && c.inLoop == inLoop; });
    if (same == groups.end())
      same = &groups.emplace_back(Calls{here, inLoop, {}});
    same->calls.push_back(call);
  });
  return kernels;
}

#define GEN_PASS_DEF_PLANPASS
#include "compiler/plan/Passes.h.inc"
namespace {
struct Plan : impl::PlanPassBase<Plan> {
  using PlanPassBase::PlanPassBase;
  void runOnOperation() override {
    codegen::Target made = codegen::Target::find(target);
    if (!made) {
      getOperation().emitError("unknown target '") << target << "': there are " << codegen::Target::list();
      return signalPassFailure();
    }
    codegen::PlanOptions options{.target = made, .loopsOnly = loopsOnly};
    auto plan = [&](func::FuncOp kernel, const llvm::BitVector &prepared, bool inLoop) {
      std::string reason;
      options.prepared = prepared, options.inLoop = inLoop;
      if (failed(codegen::planKernel(kernel, options, &reason))) {
        kernel.emitError(made.spelled()) << " has no emitter for this kernel: " << reason;
        return signalPassFailure();
      }
      if (!loopsOnly && kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan").getEmitter() == dlx::Emitter::loops)
        kernel->setAttr("dlx.fallback", StringAttr::get(&getContext(), reason)); // for explain
    };
    auto calls = callsByKernel(getOperation());
    SymbolTable names(getOperation());
    SmallVector<func::FuncOp> kernels;
    for (auto fn : getOperation().getOps<func::FuncOp>())
      if (fn->hasAttr("dlx.kernel"))
        kernels.push_back(fn);
    for (func::FuncOp kernel : kernels) {
      auto groups = calls.lookup(kernel.getSymName());
      plan(kernel, groups.empty() ? llvm::BitVector() : groups.front().prepared, !groups.empty() && groups.front().inLoop);
      // Where some of the calls alone have it packed, and the plan hangs on that, they are two kernels.
      SmallVector<func::FuncOp> variants{kernel};
      for (const Calls &group : llvm::drop_begin(groups, !groups.empty())) {
        auto variant = cast<func::FuncOp>(kernel->clone());
        names.insert(variant, std::next(variants.back()->getIterator()));
        plan(variant, group.prepared, group.inLoop);
        auto *same = llvm::find_if(variants, [&](func::FuncOp v) { return v->getAttr("dlx.plan") == variant->getAttr("dlx.plan"); });
        if (same != variants.end()) {
          names.erase(variant);
          variant = *same;
        } else {
          variants.push_back(variant);
        }
        for (func::CallOp call : group.calls)
          call.setCallee(variant.getSymName());
      }
    }
  }
};
} // namespace
} // namespace dlc
