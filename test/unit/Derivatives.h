// Checks every order of derivative of a function of dl ops in f64 against central differences.
#pragma once
#include "test/lib/Interpreter.h"
#include <random>

namespace dlc::test {
/// An op under test. Its operands are %a, %b, %c, ...; all its floating-point results are differentiated.
struct Case {
  const char *name;
  const char *op; ///< "dl.add %a, %b : tensor<3xf64>", or several lines that end in one that defines %y
  struct Input {
    const char *type;
    double low = -1.5, high = 1.5; ///< for integers the last one is excluded
  };
  std::vector<Input> inputs;
  int orders = 2; ///< how many times to differentiate
};
/// @main with this op in it.
mlir::OwningOpRef<mlir::ModuleOp> parseCase(mlir::MLIRContext &context, const Case &c);
/// Values for the arguments of a function: `inputs` where given, uniform in [-1, 1) beyond.
std::vector<Array> randomArguments(mlir::func::FuncOp f, llvm::ArrayRef<Case::Input> inputs, unsigned seed);
/// Compares @<f>_grad with differences of @<f>, then @<f>_grad_grad with differences of @<f>_grad, ..., and @<f>_jvp with
/// @<f>_grad; gtest failures.
void checkDerivatives(const Case &c);
mlir::LogicalResult runPass(mlir::ModuleOp module, std::unique_ptr<mlir::Pass> pass);
} // namespace dlc::test
