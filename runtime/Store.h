// Named tensors of a model in one block of memory: its parameters, or what its
// runs carry.
#ifndef DLC_RUNTIME_STORE_H
#define DLC_RUNTIME_STORE_H
#include "runtime/Memory.h"
#include "runtime/Model.h"
#include <atomic>

namespace dlrt {

struct Store {
  const dlrt_model *model = nullptr;
  const Names *names = nullptr; // &model->params or &model->states
  Block storage;
  Array<uint64_t> offsets;         // of each tensor in storage
  Array<const char *> referred;    // where a tensor lies that is read in a place not ours, else null
  Array<uint8_t> viewed;           // somebody may have a view of the tensor's own memory
  std::atomic<uint64_t> placed{1}; // raised when a tensor moves

  /// Zeroed memory for all tensors of `names`, each at a multiple of 64 bytes.
  dlrt_status allocate(const dlrt_model &model, const Names &names);
  size_t size() const { return offsets.size(); }
  char *own(size_t i) const { return storage.data() + offsets[i]; }
  const char *data(size_t i) const { return referred[i] ? referred[i] : own(i); }
  /// Tensor i, which nobody views, is read at `bytes` from now on, until it is written.
  void refer(size_t i, const char *bytes);
  /// Gives back what own memory tensors have that are read elsewhere.
  void giveBack() const;
  /// Own memory of tensor i, to be written as a whole.
  char *overwrite(size_t i);
  uint64_t bytes(size_t i) const { return model->bytes[names->tensors[i]]; }
  const dlx_tensor &tensor(size_t i) const { return model->program.tensors[names->tensors[i]]; }
  const dlrt_tensor_info &info(size_t i) const { return model->infos[names->tensors[i]]; }
  /// Number by name, or -1 and a message with some names that there are.
  int64_t find(const char *name) const;
  /// A view of the tensor of that name, in own memory; refused as `find` says.
  dlrt_status get(const char *name, dlrt_tensor *view);
  /// A view of tensor i, in own memory.
  dlrt_tensor view(size_t i);
  /// Copies a value of the same dtype and shape into tensor i.
  dlrt_status set(size_t i, const dlrt_tensor &value);
  /// A tensor whose memory overlaps [data, data + count), or -1.
  int64_t overlapping(const void *data, uint64_t count) const;
};

/// Fills tensor i by its initialiser; an orthogonal one takes memory.
dlrt_status initialise(Store &store, size_t i, uint64_t seed);

} // namespace dlrt
#endif
