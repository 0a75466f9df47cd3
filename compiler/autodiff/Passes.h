// The passes of the autodiff stage and what drives them from C++.
#pragma once
#include "dialects/dl/Dl.h"
#include "mlir/Pass/Pass.h"

namespace dlc {
/// What @train_step is made of. Losses and optimisers are dl ops, by name without `dl.`.
struct TrainOptions {
  std::string function = "main";
  std::string loss = "sparse_categorical_cross_entropy";
  mlir::DictionaryAttr lossAttributes; ///< null: none
  std::string optimizer = "sgd";
  mlir::DictionaryAttr optimizerAttributes;          ///< null: none
  std::vector<std::string> regularizers;             ///< what the update has besides, by name (Regularizers.h)
  std::vector<std::string> frozen;                   ///< parameters that stay as they are, and become non_trainable: names with * and ?
  std::vector<std::pair<std::string, double>> usual; ///< what callers mostly give as hyper-parameters; else the optimiser's own
};
/// Appends @train_step to the module (see dl-autodiff-train). On failure there is a diagnostic and the module is as before.
mlir::LogicalResult buildTrainStep(mlir::ModuleOp module, const TrainOptions &options);
/// The rank-0 inputs of @train_step, those of the optimiser and of the regularisers, with what callers mostly give; fails, with a
/// diagnostic at `loc`, where a name is not known or given twice.
mlir::FailureOr<llvm::SmallVector<dl::Hyperparameter>> getHyperparameters(mlir::Location loc, const TrainOptions &options);

#define GEN_PASS_DECL
#include "compiler/autodiff/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc
