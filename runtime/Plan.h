// An entry made ready to run: code checked, launches resolved to functions, and
// for each buffer the argument slots that hold it.
#ifndef DLC_RUNTIME_PLAN_H
#define DLC_RUNTIME_PLAN_H
#include "runtime/Memory.h"
#include "runtime/Program.h"

namespace dlrt {

/// A launch with its function and its slice [slot, slot + nargs) of the
/// argument table.
struct PlanLaunch {
  dlx_kernel_fn function;
  uint32_t functionIndex, grid, slot, nargs;
};

/// Argument `slot` holds the buffer's pointer plus `offset`.
struct Patch {
  uint32_t slot;
  int64_t offset;
};

/// Unit `unit` of a prepare entry reads parameter `param`.
struct PreparedRead {
  uint32_t param, unit;
};

/// Immutable and shared by all contexts of the model.
struct EntryPlan {
  const dlx_entry *entry = nullptr;
  const dlx_buffer *buffers = nullptr; // the entry's own
  Array<PlanLaunch> launches;          // in the order of the code
  Array<dlx_instruction> code;         // a stage's [a, a + b) is into `launches` above
  Array<uint32_t> patchStart;          // for buffer i: patches [patchStart[i], patchStart[i + 1])
  Array<Patch> patches;
  Array<uint32_t> exprs;   // all that a run needs
  Array<uint32_t> bound;   // buffers of inputs, outputs and states
  Array<uint32_t> swapped; // buffers that swaps exchange
  uint32_t slots = 0;
  bool carries = false; // has buffers of states
  // Prepare entries: launches that share a buffer in the arena or the prepared
  // block are a unit, which runs again where a parameter that it reads changed.
  Array<uint32_t> unitOf; // by launch
  Array<PreparedRead> reads;
  uint32_t units = 0;
};

/// Builds the plan of entry `entry`. DLRT_FORMAT: the code is malformed;
/// DLRT_MEMORY. `functions` has one pointer for each of the program's
/// functions. `budget`: argument slots that the model may still use.
dlrt_status buildPlan(const Program &program, const dlx_kernel_fn *functions, uint32_t entry, uint64_t &budget, EntryPlan &plan);

} // namespace dlrt
#endif
