// A batch's labels as the entry train_step takes them.
#pragma once
#include "runtime/data/Batches.h"
#include "runtime/train/Entry.h"

namespace dlc::train {

/// Class numbers; floats [n, classes], one where the sample's class is and `other` elsewhere; one float, of two classes; or the numbers
/// that the data have, the samples themselves where those are the target.
class Targets {
public:
  static Result<Targets> make(const dlrt_tensor_info &info, const data::Dataset &set, int64_t batch, double other);
  void *of(data::Batches &batch, int64_t n);

private:
  enum Kind { Numbers, OneHot, OneOfTwo, Values, Samples } kind = Numbers;
  data::Array rows;
  double other = 0;
};

} // namespace dlc::train
