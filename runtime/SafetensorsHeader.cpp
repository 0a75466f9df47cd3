// A strict reader of safetensors' JSON headers; knows no more of JSON than they
// use, and recurses nowhere.
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include <inttypes.h>
#include <string.h>

using namespace dlrt;

namespace {
class Parser {
public:
  Parser(const char *file, char *header, uint64_t bytes) : file(file), begin(header), at(header), end(header + bytes) {}
  dlrt_status parse(Array<StoredTensor> &tensors);

private:
  const char *file;
  char *begin, *at, *end;

  dlrt_status malformed(const char *expected) const {
    return fail(DLRT_FORMAT, "%s: malformed header: expected %s at byte %" PRIu64 ": write the file again", file, expected,
                uint64_t(at - begin) + 8);
  }
  void skipSpace() {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
      ++at;
  }
  /// Takes `c` if it is next.
  bool take(char c) {
    skipSpace();
    return at < end && *at == c && ++at;
  }
  bool takeHex(uint32_t &code);
  bool takeEscape(char *&out);
  bool takeString(const char *&string);
  bool takeNumber(uint64_t &number);
  dlrt_status metadata();
  dlrt_status tensor(StoredTensor &tensor);
  dlrt_status numbers(uint64_t *values, uint32_t room, uint32_t &count);
};
} // namespace

/// Four hexadecimal digits.
bool Parser::takeHex(uint32_t &code) {
  if (end - at < 4)
    return false;
  code = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    char lower = char(*at | 0x20);
    uint32_t digit = *at >= '0' && *at <= '9' ? uint32_t(*at - '0') : lower >= 'a' && lower <= 'f' ? uint32_t(lower - 'a' + 10) : 16;
    if (digit > 15)
      return false;
    code = code * 16 + digit;
  }
  return true;
}

/// What follows a backslash, as UTF-8, which is never longer than the escape.
bool Parser::takeEscape(char *&out) {
  if (at == end)
    return false;
  char c = *at++;
  const char *plain = c ? strchr("\"\\/b\bf\fn\nr\rt\t", c) : nullptr;
  if (c == '"' || c == '\\' || c == '/') {
    *out++ = c;
    return true;
  }
  if (c != 'u')
    return plain && strchr("bfnrt", c) ? (*out++ = plain[1], true) : false;
  uint32_t code, low;
  if (!takeHex(code) || code == 0) // names are C strings
    return false;
  if (code >= 0xd800 && code < 0xe000) {
    if (code >= 0xdc00 || end - at < 2 || at[0] != '\\' || at[1] != 'u' || (at += 2, !takeHex(low)) || low < 0xdc00 || low > 0xdfff)
      return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code < 0x80) {
    *out++ = char(code);
  } else {
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    *out++ = char((0xff ^ 0x7f >> more) | code >> 6 * more);
    while (more--)
      *out++ = char(0x80 | (code >> 6 * more & 0x3f));
  }
  return true;
}

/// A string, unescaped and terminated in place.
bool Parser::takeString(const char *&string) {
  if (!take('"'))
    return false;
  char *out = at;
  string = at;
  while (at < end && *at != '"') {
    unsigned char c = static_cast<unsigned char>(*at++);
    if (c < 0x20)
      return false;
    if (c != '\\')
      *out++ = char(c);
    else if (!takeEscape(out))
      return false;
  }
  if (at == end)
    return false;
  ++at;
  *out = 0; // at most where the closing quote stood
  return true;
}

/// A non-negative integer below 2^63 without leading zeros.
bool Parser::takeNumber(uint64_t &number) {
  skipSpace();
  const char *first = at;
  number = 0;
  for (; at < end && *at >= '0' && *at <= '9'; ++at)
    if (__builtin_mul_overflow(number, uint64_t(10), &number) || __builtin_add_overflow(number, uint64_t(*at - '0'), &number) ||
        number > uint64_t(INT64_MAX))
      return false;
  return at > first && (at == first + 1 || *first != '0');
}

/// "[1,2,3]" with at most `room` numbers.
dlrt_status Parser::numbers(uint64_t *values, uint32_t room, uint32_t &count) {
  if (!take('['))
    return malformed("'['");
  count = 0;
  if (take(']'))
    return DLRT_OK;
  do {
    if (count == room)
      return malformed("fewer numbers");
    if (!takeNumber(values[count++]))
      return malformed("a non-negative integer below 2^63");
  } while (take(','));
  return take(']') ? DLRT_OK : malformed("',' or ']'");
}

/// {"key":"value",...}, checked and dropped.
dlrt_status Parser::metadata() {
  const char *ignored;
  if (!take('{'))
    return malformed("'{'");
  if (take('}'))
    return DLRT_OK;
  do {
    if (!takeString(ignored) || !take(':') || !takeString(ignored))
      return malformed("a \"key\":\"value\" pair of strings");
  } while (take(','));
  return take('}') ? DLRT_OK : malformed("',' or '}'");
}

/// {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]} in any order.
dlrt_status Parser::tensor(StoredTensor &tensor) {
  if (!take('{'))
    return malformed("'{'");
  const char *seen[3] = {"dtype", "shape", "data_offsets"};
  uint64_t offsets[2];
  uint32_t count;
  for (int i = 0; i < 3; ++i) {
    const char *key;
    if ((i && !take(',')) || !takeString(key) || !take(':'))
      return malformed("the keys dtype, shape and data_offsets");
    int which = 0;
    while (which < 3 && (!seen[which] || strcmp(seen[which], key) != 0))
      ++which;
    if (which == 3)
      return malformed("each of the keys dtype, shape and data_offsets once before here");
    seen[which] = nullptr;
    dlrt_status status = DLRT_OK;
    if (which == 0)
      status = takeString(tensor.dtype) ? DLRT_OK : malformed("a string");
    else if (which == 1)
      status = numbers(reinterpret_cast<uint64_t *>(tensor.shape), maxRank, tensor.rank);
    else
      status = numbers(offsets, 2, count);
    if (status)
      return status;
    if (which == 2 && count != 2)
      return malformed("two offsets before here");
  }
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  return take('}') ? DLRT_OK : malformed("'}'");
}

dlrt_status Parser::parse(Array<StoredTensor> &tensors) {
  if (at == end || *at != '{')
    return malformed("'{'");
  ++at;
  bool described = false;
  if (!take('}')) {
    do {
      StoredTensor stored;
      if (!takeString(stored.name) || !take(':'))
        return malformed("a tensor's name and ':'");
      if (!strcmp(stored.name, "__metadata__")) {
        if (described)
          return fail(DLRT_FORMAT,
                      "%s: __metadata__ stands twice in the header: write the "
                      "file again",
                      file);
        described = true;
        if (dlrt_status status = metadata())
          return status;
        continue;
      }
      if (dlrt_status status = tensor(stored))
        return status;
      if (!tensors.push(stored))
        return fail(DLRT_MEMORY, "%s: no memory for the names of its tensors", file);
    } while (take(','));
    if (!take('}'))
      return malformed("',' or '}'");
  }
  skipSpace();
  return at == end ? DLRT_OK : malformed("the header's end");
}

/// Orders for qsort.
static int byName(const void *a, const void *b) {
  return strcmp(static_cast<const StoredTensor *>(a)->name, static_cast<const StoredTensor *>(b)->name);
}
static int byOffset(const void *a, const void *b) {
  const StoredTensor &x = *static_cast<const StoredTensor *>(a), &y = *static_cast<const StoredTensor *>(b);
  return x.begin != y.begin ? (x.begin < y.begin ? -1 : 1) : x.end != y.end ? (x.end < y.end ? -1 : 1) : 0;
}

dlrt_status dlrt::parseSafetensors(const char *file, char *header, uint64_t headerBytes, uint64_t dataBytes, Array<StoredTensor> &tensors) {
  if (dlrt_status status = Parser(file, header, headerBytes).parse(tensors))
    return status;
  uint64_t expected = 0;
  if (tensors.size())
    qsort(tensors.data(), tensors.size(), sizeof(StoredTensor), byOffset);
  for (const StoredTensor &tensor : tensors) {
    if (tensor.begin > tensor.end || tensor.end > dataBytes)
      return fail(DLRT_FORMAT,
                  "%s: tensor '%.200s' has bytes [%" PRIu64 ", %" PRIu64 "), the file has %" PRIu64
                  " behind its header: truncated or corrupt; copy or write it again",
                  file, tensor.name, tensor.begin, tensor.end, dataBytes);
    if (tensor.begin != expected)
      return fail(DLRT_FORMAT, "%s: tensor '%.200s' begins at byte %" PRIu64 ", expected %" PRIu64 " (tensors %s): write it again", file,
                  tensor.name, tensor.begin, expected, tensor.begin < expected ? "overlap" : "leave a gap");
    expected = tensor.end;
  }
  if (expected != dataBytes)
    return fail(DLRT_FORMAT, "%s: %" PRIu64 " bytes behind the header, its tensors have %" PRIu64 ": corrupt; copy or write it again", file,
                dataBytes, expected);
  if (tensors.size())
    qsort(tensors.data(), tensors.size(), sizeof(StoredTensor), byName);
  for (size_t i = 1; i < tensors.size(); ++i)
    if (!strcmp(tensors[i - 1].name, tensors[i].name))
      return fail(DLRT_FORMAT, "%s: two tensors have the name '%.200s': write it again", file, tensors[i].name);
  return DLRT_OK;
}
