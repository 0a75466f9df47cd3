// How good a model is: answers against labels, or outputs against numbers.
#pragma once
#include "../data/Dataset.h"

namespace dlc::train {
using data::Array, data::Dataset, data::Error, data::Part, data::Result, data::Status;

/// What a model's first output is to its loss.
enum class Outputs { Probabilities, Logits, Scores, Binary, BinaryLogits, Squared, HalfSquared, Absolute };

/// Averages over samples. What does not belong to the task is NaN: accuracy is of classes, the squared and absolute errors of numbers
/// (over all of their elements). The loss of an evaluation is NaN where it is none of Outputs' own.
struct Metrics {
  double loss = 0, accuracy = 0, squared = 0, absolute = 0;
  int64_t samples = 0;
};

/// Over a part of the data, by the entry `run` of one input, the samples, and its first output: [n, classes] or more, one number a sample
/// where there are two classes, or as many as a sample has targets.
Result<Metrics> evaluate(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Part &part, int64_t batch,
                         Outputs outputs);

/// Each sample's output, f64 [n, columns]; and its class where the data have them.
struct Answers {
  Array outputs;
  std::vector<int32_t> labels;
  Array targets; ///< f64 [n, columns] where the data have numbers
};
Result<Answers> answer(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Dataset &set, const Part &part, int64_t batch);

} // namespace dlc::train
