// What a model calls the work of its kernels.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include <string>

namespace dlc::tools {
/// What the model calls a kernel's work.
struct Label {
  std::string what;                ///< "conv2d of layer1.0-2.conv1"
  std::string part;                ///< of a training step: forward, backward, update
  std::vector<std::string> layers; ///< of all its ops and calls
};
/// Of a function of the model, by kernel, behind Stage::Kernels.
llvm::StringMap<Label> labelsOf(mlir::func::FuncOp entry, mlir::ModuleOp module);
/// The part of a training step that each call is of; "" in other entries.
llvm::DenseMap<mlir::Operation *, llvm::StringRef> partsOf(mlir::func::FuncOp entry);
/// Names the code of a scheduled module's kernels for --emit asm: functions by their labels, what an op becomes by the op.
void nameCode(mlir::ModuleOp module);
/// The op that a kernel is about, "conv2d", or those of a chain's parts.
std::string mainOp(mlir::func::FuncOp kernel);
/// Numbers that are no part of a word as '#': equal for the blocks of a deep net.
std::string maskNumbers(llvm::StringRef text);
/// "of layer1.0-2.conv1 and 3 more": texts that differ in such numbers alone as one, and how many others there are.
std::string foldNumbers(llvm::ArrayRef<llvm::StringRef> texts);
} // namespace dlc::tools
