// Models in, files out, messages.
#include "tools/dlc/Support.h"
#include "compiler/Pipeline.h"
#include "mlir/Parser/Parser.h"
#include "runtime/data/File.h"
#include "llvm/Support/MemoryBuffer.h"

namespace dlc::tools {

Exit fail(const llvm::Twine &message) {
  llvm::errs() << "dlc: error: " << message << "\n";
  return Fault;
}
Exit misuse(const llvm::Twine &message) {
  fail(message);
  return Usage;
}

Model::Model() : handler(sources, &context) {
  loadDialects(context);
  context.printOpOnDiagnostic(false); // the place in the source says it
}

bool Model::read(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return fail("cannot read '" + path + "': " + buffer.getError().message()) == Done;
  sources.AddNewSourceBuffer(std::move(*buffer), {});
  module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  return static_cast<bool>(module);
}

Exit write(llvm::StringRef path, llvm::StringRef contents) {
  if (path == "-") {
    llvm::outs() << contents;
    return Done; // Main reports what could not be written
  }
  data::Status status = data::writeFile(path.str(), {contents});
  return status ? Done : fail(status.error().message);
}

} // namespace dlc::tools
