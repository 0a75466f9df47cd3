// gzip data by zlib.
#include "runtime/data/Gzip.h"
#include <algorithm>
#include <zlib.h>

namespace dlc::data {
namespace {
class Zlib final : public Inflater {
public:
  bool begin() { return began = inflateInit2(&z, 15 + 16) == Z_OK; } // gzip alone
  ~Zlib() override {
    if (began)
      inflateEnd(&z);
  }
  Result<Piece> inflate(const unsigned char *from, size_t size, unsigned char *to, size_t room) override {
    if (!inside && (size == 0 || from[0] != 0x1f || inflateReset(&z) != Z_OK))
      return Error{"other bytes follow its gzip data"};
    inside = true;
    constexpr size_t most = size_t(1) << 30;
    size = std::min(size, most), room = std::min(room, most);
    z.next_in = const_cast<unsigned char *>(from), z.avail_in = unsigned(size);
    z.next_out = to, z.avail_out = unsigned(room);
    int code = ::inflate(&z, Z_NO_FLUSH);
    if (code == Z_STREAM_END) // its checksum and length were right
      inside = false;
    else if (code != Z_OK && code != Z_BUF_ERROR)
      return Error{z.msg ? z.msg : "its gzip data is malformed"};
    return Piece{size - z.avail_in, room - z.avail_out};
  }
  bool isInside() const override { return inside; }

private:
  z_stream z = {};
  bool began = false, inside = false;
};
} // namespace

Result<std::unique_ptr<Inflater>> Inflater::make() {
  auto zlib = std::make_unique<Zlib>();
  if (!zlib->begin())
    return Error{"no memory to inflate it"};
  return Result<std::unique_ptr<Inflater>>(std::move(zlib));
}

} // namespace dlc::data
