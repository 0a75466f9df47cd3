// Labelled samples: in memory, or in a file that is read block by block; and what was learned of their columns.
#pragma once
#include "Array.h"
#include <span>

namespace dlc::data {

/// Samples [n, ...] of u8 (taken as value / 255), f32 or f64, and what goes with each: a class, or numbers.
struct Rows {
  Array samples;
  std::vector<int32_t> labels; ///< from 0; empty where targets are numbers or the samples themselves
  Array targets;               ///< f64 [n, k]; of no elements where labels are classes
};

/// Rows in a file. Not thread-safe.
class Blocks {
public:
  virtual ~Blocks() = default;
  virtual uint32_t count() const = 0;
  virtual int64_t rows(uint32_t block) const = 0;
  /// The rows of these blocks, one behind the other.
  virtual Result<Rows> read(std::span<const uint32_t> blocks) const = 0;
};

/// What columns and classes are called and what was learned from the rows that a model was trained on. It is kept with the weights.
struct Preparation {
  std::vector<std::string> classes;                                         ///< none where targets are numbers
  std::vector<std::string> columns;                                         ///< of a sample; none where it has no names for them
  std::vector<std::pair<std::string, std::vector<std::string>>> categories; ///< a column of words and its words, sorted
  std::vector<double> mean, deviation;                                      ///< a column each; empty: samples stay as they are

  using Pairs = std::vector<std::pair<std::string, std::string>>;
  /// As texts, for a file's metadata; numbers keep every bit.
  Pairs texts() const;
  static Result<Preparation> of(const Pairs &texts);
};

struct Dataset {
  std::string name;           ///< for messages
  std::vector<int64_t> shape; ///< of one sample
  int64_t targets = 0;        ///< numbers that go with a sample, where it has no class
  bool reconstructs = false;  ///< the target of a sample is the sample
  bool standardizes = false;  ///< of each column the mean is to be taken off and the deviation to be divided out
  Preparation preparation;
  Rows rows;                      ///< all of them, unless there are blocks
  std::unique_ptr<Blocks> blocks; ///< for what is too large for memory, else null
  int64_t size = 0;               ///< rows
  uint64_t fingerprint = 0;       ///< of its contents

  int32_t classes() const { return int32_t(preparation.classes.size()); }

  int64_t width() const;
  /// What a part is made of: rows, or blocks.
  uint32_t units() const { return blocks ? blocks->count() : uint32_t(size); }
  int64_t rowsOf(uint32_t unit) const { return blocks ? blocks->rows(unit) : 1; }
};

/// Units of a data set, ascending.
using Part = std::vector<uint32_t>;
Part everything(const Dataset &set);
int64_t rowsOf(const Dataset &set, const Part &part);
/// Splits by seed: the K-th, from 0, of `folds` parts of about as many units, and the others.
struct Halves {
  Part kept, left;
};
Halves fold(const Part &part, uint64_t seed, uint32_t folds, uint32_t k);
/// Splits by seed: a share of the units is left for validation, at least one.
Halves share(const Part &part, uint64_t seed, double left);

/// Learns the columns' mean and deviation, over the part's rows in their order; NaN elements are left out. Fails where a column has
/// none.
Status standardize(Dataset &set, const Part &part);

enum class Split { Train, Test };
/// The files {train,t10k}-{images-idx3,labels-idx1}-ubyte of a folder, plain or with .gz.
Result<Dataset> openMnist(const std::string &folder, Split split);
/// All of their names.
std::vector<std::string> mnistFiles(const std::string &folder);
/// Samples [n, ...] and, unless the second array is empty, classes [n] of integers or numbers [n, ...] of floats.
Result<Dataset> makeDataset(std::string name, Array samples, Array labels);

/// A hash of contents, to know them again.
class Fingerprint {
public:
  /// However the bytes are cut into pieces.
  void add(const void *bytes, size_t size);
  uint64_t value() const;

private:
  void mix(uint64_t word);
  uint64_t state = 0x9e3779b97f4a7c15, total = 0;
  unsigned char rest[8] = {}; ///< of the last word
};

} // namespace dlc::data
