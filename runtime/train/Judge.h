// Compares what a model gives with what a data set says.
#pragma once
#include "runtime/data/Batches.h"
#include "runtime/train/Entry.h"
#include "runtime/train/Metrics.h"

namespace dlc::train {

class Judge {
public:
  /// `output` is [n, ...]: classes or more of them each, one number where there are two classes, or as many as a sample has targets.
  static Result<Judge> make(const Dataset &set, Outputs outputs, const dlrt_tensor_info &info, const dlrt_tensor &output);
  /// Adds to sums; the loss only where `withLoss`.
  void add(const dlrt_tensor &output, const data::Batches &batch, int64_t rows, bool withLoss, Metrics &sums) const;
  /// Of sums.
  Metrics average(Metrics sums) const;
  bool ofClasses() const { return classes > 0; }
  /// The class of a row: the greatest element's, the first of equals, NaN counting as the greatest; of one element, the side it is on.
  int64_t answer(const dlrt_tensor &output, int64_t row) const;
  int64_t columns() const { return width; }

private:
  double lossOf(const dlrt_tensor &output, int64_t row, int32_t label) const;
  Outputs outputs = Outputs::Scores;
  int64_t classes = 0, width = 0;
  bool reconstructs = false;
};

} // namespace dlc::train
