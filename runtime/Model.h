// A loaded model: the chosen target's program, its plans, and what
// introspection hands out. Immutable once made.
#ifndef DLC_RUNTIME_MODEL_H
#define DLC_RUNTIME_MODEL_H
#include "runtime/Library.h"
#include "runtime/Memory.h"
#include "runtime/Plan.h"
#include "runtime/Program.h"

namespace dlrt {
/// Tensors that are found by name: the parameters, or the states.
struct Names {
  const char *what;        // for messages
  Table<uint32_t> tensors; // by number
  Array<uint32_t> sorted;  // numbers in the order of their names
};
} // namespace dlrt

struct dlrt_model {
  const dlx_descriptor *descriptor = nullptr;
  const dlx_target *target = nullptr;
  dlrt::Library library; // empty where the descriptor was given
  dlrt::Block copied;    // the program, where the descriptor's was not 64-byte aligned
  dlrt::Program program;
  dlrt::Array<dlrt::EntryPlan> plans;
  uint64_t arena = 0, scratch = 0; // largest of all entries

  // By tensor: what callers see, and bytes at the bounds. Extents of tensor i
  // begin at infos[i].dims in all arrays.
  dlrt::Array<dlrt_tensor_info> infos;
  dlrt::Array<uint64_t> bytes;
  dlrt::Array<int64_t> dims, maxDims;
  dlrt::Array<const char *> symbolNames;
  dlrt::Array<int32_t> symbols; // the symbol that a dimension is, or -1
  dlrt::Names params = {"parameter", {}, {}}, states = {"state", {}, {}};

  /// Number of a parameter or state by the `length` letters of its name, or -1.
  int64_t find(const dlrt::Names &names, const char *name, size_t length) const;
  const char *entryName(size_t i) const { return program.string(program.entries[i].name); }
  /// The symbols of tensor t's dimensions, -1 where a dimension is constant or
  /// derived.
  const int32_t *dimSymbols(size_t t) const { return symbols.data() + (infos[t].dims - dims.data()); }
};

namespace dlrt {

/// Fills infos, bytes, params and states; refuses names that two parameters or
/// states, or two entries, share.
dlrt_status describeModel(dlrt_model &model);

/// Opens `descriptor` into `model`: checks, choice of target, plans.
dlrt_status openDescriptor(const dlx_descriptor *descriptor, dlrt_model &model);

} // namespace dlrt
#endif
