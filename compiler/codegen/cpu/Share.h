// Functions of emitted kernels that differ in index constants alone become one.
#pragma once
#include "compiler/codegen/cpu/MicroKernel.h"

namespace dlc::codegen::cpu {
/// Modules of one program, as the emitters wrote them. Launches stay where they are, by their names; what they share is in one module,
/// where the others find it by its name.
void shareFunctions(ArrayRef<ModuleOp> modules);
/// A function that other modules of its program may call.
bool isShared(StringRef symbol);
} // namespace dlc::codegen::cpu
