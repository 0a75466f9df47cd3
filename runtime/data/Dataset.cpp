// MNIST's four files, and shuffled batches.
#include "runtime/data/Dataset.h"
#include <algorithm>
#include <numeric>
#include <unistd.h>

namespace dlc::data {

Result<Dataset> openMnist(const std::string &folder, Split split) {
  const std::string stem = folder + (split == Split::Train ? "/train" : "/t10k");
  auto read = [&](const std::string &path) { return readIdx(access(path.c_str(), F_OK) == 0 ? path : path + ".gz"); };
  auto images = read(stem + "-images-idx3-ubyte");
  if (!images)
    return images.error();
  auto labels = read(stem + "-labels-idx1-ubyte");
  if (!labels)
    return labels.error();
  if (images->shape.size() != 3 || !(images->type == U8))
    return Error{"the images of '" + stem + "' are " + toString(images->type) + " " + toString(images->shape) +
                 ": expected u8 [n, height, width]"};
  if (labels->shape.size() != 1 || !(labels->type == U8))
    return Error{"the labels of '" + stem + "' are " + toString(labels->type) + " " + toString(labels->shape) + ": expected u8 [n]"};
  if (labels->size() != images->shape[0])
    return Error{"'" + stem + "' has " + std::to_string(images->shape[0]) + " images and " + std::to_string(labels->size()) + " labels"};
  if (images->size() == 0)
    return Error{"'" + stem + "' has no image"};
  const auto *first = labels->data<unsigned char>(), *last = first + labels->size();
  if (auto bad = std::find_if(first, last, [](unsigned char c) { return c > 9; }); bad != last)
    return Error{"label " + std::to_string(bad - first) + " of '" + stem + "' is " + std::to_string(*bad) + ": expected 0 to 9"};
  return Dataset{"mnist:" + folder, std::move(*images), std::vector<int32_t>(first, last), 10};
}

std::vector<std::string> mnistFiles(const std::string &folder) {
  std::vector<std::string> files;
  for (const char *split : {"/train", "/t10k"})
    for (const char *part : {"-images-idx3-ubyte", "-labels-idx1-ubyte"})
      for (const char *ending : {"", ".gz"})
        files.push_back(folder + split + part + ending);
  return files;
}

namespace {
/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
struct SplitMix {
  uint64_t state;
  uint64_t operator()() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// Below `bound`, without bias: Lemire, arXiv:1805.10941.
  uint32_t below(uint32_t bound) {
    for (;;) {
      uint64_t product = ((*this)() >> 32) * bound;
      if (uint32_t(product) >= -bound % bound)
        return product >> 32;
    }
  }
};
} // namespace

template <typename To, typename From> static void convert(To *to, const From *from, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = sizeof(From) == 1 ? To(from[i]) / To(255) : To(from[i]);
}
template <typename To> static void convertAs(dlrt_datatype type, To *to, const Array &from, int64_t start, int64_t n) {
  if (type == U8)
    convert(to, from.data<unsigned char>() + start, n);
  else if (type == F32)
    convert(to, from.data<float>() + start, n);
  else
    convert(to, from.data<double>() + start, n);
}

Result<Batches> Batches::make(const Dataset &set, int64_t batch, dlrt_datatype type, std::optional<uint64_t> seed, bool whole) {
  if (set.size() > UINT32_MAX || batch < 1 || (whole && set.size() < batch))
    return Error{"'" + set.name + "' has " + std::to_string(set.size()) + " samples: too few or too many for a batch of " +
                 std::to_string(batch)};
  Batches b;
  b.set = &set, b.batch = batch, b.seed = seed, b.whole = whole;
  auto samples = Array::make(type, {batch, set.width()}), labels = Array::make(I32, {batch});
  if (!samples || !labels)
    return (samples ? labels : samples).error();
  b.samples = std::move(*samples), b.labels = std::move(*labels);
  b.order.resize(set.size());
  b.start(0);
  return b;
}
void Batches::start(uint64_t epoch) {
  at = 0;
  std::iota(order.begin(), order.end(), 0);
  if (!seed)
    return;
  SplitMix random{SplitMix{*seed}() + epoch * 0xd1342543de82ef95};
  for (uint32_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(i)]);
}
int64_t Batches::next() {
  int64_t n = std::min<int64_t>(batch, order.size() - at), width = set->width();
  if (n <= 0 || (whole && n < batch))
    return 0;
  for (int64_t i = 0; i < n; ++i) {
    int64_t index = order[at + i];
    labels.data<int32_t>()[i] = set->labels[index];
    if (samples.type == F32)
      convertAs(set->samples.type, samples.data<float>() + i * width, set->samples, index * width, width);
    else
      convertAs(set->samples.type, samples.data<double>() + i * width, set->samples, index * width, width);
  }
  at += n;
  samples.shape[0] = labels.shape[0] = n;
  return n;
}

} // namespace dlc::data
