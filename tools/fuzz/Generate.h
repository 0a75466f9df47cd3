// Random valid models of dl ops.
#pragma once
#include "tools/fuzz/Reference.h"

namespace dlc::fuzz {
/// splitmix64: the same numbers everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull, z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }
  /// Below n.
  int64_t below(int64_t n) { return n <= 1 ? 0 : int64_t(next() % uint64_t(n)); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool chance(double p) { return unit() < p; }
  double unit() { return double(next() >> 11) * 0x1p-53; }
  template <typename C> auto &pick(C &&list) { return list[below(std::size(list))]; }

private:
  uint64_t state;
};

/// A model and what it is run on.
struct Model {
  OwningOpRef<ModuleOp> module;
  std::vector<Symbols> symbols; ///< the values that its symbols take, one run after the other
  uint64_t data = 0;            ///< seed of the arguments
  bool train = false;           ///< @main_grad is built, run and compared with differences
  bool step = false;            ///< and @train_step, where the model has parameters to train
  bool chains = false;          ///< made for kernels that run strip by strip
  unsigned rejected = 0;        ///< ops that the verifier did not like

  /// The text of the module under a comment that says how it is run.
  std::string text(StringRef command) const;
  /// From such a text.
  static std::optional<Model> parse(MLIRContext &context, StringRef text);
};

/// Model number k of a seed.
Model generate(MLIRContext &context, uint64_t seed, uint64_t k, bool train);
/// Ops that the generator can make, without `dl.`, and registered ones that it cannot.
std::vector<std::string> generatedOps();
std::vector<std::string> missingOps(MLIRContext &context);

/// The values of an argument: a function of its name, its type and the seed.
Values argumentValues(StringRef name, Type element, ArrayRef<int64_t> shape, uint64_t seed, bool tame);
} // namespace dlc::fuzz
