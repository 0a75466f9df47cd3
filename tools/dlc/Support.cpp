// Models in, files out, messages.
#include "tools/dlc/Support.h"
#include "compiler/Pipeline.h"
#include "mlir/Parser/Parser.h"
#include "runtime/data/File.h"
#include "llvm/Support/FileSystem.h"
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

/// What to write instead, where MLIR's own parser refuses a model's text.
static void addHint(mlir::MLIRContext *context, mlir::Diagnostic &d) {
  std::string text = d.str();
  llvm::StringRef name = llvm::StringRef(text);
  if (name.consume_front("custom op 'dl.") && name.contains("' is unknown")) {
    name = name.take_until([](char c) { return c == '\''; });
    llvm::StringRef best;
    for (mlir::RegisteredOperationName op : context->getRegisteredOperations())
      if (llvm::StringRef known = op.stripDialect();
          op.getDialectNamespace() == "dl" && (best.empty() || name.edit_distance(known) < name.edit_distance(best)))
        best = known;
    d.attachNote() << "the nearest op is dl." << best;
  } else if (name == "expected non-function type") {
    d.attachNote() << "write a tensor such as tensor<8x4xf32>; elements are f32, f64, bf16, i1, i8, i32 or i64";
  } else if (name.starts_with("Dialect `")) {
    d.attachNote() << "models are written in dl ops and func.func";
  }
}

Model::Model()
    : handler(sources, &context), hints(&context, [this](mlir::Diagnostic &d) {
        addHint(&context, d);
        spoke = true;
        return mlir::failure(); // the other handler prints it
      }) {
  loadDialects(context);
  context.printOpOnDiagnostic(false); // the place in the source says it
}

std::unique_ptr<llvm::MemoryBuffer> Model::readText(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (buffer)
    return std::move(*buffer);
  fail("cannot read '" + path + "': " + buffer.getError().message());
  return nullptr;
}
bool Model::read(llvm::StringRef path) {
  auto text = readText(path);
  return text && parse(std::move(text));
}
/// How deep brackets stand in brackets, outside comments and strings: MLIR's parser calls itself for each.
static int nesting(llvm::StringRef text) {
  int depth = 0, deepest = 0;
  while (!text.empty()) {
    if (text.consume_front("//"))
      text = text.drop_until([](char c) { return c == '\n'; });
    else if (text.consume_front("\""))
      text = text.drop_until([](char c) { return c == '"'; }).drop_front(text.contains('"'));
    else if (!text.consume_front("->")) {
      if (llvm::StringRef("({[<").contains(text.front()))
        deepest = std::max(deepest, ++depth);
      else if (llvm::StringRef(")}]>").contains(text.front()))
        --depth;
      text = text.drop_front();
    }
  }
  return deepest;
}
bool Model::parse(std::unique_ptr<llvm::MemoryBuffer> text) {
  int deepest = nesting(text->getBuffer());
  if (deepest > 1000)
    return fail("'" + text->getBufferIdentifier() + "' has brackets in brackets, " + llvm::Twine(deepest) + " deep: at most 1000") == Done;
  sources.AddNewSourceBuffer(std::move(text), {});
  module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  return static_cast<bool>(module);
}

bool overwrites(llvm::StringRef model, llvm::StringRef output) {
  if (model == "-" || output == "-" || !llvm::sys::fs::is_regular_file(output) || !llvm::sys::fs::equivalent(model, output))
    return false;
  misuse("'" + output + "' is the model: choose another output");
  return true;
}

std::string checkSeed(const std::string &text) {
  uint64_t seed;
  return llvm::StringRef(text).getAsInteger(10, seed) ? "expected a whole number from 0 to 18446744073709551615" : "";
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
