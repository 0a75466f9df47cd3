// Labelled samples, and the batches that a training loop or an evaluation takes from them.
#pragma once
#include "Array.h"
#include <optional>

namespace dlc::data {

/// samples [n, ...] of u8 (taken as value / 255), f32 or f64; a label each, from 0 to classes - 1.
struct Dataset {
  std::string name; ///< for messages
  Array samples;
  std::vector<int32_t> labels;
  int32_t classes = 0;
  int64_t size() const { return labels.size(); }
  /// Elements of one sample.
  int64_t width() const { return size() ? samples.size() / size() : 0; }
};

enum class Split { Train, Test };
/// The files {train,t10k}-{images-idx3,labels-idx1}-ubyte of a folder, plain or with .gz.
Result<Dataset> openMnist(const std::string &folder, Split split);
/// All of their names.
std::vector<std::string> mnistFiles(const std::string &folder);

/// Goes through a data set again and again. The order of an epoch follows from the seed and the epoch's number alone.
class Batches {
public:
  /// Without a seed, in the order of the files. `type` is f32 or f64: what samples are converted to. The data set must
  /// outlive this. An odd last batch is smaller; a constant batch (`whole`) instead leaves the rest out of the epoch.
  static Result<Batches> make(const Dataset &set, int64_t batch, dlrt_datatype type, std::optional<uint64_t> seed, bool whole = false);
  void start(uint64_t epoch);
  /// The next batch's size, its samples and labels then being in the two arrays; 0 at the epoch's end.
  int64_t next();
  /// Of an epoch.
  int64_t count() const { return whole ? set->size() / batch : (set->size() + batch - 1) / batch; }
  Array samples; ///< [batch, width]
  Array labels;  ///< i32 [batch]

private:
  const Dataset *set = nullptr;
  int64_t batch = 0, at = 0;
  std::optional<uint64_t> seed;
  bool whole = false;
  std::vector<uint32_t> order;
};

} // namespace dlc::data
