// A context: one arena, scratch for each thread, and for each entry its
// pointers, argument table and evaluated expressions.
#ifndef DLC_RUNTIME_CONTEXT_H
#define DLC_RUNTIME_CONTEXT_H
#include "runtime/Memory.h"
#include "runtime/Model.h"
#include "runtime/Params.h"
#include "runtime/State.h"
#include "runtime/cpu/ThreadTeam.h"

namespace dlrt {

/// Time spent in a launch.
struct Counter {
  uint64_t calls, nanoseconds;
};

/// What a run of one entry changes; allocated when the context is made.
struct EntryState {
  Array<int64_t> symbols;  // extents that `values` were evaluated at
  Array<int64_t> values;   // by expression
  Array<char *> pointers;  // by buffer
  Array<void *> args;      // by slot
  Array<Counter> counters; // by launch of the plan
  Counter copies;          // of all kinds
  bool evaluated = false;  // `values` belong to `symbols`
  bool exchanged = false;  // swaps have run since the pointers were set
};

} // namespace dlrt

struct dlrt_context {
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  dlrt_team *team = nullptr;
  dlrt::Block arena, scratch;
  uint64_t scratchStride = 0; // bytes from one thread's scratch to the next's
  dlrt::Array<dlrt::EntryState> entries;
  uint64_t placed = 0; // the parameters' when their pointers were set
  bool guarded = false, profiling = false;
  uint64_t profileStart = 0;
  size_t eventCount = 0; // of which the first events.size() are kept
  dlrt::Array<dlrt_profile_event> events;
};

namespace dlrt {

/// Points buffer `b` at `pointer`, in the table and in every argument slot that
/// holds it.
inline void setPointer(const EntryPlan &plan, EntryState &state, uint32_t b, char *pointer) {
  state.pointers[b] = pointer;
  for (uint32_t i = plan.patchStart[b]; i < plan.patchStart[b + 1]; ++i)
    state.args[plan.patches[i].slot] = pointer + plan.patches[i].offset;
}

/// The pointer of a buffer that no tensor of the caller and no view gives.
char *ownPointer(const dlrt_context &context, size_t entry, const dlx_buffer &buffer);

/// Values of the symbols by the inputs' shapes and scalars; symbols that no
/// input gives are at their minimum. Refuses wrong dtypes, ranks and constant
/// extents, symbols out of bounds and symbols that inputs disagree on; derived
/// extents are not looked at. `needsData`: also look at pointers and strides, as
/// is always done for scalars that give a symbol.
dlrt_status bindSymbols(const dlrt_model &model, size_t entry, const dlrt_tensor *inputs, size_t ninputs, bool needsData, int64_t *symbols);

/// Evaluates the entry's expressions at `symbols` and checks sizes, grids,
/// trips, copies and views, unless that was done last time.
dlrt_status evaluateEntry(const dlrt_model &model, size_t entry, const int64_t *symbols, EntryState &state);

/// All checks of the caller's tensors; then points the entry's buffers at them
/// and at the state, which is one of the context's model or null.
dlrt_status bindTensors(dlrt_context &context, size_t entry, const dlrt_state *carried, const dlrt_tensor *inputs, size_t ninputs,
                        const dlrt_tensor *outputs, size_t noutputs);

/// Runs the code of a bound entry, on the team if it is free. `stale`: by unit
/// of a prepare entry, whether its launches run; null: all do.
dlrt_status execute(dlrt_context &context, size_t entry, const uint8_t *stale = nullptr);

} // namespace dlrt
#endif
