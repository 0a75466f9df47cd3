// Checks of tensors that callers hand in.
#include "runtime/Tensor.h"
#include "runtime/Error.h"
#include <inttypes.h>
#include <stdio.h>

using namespace dlrt;

namespace {
struct TypeRow {
  const char *name, *safetensors;
  uint8_t bytes;
  dlrt_datatype datatype;
};
constexpr TypeRow types[DLX_DTYPES] = {{"f32", "F32", 4, {2, 32, 1}}, {"f64", "F64", 8, {2, 64, 1}}, {"bf16", "BF16", 2, {4, 16, 1}},
                                       {"i1", "BOOL", 1, {6, 8, 1}},  {"i8", "I8", 1, {0, 8, 1}},    {"i32", "I32", 4, {0, 32, 1}},
                                       {"i64", "I64", 8, {0, 64, 1}}, {"u8", "U8", 1, {1, 8, 1}}};

/// A DLPack type as text: "float32", "int64", ...
struct DatatypeText {
  char text[48];
  explicit DatatypeText(dlrt_datatype type) {
    const char *names[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};
    int length = type.code < 7 ? snprintf(text, sizeof text, "%s%d", names[type.code], type.bits)
                               : snprintf(text, sizeof text, "code %d of %d bits", type.code, type.bits);
    if (type.lanes != 1)
      snprintf(text + length, sizeof text - size_t(length), "x%d", type.lanes);
  }
};
} // namespace

uint32_t dlrt::elementBytes(uint32_t dtype) { return types[dtype].bytes; }
const char *dlrt::dtypeName(uint32_t dtype) { return types[dtype].name; }
const char *dlrt::safetensorsName(uint32_t dtype) { return types[dtype].safetensors; }
dlrt_datatype dlrt::datatypeOf(uint32_t dtype) { return types[dtype].datatype; }

ShapeText::ShapeText(const int64_t *extents, const char *const *symbols, int64_t rank) {
  size_t used = size_t(snprintf(text, sizeof text, "["));
  for (int64_t i = 0; i < rank; ++i) {
    char extent[24];
    if (!symbols || extents[i] >= 0)
      snprintf(extent, sizeof extent, "%" PRId64, extents[i]);
    else
      snprintf(extent, sizeof extent, "%s", symbols[i] ? symbols[i] : "?");
    if (used + sizeof extent + 6 > sizeof text) {
      used += size_t(snprintf(text + used, sizeof text - used, ",..."));
      break;
    }
    used += size_t(snprintf(text + used, sizeof text - used, i ? ",%s" : "%s", extent));
  }
  snprintf(text + used, sizeof text - used, "]");
}

dlrt_status dlrt::checkTensor(const char *what, const dlrt_tensor_info &info, const dlrt_tensor &tensor, bool needsData) {
  dlrt_datatype found = tensor.dtype, expected = info.dtype;
  if (found.code != expected.code || found.bits != expected.bits || found.lanes != 1)
    return fail(DLRT_SHAPE, "%s '%s' has element type %s, expected %s: convert it first", what, info.name, DatatypeText(found).text,
                DatatypeText(expected).text);
  if (tensor.ndim != info.ndim)
    return fail(DLRT_SHAPE, "%s '%s' has rank %d, expected rank %d with shape %s", what, info.name, tensor.ndim, info.ndim,
                ShapeText(info).text);
  if (tensor.ndim && !tensor.shape)
    return fail(DLRT_VALUE, "%s '%s' has no shape array", what, info.name);
  bool empty = false;
  for (int32_t i = 0; i < tensor.ndim; ++i) {
    if (tensor.shape[i] < 0)
      return fail(DLRT_SHAPE, "%s '%s' has extent %" PRId64 " in dimension %d, expected at least 0", what, info.name, tensor.shape[i], i);
    empty |= tensor.shape[i] == 0;
  }
  if (!needsData || empty)
    return DLRT_OK;
  if (tensor.device.device_type != 1 && tensor.device.device_type != 3) // kDLCPU, kDLCUDAHost
    return fail(DLRT_VALUE,
                "%s '%s' is on DLPack device type %d, expected 1 (CPU): copy "
                "it to the host first",
                what, info.name, tensor.device.device_type);
  if (!tensor.data)
    return fail(DLRT_VALUE, "%s '%s' has a null data pointer", what, info.name);
  uintptr_t alignment = (expected.bits + 7u) / 8; // a power of two
  if (reinterpret_cast<uintptr_t>(dataOf(tensor)) & (alignment - 1))
    return fail(DLRT_VALUE,
                "%s '%s' begins at %p, expected a multiple of %d bytes, as its elements have: copy "
                "it to aligned memory",
                what, info.name, static_cast<void *>(dataOf(tensor)), int(alignment));
  if (tensor.strides) {
    // Extents of 1 may have any stride. A product that overflows equals no
    // stride of a tensor that fits in memory.
    int64_t dense = 1;
    for (int32_t i = tensor.ndim; i-- > 0;) {
      if (tensor.shape[i] != 1 && tensor.strides[i] != dense)
        return fail(DLRT_SHAPE, "%s '%s' has stride %" PRId64 " in dimension %d, expected %" PRId64 ": copy it to row-major order", what,
                    info.name, tensor.strides[i], i, dense);
      if (__builtin_mul_overflow(dense, tensor.shape[i], &dense))
        return fail(DLRT_SHAPE, "%s '%s' has shape %s, larger than memory", what, info.name, ShapeText(tensor.shape, tensor.ndim).text);
    }
  }
  return DLRT_OK;
}

template <typename T> static dlrt_status checkRangeOf(const char *name, const void *data, uint64_t elements, int64_t lo, int64_t hi) {
  const T *values = static_cast<const T *>(data);
  // Blocks without an early exit, so that the compiler vectorises the common
  // case.
  for (uint64_t first = 0; first < elements; first += 1024) {
    uint64_t last = first + 1024 < elements ? first + 1024 : elements;
    bool bad = false;
    for (uint64_t i = first; i < last; ++i)
      bad |= int64_t(values[i]) < lo || int64_t(values[i]) >= hi;
    for (uint64_t i = first; bad && i < last; ++i)
      if (int64_t(values[i]) < lo || int64_t(values[i]) >= hi)
        return fail(DLRT_VALUE, "input '%s' has the value %" PRId64 " at element %" PRIu64 ", expected %" PRId64 " to %" PRId64, name,
                    int64_t(values[i]), i, lo, hi - 1);
  }
  return DLRT_OK;
}

dlrt_status dlrt::checkRange(const char *name, uint32_t dtype, const void *data, uint64_t elements, int64_t lo, int64_t hi) {
  switch (dtype) {
  case DLX_I1:
  case DLX_U8:
    return checkRangeOf<uint8_t>(name, data, elements, lo, hi);
  case DLX_I8:
    return checkRangeOf<int8_t>(name, data, elements, lo, hi);
  case DLX_I32:
    return checkRangeOf<int32_t>(name, data, elements, lo, hi);
  case DLX_I64:
    return checkRangeOf<int64_t>(name, data, elements, lo, hi);
  default:
    return DLRT_OK;
  }
}
