// The pass of the plan stage.
#pragma once
#include "dialects/dlx/Dlx.h"
#include "mlir/Pass/Pass.h"

namespace dlc {
#define GEN_PASS_DECL
#include "compiler/plan/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/plan/Passes.h.inc"
} // namespace dlc
