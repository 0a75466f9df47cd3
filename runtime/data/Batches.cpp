// Shuffled batches.
#include "runtime/data/Batches.h"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace dlc::data {

uint64_t SplitMix::operator()() {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
uint32_t SplitMix::below(uint32_t bound) {
  for (;;) {
    uint64_t product = ((*this)() >> 32) * bound;
    if (uint32_t(product) >= -bound % bound)
      return product >> 32;
  }
}
void SplitMix::shuffle(std::vector<uint32_t> &numbers) {
  for (uint32_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[below(i)]);
}

Result<Batches> Batches::make(const Dataset &set, const Part &part, Options options) {
  Batches b;
  b.set = &set, b.part = &part, b.options = options, b.size = rowsOf(set, part);
  if (b.size > UINT32_MAX || b.size < 1 || options.batch < 1 || (options.whole && b.size < options.batch))
    return Error{"'" + set.name + "' has " + std::to_string(b.size) + " samples: too few or too many for a batch of " +
                 std::to_string(options.batch)};
  if (!set.preparation.mean.empty() && int64_t(set.preparation.mean.size()) != set.width())
    return Error{"'" + set.name + "' has samples of " + std::to_string(set.width()) + " numbers: the weights were trained on " +
                 std::to_string(set.preparation.mean.size())};
  auto samples = Array::make(options.type, {options.batch, set.width()}), labels = Array::make(I32, {options.batch}),
       targets = Array::make(F64, {options.batch, set.targets});
  for (auto *array : {&samples, &labels, &targets})
    if (!*array)
      return array->error();
  b.samples = std::move(*samples), b.labels = std::move(*labels), b.targets = std::move(*targets);
  if (Status s = b.start(0); !s)
    return s.error();
  return b;
}

Status Batches::start(uint64_t epoch, int64_t skipped) {
  units = *part;
  first = last = at = 0, taken = 0;
  order.clear(), window.reset();
  if (options.seed) {
    random.state = SplitMix{*options.seed}() + epoch * 0xd1342543de82ef95;
    random.shuffle(units);
  }
  for (int64_t left = skipped * options.batch; left > 0 && (at < order.size() || findWindow());) {
    int64_t n = std::min<int64_t>(left, order.size() - at);
    at += n, taken += n, left -= n;
  }
  return {};
}

bool Batches::findWindow() {
  first = last, at = 0;
  window.reset();
  order.clear();
  if (first == units.size())
    return false;
  if (!set->blocks) {
    last = units.size();
    order = units;
    return true;
  }
  int64_t rows = 0, most = std::max<int64_t>(1, options.window / (8 * std::max<int64_t>(1, set->width() + set->targets)));
  for (; last < units.size() && (rows == 0 || rows + set->rowsOf(units[last]) <= most); ++last)
    rows += set->rowsOf(units[last]);
  order.resize(rows);
  std::iota(order.begin(), order.end(), 0);
  if (options.seed)
    random.shuffle(order);
  return true;
}
Status Batches::readWindow() {
  auto rows = set->blocks->read(std::span(units).subspan(first, last - first));
  if (!rows)
    return rows.error();
  window = std::move(*rows);
  return {};
}

/// Elements of columns from 0, less the mean and divided by the deviation where there are any; what is missing is the mean.
template <typename To, typename From> static void convert(To *to, const From *from, int64_t n, const Preparation &p) {
  if constexpr (sizeof(From) > 1)
    if (!p.mean.empty()) {
      for (int64_t i = 0; i < n; ++i)
        to[i] = std::isnan(from[i]) ? To(0) : To((double(from[i]) - p.mean[i]) / p.deviation[i]);
      return;
    }
  for (int64_t i = 0; i < n; ++i)
    to[i] = sizeof(From) == 1 ? To(from[i]) / To(255) : To(from[i]);
}
template <typename To> static void convertAs(To *to, const Array &from, int64_t start, int64_t n, const Preparation &p) {
  if (from.type == U8)
    convert(to, from.data<unsigned char>() + start, n, p);
  else if (from.type == F32)
    convert(to, from.data<float>() + start, n, p);
  else
    convert(to, from.data<double>() + start, n, p);
}
void Batches::copy(const Rows &rows, int64_t from, int64_t to) {
  const int64_t width = set->width(), k = set->targets;
  if (!rows.labels.empty())
    labels.data<int32_t>()[to] = rows.labels[from];
  std::copy_n(rows.targets.data<double>() + from * k, k, targets.data<double>() + to * k);
  if (samples.type == F32)
    convertAs(samples.data<float>() + to * width, rows.samples, from * width, width, set->preparation);
  else
    convertAs(samples.data<double>() + to * width, rows.samples, from * width, width, set->preparation);
}

Result<int64_t> Batches::next() {
  if (options.whole && size - taken < options.batch)
    return int64_t(0);
  int64_t n = 0;
  while (n < options.batch && (at < order.size() || findWindow())) {
    if (set->blocks && !window)
      if (Status s = readWindow(); !s)
        return s.error();
    copy(window ? *window : set->rows, order[at++], n++);
  }
  taken += n;
  samples.shape[0] = labels.shape[0] = targets.shape[0] = n;
  return n;
}

} // namespace dlc::data
