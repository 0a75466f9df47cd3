// Builds a model in many ways, runs it and compares: with the reference, bit for bit, and its gradients with differences.
#pragma once
#include "tools/fuzz/Coverage.h"
#include "tools/fuzz/Generate.h"
#include "tools/fuzz/Run.h"

namespace dlc::fuzz {
/// What is wrong with a model, if anything.
struct Find {
  std::string kind;    ///< "wrong", "bits", "refused", "gradient", "crash", "time"; empty: nothing
  std::string build;   ///< the build that shows it
  std::string message; ///< where, found and expected
  explicit operator bool() const { return !kind.empty(); }
};
struct Counts {
  Hits hits;
  uint64_t models = 0, rejected = 0;    ///< tried; ops refused while generating
  uint64_t elements = 0, unbounded = 0; ///< compared with the reference; of these, without a bound
  uint64_t gradients = 0, kinks = 0;    ///< compared with differences; left out, no derivative being there
  std::set<std::string> emitted;        ///< ops whose reference is what the dialect emits
};
constexpr uint64_t everyBuild = UINT64_MAX;
/// Checks the model; `turn` chooses the builds. `only`: just that build and what it is compared with.
Find check(Model &model, uint64_t turn, Counts &counts, StringRef only = "");
/// Counts what stands in the plans of the builds that `check` would run. It runs nothing.
Find countPlans(Model &model, uint64_t turn, Counts &counts);
} // namespace dlc::fuzz
