// dlc-opt: reads a file of `dl` ops, runs passes one by one, prints; for tests
// and for those who change the compiler.
#include "compiler/autodiff/Passes.h"
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<dlc::dl::DlDialect, mlir::func::FuncDialect>();
  mlir::registerTransformsPasses();
  dlc::registerAutodiffPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "dlc-opt\n", registry));
}
