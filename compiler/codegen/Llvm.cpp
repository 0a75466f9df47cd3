#include "compiler/codegen/Llvm.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Passes/PassBuilder.h"

using namespace llvm;
namespace dlc::codegen {
void runPasses(Module &module, TargetMachine &machine, StringRef pipeline) {
  LoopAnalysisManager la;
  FunctionAnalysisManager fa;
  CGSCCAnalysisManager ca;
  ModuleAnalysisManager ma;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(ma);
  builder.registerCGSCCAnalyses(ca);
  builder.registerFunctionAnalyses(fa);
  builder.registerLoopAnalyses(la);
  builder.crossRegisterProxies(la, fa, ca, ma);
  ModulePassManager passes;
  cantFail(builder.parsePassPipeline(passes, pipeline));
  passes.run(module, ma);
}
} // namespace dlc::codegen
