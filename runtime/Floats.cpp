// Reading and rounding of f16, bf16, f32 and f64. The caller's floating-point mode is the default one.
#include "runtime/Floats.h"
#include <string.h>

using namespace dlrt;

Float dlrt::floatNamed(const char *name) {
  return !strcmp(name, "F32")    ? Float::F32
         : !strcmp(name, "F16")  ? Float::F16
         : !strcmp(name, "BF16") ? Float::BF16
         : !strcmp(name, "F64")  ? Float::F64
                                 : Float::None;
}

uint32_t dlrt::bytesOf(Float type) { return type == Float::F64 ? 8 : type == Float::F32 ? 4 : type == Float::None ? 0 : 2; }

static float floatOf(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

double dlrt::readFloat(const char *from, Float type) {
  if (type == Float::F64) {
    double v;
    memcpy(&v, from, sizeof v);
    return v;
  }
  if (type == Float::F32) {
    float v;
    memcpy(&v, from, sizeof v);
    return double(v);
  }
  uint16_t half;
  memcpy(&half, from, sizeof half);
  if (type == Float::BF16)
    return double(floatOf(uint32_t(half) << 16));
  // Exponent and fraction where f32 has them; its bias is 112 more.
  uint32_t sign = uint32_t(half & 0x8000) << 16, rest = uint32_t(half & 0x7fff) << 13;
  if (rest >= 0x0f800000) // infinite, or no number
    return double(floatOf(sign | 0x7f800000 | rest));
  return double(floatOf(sign | rest)) * 0x1p112;
}

double dlrt::writeFloat(double v, char *to, Float type) {
  if (type == Float::F64) {
    memcpy(to, &v, sizeof v);
    return v;
  }
  float f = float(v);
  if (type == Float::F32) {
    memcpy(to, &f, sizeof f);
    return double(f);
  }
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  // What f32 does not hold is cut towards zero and marked by an odd last bit, so that only the step to bf16 rounds.
  if (v == v && double(f) != v) {
    bool up = (double(f) < 0 ? -double(f) : double(f)) > (v < 0 ? -v : v);
    bits = (bits - up) | 1;
  }
  uint16_t half = uint16_t(v == v ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : bits >> 16 | 0x40);
  memcpy(to, &half, sizeof half);
  return double(floatOf(uint32_t(half) << 16));
}
