// What --loss, --optimizer and --schedule mean.
#pragma once
#include "compiler/autodiff/Passes.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Schedule.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

struct TrainingSpecs {
  std::string loss = "sparse_categorical_cross_entropy", optimizer = "sgd(momentum=0.9)", schedule;
  std::vector<std::string> freeze; ///< names with * and ?
};
struct TrainingPlan {
  TrainOptions options;                                        ///< for buildTrainStep
  std::vector<std::pair<std::string, double>> hyperparameters; ///< all but lr
  train::Schedule schedule = train::Schedule::constant(0.01);  ///< gives lr
  train::Plateau plateau;                                      ///< of it
  train::Outputs outputs = train::Outputs::Probabilities;      ///< what the model's first output is to the loss
};
/// Losses and optimisers are those of the dialect: an operation's flags and numbers are a spec's keys.
llvm::Expected<TrainingPlan> planTraining(mlir::MLIRContext *context, const TrainingSpecs &specs);

/// What --schedule takes: "constant(lr=), inv(lr0=,gamma=,b=), ...".
std::string scheduleHelp();

} // namespace dlc::tools
