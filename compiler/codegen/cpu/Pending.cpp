// Refusals in the place of emitters that are still being written; weak, so that a real one takes their place.
#include "compiler/codegen/cpu/Kernel.h"

namespace dlc::codegen {
#define PENDING(Name)                                                                                                          \
  __attribute__((weak)) dlx::PlanAttr plan##Name(func::FuncOp, const PlanOptions &, std::string &reason) {                      \
    reason = "not written yet";                                                                                                \
    return {};                                                                                                                 \
  }                                                                                                                            \
  __attribute__((weak)) void emit##Name(Kernel &) { llvm_unreachable("never planned"); }
PENDING(Window)
PENDING(Columns)
} // namespace dlc::codegen
