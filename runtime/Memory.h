// Memory without libstdc++: arrays over calloc, and aligned blocks for arenas,
// scratch and parameters.
#ifndef DLC_RUNTIME_MEMORY_H
#define DLC_RUNTIME_MEMORY_H
#include <new>
#include <stdint.h>
#include <stdlib.h>
#include <type_traits>
#include <utility>

namespace dlrt {

/// An owned array of fixed size, or of growing size for trivially copyable
/// elements. Allocation can fail and says so.
template <typename T> class Array {
public:
  Array() = default;
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() {
    if constexpr (!std::is_trivially_destructible_v<T>)
      for (size_t i = 0; i < count; ++i)
        elements[i].~T();
    free(elements);
  }
  /// `n` value-initialised elements in place of nothing; false if there is no
  /// memory.
  bool allocate(size_t n) {
    elements = static_cast<T *>(calloc(n ? n : 1, sizeof(T)));
    if (!elements)
      return false;
    if constexpr (!std::is_trivially_default_constructible_v<T>)
      for (size_t i = 0; i < n; ++i)
        new (elements + i) T();
    count = room = n;
    return true;
  }
  /// Appends; false if there is no memory.
  bool push(const T &value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (count == room) {
      size_t more = room ? room * 2 : 16;
      T *grown = static_cast<T *>(reallocarray(elements, more, sizeof(T)));
      if (!grown)
        return false;
      elements = grown;
      room = more;
    }
    elements[count++] = value;
    return true;
  }
  size_t size() const { return count; }
  T *data() { return elements; }
  const T *data() const { return elements; }
  T &operator[](size_t i) { return elements[i]; }
  const T &operator[](size_t i) const { return elements[i]; }
  T *begin() { return elements; }
  T *end() { return elements + count; }
  const T *begin() const { return elements; }
  const T *end() const { return elements + count; }

private:
  T *elements = nullptr;
  size_t count = 0, room = 0;
};

/// A zeroed or poisoned block of bytes, at least 64-byte aligned; huge pages
/// where it is large.
class Block {
public:
  Block() = default;
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block();
  /// Zeroed bytes. With `guard`, an inaccessible page stands directly behind
  /// the end (rounded up to 64 bytes).
  bool allocate(uint64_t bytes, bool guard = false);
  char *data() const { return start; }
  uint64_t size() const { return bytes; }
  /// Fills with DLX_POISON.
  void poison() const;
  /// Gives whole pages of [from, from + count) back where the block is large: zeroed when they are touched again.
  void release(uint64_t from, uint64_t count) const;

private:
  char *start = nullptr;
  uint64_t bytes = 0;
  void *mapping = nullptr; // null: from aligned_alloc
  uint64_t mapped = 0;
};

/// Fills `bytes` bytes with the 4-byte pattern DLX_POISON, a NaN in f32, f64
/// and half of the bf16 elements.
void fillPoison(void *data, uint64_t bytes);

/// Allocates and constructs; null if there is no memory.
template <typename T, typename... Args> T *create(Args &&...args) {
  void *memory = aligned_alloc(alignof(T) < 64 ? 64 : alignof(T), (sizeof(T) + 63) / 64 * 64);
  return memory ? new (memory) T(std::forward<Args>(args)...) : nullptr;
}
/// Destroys what `create` made; null is fine.
template <typename T> void destroy(T *object) {
  if (!object)
    return;
  object->~T();
  free(object);
}

/// `create`'s object while it is being set up: destroyed unless released.
template <typename T> class Owner {
public:
  explicit Owner(T *object) : object(object) {}
  Owner(const Owner &) = delete;
  Owner &operator=(const Owner &) = delete;
  ~Owner() { destroy(object); }
  T *release() { return std::exchange(object, nullptr); }
  T *get() { return object; }
  T *operator->() { return object; }
  explicit operator bool() const { return object; }

private:
  T *object;
};

} // namespace dlrt
#endif
