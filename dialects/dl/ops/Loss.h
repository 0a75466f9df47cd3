// What the generated classes of the losses share: the label that belongs to a prediction.
#pragma once
#include "dialects/dl/Dl.h"

namespace dlc::dl {
mlir::LogicalResult inferSameLoss(Refusal refuse, mlir::Type x, mlir::Type label, llvm::SmallVectorImpl<mlir::Type> &types);
mlir::LogicalResult inferClassLoss(Refusal refuse, mlir::Type x, mlir::Type label, llvm::SmallVectorImpl<mlir::Type> &types);
mlir::RankedTensorType classLabelType(mlir::RankedTensorType x);
/// The classes, and ignore_index among `attributes`.
std::pair<int64_t, int64_t> classLabelRange(mlir::RankedTensorType x, mlir::DictionaryAttr attributes);
} // namespace dlc::dl
