// dlc explain in one screen.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tools/dlc/Program.h"

namespace dlc::tools {
/// Prints what an entry costs, what fell to plain loops, its hottest kernels and the largest edges that fusing left in memory, so many
/// of each; blocks of a deep net as one.
void printSummary(Programs &programs, dlx::ProgramOp program, mlir::ModuleOp module, size_t shown);
} // namespace dlc::tools
