// Binding of an entry.
#include "runtime/train/Entry.h"
#include <cstring>

namespace dlc::train {

static Error lastError() { return {dlrt_error()}; }

Result<Entry> Entry::bind(dlrt_model *model, dlrt_params *params, dlrt_team *team, const char *name) {
  Entry e;
  e.model = model;
  if (dlrt_entry_find(model, name, &e.index) != DLRT_OK)
    return lastError();
  dlrt_context *context = nullptr;
  if (dlrt_context_new(model, params, team, &context) != DLRT_OK)
    return lastError();
  e.context.reset(context);
  dlrt_state *state = nullptr;
  if (dlrt_entry_carries(model, e.index) && dlrt_state_new(model, &state) != DLRT_OK)
    return lastError();
  e.state.reset(state);
  auto add = [&](const dlrt_tensor_info &info, std::vector<dlrt_tensor> &tensors, std::vector<std::vector<int64_t>> &shapes,
                 bool allocate) -> Status {
    shapes.emplace_back(info.max_dims, info.max_dims + info.ndim);
    tensors.push_back({nullptr, {1, 0}, info.ndim, info.dtype, nullptr, nullptr, 0});
    if (!allocate)
      return {};
    auto array = Array::make(info.dtype, shapes.back());
    if (!array)
      return array.error();
    tensors.back().data = array->data();
    e.memory.push_back(std::move(*array));
    return {};
  };
  for (size_t i = 0, n = dlrt_entry_inputs(model, e.index); i < n; ++i)
    if (Status s = add(*dlrt_entry_input(model, e.index, i), e.in, e.inShapes, e.inputInfo(i).ndim == 0); !s)
      return s.error();
  for (size_t i = 0, n = dlrt_entry_outputs(model, e.index); i < n; ++i)
    if (Status s = add(*dlrt_entry_output(model, e.index, i), e.out, e.outShapes, true); !s)
      return s.error();
  for (size_t i = 0; i < e.in.size(); ++i)
    e.in[i].shape = e.inShapes[i].data();
  for (size_t i = 0; i < e.out.size(); ++i)
    e.out[i].shape = e.outShapes[i].data();
  return e;
}

int Entry::input(const char *name) const {
  for (size_t i = 0; i < in.size(); ++i)
    if (!std::strcmp(inputInfo(i).name, name))
      return i;
  return -1;
}
int Entry::output(const char *name) const {
  for (size_t i = 0; i < out.size(); ++i)
    if (!std::strcmp(dlrt_entry_output(model, index, i)->name, name))
      return i;
  return -1;
}

Status Entry::set(int i, double value) {
  if (in[i].ndim == 0 && in[i].dtype == data::F32)
    *static_cast<float *>(in[i].data) = float(value);
  else if (in[i].ndim == 0 && in[i].dtype == data::F64)
    *static_cast<double *>(in[i].data) = value;
  else
    return Error{std::string("input '") + inputInfo(i).name + "' is " + data::toString(in[i].dtype) + " of rank " +
                 std::to_string(in[i].ndim) + ": expected f32 or f64 of rank 0"};
  return {};
}

Status Entry::bindSamples(int i, const data::Dataset &set) {
  const dlrt_tensor_info &info = inputInfo(i);
  std::vector<int64_t> &shape = inShapes[i], extents{set.size};
  extents.insert(extents.end(), set.shape.begin(), set.shape.end());
  auto mismatch = [&] {
    std::string expected;
    for (int d = 1; d < info.ndim; ++d)
      expected += (d > 1 ? ", " : "") + (info.dims[d] >= 0 ? std::to_string(info.dims[d]) : info.symbols[d] ? info.symbols[d] : "any");
    return Error{"'" + set.name + "' has samples of " + data::toString(set.shape) + ", but input '" + info.name + "' takes [" + expected +
                 "] each"};
  };
  if (info.ndim < 1 || !(info.dtype == data::F32 || info.dtype == data::F64))
    return mismatch();
  bool symbolic = false;
  int64_t width = 1;
  for (int d = 1; d < info.ndim; ++d)
    symbolic |= info.dims[d] < 0, width *= info.dims[d];
  if (!symbolic)
    return width == set.width() ? Status() : mismatch();
  extents.resize(std::max<size_t>(extents.size(), info.ndim), 1); // a channel
  if (extents.size() != size_t(info.ndim))
    return mismatch();
  for (int d = 1; d < info.ndim; ++d) {
    if (info.dims[d] >= 0 && info.dims[d] != extents[d])
      return mismatch();
    shape[d] = extents[d];
  }
  return {};
}
std::pair<int64_t, bool> Entry::batch(int i) const {
  const dlrt_tensor_info &info = inputInfo(i);
  return {info.max_dims[0], info.dims[0] >= 0};
}
void Entry::feed(int i, int64_t rows, void *data) {
  inShapes[i][0] = rows;
  in[i].data = data;
}
Status Entry::run() {
  for (size_t i = 0; i < out.size(); ++i)
    if (dlrt_output_shape(context.get(), index, in.data(), in.size(), i, out[i].shape) != DLRT_OK)
      return lastError();
  if (state && dlrt_state_reset(state.get()) != DLRT_OK)
    return lastError();
  if (dlrt_run(context.get(), index, state.get(), in.data(), in.size(), out.data(), out.size()) != DLRT_OK)
    return lastError();
  return {};
}

} // namespace dlc::train
