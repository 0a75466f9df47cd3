// Compiling and opening models in this process.
#include "tools/dlc/Session.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
namespace dlc::tools {

bool isArtefact(StringRef path) {
  if (!isRegularFile(path)) // a pipe's bytes come once
    return false;
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, 4, 0);
  return buffer && (*buffer)->getBuffer().starts_with("\x7f"
                                                      "ELF");
}

void noteLoaded(StringRef file, const dlrt_loaded &loaded) {
  auto note = [&](const char *what, size_t tensors) -> raw_ostream & {
    return llvm::errs() << "dlc: note: " << file << ": " << what << " " << tensors << " tensor" << (tensors == 1 ? "" : "s");
  };
  if (loaded.skipped)
    note("skipped", loaded.skipped) << " of an optimiser, which this model has no use for\n";
  if (loaded.cast)
    note("cast", loaded.cast) << " of another floating-point type, rounding values of " << loaded.rounded << "\n";
}

bool Session::open(Compiled compiled, StringRef name) {
  auto loaded = Loaded::create(std::move(compiled), name);
  if (!loaded)
    return fail(llvm::toString(loaded.takeError())) == Done;
  code = std::move(*loaded);
  model = std::make_unique<dlrt::Model>(static_cast<const void *>(code->descriptor()));
  params = std::make_unique<dlrt::Params>(*model);
  state = std::make_unique<dlrt::State>(*model);
  return true;
}

void Session::open(const std::string &artefact) {
  model = std::make_unique<dlrt::Model>(artefact);
  params = std::make_unique<dlrt::Params>(*model);
  state = std::make_unique<dlrt::State>(*model);
}

void Session::giveWeights(const std::string &file, uint64_t seed) {
  if (!dlrt_model_has_weights(model->get()))
    params->init(seed);
  if (!file.empty())
    noteLoaded(file, params->load(file));
}

bool Session::openParameters(ModuleOp module, StringRef name) {
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
  auto program = dlx::ProgramOp::create(b, module.getLoc(), "parameters", "main", 0, 0, 0, FlatSymbolRefAttr(), DenseI64ArrayAttr(), false);
  program.getBody().emplaceBlock();
  Compiled compiled;
  compiled.target = codegen::Target::get(codegen::hostLevel());
  auto flat = flatten(*copy);
  if (failed(flat))
    return false;
  compiled.program = std::move(*flat);
  return open(std::move(compiled), name);
}

} // namespace dlc::tools
