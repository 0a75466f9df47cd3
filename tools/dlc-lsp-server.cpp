// dlc-lsp-server: diagnostics, definitions and hovers of dl and dlx code in editors.
#include "compiler/Registration.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  dlc::registerAll(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
