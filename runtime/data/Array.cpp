// Arrays: allocation and names of types.
#include "runtime/data/Array.h"
#include "runtime/data/File.h"
#include <algorithm>
#include <cstring>

namespace dlc::data {

std::string toString(dlrt_datatype type) {
  if (type == Bool)
    return "bool";
  const char *letter = type.code == 0 ? "i" : type.code == 1 ? "u" : type.code == 2 ? "f" : type.code == 4 ? "bf" : "?";
  return letter + std::to_string(type.bits);
}
std::string toString(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t n : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + text + "]";
}
Result<Array> Array::make(dlrt_datatype type, std::vector<int64_t> shape) {
  int64_t bytes = type.bits / 8;
  bool overflow = false;
  for (int64_t n : shape)
    overflow |= n < 0 || __builtin_mul_overflow(bytes, n, &bytes);
  Array array;
  if (!overflow && bytes <= INT64_MAX - 64)
    array.memory.reset(std::aligned_alloc(64, (bytes + 64) / 64 * 64));
  if (!array.memory)
    return Error{"no memory for an array of " + toString(type) + " " + toString(shape)};
  std::memset(array.memory.get(), 0, bytes);
  array.type = type;
  array.shape = std::move(shape);
  return array;
}
Result<Array> Array::read(InputFile &file, dlrt_datatype type, std::vector<int64_t> shape) {
  const std::string what = "an array of " + toString(shape);
  uint64_t bytes = type.bits / 8;
  for (int64_t n : shape)
    if (__builtin_mul_overflow(bytes, uint64_t(n), &bytes))
      bytes = UINT64_MAX;
  if (Status s = file.expect(bytes, what); !s)
    return s.error();
  Array array;
  uint64_t room = file.isPlain() ? bytes : std::min<uint64_t>(bytes, 1 << 20), done = 0;
  while (true) {
    std::unique_ptr<void, Free> more(room <= INT64_MAX - 64 ? std::aligned_alloc(64, (room + 64) / 64 * 64) : nullptr);
    if (!more)
      return Error{"no memory for " + what + " in '" + file.path + "'"};
    if (done)
      std::memcpy(more.get(), array.memory.get(), done);
    array.memory = std::move(more);
    auto n = file.readSome(static_cast<char *>(array.memory.get()) + done, room - done);
    if (!n)
      return n.error();
    done += *n;
    if (done < room)
      return Error{"'" + file.path + "' is truncated: " + what + " needs " + std::to_string(bytes) + " bytes, found " +
                   std::to_string(done)};
    if (done == bytes)
      break;
    room = std::min(bytes, 2 * room);
  }
  if (Status s = file.end(); !s)
    return s.error();
  array.type = type;
  array.shape = std::move(shape);
  return array;
}
int64_t Array::size() const {
  int64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}
dlrt_tensor Array::view() { return {memory.get(), {1, 0}, int32_t(shape.size()), type, shape.data(), nullptr, 0}; }

} // namespace dlc::data
