// Calls of kernels in, dlx programs out: one for each entry, and one for its prepare where it has one.
#include "compiler/schedule/EntrySchedule.h"
#include "compiler/schedule/Passes.h"

namespace dlc {
#define GEN_PASS_DEF_SCHEDULE
#include "compiler/schedule/Passes.h.inc"

LogicalResult EntrySchedule::run(ModuleOp module) {
  bindArguments();
  if (failed(collect(entry.getBody().front(), nodes)))
    return failure();
  connect(nodes, writersOf);
  bindResults();
  splitPrepare();
  stageAll(nodes);
  delay(nodes);
  int time = 0;
  setTimes(nodes, time);
  joinSwapped();
  return build(module);
}

namespace {
struct Schedule : impl::ScheduleBase<Schedule> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    dl::SymbolRanges ranges = dl::getSymbolRanges(module);
    llvm::StringMap<func::FuncOp> kernels;
    // Parameters and states are the model's: numbered in the order in which entries name them.
    llvm::StringMap<Home> homes;
    int64_t params = 0, states = 0;
    SmallVector<func::FuncOp> entries;
    for (auto fn : module.getOps<func::FuncOp>())
      if (fn->hasAttr("dlx.kernel"))
        kernels[fn.getSymName()] = fn;
      else if (!fn.isDeclaration() && !fn->hasAttr("dlx.plan")) // a part of a chain
        entries.push_back(fn);
    for (auto fn : entries)
      for (unsigned i = 0; i < fn.getNumArguments(); ++i)
        if (auto param = fn.getArgAttrOfType<dl::ParamAttr>(i, "dl.param"))
          if (auto [at, fresh] = homes.try_emplace(param.getName()); fresh)
            at->second = param.isState() ? Home(BufferKind::state, states++) : Home(BufferKind::param, params++);
    for (auto fn : entries)
      if (failed(EntrySchedule(fn, ranges, kernels, homes).run(module)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace dlc
