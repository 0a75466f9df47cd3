// dlc-opt: reads dl or dlx code, runs passes one by one, prints; for tests and for those who change the compiler.
#include "compiler/Registration.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  dlc::registerAll(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "dlc-opt\n", registry));
}
