// What emitters and the way from them to the LLVM dialect need, whatever the backend.
#pragma once
#include "compiler/codegen/Backend.h"

namespace dlc::codegen {
/// Every dialect that emitting and lowering create.
void registerCodegenDialects(DialectRegistry &registry);
/// Loads them; call once before lowering in several threads.
void loadCodegenDialects(MLIRContext &context);
/// Emitted functions to the LLVM dialect, in place, once nothing is left that the backend lowers in its own way. Private functions get
/// internal linkage.
LogicalResult convertToLLVM(ModuleOp module);
} // namespace dlc::codegen
