// Labels to the input `label`.
#include "runtime/train/Targets.h"

namespace dlc::train {

Result<Targets> Targets::make(const dlrt_tensor_info &info, const data::Dataset &set, int64_t batch, double other) {
  Targets targets;
  targets.other = other;
  const bool classes = !set.reconstructs && set.targets == 0, floats = info.dtype == data::F32 || info.dtype == data::F64;
  if (classes && info.ndim == 1 && info.dtype == data::I32)
    return targets;
  int64_t width = info.ndim >= 1 ? 1 : 0;
  for (int d = 1; d < info.ndim; ++d)
    width = info.dims[d] < 0 ? 0 : width * info.dims[d];
  auto refuse = [&](const std::string &expected) {
    return Error{"input 'label' is " + data::toString(info.dtype) + " of rank " + std::to_string(info.ndim) +
                 (width > 0 ? ", " + std::to_string(width) + " a sample" : "") + ": expected " + expected};
  };
  if (classes) {
    const bool two = width == 1 && set.classes() == 2;
    if (!floats || !(two || (info.ndim == 2 && width >= set.classes())))
      return refuse("i32 [n], class numbers, or f32 or f64 [n, classes], " + std::to_string(set.classes()) + " classes or more");
    targets.kind = two ? OneOfTwo : OneHot;
  } else {
    int64_t expected = set.reconstructs ? set.width() : set.targets;
    if (!floats || width != expected)
      return refuse("f32 or f64 of " + std::to_string(expected) + " numbers a sample, as '" + set.name +
                    "' has; losses of classes need label=");
    targets.kind = set.reconstructs ? Samples : Values;
  }
  auto memory = data::Array::make(info.dtype, {batch, width});
  if (!memory)
    return memory.error();
  targets.rows = std::move(*memory);
  return targets;
}

void *Targets::of(data::Batches &batch, int64_t n) {
  if (kind == Numbers)
    return batch.labels.data();
  if (kind == Samples && batch.samples.type == rows.type)
    return batch.samples.data();
  const int64_t width = rows.shape[1];
  const int32_t *labels = batch.labels.data<int32_t>();
  auto fill = [&](auto *to) {
    for (int64_t i = 0; i < n * width; ++i)
      to[i] = kind == OneHot                    ? (labels[i / width] == i % width ? 1 : other)
              : kind == OneOfTwo                ? (labels[i] ? 1 : other)
              : kind == Values                  ? batch.targets.data<double>()[i]
              : batch.samples.type == data::F32 ? double(batch.samples.data<float>()[i])
                                                : batch.samples.data<double>()[i];
  };
  rows.type == data::F32 ? fill(rows.data<float>()) : fill(rows.data<double>());
  return rows.data();
}

} // namespace dlc::train
