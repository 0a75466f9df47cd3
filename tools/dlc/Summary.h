// dlc explain in one screen.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tools/dlc/Program.h"

namespace dlc::tools {
/// Prints what an entry costs, what fell to plain loops, its hottest kernels and the largest edges that fusing left in memory.
void printSummary(Programs &programs, dlx::ProgramOp program, mlir::ModuleOp module);
} // namespace dlc::tools
