// Reverse mode over straight-line dl code: in go values with their cotangents, out come cotangents of what is wanted.
// It asks DifferentiableOpInterface and knows no op (docs/autodiff.md).
#pragma once
#include "dialects/dl/Differentiator.h"

namespace dlc {
/// Builds, at `b`, the cotangents of `wanted` from `seeds`, the cotangents of `outputs` (of equal types; null: none flows).
/// `ops` is the code between wanted and outputs, in order, and dominates b's place. The answer is null where no output
/// depends on the wanted value through floating-point values. Fails, with a diagnostic at the op, where such a way leads
/// through an op without a derivative.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> buildGradients(mlir::OpBuilder &b, llvm::ArrayRef<mlir::Operation *> ops,
                                                               mlir::ValueRange outputs, llvm::ArrayRef<mlir::Value> seeds,
                                                               llvm::ArrayRef<mlir::Value> wanted);
} // namespace dlc
