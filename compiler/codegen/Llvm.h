// LLVM's own passes over a module, for backends.
#pragma once
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace dlc::codegen {
/// `pipeline` as `opt -passes` has it.
void runPasses(llvm::Module &module, llvm::TargetMachine &machine, llvm::StringRef pipeline);
} // namespace dlc::codegen
