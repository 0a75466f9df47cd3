// Whole files: reading (plain or gzip), and writing so that a path never holds half of one.
#pragma once
#include "runtime/data/Result.h"
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

namespace dlc::data {

/// A gzip file, known by its first two bytes, or any other, read in pieces. Of gzip data all is checked: each member's checksum
/// and length, that the last one ends, and that nothing else follows. Not thread-safe.
class InputFile {
public:
  static Result<InputFile> open(const std::string &path);
  /// Bytes as if they stood in a file of that name.
  static Result<InputFile> memory(const std::string &name, std::string bytes);
  InputFile(InputFile &&other) noexcept;
  ~InputFile();
  /// Exactly `size` bytes; fewer in the file is an error, which names `what`.
  Status read(void *to, size_t size, std::string_view what);
  /// As many as `size` bytes, fewer only where the file ends.
  Result<size_t> readSome(void *to, size_t size);
  /// All that is left; memory is given to it as it comes.
  Result<std::string> readRest();
  /// Whether the file can hold this much more: bounds what a damaged header may ask for before memory is given to it.
  Status expect(uint64_t size, std::string_view what);
  /// Whether the file's length says what can still come. Of gzip data and pipes it does not: memory is given as bytes come.
  bool isPlain() const;
  /// Refuses bytes that follow.
  Status end();
  std::string path;

private:
  struct Stream;
  InputFile(std::string path, std::unique_ptr<Stream> stream);
  Status begin(uint64_t size);
  std::unique_ptr<Stream> stream;
};

/// Whether a file is to outlast a loss of power, for which the disk is waited for: some 20 ms. What can be made again need not.
enum class Sync { no, yes };
/// Writes beside `path`, syncs and renames, so that `path` holds all of the pieces or what it held before; nothing is left
/// behind on failure. What a symbolic link points to is written, not the link; a device or pipe is written as it stands.
Status writeFile(const std::string &path, std::span<const std::string_view> pieces, Sync sync = Sync::yes);
inline Status writeFile(const std::string &path, std::initializer_list<std::string_view> pieces, Sync sync = Sync::yes) {
  return writeFile(path, std::span(pieces.begin(), pieces.size()), sync);
}

} // namespace dlc::data
