// The training loop: batches of a data set through a model's entry `train_step`, evaluation through its entry `run`.
#pragma once
#include "../data/Dataset.h"
#include "Schedule.h"
#include <functional>

namespace dlc::train {
using data::Result, data::Status, data::Dataset;

/// What a model's first output is to its loss.
enum class Outputs { Probabilities, Logits, Scores };

/// Averages over samples. The loss of an evaluation is the mean of -log(probability of the label); NaN where outputs are scores.
struct Metrics {
  double loss = 0, accuracy = 0;
  int64_t samples = 0;
};

struct Options {
  int64_t batch = 64;
  int64_t epochs = 1;
  int64_t iterations = 0;                       ///< if positive, these instead of the epochs
  uint64_t seed = 0;                            ///< of the order of samples
  Schedule schedule = Schedule::constant(0.01); ///< gives the input `lr`
  double otherClass = 0;                        ///< what a label of floats has for the classes that are not the sample's, which has 1
  /// The other rank-0 inputs of train_step by name.
  std::vector<std::pair<std::string, double>> hyperparameters;
};

/// At the end of an epoch and of the run.
struct Report {
  int64_t step = 0;   ///< iterations so far
  double epoch = 0;   ///< passes over the data so far
  Metrics training;   ///< since the last report, each batch before its update
  double seconds = 0; ///< of training since the start, evaluation left out
  bool last = false;
};
/// After each iteration; for a progress bar.
using Progress = std::function<void(int64_t step, int64_t steps, double loss)>;

/// Evaluates a model on labelled samples: the first output of `run` is [n, classes], and the class with the greatest
/// element is the answer (the first of equals).
Result<Metrics> evaluate(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, int64_t batch,
                         Outputs outputs = Outputs::Probabilities);

/// Trains. `train_step` has the inputs `label` (class numbers, or floats [n, classes]), the hyper-parameters (rank 0) and one other, the
/// samples; its outputs are `loss` and `run`'s. A report that gives an error ends the run. A loss that is not finite is an error.
Status train(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Options &options,
             const std::function<Status(const Report &)> &report, const Progress &progress = {});

} // namespace dlc::train
