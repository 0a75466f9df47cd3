#ifndef DLC_COMPILER_SIMPLIFY_PASSES_TD
#define DLC_COMPILER_SIMPLIFY_PASSES_TD
include "mlir/Pass/PassBase.td"

def Decompose : Pass<"dl-simplify-decompose", "::mlir::ModuleOp"> {
  let summary = "replace composite ops by simpler ones, until none is left";
  let description = [{Softmax, losses, norms and optimiser updates have served autodiff and pattern matching; kernels are
    formed from primitives with structures. Asks DecomposableOpInterface.}];
}
#endif
