// The pass of the plan stage (docs/codegen.md).
#ifndef DLC_COMPILER_PLAN_PASSES_TD
#define DLC_COMPILER_PLAN_PASSES_TD
include "mlir/Pass/PassBase.td"

def PlanPass : Pass<"dl-plan", "::mlir::ModuleOp"> {
  let summary = "Choose each kernel's emitter and cut it into launches: sets dlx.plan";
  let description = [{
    Kernels are the functions with the unit attribute `dlx.kernel`. The first emitter of contraction, window, columns, rows
    that takes the kernel's structure is chosen; plain loops take the rest, with the attribute `dlx.fallback` that says why the others did not, for explain.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"x86-64-v3\"", "a target of some backend, such as x86-64-v2 or armv8.2-a">,
    Option<"loopsOnly", "loops-only", "bool", "false", "Plain loop nests, as at -O0">
  ];
  let dependentDialects = ["::dlc::dlx::DlxDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def Chains : Pass<"dl-plan-chains", "::mlir::ModuleOp"> {
  let summary = "Run kernels one after the other over strips of rows, where what lies between them is large";
  let description = [{
    A chain is a kernel whose function calls others, its parts, which lose `dlx.kernel` and are planned anew for strips. Values between
    parts lie in a thread's scratch, a strip at a time (docs/structures.md).
  }];
  let options = [
    Option<"target", "target", "std::string", "\"x86-64-v3\"", "as of dl-plan">,
    Option<"least", "least", "int64_t", "1 << 20", "bytes of a value that is worth a chain">
  ];
  let dependentDialects = ["::dlc::dlx::DlxDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}
#endif
