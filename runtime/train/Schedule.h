// Learning rates over the iterations of a training run.
#pragma once
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

} // namespace dlc::train
