// What subcommands share: models read from a file or the standard input, messages, output files.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "tools/dlc/Commands.h"
#include "llvm/Support/SourceMgr.h"

namespace dlc::tools {

/// Prints "dlc: error: ..." and gives the status to return.
Exit fail(const llvm::Twine &message);
Exit misuse(const llvm::Twine &message);

/// A model that was read. As long as it lives, diagnostics about it are printed with file, line and the line's text.
class Model {
public:
  Model();
  /// A path, or "-": the standard input. False, or null, after messages.
  bool read(llvm::StringRef path);
  static std::unique_ptr<llvm::MemoryBuffer> readText(llvm::StringRef path);
  bool parse(std::unique_ptr<llvm::MemoryBuffer> text);
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  bool spoke = false; ///< a diagnostic was printed

private:
  llvm::SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler;
  mlir::ScopedDiagnosticHandler hints;
};

/// What a command reads and what it will write, so that nothing is lost: known by device and inode, whatever the paths look like.
class Files {
public:
  /// `what`: for messages, such as "the model". Empty paths are none; "-" is the standard input or output.
  void read(llvm::StringRef path, const llvm::Twine &what);
  void write(llvm::StringRef path, const llvm::Twine &what);
  /// Before anything is written: refuses an output that is an input or another output, and one that cannot be written.
  Exit check() const;

private:
  struct File {
    std::string path, what;
    std::optional<std::string> identity; ///< of a file; none for devices and pipes, and for what cannot be looked at
  };
  std::vector<File> inputs, outputs;
};
/// What in a model's text would take MLIR's parser too deep, or "".
std::string findTooDeep(llvm::StringRef text);
/// Whether it is a file with contents of its own: no device, pipe or folder.
bool isRegularFile(llvm::StringRef path);
/// A file's bytes, read and not mapped; null after a message. Refuses devices and pipes, which may never end.
std::unique_ptr<llvm::MemoryBuffer> readBytes(llvm::StringRef path);
/// For --seed: what is wrong with it, or nothing.
std::string checkSeed(const std::string &text);
/// Writes a file whole or not at all; "-" is the standard output. A failure is reported.
Exit write(llvm::StringRef path, llvm::StringRef contents);

} // namespace dlc::tools
