// Learning rates over the iterations of a training run.
#pragma once
#include <cmath>
#include <cstdint>
#include <span>

namespace dlc::train {

/// A rule, its numbers, and a warm-up before it. Iterations count from 0.
struct Schedule {
  struct Key {
    const char *name;
    enum Kind { Amount, Ratio, Count, Share } kind = Amount; ///< 0 or more; above 0; a whole number from 1; 0 to below 1
    double usual = -1;                                       ///< negative: it has to be given
  };
  struct Rule {
    const char *name, *definition, *source;
    Key keys[5];                             ///< up to one without a name
    double (*at)(const double *k, double i); ///< k: the numbers, in the order of keys
  };
  static std::span<const Rule> rules();
  /// The schedule that is one rate.
  static Schedule constant(double lr);

  const Rule *rule;
  double numbers[5] = {};
  int64_t warmup = 0; ///< iterations from warmupFrom of the rule's first rate to that, linearly; the rule begins behind them
  double warmupFrom = 1. / 3;
  double at(int64_t i) const;
};

/// Reduces a schedule's rate where more than `patience` reports in a row were not better: the validation's loss, or its squared error, or
/// where there is none the training's loss. As torch.optim.lr_scheduler.ReduceLROnPlateau without its cooldown.
struct Plateau {
  double factor = 1; ///< 1: never
  int64_t patience = 10;
  double threshold = 1e-4; ///< better: below best (1 - threshold)
  double least = 0;        ///< rate
  double best = HUGE_VAL;
  int64_t flat = 0; ///< reports since the best
  /// The factor of the schedule's rate `base` behind a report, where it was `now`.
  double next(double value, double base, double now);
};

} // namespace dlc::train
