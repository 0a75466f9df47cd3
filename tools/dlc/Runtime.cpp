// Compiling and opening models in this process.
#include "tools/dlc/Runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tools/dlc/Support.h"

using namespace mlir;
namespace dlc::tools {

bool worked(dlrt_status status) { return status == DLRT_OK || fail(dlrt_error()) == Done; }

bool Session::open(Compiled compiled) {
  auto loaded = Loaded::create(std::move(compiled), "model");
  if (!loaded)
    return fail(llvm::toString(loaded.takeError())) == Done;
  code = std::move(*loaded);
  dlrt_model *opened = nullptr;
  if (!worked(dlrt_model_open(code->descriptor(), &opened)))
    return false;
  model.reset(opened);
  dlrt_params *made = nullptr;
  if (!worked(dlrt_params_new(opened, &made)))
    return false;
  params.reset(made);
  return true;
}

bool Session::compile(ModuleOp module, const CompileOptions &options) {
  if (failed(runStages(module, options)))
    return false;
  auto compiled = compileScheduled(module, options);
  return succeeded(compiled) && open(std::move(*compiled));
}

bool Session::openParameters(ModuleOp module) {
  if (failed(runStages(module, {}, Stage::Dl)))
    return false;
  OwningOpRef<ModuleOp> copy(module.clone());
  auto main = copy->lookupSymbol<func::FuncOp>("main");
  for (unsigned i = main.getNumArguments(); i-- > 0;) // an entry without inputs, results and code
    if (!main.getArgAttr(i, "dl.param")) {
      main.getArgument(i).dropAllUses();
      (void)main.eraseArgument(i);
    }
  llvm::BitVector results(main.getNumResults(), true);
  (void)main.eraseResults(results);
  Block &body = main.getBody().front();
  body.getTerminator()->setOperands({});
  while (Operation *last = body.getTerminator()->getPrevNode()) // users before what they use
    last->erase();
  OpBuilder b = OpBuilder::atBlockEnd(copy->getBody());
  auto program = dlx::ProgramOp::create(b, module.getLoc(), "parameters", "main", 0, 0, 0, FlatSymbolRefAttr(), false, false);
  program.getBody().emplaceBlock();
  Compiled compiled;
  compiled.target = codegen::Target::x86(codegen::hostLevel());
  compiled.program = flatten(*copy);
  return open(std::move(compiled));
}

} // namespace dlc::tools
