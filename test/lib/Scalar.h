// Straight-line scalar code (arith, math) made into a list of closures over registers: the interpreter's inner loop.
#pragma once
#include "test/lib/Interpreter.h"

namespace dlc::test {
class ScalarProgram {
public:
  /// `build` gets the inputs as values of `types` and gives the outputs.
  ScalarProgram(mlir::MLIRContext *context, llvm::ArrayRef<mlir::Type> types,
                llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::ValueRange)> build);
  /// What cannot be run, or empty.
  const std::string &problem() const { return unknown; }
  llvm::SmallVector<Cell> run(llvm::ArrayRef<Cell> inputs);

private:
  void add(mlir::Operation &op);
  unsigned registerOf(mlir::Value v);

  llvm::DenseMap<mlir::Value, unsigned> registers;
  std::vector<Cell> cells;
  std::vector<std::function<void(Cell *)>> steps;
  llvm::SmallVector<unsigned> outputs;
  std::string unknown;
};
/// The nearest value of the type.
Cell rounded(Cell value, mlir::Type type);
} // namespace dlc::test
