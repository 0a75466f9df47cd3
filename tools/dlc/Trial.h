// An entry with everything that a run of it takes, made up from a seed: what bench and profile time.
#pragma once
#include "tools/dlc/Build.h"

namespace dlc::tools {

struct TrialFlags {
  BuildFlags build;
  std::string entry, weights;
  int threads = 1, repeat = 0;
  int64_t batch = 0;
  uint64_t seed = 0;
  void add(CLI::App &command);
};

struct Trial {
  Session session;
  size_t entry = 0;
  llvm::StringMap<int64_t> symbols; ///< values where they are not at their bounds
  int64_t bytes = 0;                ///< of arena, scratch, state, parameters, inputs and outputs
  unsigned bits = 32;               ///< of the elements that arithmetic is on

  /// Reports what fails.
  Exit open(const TrialFlags &flags);
  /// Milliseconds of one run.
  double once();
  /// Of `repeat` runs, or of as many as take a second, five at least; ascending. One more goes before, which prepares and maps pages.
  std::vector<double> times(int repeat);
  const dlrt_model *model() const { return session.model->get(); }
  dlrt_context *context() { return running->get(); }
  int threads() const { return team->threads(); }

private:
  std::unique_ptr<dlrt::Team> team;
  std::unique_ptr<dlrt::Context> running;
  std::vector<data::Array> in, out;
  std::vector<dlrt_tensor> inViews, outViews;
};
} // namespace dlc::tools
