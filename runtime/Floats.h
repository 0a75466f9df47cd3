// Floating-point types as safetensors files have them, and values from one into another.
#ifndef DLC_RUNTIME_FLOATS_H
#define DLC_RUNTIME_FLOATS_H
#include <stdint.h>

namespace dlrt {

enum class Float : uint8_t { None, F16, BF16, F32, F64 };

/// By its name in a header; None for any other type.
Float floatNamed(const char *safetensors);
uint32_t bytesOf(Float type);
/// Whether `to` holds every value of `from`.
inline bool holdsAll(Float to, Float from) { return to == from || to == Float::F64 || (to == Float::F32 && from != Float::F64); }

/// The element at `from`, which need not be aligned. Exact.
double readFloat(const char *from, Float type);
/// Stores v rounded once, to nearest, ties to even; gives what is then there. For all types but F16, which no parameter has.
double writeFloat(double v, char *to, Float type);

/// What casts of elements did.
struct Casts {
  bool changed = false;     ///< some value
  double beyond = 0;        ///< the first finite value that became infinite
  uint64_t at = UINT64_MAX; ///< its element; UINT64_MAX: none did
  void note(double before, double after, uint64_t element) {
    changed |= before != after && before == before;
    if (at == UINT64_MAX && before - before == 0 && after - after != 0)
      beyond = before, at = element;
  }
};

} // namespace dlrt
#endif
