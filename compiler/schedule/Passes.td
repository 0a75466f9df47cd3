#ifndef DLC_COMPILER_SCHEDULE_PASSES_TD
#define DLC_COMPILER_SCHEDULE_PASSES_TD
include "mlir/Pass/PassBase.td"

def Schedule : Pass<"dl-schedule", "::mlir::ModuleOp"> {
  let summary = "entries of kernel calls to dlx programs: stages, buffers in one arena, what prepare computes";
  let description = [{
    Appends a dlx.program for every entry (a function without `dlx.kernel`), and one called `<entry>.prepare` for launches that
    depend on parameters alone where the entry leaves the parameters as they are. docs/dlx.md.
  }];
  let dependentDialects = ["::dlc::dlx::DlxDialect"];
}
#endif
