// libFuzzer: any text as a model. The parser, type inference and the verifiers
// may refuse it and nothing else; what they accept must print.
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

static std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registry.insert<dlc::dl::DlDialect, func::FuncDialect>();
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  context->getDiagEngine().registerHandler([](Diagnostic &) { return success(); });
  return context;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context keeps every type and attribute it has seen: start afresh at
  // times.
  static std::unique_ptr<MLIRContext> context;
  static unsigned runs = 0;
  if (runs++ % 100000 == 0)
    context = makeContext();

  std::string text(reinterpret_cast<const char *>(data), size);
  OwningOpRef<ModuleOp> model = parseSourceString<ModuleOp>(text, ParserConfig(context.get(), /*verifyAfterParse=*/true));
  if (!model)
    return 0;
  std::string printed;
  llvm::raw_string_ostream os(printed);
  model->print(os);
  return 0;
}
