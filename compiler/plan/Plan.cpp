// Which emitter writes a kernel, and how it is cut into launches and blocks.
#include "compiler/codegen/cpu/Plan.h"
#include "compiler/plan/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace dlc {
namespace codegen {
/// The first emitter's plan, or null and each one's reason.
static dlx::PlanAttr plan(func::FuncOp kernel, const PlanOptions &options, SmallVectorImpl<std::pair<dlx::Emitter, std::string>> &reasons) {
  using dlx::Emitter;
  using Planner = dlx::PlanAttr (*)(func::FuncOp, const PlanOptions &, std::string &);
  constexpr std::pair<Emitter, Planner> planners[] = {
      {Emitter::contraction, planContraction}, {Emitter::window, planWindow}, {Emitter::columns, planColumns}, {Emitter::rows, planRows}};
  for (auto [emitter, planner] : planners) {
    std::string why;
    if (auto plan = planner(kernel, options, why))
      return plan;
    reasons.push_back({emitter, why});
  }
  return {};
}
void planKernel(func::FuncOp kernel, const PlanOptions &options, std::string *reason) {
  SmallVector<std::pair<dlx::Emitter, std::string>> reasons;
  auto chosen = options.loopsOnly ? dlx::PlanAttr() : plan(kernel, options, reasons);
  for (auto &[emitter, why] : reasons)
    if (reason && !chosen)
      *reason += (reason->empty() ? "" : "; ") + dlx::stringifyEmitter(emitter).str() + ": " + why;
  kernel->setAttr("dlx.plan", chosen ? chosen : planLoops(kernel, options));
}
std::string whyPlainLoops(func::FuncOp kernel, dlx::Emitter asked) {
  SmallVector<std::pair<dlx::Emitter, std::string>> reasons;
  if (plan(kernel, {}, reasons))
    return "";
  return llvm::find_if(reasons, [&](auto &r) { return r.first == asked; })->second;
}
} // namespace codegen

/// For each kernel, the arguments that every call binds to what is packed once and read often: a parameter which its entry leaves as
/// it is, or what a loop of several steps captures (the schedule packs it before the loop).
static llvm::StringMap<llvm::BitVector> preparedArguments(ModuleOp module) {
  llvm::StringMap<llvm::BitVector> prepared;
  module.walk([&](func::CallOp call) {
    llvm::BitVector here(call.getNumOperands());
    auto entry = dyn_cast<func::FuncOp>(call->getParentOp());
    for (unsigned r = 0; entry && r < entry.getNumResults(); ++r)
      if (entry.getResultAttr(r, "dl.state"))
        entry = {};
    auto scan = dyn_cast<dl::ScanOp>(call->getParentOp());
    if (int64_t trip = scan ? dl::getConstant(scan.getTripCount()) : -1; trip >= 0 && trip < 4)
      scan = {};
    for (auto [i, v] : llvm::enumerate(call.getOperands())) {
      auto argument = dyn_cast<BlockArgument>(codegen::strip(v));
      if (entry && argument)
        here[i] = bool(entry.getArgAttr(argument.getArgNumber(), "dl.param"));
      if (scan && argument)
        here[i] = llvm::is_contained(scan.getCaptureArguments(), argument);
    }
    auto [at, first] = prepared.try_emplace(call.getCallee(), here);
    if (!first)
      at->second &= here;
  });
  return prepared;
}

#define GEN_PASS_DEF_PLANPASS
#include "compiler/plan/Passes.h.inc"
namespace {
struct Plan : impl::PlanPassBase<Plan> {
  using PlanPassBase::PlanPassBase;
  void runOnOperation() override {
    if (target != "x86-64-v2" && target != "x86-64-v3" && target != "x86-64-v4") {
      getOperation().emitError("unknown target '") << target << "': write x86-64-v2, x86-64-v3 or x86-64-v4";
      return signalPassFailure();
    }
    codegen::PlanOptions options{.target = codegen::Target::x86(target), .loopsOnly = loopsOnly};
    auto prepared = preparedArguments(getOperation());
    for (auto fn : getOperation().getOps<func::FuncOp>()) {
      if (!fn->hasAttr("dlx.kernel"))
        continue;
      std::string reason;
      options.prepared = prepared.lookup(fn.getSymName());
      codegen::planKernel(fn, options, &reason);
      if (!loopsOnly && fn->getAttrOfType<dlx::PlanAttr>("dlx.plan").getEmitter() == dlx::Emitter::loops)
        fn->setAttr("dlx.fallback", StringAttr::get(&getContext(), reason)); // for explain
    }
  }
};
} // namespace
} // namespace dlc
