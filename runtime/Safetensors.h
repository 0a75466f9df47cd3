// The safetensors format: 8 bytes of header length, a JSON header, tensors'
// bytes without gaps; parameters and states to and from it.
#ifndef DLC_RUNTIME_SAFETENSORS_H
#define DLC_RUNTIME_SAFETENSORS_H
#include "runtime/Store.h"

namespace dlrt {

/// A tensor of a file. Names point into the header's buffer.
struct StoredTensor {
  const char *name, *dtype;
  uint64_t begin, end; // in the bytes behind the header
  uint32_t rank;
  int64_t shape[maxRank];
};

/// Reads a header, which it unescapes in place; `dataBytes`: what follows it.
/// Refuses whatever is not as the format says: malformed JSON, unknown keys,
/// duplicate names, offsets out of range, overlapping or with gaps. `file`
/// begins messages.
dlrt_status parseSafetensors(const char *file, char *header, uint64_t headerBytes, uint64_t dataBytes, Array<StoredTensor> &tensors);

/// Told of each tensor that a load wrote.
using Wrote = void (*)(Store &, size_t);

/// Loads a store from memory, whose `name` begins messages, or from a file: all
/// of its tensors or, but for an error of the disk, none. Parameters are cast
/// between floating-point types, and what an optimiser keeps may be missing in
/// the file, or in the store, as dlrt_params_load says. `wrote` and `loaded` may
/// be null. `stays`: the bytes outlive the store and don't change, so tensors
/// that no entry writes are read where they are.
dlrt_status loadMemory(Store &store, const char *name, const void *bytes, uint64_t size, bool stays, Wrote wrote, dlrt_loaded *loaded);
dlrt_status loadFile(Store &store, const char *path, Wrote wrote, dlrt_loaded *loaded);

/// Pages of a file, read-only.
class Mapping {
public:
  Mapping() = default;
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;
  ~Mapping();
  dlrt_status open(const char *path);
  void swap(Mapping &other);
  const char *data() const { return start; }
  uint64_t size() const { return bytes; }
  bool holds(const char *at) const { return at && at >= start && at < start + bytes; }
  /// Gives back the memory of whole pages in [from, from + count), where that is of the file: they are read again when they are needed.
  void release(const char *from, uint64_t count) const;

private:
  char *start = nullptr;
  uint64_t bytes = 0;
};

/// Leaves a whole file or none.
dlrt_status saveFile(const Store &store, const char *path, dlrt_saved what);

} // namespace dlrt
#endif
