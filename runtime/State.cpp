// States: what one run hands to the next.
#include "runtime/State.h"
#include "runtime/Safetensors.h"
#include "runtime/cpu/ThreadTeam.h"
#include <string.h>

using namespace dlrt;

/// Back to the initial values, which are constants.
static void begin(dlrt_state &state) {
  FloatingPointScope scope; // the same bits whatever the caller has set
  for (size_t i = 0; i < state.size(); ++i)
    initialise(state, i, 0);
}

dlrt_status dlrt_state_new(const dlrt_model *model, dlrt_state **state) {
  if (!model || !state)
    return fail(DLRT_VALUE, "dlrt_state_new: a null argument");
  *state = nullptr;
  Owner<dlrt_state> made(create<dlrt_state>());
  if (!made)
    return fail(DLRT_MEMORY, "no memory for a state");
  if (dlrt_status status = made->allocate(*model, model->states))
    return status;
  begin(*made.get());
  *state = made.release();
  return DLRT_OK;
}

void dlrt_state_free(dlrt_state *state) { destroy(state); }

dlrt_status dlrt_state_reset(dlrt_state *state) {
  StateLock lock(state);
  if (dlrt_status status = lock.check())
    return status;
  begin(*state);
  return DLRT_OK;
}

dlrt_status dlrt_state_copy(dlrt_state *to, const dlrt_state *from) {
  if (to->model != from->model)
    return fail(DLRT_VALUE, "the state that is copied belongs to model '%s', the other to another model, '%s'",
                dlrt_model_name(from->model), dlrt_model_name(to->model));
  if (to == from)
    return DLRT_OK;
  StateLock target(to), source(from);
  if (dlrt_status status = target.check())
    return status;
  if (dlrt_status status = source.check())
    return status;
  memcpy(to->storage.data(), from->storage.data(), to->storage.size());
  return DLRT_OK;
}

dlrt_status dlrt_state_get(dlrt_state *state, const char *name, dlrt_tensor *view) { return state->get(name, view); }

dlrt_status dlrt_state_set(dlrt_state *state, const char *name, const dlrt_tensor *value) {
  int64_t i = state->find(name);
  if (i < 0)
    return DLRT_NAME;
  StateLock lock(state);
  if (dlrt_status status = lock.check())
    return status;
  return state->set(size_t(i), *value);
}

uint64_t dlrt_state_bytes(const dlrt_state *state) { return state->storage.size(); }

dlrt_status dlrt_state_load(dlrt_state *state, const char *path) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_state_load: a null path");
  StateLock lock(state);
  if (dlrt_status status = lock.check())
    return status;
  return loadFile(*state, path, nullptr, nullptr);
}

dlrt_status dlrt_state_save(const dlrt_state *state, const char *path) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_state_save: a null path");
  StateLock lock(state);
  if (dlrt_status status = lock.check())
    return status;
  return saveFile(*state, path, DLRT_SAVE_ALL);
}
