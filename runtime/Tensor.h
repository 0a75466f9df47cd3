// Element types and tensors of the caller: sizes, names, DLPack codes, and the
// checks that every tensor must pass.
#ifndef DLC_RUNTIME_TENSOR_H
#define DLC_RUNTIME_TENSOR_H
#include "runtime/dlrt.h"
#include "runtime/dlx.h"

namespace dlrt {

/// Bytes of one element.
uint32_t elementBytes(uint32_t dtype);
/// "f32", "i1", ...
const char *dtypeName(uint32_t dtype);
/// The name in a safetensors header: "F32", "BOOL", ...
const char *safetensorsName(uint32_t dtype);
/// The DLPack code.
dlrt_datatype datatypeOf(uint32_t dtype);

/// "[2,3,4]", cut with "..." where it does not fit.
struct ShapeText {
  char text[160];
  ShapeText(const int64_t *extents, int64_t rank) : ShapeText(extents, nullptr, rank) {}
  /// "[B,784]", with "?" for an extent that is derived from symbols.
  explicit ShapeText(const dlrt_tensor_info &info) : ShapeText(info.dims, info.symbols, info.ndim) {}

private:
  ShapeText(const int64_t *extents, const char *const *symbols, int64_t rank);
};

/// Refuses what is not `info`'s dtype and rank, not on the CPU, not dense or
/// not aligned as its elements. Extents are not looked at beyond being non-negative.
/// `what` ("input") and the name begin the message; `needsData`: look at data
/// and strides.
dlrt_status checkTensor(const char *what, const dlrt_tensor_info &info, const dlrt_tensor &tensor, bool needsData = true);

/// Address of the first element.
inline char *dataOf(const dlrt_tensor &tensor) { return static_cast<char *>(tensor.data) + tensor.byte_offset; }

/// Refuses an integer element outside [lo, hi), naming its index and value.
dlrt_status checkRange(const char *name, uint32_t dtype, const void *data, uint64_t elements, int64_t lo, int64_t hi);

} // namespace dlrt
#endif
