// Contexts: allocation of all that runs need, and the calls that run.
#include "runtime/Context.h"
#include "runtime/Error.h"
#include "runtime/Tensor.h"
#include <inttypes.h>
#include <string.h>

using namespace dlrt;

char *dlrt::ownPointer(const dlrt_context &context, size_t entry, const dlx_buffer &buffer) {
  const dlx_entry &e = context.model->program.entries[entry];
  switch (buffer.kind) {
  case DLX_ARENA:
    return context.arena.data() + buffer.at;
  case DLX_BIND_PARAM:
    return const_cast<char *>(context.params->data(buffer.at)); // kernels write what lies in own memory alone
  case DLX_PREPARED:
    return context.params->prepared[e.flags & DLX_IS_PREPARE ? entry : e.prepare].block.data() + buffer.at;
  case DLX_CONSTANT:
    return const_cast<char *>(context.model->program.constants.records) + buffer.at;
  default:
    return context.arena.data(); // set before it is used
  }
}

/// Tables of one entry, with the pointers that never change.
static bool allocateEntry(dlrt_context &context, size_t entry) {
  const EntryPlan &plan = context.model->plans[entry];
  const Program &program = context.model->program;
  EntryState &state = context.entries[entry];
  uint32_t nbuffers = plan.entry->nbuffers;
  if (!state.symbols.allocate(program.symbols.count) || !state.values.allocate(program.exprs.count) || !state.pointers.allocate(nbuffers) ||
      !state.args.allocate(plan.slots) || !state.counters.allocate(plan.launches.size()))
    return false;
  for (uint32_t b = 0; b < nbuffers; ++b)
    setPointer(plan, state, b, ownPointer(context, entry, plan.buffers[b]));
  return true;
}

dlrt_status dlrt_context_new(dlrt_model *model, dlrt_params *params, dlrt_team *team, dlrt_context **context) {
  if (!model || !params || !context)
    return fail(DLRT_VALUE, "dlrt_context_new: a null argument");
  *context = nullptr;
  if (params->model != model)
    return fail(DLRT_VALUE, "the parameters belong to another model than '%s'", dlrt_model_name(model));
  Owner<dlrt_context> made(create<dlrt_context>());
  if (!made || !made->entries.allocate(model->plans.size()))
    return fail(DLRT_MEMORY, "no memory for a context");
  const char *guard = getenv("DLRT_GUARD");
  made->model = model;
  made->params = params;
  made->placed = params->placed.load(std::memory_order_acquire);
  made->team = team;
  made->guarded = guard && !strcmp(guard, "1");
  if (!made->arena.allocate(model->arena, made->guarded))
    return fail(DLRT_MEMORY, "no memory for an arena of %" PRIu64 " bytes: compile with lower bounds of the symbols (--shape NAME=LO..HI)",
                model->arena);
  // A cache line lies unused between neighbours.
  made->scratchStride = (model->scratch + 127) / 64 * 64;
  uint64_t threads = team ? uint64_t(team->threads()) : 1, bytes;
  if (__builtin_mul_overflow(threads - 1, made->scratchStride, &bytes) || __builtin_add_overflow(bytes, model->scratch, &bytes) ||
      !made->scratch.allocate(bytes, made->guarded))
    return fail(DLRT_MEMORY, "no memory for scratch of %" PRIu64 " threads with %" PRIu64 " bytes each", threads, made->scratchStride);
  if (made->guarded) {
    made->arena.poison();
    made->scratch.poison();
  }
  for (size_t i = 0; i < model->plans.size(); ++i)
    if (!allocateEntry(*made.get(), i))
      return fail(DLRT_MEMORY, "no memory for the tables of entry '%s'", model->entryName(i));
  *context = made.release();
  return DLRT_OK;
}

void dlrt_context_free(dlrt_context *context) { destroy(context); }

void *dlrt_context_arena(const dlrt_context *context, uint64_t *bytes) {
  if (bytes)
    *bytes = context->arena.size();
  return context->arena.data();
}

/// Sets the pointers of parameters that have moved since that was done last.
static void follow(dlrt_context &context) {
  dlrt_params &params = *context.params;
  if (context.placed == params.placed.load(std::memory_order_acquire))
    return;
  pthread_mutex_lock(&params.preparing);
  context.placed = params.placed.load(std::memory_order_relaxed);
  for (size_t i = 0; i < context.entries.size(); ++i) {
    const EntryPlan &plan = context.model->plans[i];
    for (uint32_t b = 0; b < plan.entry->nbuffers; ++b)
      if (plan.buffers[b].kind == DLX_BIND_PARAM)
        setPointer(plan, context.entries[i], b, ownPointer(context, i, plan.buffers[b]));
  }
  pthread_mutex_unlock(&params.preparing);
}

/// Runs the stale units. Of a mapped file that is a part after the other, whose pages are given back before the next is read.
static dlrt_status executeUnits(dlrt_context &context, uint32_t entry, const Array<uint8_t> &stale) {
  const dlrt_params &params = *context.params;
  const Array<PreparedRead> &reads = context.model->plans[entry].reads;
  Array<uint64_t> bytes;
  Array<uint8_t> some;
  if (!params.mapping.size() || !bytes.allocate(stale.size()) || !some.allocate(stale.size()))
    return execute(context, entry, stale.data());
  for (const PreparedRead &read : reads)
    bytes[read.unit] += params.bytes(read.param);
  for (size_t from = 0, to; from < stale.size(); from = to) {
    uint64_t sum = 0;
    for (to = from; to == from || (to < stale.size() && sum < params.mapping.size() / 16); ++to)
      if ((some[to] = stale[to]))
        sum += bytes[to];
    if (dlrt_status status = execute(context, entry, some.data()))
      return status;
    for (const PreparedRead &read : reads)
      if (some[read.unit] && !params.direct[read.param])
        params.mapping.release(params.data(read.param), params.bytes(read.param));
    for (size_t unit = from; unit < to; ++unit)
      some[unit] = 0;
  }
  return DLRT_OK;
}

/// Runs the stale units of a prepare entry; its params' `preparing` is held.
static dlrt_status prepareStale(dlrt_context &context, uint32_t entry) {
  dlrt_params &params = *context.params;
  dlrt_params::Prepared &prepared = params.prepared[entry];
  const Array<PreparedRead> &reads = context.model->plans[entry].reads;
  bool first = prepared.version.load(std::memory_order_relaxed) == 0, any = first;
  auto now = [&](size_t r) { return params.generations[reads[r].param].load(std::memory_order_relaxed); };
  for (uint8_t &unit : prepared.stale)
    unit = first; // one that reads no parameter runs then alone
  for (size_t r = 0; r < reads.size(); ++r)
    if (prepared.seen[r] != now(r))
      prepared.stale[reads[r].unit] = any = true;
  if (!any)
    return DLRT_OK;
  if (dlrt_status status = bindTensors(context, entry, nullptr, nullptr, 0, nullptr, 0))
    return status;
  if (dlrt_status status = executeUnits(context, entry, prepared.stale))
    return status;
  for (size_t r = 0; r < reads.size(); ++r)
    prepared.seen[r] = now(r);
  return DLRT_OK;
}

/// Runs the prepare entry for the parameters that have changed since it was run
/// last. Contexts that share the parameters wait for each other.
static dlrt_status refresh(dlrt_context &context, uint32_t entry) {
  dlrt_params &params = *context.params;
  dlrt_params::Prepared &prepared = params.prepared[entry];
  if (prepared.version.load(std::memory_order_acquire) == params.version.load(std::memory_order_acquire))
    return DLRT_OK;
  pthread_mutex_lock(&params.preparing);
  uint64_t version = params.version.load(std::memory_order_acquire);
  dlrt_status status = DLRT_OK;
  if (prepared.version.load(std::memory_order_relaxed) != version) {
    status = prepareStale(context, entry);
    if (!status)
      prepared.version.store(version, std::memory_order_release);
  }
  pthread_mutex_unlock(&params.preparing);
  return status;
}

/// Refuses no state where the entry carries one, and one of another model.
static dlrt_status checkState(const dlrt_model &model, size_t entry, const dlrt_state *state) {
  if (state && state->model != &model)
    return fail(DLRT_VALUE, "the state belongs to another model than '%s'", dlrt_model_name(&model));
  if (!state && model.plans[entry].carries)
    return fail(DLRT_VALUE, "entry '%s' carries state from run to run: make one by dlrt_state_new and hand it to each run of a sequence",
                model.entryName(entry));
  return DLRT_OK;
}

/// Refuses an index that is no entry.
static dlrt_status checkEntry(const dlrt_model &model, size_t entry) {
  if (entry < dlrt_model_entries(&model))
    return DLRT_OK;
  return fail(DLRT_NAME, "entry number %zu of model '%s', which has %zu", entry, dlrt_model_name(&model), dlrt_model_entries(&model));
}

dlrt_status dlrt_prepare(dlrt_context *context, size_t entry) {
  if (dlrt_status status = checkEntry(*context->model, entry))
    return status;
  follow(*context);
  const dlx_entry &e = context->model->program.entries[entry];
  return e.prepare == DLX_NONE ? DLRT_OK : refresh(*context, e.prepare);
}

dlrt_status dlrt_run(dlrt_context *context, size_t entry, dlrt_state *state, const dlrt_tensor *inputs, size_t ninputs,
                     const dlrt_tensor *outputs, size_t noutputs) {
  if (dlrt_status status = checkEntry(*context->model, entry))
    return status;
  if (dlrt_status status = checkState(*context->model, entry, state))
    return status;
  follow(*context);
  const dlx_entry &e = context->model->program.entries[entry];
  if (!context->model->plans[entry].carries)
    state = nullptr;
  StateLock lock(state);
  if (dlrt_status status = lock.check())
    return status;
  if (dlrt_status status = bindTensors(*context, entry, state, inputs, ninputs, outputs, noutputs))
    return status;
  if (e.prepare != DLX_NONE)
    if (dlrt_status status = refresh(*context, e.prepare))
      return status;
  if (context->guarded) {
    context->arena.poison();
    context->scratch.poison();
    for (size_t i = 0; i < noutputs; ++i) {
      uint64_t bytes;
      if (denseBytes(outputs[i].shape, uint32_t(outputs[i].ndim), context->model->program.tensors[e.outputs + i].dtype, bytes) && bytes)
        fillPoison(dataOf(outputs[i]), bytes);
    }
  }
  dlrt_status status = execute(*context, entry);
  for (uint32_t w = 0; w < e.nwrites; ++w) // also after a failure: some may be written
    context->params->changed(context->model->program.writes[e.writes + w]);
  return status;
}
