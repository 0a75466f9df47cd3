// The safetensors format: 8 bytes of header length, a JSON header, tensors'
// bytes without gaps.
#ifndef DLC_RUNTIME_SAFETENSORS_H
#define DLC_RUNTIME_SAFETENSORS_H
#include "runtime/Memory.h"
#include "runtime/Program.h"

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

} // namespace dlrt
#endif
