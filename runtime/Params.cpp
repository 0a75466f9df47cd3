// Parameters: initial values, changes and their generations.
#include "runtime/Params.h"
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/cpu/ThreadTeam.h"
#include <inttypes.h>

using namespace dlrt;

dlrt_status dlrt_params_new(const dlrt_model *model, dlrt_params **params) {
  if (!model || !params)
    return fail(DLRT_VALUE, "dlrt_params_new: a null argument");
  *params = nullptr;
  const Program &program = model->program;
  Owner<dlrt_params> made(create<dlrt_params>());
  if (!made || !made->generations.allocate(program.params.count) || !made->direct.allocate(program.params.count) ||
      !made->prepared.allocate(program.entries.count))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " parameters", program.params.count);
  if (dlrt_status status = made->allocate(*model, model->params))
    return status;
  for (size_t i = 0; i < program.entries.count; ++i) {
    dlrt_params::Prepared &prepared = made->prepared[i];
    if (program.entries[i].flags & DLX_IS_PREPARE &&
        (!prepared.block.allocate(program.entries[i].prepared) || !prepared.seen.allocate(model->plans[i].reads.size()) ||
         !prepared.stale.allocate(model->plans[i].units)))
      return fail(DLRT_MEMORY, "no memory for %" PRIu64 " bytes of prepared parameters", program.entries[i].prepared);
  }
  for (size_t i = 0; i < program.entries.count; ++i)
    for (uint32_t b = 0; b < program.entries[i].nbuffers && !(program.entries[i].flags & DLX_IS_PREPARE); ++b)
      if (const dlx_buffer &buffer = program.buffers[program.entries[i].buffers + b]; buffer.kind == DLX_BIND_PARAM)
        made->direct[buffer.at] = 1;
  FloatingPointScope scope;
  for (size_t i = 0; i < made->size(); ++i) {
    made->generations[i].store(1, std::memory_order_relaxed);
    if (made->tensor(i).role != DLX_TRAINABLE && made->tensor(i).init == DLX_INIT_CONSTANT)
      if (dlrt_status status = initialise(*made.get(), i, 0))
        return status;
  }
  const dlx_descriptor &descriptor = *model->descriptor;
  if (descriptor.weights)
    if (dlrt_status status =
            loadMemory(*made.get(), "embedded weights", descriptor.weights, descriptor.weights_bytes, true, nullptr, nullptr))
      return status;
  *params = made.release();
  return DLRT_OK;
}

void dlrt_params_free(dlrt_params *params) { destroy(params); }

dlrt_status dlrt_params_init(dlrt_params *params, uint64_t seed) {
  FloatingPointScope scope; // the same bits whatever the caller has set
  for (size_t i = 0; i < params->size(); ++i)
    if (dlrt_status status = initialise(*params, i, seed))
      return status;
  params->allChanged();
  return DLRT_OK;
}

dlrt_status dlrt_params_get(dlrt_params *params, const char *name, dlrt_tensor *view) {
  pthread_mutex_lock(&params->preparing);
  dlrt_status status = params->get(name, view);
  pthread_mutex_unlock(&params->preparing);
  return status;
}

dlrt_status dlrt_params_set(dlrt_params *params, const char *name, const dlrt_tensor *value) {
  int64_t i = params->find(name);
  if (i < 0)
    return DLRT_NAME;
  if (dlrt_status status = params->set(size_t(i), *value))
    return status;
  params->changed(size_t(i));
  return DLRT_OK;
}

dlrt_status dlrt_params_changed(dlrt_params *params, const char *name) {
  int64_t i = name ? params->find(name) : 0;
  if (i < 0)
    return DLRT_NAME;
  if (name)
    params->changed(size_t(i));
  else
    params->allChanged();
  return DLRT_OK;
}

dlrt_status dlrt_params_generation(const dlrt_params *params, const char *name, uint64_t *generation) {
  int64_t i = params->find(name);
  if (i < 0)
    return DLRT_NAME;
  *generation = params->generations[size_t(i)].load(std::memory_order_acquire);
  return DLRT_OK;
}

/// Counts a loaded parameter's change.
static void noteLoaded(Store &params, size_t i) { static_cast<dlrt_params &>(params).changed(i); }

dlrt_status dlrt_params_load(dlrt_params *params, const char *path, dlrt_loaded *loaded) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_params_load: a null path");
  return loadFile(*params, path, noteLoaded, loaded);
}

dlrt_status dlrt_params_map(dlrt_params *params, const char *path, dlrt_loaded *loaded) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_params_map: a null path");
  Mapping mapping;
  if (dlrt_status status = mapping.open(path))
    return status;
  if (dlrt_status status = loadMemory(*params, path, mapping.data(), mapping.size(), true, noteLoaded, loaded))
    return status;
  for (size_t i = 0; i < params->size(); ++i) // what the file lacked
    if (params->mapping.holds(params->referred[i]))
      params->view(i);
  mapping.swap(params->mapping);
  params->mapping.release(params->mapping.data(), params->mapping.size()); // of the header, and of what was copied
  params->giveBack();
  return DLRT_OK;
}

dlrt_status dlrt_params_load_memory(dlrt_params *params, const void *bytes, size_t size, dlrt_loaded *loaded) {
  if (!bytes)
    return fail(DLRT_VALUE, "dlrt_params_load_memory: a null pointer");
  return loadMemory(*params, "weights in memory", bytes, size, false, noteLoaded, loaded);
}

dlrt_status dlrt_params_save(const dlrt_params *params, const char *path, dlrt_saved what) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_params_save: a null path");
  return saveFile(*params, path, what);
}
