// dlx programs to the flat form that the runtime reads (runtime/dlx.h).
#pragma once
#include "dialects/dlx/Dlx.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dlc {
/// A flat program and the kernel functions that it names, in the order of its table.
struct FlatProgram {
  std::vector<char> bytes;
  std::vector<std::string> functions;
};
/// All dlx.program ops of the module, with the surfaces of their source functions. Entries are called as their functions, but
/// `main` is called `run`. What is beyond the limits of runtime/dlx.h is a diagnostic.
mlir::FailureOr<FlatProgram> flatten(mlir::ModuleOp module);
} // namespace dlc
