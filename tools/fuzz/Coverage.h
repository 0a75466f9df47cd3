// How often ops of each form and element type stood in models and in kernels of each emitter.
#pragma once
#include "tools/fuzz/Reference.h"

namespace dlc::fuzz {
using Hits = std::map<std::string, uint64_t>; ///< by "op.form type emitter", or "... model"
/// Counts the ops of planned kernels or, of a module without, of its functions. A part of a chain counts for its emitter and for `chain`.
void countOps(ModuleOp module, Hits &hits);
/// How many cells were met, and the least of them; `table`: and all of them.
void printCoverage(llvm::raw_ostream &os, const Hits &hits, bool table);
} // namespace dlc::fuzz
