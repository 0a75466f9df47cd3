// An entry of a model bound to buffers: inputs found by name, outputs allocated at their bounds.
#pragma once
#include "../data/Dataset.h"
#include <memory>

namespace dlc::train {
using data::Array, data::Error, data::Result, data::Status;

class Entry {
public:
  static Result<Entry> bind(dlrt_model *model, dlrt_params *params, dlrt_team *team, const char *name);
  Entry(Entry &&) = default;

  /// The number of an input or output, or -1.
  int input(const char *name) const;
  int output(const char *name) const;
  const dlrt_tensor_info &inputInfo(int i) const { return *dlrt_entry_input(model, index, i); }
  const dlrt_tensor_info &outputInfo(int i) const { return *dlrt_entry_output(model, index, i); }
  int inputs() const { return in.size(); }
  int outputs() const { return out.size(); }
  /// A rank-0 input of f32 or f64.
  Status set(int i, double value);
  /// Samples [n, width] under the extents of input i, whose leading one is n; symbols after it take the set's extents.
  Status bindSamples(int i, const data::Dataset &set);
  /// The leading extent of input i: the constant, else its bound and false.
  std::pair<int64_t, bool> batch(int i) const;
  /// Rows and memory of input i for the next run.
  void feed(int i, int64_t rows, void *data);
  /// Samples are apart: what the model carries begins anew in each run.
  Status run();
  const dlrt_tensor &result(int i) const { return out[i]; }

private:
  Entry() = default;
  struct Release {
    void operator()(dlrt_context *c) const { dlrt_context_free(c); }
    void operator()(dlrt_state *s) const { dlrt_state_free(s); }
  };
  const dlrt_model *model = nullptr;
  size_t index = 0;
  std::unique_ptr<dlrt_context, Release> context;
  std::unique_ptr<dlrt_state, Release> state; ///< null where the entry carries nothing
  std::vector<dlrt_tensor> in, out;
  std::vector<std::vector<int64_t>> inShapes, outShapes;
  std::vector<Array> memory; ///< of outputs and rank-0 inputs
};

/// Element i of a float tensor.
inline double element(const dlrt_tensor &t, int64_t i) {
  return t.dtype.bits == 32 ? double(static_cast<const float *>(t.data)[i]) : static_cast<const double *>(t.data)[i];
}

} // namespace dlc::train
