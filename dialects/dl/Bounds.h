// What the bounds of symbols say of the values of extents.
#pragma once
#include "dialects/dl/Structures.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::dl {
/// The bounds of symbols by name, both included.
struct SymbolRange {
  int64_t low, high;
};
using SymbolRanges = llvm::StringMap<SymbolRange>;
SymbolRanges getSymbolRanges(mlir::ModuleOp module);
/// The greatest value that an expression may have within them, by intervals: `T - S` is greatest where S is least. The same as
/// libdlrt's boundsOf. INT64_MAX is beyond; a symbol without bounds counts as 0.
int64_t getUpperBound(mlir::AffineExpr e, const SymbolRanges &ranges);
/// The bytes of a tensor whose every extent is at its upper bound.
int64_t getUpperBytes(mlir::Type tensor, const SymbolRanges &ranges);
/// Puts numbers in the place of these symbols, in all types and attributes, and drops their declarations.
void substituteSymbols(mlir::ModuleOp module, const llvm::StringMap<int64_t> &values);
} // namespace dlc::dl
