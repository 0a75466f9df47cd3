// A slow reference interpreter of dl functions for tests: floats are doubles, rounded to f32 or bf16 where the type says so.
// It walks structures, so it knows a new op at once, and shares no code with the emitters.
#pragma once
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::test {
/// One element: `f` of floating-point types, `i` of integers (i1 is 0 or 1, others sign-extended).
struct Cell {
  double f = 0;
  int64_t i = 0;
};
/// Row-major elements.
struct Array {
  llvm::SmallVector<int64_t> shape;
  std::vector<Cell> cells;
  static Array zeros(llvm::ArrayRef<int64_t> shape) {
    return {llvm::SmallVector<int64_t>(shape), std::vector<Cell>(llvm::product_of(shape))};
  }
};
/// The results of `function` for these arguments, or a diagnostic at the op that cannot be run. Symbolic extents are bound by
/// the arguments' shapes. The IR is changed for a moment: composites are decomposed, run, and put back.
mlir::FailureOr<std::vector<Array>> interpret(mlir::func::FuncOp function, llvm::ArrayRef<Array> arguments);
} // namespace dlc::test
