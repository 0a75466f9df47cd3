// What a model calls the work of its kernels.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include <string>

namespace dlc::tools {
/// What the model calls a kernel's work.
struct Label {
  std::string what; ///< "conv2d of layer1.0.conv1.weight and 3 more"
  std::string part; ///< of a training step: forward, backward, update
};
/// Of a function of the model, by kernel, behind Stage::Kernels.
llvm::StringMap<Label> labelsOf(mlir::func::FuncOp entry, mlir::ModuleOp module);
} // namespace dlc::tools
