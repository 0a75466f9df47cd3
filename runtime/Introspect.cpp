// What a model tells about itself: entries, inputs, outputs, parameters, states.
#include "runtime/Error.h"
#include "runtime/Model.h"
#include "runtime/Tensor.h"
#include <stdio.h>
#include <string.h>

using namespace dlrt;

/// The arrays behind dlrt_tensor_info.
static dlrt_status describeTensors(dlrt_model &model) {
  const Program &program = model.program;
  size_t total = 0;
  for (uint64_t t = 0; t < program.tensors.count; ++t)
    total += program.tensors[t].rank;
  if (!model.infos.allocate(program.tensors.count) || !model.bytes.allocate(program.tensors.count) || !model.dims.allocate(total) ||
      !model.maxDims.allocate(total) || !model.symbolNames.allocate(total) || !model.symbols.allocate(total))
    return fail(DLRT_MEMORY, "no memory for the description of %llu tensors", (unsigned long long)program.tensors.count);
  size_t at = 0;
  for (uint64_t t = 0; t < program.tensors.count; ++t) {
    const dlx_tensor &tensor = program.tensors[t];
    bool usual = tensor.role == DLX_INPUT && tensor.init == DLX_INIT_CONSTANT;
    model.infos[t] = {program.string(tensor.name),
                      datatypeOf(tensor.dtype),
                      int32_t(tensor.rank),
                      dlrt_role(tensor.role),
                      usual,
                      usual ? tensor.a : 0,
                      model.dims.data() + at,
                      model.maxDims.data() + at,
                      model.symbolNames.data() + at,
                      tensor.symbol == DLX_NONE ? nullptr : program.string(program.symbols[tensor.symbol].name),
                      tensor.symbol == DLX_NONE ? 0 : program.symbols[tensor.symbol].max};
    for (uint32_t d = 0; d < tensor.rank; ++d, ++at) {
      uint32_t expr = tensor.dims + d;
      int64_t least;
      boundsOf(program, expr, least, model.maxDims[at]); // checked by readProgram
      model.symbols[at] = symbolOf(program, expr);
      model.dims[at] = isConstant(program, expr) ? model.maxDims[at] : -1;
      if (model.symbols[at] >= 0)
        model.symbolNames[at] = program.string(program.symbols[uint64_t(model.symbols[at])].name);
    }
    denseBytes(model.infos[t].max_dims, tensor.rank, tensor.dtype, model.bytes[t]);
  }
  return DLRT_OK;
}

namespace {
struct Sorted {
  const dlrt_model &model;
  const Names &names;
  const char *name(uint32_t i) const { return model.infos[names.tensors[i]].name; }
};
} // namespace
/// qsort_r's order of numbers by name.
static int byName(const void *a, const void *b, void *sorted) {
  const Sorted &s = *static_cast<const Sorted *>(sorted);
  return strcmp(s.name(*static_cast<const uint32_t *>(a)), s.name(*static_cast<const uint32_t *>(b)));
}

static dlrt_status sortNames(const dlrt_model &model, Names &names, const Table<uint32_t> &tensors) {
  names.tensors = tensors;
  if (!names.sorted.allocate(tensors.count))
    return fail(DLRT_MEMORY, "no memory for the names of %llu %ss", (unsigned long long)tensors.count, names.what);
  for (uint32_t i = 0; i < tensors.count; ++i)
    names.sorted[i] = i;
  Sorted sorted = {model, names};
  qsort_r(names.sorted.data(), tensors.count, sizeof(uint32_t), byName, &sorted);
  for (size_t i = 1; i < tensors.count; ++i)
    if (!strcmp(sorted.name(names.sorted[i - 1]), sorted.name(names.sorted[i])))
      return fail(DLRT_FORMAT, "dlx program: two %ss have the name '%s'", names.what, sorted.name(names.sorted[i]));
  return DLRT_OK;
}

dlrt_status dlrt::describeModel(dlrt_model &model) {
  if (dlrt_status status = describeTensors(model))
    return status;
  if (dlrt_status status = sortNames(model, model.params, model.program.params))
    return status;
  if (dlrt_status status = sortNames(model, model.states, model.program.states))
    return status;
  for (uint32_t t : model.states.sorted)
    if (const char *name = model.infos[model.states.tensors[t]].name; model.find(model.params, name, strlen(name)) >= 0)
      return fail(DLRT_FORMAT, "dlx program: a parameter and a state have the name '%s'", name);
  for (size_t i = 0; i < model.program.entries.count; ++i)
    for (size_t j = 0; j < i; ++j)
      if (!strcmp(model.entryName(i), model.entryName(j)))
        return fail(DLRT_FORMAT, "dlx program: two entries have the name '%s'", model.entryName(i));
  return DLRT_OK;
}

int64_t dlrt_model::find(const Names &names, const char *name, size_t length) const {
  size_t low = 0, high = names.sorted.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    const char *known = infos[names.tensors[names.sorted[middle]]].name;
    int order = strncmp(name, known, length);
    if (order == 0)
      order = known[length] ? -1 : 0;
    if (order == 0)
      return names.sorted[middle];
    (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
  }
  return -1;
}

const char *dlrt_model_name(const dlrt_model *model) { return model->descriptor->model ? model->descriptor->model : ""; }
const char *dlrt_model_target(const dlrt_model *model) { return model->target->target; }
int dlrt_model_has_weights(const dlrt_model *model) { return model->descriptor->weights != nullptr; }
size_t dlrt_model_entries(const dlrt_model *model) { return model->program.callable; }

const char *dlrt_entry_name(const dlrt_model *model, size_t entry) {
  return entry < dlrt_model_entries(model) ? model->entryName(entry) : nullptr;
}

dlrt_status dlrt_entry_find(const dlrt_model *model, const char *name, size_t *entry) {
  for (size_t i = 0; i < dlrt_model_entries(model); ++i)
    if (!strcmp(name, model->entryName(i))) {
      *entry = i;
      return DLRT_OK;
    }
  char known[256] = "none";
  size_t used = 0;
  for (size_t i = 0; i < dlrt_model_entries(model) && used < sizeof known; ++i)
    used += size_t(snprintf(known + used, sizeof known - used, i ? ", %s" : "%s", model->entryName(i)));
  return fail(DLRT_NAME, "no entry '%s' in model '%s': it has %s", name, dlrt_model_name(model), known);
}

/// The entry's record, or one without inputs, outputs and memory where there is none.
static const dlx_entry &entryOf(const dlrt_model *model, size_t entry) {
  static const dlx_entry none = {};
  return entry < dlrt_model_entries(model) ? model->program.entries[entry] : none;
}

size_t dlrt_entry_inputs(const dlrt_model *model, size_t entry) { return entryOf(model, entry).ninputs; }

size_t dlrt_entry_outputs(const dlrt_model *model, size_t entry) { return entryOf(model, entry).noutputs; }

const dlrt_tensor_info *dlrt_entry_input(const dlrt_model *model, size_t entry, size_t i) {
  const dlx_entry &e = entryOf(model, entry);
  return i < e.ninputs ? &model->infos[e.inputs + i] : nullptr;
}

const dlrt_tensor_info *dlrt_entry_output(const dlrt_model *model, size_t entry, size_t i) {
  const dlx_entry &e = entryOf(model, entry);
  return i < e.noutputs ? &model->infos[e.outputs + i] : nullptr;
}

int dlrt_entry_carries(const dlrt_model *model, size_t entry) { return entry < dlrt_model_entries(model) && model->plans[entry].carries; }

size_t dlrt_model_params(const dlrt_model *model) { return model->params.tensors.count; }

const dlrt_tensor_info *dlrt_model_param(const dlrt_model *model, size_t i) {
  return i < model->params.tensors.count ? &model->infos[model->params.tensors[i]] : nullptr;
}

size_t dlrt_model_states(const dlrt_model *model) { return model->states.tensors.count; }

const dlrt_tensor_info *dlrt_model_state(const dlrt_model *model, size_t i) {
  return i < model->states.tensors.count ? &model->infos[model->states.tensors[i]] : nullptr;
}

uint64_t dlrt_entry_arena(const dlrt_model *model, size_t entry) { return entryOf(model, entry).arena; }

uint64_t dlrt_entry_scratch(const dlrt_model *model, size_t entry) { return entryOf(model, entry).scratch; }
