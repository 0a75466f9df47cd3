// The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
#include "runtime/data/Tensors.h"
#include "runtime/data/File.h"
#include <cstring>

namespace dlc::data {

static std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (char c : text) {
    char escape[8] = {c};
    if ((unsigned char)c < 0x20)
      std::snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
    else if (c == '"' || c == '\\')
      escape[0] = '\\', escape[1] = c;
    json += escape;
  }
  return json + '"';
}
static const char *typeName(dlrt_datatype type) {
  static constexpr struct {
    dlrt_datatype type;
    const char *name;
  } names[] = {{F32, "F32"}, {F64, "F64"}, {{4, 16, 1}, "BF16"}, {I8, "I8"}, {I32, "I32"}, {I64, "I64"}, {U8, "U8"}, {Bool, "BOOL"}};
  for (auto &row : names)
    if (row.type == type)
      return row.name;
  return nullptr;
}

Status writeTensors(const std::string &path, const std::vector<NamedTensor> &tensors, const Metadata &metadata) {
  std::string header = "########{";
  auto item = [&](const std::string &key) -> std::string & {
    return header.append(header.back() == '{' ? "" : ",").append(quoted(key)).append(":");
  };
  if (!metadata.empty()) {
    item("__metadata__") += "{";
    for (auto &[key, text] : metadata)
      item(key) += quoted(text);
    header += "}";
  }
  std::vector<std::string_view> pieces(1);
  uint64_t at = 0;
  for (const NamedTensor &t : tensors) {
    const char *type = typeName(t.value.dtype);
    if (!type || t.value.strides)
      return Error{"cannot write '" + path + "': tensor '" + t.name + "' is " + toString(t.value.dtype)};
    uint64_t bytes = t.value.dtype.bits / 8;
    std::string shape;
    for (int d = 0; d < t.value.ndim; ++d)
      shape.append(d ? "," : "").append(std::to_string(t.value.shape[d])), bytes *= uint64_t(t.value.shape[d]);
    item(t.name) += std::string("{\"dtype\":\"") + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(at) + "," +
                    std::to_string(at + bytes) + "]}";
    pieces.emplace_back(static_cast<const char *>(t.value.data) + t.value.byte_offset, bytes);
    at += bytes;
  }
  header += '}';
  header.resize((header.size() + 63) / 64 * 64, ' ');
  uint64_t length = header.size() - 8;
  std::memcpy(header.data(), &length, 8);
  pieces[0] = header;
  return writeFile(path, pieces);
}

namespace {
/// As much of JSON as a header is made of.
struct Json {
  std::string_view rest;
  bool eat(char c) {
    while (!rest.empty() && std::strchr(" \t\r\n", rest[0]))
      rest.remove_prefix(1);
    bool found = !rest.empty() && rest[0] == c;
    rest.remove_prefix(found);
    return found;
  }
  bool hex(uint32_t &value) {
    value = 0;
    for (int i = 0; i < 4; ++i, rest.remove_prefix(1)) {
      static constexpr std::string_view digits = "0123456789abcdef";
      size_t digit = rest.empty() ? digits.npos : digits.find(char(rest[0] | (rest[0] >= 'A' ? 0x20 : 0)));
      if (digit == digits.npos)
        return false;
      value = value << 4 | uint32_t(digit);
    }
    return true;
  }
  bool string(std::string &text) {
    text.clear();
    if (!eat('"'))
      return false;
    while (!rest.empty()) {
      char c = rest[0];
      rest.remove_prefix(1);
      if (c == '"')
        return true;
      if (c != '\\') {
        text += c;
        continue;
      }
      if (rest.empty())
        return false;
      c = rest[0];
      rest.remove_prefix(1);
      static constexpr std::string_view from = "bfnrt\"\\/", to = "\b\f\n\r\t\"\\/";
      if (size_t i = from.find(c); i != from.npos) {
        text += to[i];
        continue;
      }
      uint32_t code, low;
      if (c != 'u' || !hex(code))
        return false;
      if (code >> 10 == 0xd800 >> 10) { // the first half of a pair
        if (!rest.starts_with("\\u") || (rest.remove_prefix(2), !hex(low)) || low >> 10 != 0xdc00 >> 10)
          return false;
        code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
      }
      if (code < 0x80) {
        text += char(code);
        continue;
      }
      int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      text += char((0xff00 >> (more + 1) & 0xff) | code >> 6 * more);
      while (more--)
        text += char(0x80 | (code >> 6 * more & 0x3f));
    }
    return false;
  }
  /// A value that is not looked at.
  bool skip() {
    std::string text;
    for (int depth = 0;;) {
      eat(' ');
      if (rest.empty())
        return false;
      char c = rest[0];
      if (depth == 0 && std::strchr(",}]", c))
        return true;
      if (c == '"') {
        if (!string(text))
          return false;
        continue;
      }
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
      rest.remove_prefix(1);
    }
  }
};
} // namespace

Result<Metadata> readMetadata(const std::string &path) {
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  uint64_t length = 0;
  if (Status s = file->read(&length, 8, "a safetensors header"); !s)
    return s.error();
  if (Status s = file->expect(length, "a safetensors header"); !s || length > 100'000'000)
    return Error{"'" + path + "' is no safetensors file, or is truncated: its header would have " + std::to_string(length) + " bytes"};
  std::string header(length, '\0'), key, text;
  if (Status s = file->read(header.data(), length, "a safetensors header"); !s)
    return s.error();
  Json json{header};
  Metadata metadata;
  bool good = json.eat('{');
  while (good && !json.eat('}')) {
    good = json.string(key) && json.eat(':');
    if (good && key == "__metadata__") {
      good = json.eat('{');
      while (good && !json.eat('}')) {
        good = json.string(key) && json.eat(':') && json.string(text) && (json.eat(',') || json.rest.starts_with("}"));
        metadata.emplace_back(key, text);
      }
    } else if (good) {
      good = json.skip();
    }
    good = good && (json.eat(',') || json.rest.starts_with("}"));
  }
  if (!good)
    return Error{"'" + path + "' has a header that is no JSON of safetensors"};
  return metadata;
}
const std::string *findText(const Metadata &metadata, std::string_view key) {
  for (auto &[k, text] : metadata)
    if (k == key)
      return &text;
  return nullptr;
}

} // namespace dlc::data
