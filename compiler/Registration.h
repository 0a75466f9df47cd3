// All passes and dialects, for the MLIR developer tools.
#pragma once
#include "compiler/autodiff/Passes.h"
#include "compiler/codegen/Lower.h"
#include "compiler/codegen/Passes.h"
#include "compiler/kernels/Passes.h"
#include "compiler/plan/Passes.h"
#include "compiler/schedule/Passes.h"
#include "compiler/simplify/Passes.h"
#include "mlir/Transforms/Passes.h"

namespace dlc {
inline void registerAll(mlir::DialectRegistry &registry) {
  codegen::registerCodegenDialects(registry);
  mlir::registerTransformsPasses();
  registerAutodiffPasses();
  registerSimplifyPasses();
  registerKernelsPasses();
  registerPlanPasses();
  registerSchedulePasses();
  registerCodegenPasses();
}
} // namespace dlc
