// Memory that ends where it says: between pages that may not be touched, with the touch told as text instead of a signal.
#pragma once
#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>
#include <utility>

namespace dlc::test {
/// Where a buffer lies against the pages that may not be touched: its first byte behind one, or its last byte before one.
enum class Flush { left, right };

/// So many bytes, all 0xff (a NaN in every floating-point type), between a megabyte on either side that may not be touched.
/// Flush right they are aligned to what divides their number, which is all that kernels are promised (docs/kernel-abi.md).
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, Flush flush);
  GuardedMemory(GuardedMemory &&other)
      : first(other.first), bytes(other.bytes), map(std::exchange(other.map, nullptr)), mapped(other.mapped) {}
  ~GuardedMemory();
  char *data() const { return first; }
  size_t size() const { return bytes; }
  void poison();
  void setReadOnly();
  /// "4 bytes behind the end", or nothing where the address is not of this memory or its guards.
  std::string locate(const char *address) const;

private:
  char *first;
  size_t bytes;
  char *map;
  size_t mapped;
};
/// Calls `body`; the address of its first touch of a page that may not be touched ends it and is returned, else null. What the
/// body's frames would destroy is not destroyed: call compiled code and little else. One thread at a time.
const char *touchedOutside(llvm::function_ref<void()> body);
} // namespace dlc::test
