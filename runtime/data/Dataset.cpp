// Parts of data sets, and the statistics of their columns.
#include "runtime/data/Dataset.h"
#include "runtime/data/Batches.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace dlc::data {

int64_t Dataset::width() const {
  int64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}
Part everything(const Dataset &set) {
  Part part(set.units());
  std::iota(part.begin(), part.end(), 0);
  return part;
}
int64_t rowsOf(const Dataset &set, const Part &part) {
  int64_t n = 0;
  for (uint32_t unit : part)
    n += set.rowsOf(unit);
  return n;
}
/// The units in [begin, end) of a shuffled order, and the others; both ascending.
static Halves cut(const Part &part, uint64_t seed, size_t begin, size_t end) {
  Part order = part;
  SplitMix random{SplitMix{seed ^ 0x73706c6974}()}; // another order than an epoch's
  random.shuffle(order);
  Halves halves;
  halves.left.assign(order.begin() + begin, order.begin() + end);
  halves.kept.assign(order.begin(), order.begin() + begin);
  halves.kept.insert(halves.kept.end(), order.begin() + end, order.end());
  for (Part *half : {&halves.left, &halves.kept})
    std::sort(half->begin(), half->end());
  return halves;
}
Halves fold(const Part &part, uint64_t seed, uint32_t folds, uint32_t k) {
  return cut(part, seed, part.size() * k / folds, part.size() * (k + 1) / folds);
}
Halves share(const Part &part, uint64_t seed, double left) {
  return cut(part, seed, 0, std::clamp<size_t>(std::llround(left * part.size()), 1, part.size()));
}

Status standardize(Dataset &set, const Part &part) {
  const int64_t width = set.width();
  std::vector<double> mean(width), squares(width), count(width);
  set.preparation.mean.clear(), set.preparation.deviation.clear(); // the rows as they are
  auto batches = Batches::make(set, part, {.batch = std::min<int64_t>(256, rowsOf(set, part)), .type = F64});
  if (!batches)
    return batches.error();
  while (true) {
    auto n = batches->next();
    if (!n)
      return n.error();
    if (*n == 0)
      break;
    for (int64_t row = 0; row < *n; ++row)
      for (int64_t c = 0; c < width; ++c) { // Welford, Technometrics 4, 1962
        double x = batches->samples.data<double>()[row * width + c];
        if (std::isnan(x))
          continue;
        double off = x - mean[c];
        mean[c] += off / ++count[c];
        squares[c] += off * (x - mean[c]);
      }
  }
  std::vector<double> deviation(width);
  for (int64_t c = 0; c < width; ++c) {
    if (count[c] == 0)
      return Error{"'" + set.name + "' has no value in column '" +
                   (size_t(c) < set.preparation.columns.size() ? set.preparation.columns[c] : std::to_string(c + 1)) +
                   "' of the rows to train on: leave it out by drop="};
    deviation[c] = std::sqrt(squares[c] / count[c]);
    if (!(deviation[c] > 0)) // a column of one value becomes 0
      deviation[c] = 1;
  }
  set.preparation.mean = std::move(mean), set.preparation.deviation = std::move(deviation);
  return {};
}

void Fingerprint::mix(uint64_t word) {
  state = (state ^ word) * 0xbf58476d1ce4e5b9;
  state ^= state >> 29;
}
void Fingerprint::add(const void *bytes, size_t size) {
  const auto *at = static_cast<const unsigned char *>(bytes);
  uint64_t word;
  for (; size; ++at, --size) { // to the next word
    if (total % 8 == 0 && size >= 8)
      break;
    rest[total++ % 8] = *at;
    if (total % 8 == 0)
      std::memcpy(&word, rest, 8), mix(word);
  }
  for (; size >= 8; at += 8, size -= 8, total += 8)
    std::memcpy(&word, at, 8), mix(word);
  if (size)
    add(at, size);
}
uint64_t Fingerprint::value() const {
  Fingerprint last = *this;
  uint64_t word = 0;
  std::memcpy(&word, rest, total % 8);
  last.mix(word), last.mix(total);
  return last.state;
}

Result<Dataset> makeDataset(std::string name, Array samples, Array given) {
  Dataset set;
  set.name = std::move(name);
  if (samples.shape.empty() || samples.shape[0] == 0 || samples.shape[0] > INT32_MAX || samples.size() == 0)
    return Error{"'" + set.name + "' has samples of " + toString(samples.shape) + ": expected [n, ...], n from 1"};
  if (!(samples.type == U8 || samples.type == F32 || samples.type == F64))
    return Error{"'" + set.name + "' has samples of " + toString(samples.type) + ": expected u8, f32 or f64"};
  set.size = samples.shape[0];
  set.shape.assign(samples.shape.begin() + 1, samples.shape.end());
  Fingerprint print;
  print.add(samples.data(), samples.bytes());
  set.rows.samples = std::move(samples);
  if (given.data()) {
    print.add(given.data(), given.bytes());
    if (given.shape.empty() || given.shape[0] != set.size)
      return Error{"'" + set.name + "' has " + std::to_string(set.size) + " samples and labels of " + toString(given.shape)};
    bool classes = given.shape.size() == 1 && !(given.type == F32 || given.type == F64);
    int64_t most = -1;
    auto take = [&](auto *from) -> Status {
      for (int64_t i = 0; i < given.size(); ++i) {
        if (classes && !(from[i] >= 0 && from[i] <= 9999))
          return Error{"label " + std::to_string(i) + " of '" + set.name + "' is " + std::to_string(from[i]) +
                       ": expected a class from 0 to 9999"};
        if (classes)
          set.rows.labels.push_back(int32_t(from[i])), most = std::max<int64_t>(most, int64_t(from[i]));
        else
          set.rows.targets.data<double>()[i] = double(from[i]);
      }
      return {};
    };
    if (!classes) {
      auto targets = Array::make(F64, {set.size, given.size() / set.size});
      if (!targets)
        return targets.error();
      set.targets = targets->shape[1], set.rows.targets = std::move(*targets);
    }
    Status s = given.type == F32   ? take(given.data<float>())
               : given.type == F64 ? take(given.data<double>())
               : given.type == I64 ? take(given.data<int64_t>())
               : given.type == I32 ? take(given.data<int32_t>())
               : given.type == I16 ? take(given.data<int16_t>())
               : given.type == I8  ? take(given.data<signed char>())
                                   : take(given.data<unsigned char>()); // u8, bool
    if (!s)
      return s.error();
    for (int64_t c = 0; c <= most; ++c)
      set.preparation.classes.push_back(std::to_string(c));
  }
  set.fingerprint = print.value();
  return set;
}

} // namespace dlc::data
