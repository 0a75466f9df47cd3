// Whole files: reading (plain or gzip), and writing so that a path never holds half of one.
#pragma once
#include "runtime/data/Result.h"
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace dlc::data {

/// A gzip file, known by its first two bytes, or any other, read in pieces. Not thread-safe.
class InputFile {
public:
  static Result<InputFile> open(const std::string &path);
  InputFile(InputFile &&other) noexcept : path(std::move(other.path)), file(std::exchange(other.file, nullptr)) {}
  ~InputFile();
  /// Exactly `size` bytes; fewer in the file is an error, which names `what`.
  Status read(void *to, size_t size, std::string_view what);
  /// Refuses bytes that follow.
  Status end();
  std::string path;

private:
  InputFile(std::string path, void *file) : path(std::move(path)), file(file) {}
  void *file; ///< gzFile
};

/// Writes beside `path`, syncs and renames, so that `path` holds all of the pieces or what it held before; nothing is left
/// behind on failure. What a symbolic link points to is written, not the link; a device or pipe is written as it stands.
Status writeFile(const std::string &path, std::initializer_list<std::string_view> pieces);

} // namespace dlc::data
