// Where a training run stands, on disk: one safetensors file that is written whole or not at all.
#pragma once
#include "../data/Tensors.h"
#include <limits>
#include <optional>
#include <utility>

namespace dlc::train {
using data::Metadata, data::Result, data::Status;

/// All that a run's further course depends on beside parameters and what was asked for. The order of an epoch's samples follows from the
/// seed and the epoch's number, a schedule's rate from the step.
struct Position {
  int64_t step = 0;                 ///< iterations so far
  int64_t epoch = 0, batch = 0;     ///< batches taken of this epoch
  double lossSum = 0, rightSum = 0; ///< over the samples since the last report
  double squaredSum = 0, absoluteSum = 0;
  int64_t samples = 0;
  double seconds = 0;                                       ///< of training since the start
  double best = std::numeric_limits<double>::infinity();    ///< what early stopping watches, the less the better
  int64_t bestStep = -1, stale = 0;                         ///< reports since then
  double rate = 1;                                          ///< the schedule's rate is multiplied by it: reduce on plateau
  double plateau = std::numeric_limits<double>::infinity(); ///< the best that this was reduced by
  int64_t flat = 0;                                         ///< reports since then
  std::string memo;                                         ///< the listener's

  /// All but the memo.
  template <typename Each> void members(Each each) {
    each(step), each(epoch), each(batch), each(lossSum), each(rightSum), each(squaredSum), each(absoluteSum), each(samples), each(seconds);
    each(best), each(bestStep), each(stale), each(rate), each(plateau), each(flat);
  }
};

/// A folder that one run at a time holds.
class CheckpointFolder {
public:
  /// Makes the folder, takes it, and removes what a killed run left half written.
  static Result<CheckpointFolder> open(const std::string &path);
  CheckpointFolder(CheckpointFolder &&other) noexcept : path(std::move(other.path)), fd(std::exchange(other.fd, -1)) {}
  ~CheckpointFolder();
  std::string file() const { return path + "/checkpoint.safetensors"; }
  bool holdsOne() const;
  /// All parameters, what the optimiser keeps among them, and the position. `setup`: what a run that goes on must agree in.
  Status save(const dlrt_model *model, dlrt_params *params, const Metadata &setup, const Position &position);
  /// Refuses damage and a checkpoint of another setup, by the name of what differs; then parameters are as they were.
  Result<Position> load(dlrt_params *params, const Metadata &setup);
  /// The best weights so far, beside it: of the step that a position names.
  std::string bestFile(int64_t step) const { return path + "/best-" + std::to_string(step) + ".safetensors"; }
  /// Removes those of other steps.
  void keepBest(int64_t step) const;

private:
  CheckpointFolder() = default;
  std::string path;
  int fd = -1;
};

enum class Saved { All, Weights };
/// Parameters to a safetensors file: all, or the model's own alone.
Status saveParameters(const dlrt_model *model, dlrt_params *params, const std::string &path, Saved what, const Metadata &metadata);

} // namespace dlc::train
