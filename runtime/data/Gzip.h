// gzip data to the bytes in it: gzip/Zlib.cpp, or with DLC_ZLIB=OFF gzip/None.cpp, a message that says so.
#pragma once
#include "runtime/data/Result.h"
#include <cstddef>
#include <memory>

namespace dlc::data {

/// Goes through members of gzip data in pieces. Of each all is checked: its checksum, its length, and that it ends.
class Inflater {
public:
  static Result<std::unique_ptr<Inflater>> make();
  virtual ~Inflater() = default;
  /// From these bytes to that memory: how many were taken and how many were made, not both none unless there was no room.
  struct Piece {
    size_t taken, made;
  };
  virtual Result<Piece> inflate(const unsigned char *from, size_t size, unsigned char *to, size_t room) = 0;
  /// Whether a member has begun and not ended.
  virtual bool isInside() const = 0;
};

} // namespace dlc::data
