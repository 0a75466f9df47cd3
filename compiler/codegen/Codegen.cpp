// Planned kernels in, their launches as functions of the LLVM dialect out.
#include "compiler/codegen/Lower.h"
#include "compiler/codegen/Passes.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_CODEGENPASS
#include "compiler/codegen/Passes.h.inc"
namespace {
struct Codegen : impl::CodegenPassBase<Codegen> {
  using CodegenPassBase::CodegenPassBase;
  void getDependentDialects(DialectRegistry &registry) const override { codegen::registerCodegenDialects(registry); }
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto made = codegen::Target::find(target);
    if (!made) {
      module.emitError("unknown target '") << target << "': there are " << codegen::Target::list();
      return signalPassFailure();
    }
    SmallVector<StringRef> symbols;
    for (auto s : module.getOps<dl::SymbolOp>())
      symbols.push_back(s.getSymName());
    OwningOpRef<ModuleOp> out(ModuleOp::create(module.getLoc()));
    for (auto fn : module.getOps<func::FuncOp>()) {
      if (!fn->hasAttr("dlx.kernel"))
        continue;
      auto plan = fn->getAttrOfType<dlx::PlanAttr>("dlx.plan");
      if (!plan) {
        fn.emitError("has no dlx.plan: run dl-plan first");
        return signalPassFailure();
      }
      codegen::Kernel kernel{fn, plan, symbols, made, *out};
      codegen::emitKernel(kernel);
    }
    if (lower && failed(codegen::lowerToLLVM(*out, made)))
      return signalPassFailure();
    module.getBodyRegion().takeBody(out->getBodyRegion());
  }
};
} // namespace
} // namespace dlc
