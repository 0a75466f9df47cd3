#ifndef DLC_COMPILER_KERNELS_PASSES_TD
#define DLC_COMPILER_KERNELS_PASSES_TD
include "mlir/Pass/PassBase.td"

def FormKernels : Pass<"dl-kernels-form", "::mlir::ModuleOp"> {
  let summary = "group the ops of every entry into kernels, outline them, merge equal ones";
  let description = [{
    Each group (compiler/kernels/Groups.h) becomes a private function with the attribute `dlx.kernel`, called from where it
    stood; equal functions are one. With `verdicts` each producer-consumer pair gets a #dlx.verdict in the entry's `dlx.verdicts`.
  }];
  // Planners, which grouping asks, build scalars of reductions.
  let dependentDialects = ["::dlc::dlx::DlxDialect", "::mlir::func::FuncDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
  let options = [Option<"fuse", "fuse", "bool", "true", "false: every op its own kernel (-O0)">,
                 Option<"target", "target", "std::string", "\"x86-64-v3\"", "whose emitters are asked what they take">,
                 Option<"verdicts", "verdicts", "bool", "true", "say of each edge why it was fused or not">];
}
#endif
