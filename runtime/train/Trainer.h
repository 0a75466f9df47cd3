// The training loop: batches of a data set through a model's entry `train_step`, evaluation through its entry `run`, checkpoints.
#pragma once
#include "Metrics.h"
#include "Schedule.h"
#include <atomic>
#include <functional>
#include <optional>
#include <utility>

namespace dlc::train {

struct Options {
  int64_t batch = 64;
  int64_t epochs = 1;
  int64_t iterations = 0;                       ///< if positive, these instead of the epochs
  uint64_t seed = 0;                            ///< of the order of samples
  Schedule schedule = Schedule::constant(0.01); ///< gives the input `lr`
  double otherClass = 0;                        ///< what a label of floats has for the classes that are not the sample's, which has 1
  Outputs outputs = Outputs::Probabilities;
  /// The other rank-0 inputs of train_step by name.
  std::vector<std::pair<std::string, double>> hyperparameters;

  /// Ends where so many reports in a row had no better validation, and gives the parameters of the best back.
  struct EarlyStop {
    int64_t patience = 0;  ///< 0: never
    bool accuracy = false; ///< watch it instead of the loss (or of the squared error, where the loss is not known)
  } early;

  Plateau plateau;                                        ///< of the rate
  std::string checkpoint;                                 ///< a folder; empty: none
  bool resume = false;                                    ///< go on where the folder's checkpoint stands, if it has one
  int64_t every = 0;                                      ///< steps between checkpoints; 0: at reports, and once a minute
  std::vector<std::pair<std::string, std::string>> setup; ///< what else a run that goes on must agree in; "model" is its identity
  /// Asked for where the loss is no number: a model of the same parameters, whose train_step has outputs "probe.N" besides, in the order of
  /// its ops, of rank 0 and NaN or infinite where an element of the op's result is. Null: there is none.
  std::function<dlrt_model *()> probed;
  const std::atomic<bool> *stop = nullptr; ///< when it becomes true the run ends behind its step
};

/// What is trained on, and what is looked at meanwhile. All must outlive the run.
struct Sets {
  const Dataset &training;
  const Part &part;
  const Dataset *validation = nullptr; ///< with its part
  const Part *validationPart = nullptr;
  const Dataset *test = nullptr; ///< all of it
};

/// At the end of an epoch and of the run.
struct Report {
  int64_t step = 0;   ///< iterations so far
  double epoch = 0;   ///< passes over the data so far
  Metrics training;   ///< since the last report, each batch before its update
  double seconds = 0; ///< of training since the start, evaluation left out
  double rate = 0;    ///< samples a second since the start of this process
  std::optional<Metrics> validation, test;
};

/// Said before the first step: bytes, and the seconds of an epoch by steps on a copy of the parameters.
struct Estimate {
  uint64_t parameters = 0, optimiser = 0, arena = 0, data = 0;
  int64_t samples = 0, steps = 0; ///< of an epoch
  double seconds = 0;             ///< 0: not known, for parameters of more than a gigabyte
};

/// Is told how a run goes.
class Listener {
public:
  virtual ~Listener() = default;
  virtual void begin(const Estimate &) {}
  virtual void step(int64_t step, int64_t steps, double loss, double samplesPerSecond) {}
  /// An error ends the run.
  virtual Status report(const Report &) { return {}; }
  /// Such as a checkpoint that could not be written.
  virtual void note(const std::string &) {}
  /// The op that an output probe.N is of.
  virtual std::string nameOf(size_t probe) { return {}; }
  /// What checkpoints keep for the listener, and it is given back where the run goes on behind a step.
  virtual std::string memo() { return {}; }
  virtual Status resume(int64_t step, const std::string &memo) { return {}; }
};

struct Outcome {
  enum End { Finished, EarlyStopped, Interrupted } end = Finished;
  int64_t step = 0;
  int64_t best = -1;  ///< early stopping: the step of the parameters that were given back
  bool saved = false; ///< a checkpoint has all of it
  std::optional<Metrics> validation;
};

/// Trains. `train_step` has the inputs `label` (class numbers, or floats), the hyper-parameters (rank 0) and one other, the samples; its
/// outputs are `loss` and `run`'s. A loss that is not finite is an error.
Result<Outcome> train(dlrt_model *model, dlrt_params *params, dlrt_team *team, const Sets &sets, const Options &options,
                      Listener &listener);

} // namespace dlc::train
