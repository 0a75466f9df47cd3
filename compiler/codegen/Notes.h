// Assembly that says of each function and instruction what it was made of: the names of locations (NameLoc) as comments.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace llvm {
class AsmPrinter;
}
namespace dlc::codegen {
/// Takes the names through LLVM as debug locations, whose lines number them and which no unit of debug information writes: code is the
/// same with and without.
class Notes {
public:
  /// Before the module is translated.
  explicit Notes(mlir::ModuleOp lowered);
  /// Before the passes run, of which the printer is one.
  void attach(llvm::AsmPrinter &printer) const;

private:
  std::vector<std::string> texts; ///< line n is texts[n - 1]
};
} // namespace dlc::codegen
