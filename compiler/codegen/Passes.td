// The pass of the codegen stage.
#ifndef DLC_COMPILER_CODEGEN_PASSES_TD
#define DLC_COMPILER_CODEGEN_PASSES_TD
include "mlir/Pass/PassBase.td"

def CodegenPass : Pass<"dl-codegen", "::mlir::ModuleOp"> {
  let summary = "Write planned kernels as functions of the LLVM dialect, which are all that is left";
  let description = [{Kernels are the functions with `dlx.kernel` and `dlx.plan`. Tile, blocks and launches come from the plan alone.}];
  let options = [
    Option<"target", "target", "std::string", "\"x86-64-v3\"", "a target of some backend, such as x86-64-v2 or armv8.2-a">,
    Option<"lower", "lower", "bool", "true", "false: leave scf, arith, math and vector as the emitters wrote them">
  ];
}
#endif
