// Files of other tools that are taken for weights.
#ifndef DLC_RUNTIME_FOREIGN_H
#define DLC_RUNTIME_FOREIGN_H
#include <string.h>

namespace dlrt {

/// What a file is by its first eight bytes, for messages; null: none of these.
inline const char *foreignKind(const void *file) {
  unsigned char head[8];
  memcpy(head, file, 8);
  if (!memcmp(head, "PK\3\4", 4))
    return "a zip archive, as PyTorch and Keras write";
  if (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5)
    return "a Python pickle, as PyTorch wrote once";
  if (!memcmp(head, "\x93NUMPY", 6))
    return "an array of NumPy";
  if (!memcmp(head, "\x89HDF", 4))
    return "an HDF5 file, as Keras writes";
  if (!memcmp(head, "GGUF", 4))
    return "a GGUF file";
  return nullptr;
}

} // namespace dlrt
#endif
