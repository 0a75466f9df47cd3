// Storage of parameters: get, set, staleness.
#include "runtime/Params.h"
#include "runtime/Error.h"
#include "runtime/Tensor.h"
#include "runtime/cpu/ThreadTeam.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

using namespace dlrt;

/// Index by name, or -1 and a message with some names that there are.
static int64_t find(const dlrt_params &params, const char *name) {
  int64_t index = name ? params.model->findParam(name) : -1;
  if (index >= 0)
    return index;
  char known[256] = "none";
  size_t used = 0, count = params.model->paramsByName.size();
  for (size_t i = 0; i < count && used < 200; ++i)
    used += size_t(snprintf(known + used, sizeof known - used, i ? ", %.60s" : "%.60s", params.info(params.model->paramsByName[i]).name));
  fail(DLRT_NAME, "no parameter '%s' in model '%s': it has %zu: %s", name ? name : "(null)", dlrt_model_name(params.model), count, known);
  return -1;
}

dlrt_status dlrt_params_new(const dlrt_model *model, dlrt_params **params) {
  if (!model || !params)
    return fail(DLRT_VALUE, "dlrt_params_new: a null argument");
  *params = nullptr;
  const Program &program = model->program;
  Owner<dlrt_params> made(create<dlrt_params>());
  if (!made || !made->offsets.allocate(program.params.count) || !made->prepared.allocate(program.entries.count))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " parameters", program.params.count);
  made->model = model;
  uint64_t total = 0;
  for (size_t i = 0; i < program.params.count; ++i) {
    made->offsets[i] = total;
    // Each is below 2^63; the sum is checked at every step.
    if (__builtin_add_overflow(total, (made->bytes(i) + 63) / 64 * 64, &total))
      return fail(DLRT_MEMORY, "the parameters are larger than memory");
  }
  if (!made->storage.allocate(total))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " bytes of parameters", total);
  for (size_t i = 0; i < program.entries.count; ++i)
    if (program.entries[i].flags & DLX_IS_PREPARE && !made->prepared[i].block.allocate(program.entries[i].prepared))
      return fail(DLRT_MEMORY, "no memory for %" PRIu64 " bytes of prepared parameters", program.entries[i].prepared);
  FloatingPointScope scope;
  for (size_t i = 0; i < program.params.count; ++i)
    if (made->tensor(i).role == DLX_STATE && made->tensor(i).init == DLX_INIT_CONSTANT)
      initialise(*made.get(), i, 0);
  const dlx_descriptor &descriptor = *model->descriptor;
  if (descriptor.weights)
    if (dlrt_status status = loadSafetensors(*made.get(), "embedded weights", descriptor.weights, descriptor.weights_bytes))
      return status;
  *params = made.release();
  return DLRT_OK;
}

void dlrt_params_free(dlrt_params *params) { destroy(params); }

dlrt_status dlrt_params_init(dlrt_params *params, uint64_t seed) {
  FloatingPointScope scope; // the same bits whatever the caller has set
  for (size_t i = 0; i < params->offsets.size(); ++i)
    initialise(*params, i, seed);
  params->changed();
  return DLRT_OK;
}

dlrt_status dlrt_params_get(dlrt_params *params, const char *name, dlrt_tensor *view) {
  int64_t i = find(*params, name);
  if (i < 0)
    return DLRT_NAME;
  const dlrt_tensor_info &info = params->info(size_t(i));
  *view = {params->data(size_t(i)), {1, 0}, info.ndim, info.dtype, const_cast<int64_t *>(info.dims), nullptr, 0};
  return DLRT_OK;
}

dlrt_status dlrt_params_set(dlrt_params *params, const char *name, const dlrt_tensor *value) {
  int64_t i = find(*params, name);
  if (i < 0)
    return DLRT_NAME;
  const dlrt_tensor_info &info = params->info(size_t(i));
  if (dlrt_status status = checkTensor("parameter", info, *value))
    return status;
  for (int32_t d = 0; d < info.ndim; ++d)
    if (value->shape[d] != info.dims[d])
      return fail(DLRT_SHAPE, "parameter '%s' has shape %s, expected %s", info.name, ShapeText(value->shape, info.ndim).text,
                  ShapeText(info).text);
  if (uint64_t bytes = params->bytes(size_t(i)))
    memmove(params->data(size_t(i)), dataOf(*value), bytes);
  params->changed();
  return DLRT_OK;
}

void dlrt_params_changed(dlrt_params *params) { params->changed(); }
