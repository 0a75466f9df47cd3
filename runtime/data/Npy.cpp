// NumPy's .npy: "\x93NUMPY", version, header length, a Python dict as text, the elements (numpy.org, NEP 1).
#include "runtime/data/Array.h"
#include "runtime/data/File.h"
#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

namespace dlc::data {

static constexpr struct {
  const char *descr;
  dlrt_datatype type;
} types[] = {{"<f4", F32}, {"<f8", F64}, {"<i4", I32}, {"<i8", I64}, {"|i1", I8}, {"|u1", U8}, {"|b1", Bool}};

namespace {
/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } in any order of its keys, and nothing else.
struct Header {
  std::string_view rest;
  std::optional<std::string_view> descr;
  std::optional<bool> fortran;
  std::optional<std::vector<int64_t>> shape;

  bool eat(std::string_view token) {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n'))
      rest.remove_prefix(1);
    bool found = rest.starts_with(token);
    rest.remove_prefix(found ? token.size() : 0);
    return found;
  }
  std::optional<std::string_view> string() {
    if (!eat("'"))
      return {};
    std::string_view text = rest.substr(0, rest.find('\''));
    rest.remove_prefix(text.size());
    return eat("'") ? std::optional(text) : std::nullopt;
  }
  std::optional<int64_t> extent() {
    eat("");
    size_t digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits > 18)
      return {};
    int64_t value = std::stoll(std::string(rest.substr(0, digits)));
    rest.remove_prefix(digits);
    return value;
  }
  bool tuple() {
    if (shape || !eat("("))
      return false;
    shape.emplace();
    while (!eat(")")) {
      auto n = extent();
      if (!n || shape->size() == 8)
        return false;
      shape->push_back(*n);
      if (!eat(","))
        return shape->size() > 1 && eat(")");
    }
    return true;
  }
  bool entry() {
    auto key = string();
    if (!key || !eat(":"))
      return false;
    if (*key == "descr" && !descr)
      return (descr = string()).has_value();
    if (*key == "fortran_order" && !fortran) {
      fortran = eat("True");
      return *fortran || eat("False");
    }
    return *key == "shape" && tuple();
  }
  bool parse() {
    if (!eat("{"))
      return false;
    while (!eat("}"))
      if (!entry() || (!eat(",") && !rest.starts_with("}")))
        return false;
    eat("");
    return rest.empty() && descr && fortran && shape;
  }
};
} // namespace

Result<Array> readNpy(const std::string &path) {
  auto file = InputFile::open(path);
  return file ? readNpy(*file) : file.error();
}
Result<Array> readNpy(InputFile &given) {
  InputFile *file = &given;
  const std::string &path = file->path;
  unsigned char start[12];
  if (Status s = file->read(start, 10, "the .npy header"); !s)
    return s.error();
  if (std::memcmp(start, "\x93NUMPY", 6) != 0 || start[6] < 1 || start[6] > 3 || start[7] != 0)
    return Error{"'" + path + "' is not a .npy file of version 1.0, 2.0 or 3.0"};
  if (start[6] > 1)
    if (Status s = file->read(start + 10, 2, "the .npy header"); !s)
      return s.error();
  uint32_t length = start[8] | start[9] << 8 | (start[6] > 1 ? start[10] << 16 | uint32_t(start[11]) << 24 : 0);
  if (length > 65535)
    return Error{"'" + path + "' has a header of " + std::to_string(length) + " bytes: expected at most 65535"};
  std::string text(length, '\0');
  if (Status s = file->read(text.data(), length, "the .npy header"); !s)
    return s.error();
  Header header{text, {}, {}, {}};
  if (!header.parse())
    return Error{"'" + path + "' has a damaged header: expected {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, found " +
                 text.substr(0, 100)};
  auto type = std::find_if(std::begin(types), std::end(types), [&](auto &t) { return *header.descr == t.descr; });
  if (type == std::end(types))
    return Error{"'" + path + "' has elements of type '" + std::string(*header.descr) +
                 "': expected <f4, <f8, <i4, <i8, |i1, |u1 or |b1; write array.astype('<f4')"};
  if (*header.fortran)
    return Error{"'" + path + "' is in Fortran order: write numpy.ascontiguousarray(array)"};
  auto array = Array::read(*file, type->type, *header.shape);
  if (!array)
    return array;
  const auto *first = array->data<unsigned char>(), *last = first + array->bytes();
  if (type->type == Bool && std::any_of(first, last, [](auto b) { return b > 1; }))
    return Error{"'" + path + "' holds a bool that is neither 0 nor 1"};
  return array;
}

Status writeNpy(const std::string &path, const dlrt_tensor &t) {
  auto type = std::find_if(std::begin(types), std::end(types), [&](auto &row) { return t.dtype == row.type; });
  if (type == std::end(types) || t.strides)
    return Error{"cannot write '" + path + "': expected a dense array of f32, f64, i32, i64, i8, u8 or bool, found " + toString(t.dtype)};
  std::string shape;
  size_t bytes = t.dtype.bits / 8;
  for (int i = 0; i < t.ndim; ++i) {
    shape += std::to_string(t.shape[i]) + (t.ndim == 1 ? "," : i + 1 < t.ndim ? ", " : "");
    bytes *= t.shape[i];
  }
  std::string header = std::string("{'descr': '") + type->descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10, ' ');
  header.back() = '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += char(header.size() & 255), start += char(header.size() >> 8);
  return writeFile(path, {start, header, std::string_view(static_cast<const char *>(t.data) + t.byte_offset, bytes)});
}

} // namespace dlc::data
