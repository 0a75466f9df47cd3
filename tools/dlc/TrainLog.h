// How a training run is shown: a bar on a terminal, a line a report, JSON lines for programs.
#pragma once
#include "runtime/train/Trainer.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <vector>

namespace dlc::tools {

class TrainLog final : public train::Listener {
public:
  /// `json`: the log's path, "-" for the standard output, or empty. Runs stand one behind the other in it. `quiet`: no lines of reports.
  explicit TrainLog(std::string json, bool quiet = false);
  ~TrainLog() override;
  void begin(const train::Estimate &estimate) override;
  void step(int64_t step, int64_t steps, double loss, double samplesPerSecond) override;
  data::Status report(const train::Report &report) override;
  void note(const std::string &text) override;
  std::string memo() override { return std::to_string(begun) + "\n" + lines; }
  std::string nameOf(size_t probe) override { return name ? name(probe) : ""; }
  data::Status resume(int64_t step, const std::string &memo) override;
  /// The lines of the whole run, JSON objects.
  llvm::StringRef json() const { return lines; }
  std::function<std::string(size_t)> name; ///< of an op that a probe is of
  /// Takes the bar away.
  void clear();

private:
  data::Status open();
  data::Status append(llvm::StringRef text);
  std::string path, lines;
  bool quiet, bar, shown = false;
  int fd = -1;
  int64_t begun = 0, written = 0; ///< bytes of the log before this run, and of whole lines
  std::chrono::steady_clock::time_point drawn;
};

} // namespace dlc::tools
