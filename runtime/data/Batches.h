// The batches that a training loop or an evaluation takes from a part of a data set.
#pragma once
#include "Dataset.h"
#include <optional>

namespace dlc::data {

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
struct SplitMix {
  uint64_t state;
  uint64_t operator()();
  /// Below `bound`, without bias: Lemire, arXiv:1805.10941.
  uint32_t below(uint32_t bound);
  void shuffle(std::vector<uint32_t> &numbers);
};

/// Goes through a part of a data set again and again. The order of an epoch follows from the seed and the epoch's number alone: rows in
/// memory are shuffled as a whole; of blocks those are shuffled, and then the rows of as many as fit the window.
class Batches {
public:
  struct Options {
    int64_t batch = 1;
    dlrt_datatype type = F32;           ///< f32 or f64: what samples become
    std::optional<uint64_t> seed = {};  ///< none: in the order of the file
    bool whole = false;                 ///< leave the odd rest out of the epoch, for a constant batch; else the last batch is smaller
    int64_t window = int64_t(64) << 20; ///< bytes
  };
  /// The data set and the part must outlive this.
  static Result<Batches> make(const Dataset &set, const Part &part, Options options);
  /// Begins an epoch behind its first `skipped` batches.
  Status start(uint64_t epoch, int64_t skipped = 0);
  /// The next batch's size, its rows then being in the arrays; 0 at the epoch's end.
  Result<int64_t> next();
  /// Of an epoch.
  int64_t count() const { return options.whole ? size / options.batch : (size + options.batch - 1) / options.batch; }
  int64_t rows() const { return size; }
  Array samples; ///< [batch, width]
  Array labels;  ///< i32 [batch]; zeros where targets are numbers
  Array targets; ///< f64 [batch, k]

private:
  /// The next rows in order; false: there are none.
  bool findWindow();
  Status readWindow();
  void copy(const Rows &rows, int64_t from, int64_t to);

  const Dataset *set = nullptr;
  const Part *part = nullptr;
  Options options;
  int64_t size = 0, taken = 0; ///< rows of an epoch; those behind us
  SplitMix random{0};          ///< of this epoch
  std::vector<uint32_t> units; ///< in the epoch's order
  size_t first = 0, last = 0;  ///< units of the window
  std::vector<uint32_t> order; ///< rows of the window
  size_t at = 0;               ///< in it
  std::optional<Rows> window;  ///< of blocks, where it was read
};

} // namespace dlc::data
