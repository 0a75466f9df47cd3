// IDX: two zero bytes, the element type, the rank, big-endian extents, big-endian elements (yann.lecun.com/exdb/mnist).
#include "runtime/data/Array.h"
#include "runtime/data/File.h"
#include <algorithm>

namespace dlc::data {

static uint32_t bigEndian(const unsigned char *b) { return uint32_t(b[0]) << 24 | b[1] << 16 | b[2] << 8 | b[3]; }

Result<Array> readIdx(const std::string &path) {
  static constexpr struct {
    unsigned char code;
    dlrt_datatype type;
  } types[] = {{0x08, U8}, {0x09, I8}, {0x0b, I16}, {0x0c, I32}, {0x0d, F32}, {0x0e, F64}};
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  unsigned char magic[4];
  if (Status s = file->read(magic, 4, "the IDX header"); !s)
    return s.error();
  auto type = std::find_if(std::begin(types), std::end(types), [&](auto &t) { return t.code == magic[2]; });
  if (magic[0] || magic[1] || type == std::end(types))
    return Error{"'" + path + "' is not an IDX file: expected two zero bytes and an element type from 8 to 14, found " +
                 std::to_string(magic[0]) + ", " + std::to_string(magic[1]) + ", " + std::to_string(magic[2])};
  if (magic[3] < 1 || magic[3] > 8)
    return Error{"'" + path + "' has " + std::to_string(magic[3]) + " dimensions: expected 1 to 8"};
  unsigned char extents[8 * 4];
  if (Status s = file->read(extents, magic[3] * 4, "the IDX header"); !s)
    return s.error();
  std::vector<int64_t> shape;
  for (int i = 0; i < magic[3]; ++i)
    shape.push_back(bigEndian(extents + 4 * i));
  auto array = Array::read(*file, type->type, shape);
  if (!array)
    return array;
  if (size_t width = type->type.bits / 8; width > 1)
    for (auto *p = array->data<char>(), *end = p + array->bytes(); p < end; p += width)
      std::reverse(p, p + width);
  return array;
}

} // namespace dlc::data
