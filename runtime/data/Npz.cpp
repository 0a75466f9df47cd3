// NumPy's .npz: a zip archive (PKWARE's APPNOTE, with ZIP64) of .npy files, stored or deflated.
#include "runtime/data/Array.h"
#include "runtime/data/File.h"
#include <algorithm>

namespace dlc::data {
namespace {
/// Little-endian numbers of a record; past its end they are 0 and it is no longer good.
struct Record {
  std::string_view bytes;
  bool good = true;
  uint64_t number(size_t at, size_t size) {
    uint64_t value = 0;
    good &= at <= bytes.size() && size <= bytes.size() - at;
    for (size_t i = 0; good && i < size; ++i)
      value |= uint64_t((unsigned char)bytes[at + i]) << 8 * i;
    return value;
  }
  std::string_view text(size_t at, size_t size) {
    good &= at <= bytes.size() && size <= bytes.size() - at;
    return good ? bytes.substr(at, size) : "";
  }
};
constexpr uint64_t full = 0xffffffff;
} // namespace

Result<Array> readNpz(const std::string &path, const std::string &name) {
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  auto read = file->readRest();
  if (!read)
    return read.error();
  const std::string &bytes = *read;
  Record zip{bytes};
  auto damaged = [&](const std::string &what) { return Error{"'" + path + "' is " + what}; };
  size_t end = bytes.rfind("PK\5\6");
  if (!bytes.starts_with("PK") || end == std::string::npos || end + 22 + zip.number(end + 20, 2) > bytes.size())
    return damaged("no .npz file, or is truncated: expected a zip archive, which ends in a directory");
  uint64_t count = zip.number(end + 10, 2), at = zip.number(end + 16, 4);
  if (size_t wide = bytes.rfind("PK\6\6"); at == full && wide != std::string::npos)
    count = zip.number(wide + 32, 8), at = zip.number(wide + 48, 8);
  std::string names;
  for (; count && zip.good; --count) {
    if (zip.text(at, 4) != "PK\1\2")
      return damaged("damaged: its directory has " + std::to_string(count) + " more members than can be read");
    uint64_t method = zip.number(at + 10, 2), packed = zip.number(at + 20, 4), size = zip.number(at + 24, 4),
             local = zip.number(at + 42, 4);
    uint64_t nameSize = zip.number(at + 28, 2), extra = zip.number(at + 30, 2), comment = zip.number(at + 32, 2);
    std::string_view member = zip.text(at + 46, nameSize);
    for (uint64_t e = at + 46 + nameSize, last = e + extra; e + 4 <= last && zip.good; e += 4 + zip.number(e + 2, 2))
      if (zip.number(e, 2) == 1) { // ZIP64: those that did not fit, in this order
        uint64_t field = e + 4;
        for (uint64_t *value : {&size, &packed, &local})
          if (*value == full)
            *value = zip.number(field, 8), field += 8;
      }
    std::string sum(zip.text(at + 16, 4));
    at += 46 + nameSize + extra + comment;
    if (!member.ends_with(".npy"))
      continue;
    member.remove_suffix(4);
    names += (names.empty() ? "" : ", ") + std::string(member);
    if (member != name)
      continue;
    uint64_t from = local + 30 + zip.number(local + 26, 2) + zip.number(local + 28, 2);
    std::string contents(zip.text(from, packed));
    if (!zip.good)
      return damaged("truncated: its member '" + name + "' does not lie in it");
    if (method != 0 && method != 8)
      return damaged("compressed by method " + std::to_string(method) + ": write it by numpy.savez or savez_compressed");
    for (int i = 0; i < 4; ++i)
      sum += char(size >> 8 * i);
    // gzip's frame around deflate's data or a stored block each 65,535 bytes (RFC 1951, 1952): so its checksum is looked at.
    std::string framed("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    if (method == 8)
      framed += contents;
    for (size_t i = 0; method == 0 && (i < contents.size() || i == 0); i += 65535) {
      uint32_t n = std::min<size_t>(65535, contents.size() - i);
      framed += char(i + n == contents.size());
      for (uint32_t word : {n & 255, n >> 8, ~n & 255, ~n >> 8 & 255})
        framed += char(word);
      framed.append(contents, i, n);
    }
    auto array = InputFile::memory(path + ":" + name, framed + sum);
    return array ? readNpy(*array) : array.error();
  }
  if (!zip.good)
    return damaged("truncated: its directory does not lie in it");
  return Error{"'" + path + "' has no array '" + name + "': it has " + names};
}

} // namespace dlc::data
