// Reading, through an Inflater where a file is gzip data; writing beside and renaming.
#include "runtime/data/File.h"
#include "runtime/data/Gzip.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::data {

static Error failed(const std::string &what, const std::string &path) {
  return {"cannot " + what + " '" + path + "': " + std::strerror(errno)};
}

/// The file's bytes and, where they are gzip data, what inflates them.
struct InputFile::Stream {
  explicit Stream(int fd) : fd(fd) {}
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;
  ~Stream() {
    if (fd >= 0)
      close(fd);
  }
  /// Makes sure of bytes in the buffer; false at the end of the file.
  Result<bool> fill() {
    while (at == end) {
      ssize_t n = fd >= 0 ? ::read(fd, buffer, sizeof buffer) : ssize_t(bytes.copy(reinterpret_cast<char *>(buffer), sizeof buffer, given));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return Error{std::strerror(errno)};
      at = 0, end = size_t(n), given += size_t(n);
      if (n == 0)
        return false;
    }
    return true;
  }
  Result<size_t> plain(unsigned char *to, size_t size);
  Result<size_t> inflated(unsigned char *to, size_t size);

  int fd; ///< -1: the bytes
  std::string bytes;
  size_t given = 0;
  std::unique_ptr<Inflater> inflater; ///< of gzip data
  bool regular = false;
  uint64_t bound = UINT64_MAX; ///< bytes that can still come
  size_t at = 0, end = 0;      ///< what of the buffer is not yet taken
  unsigned char buffer[1 << 17];
};

Result<size_t> InputFile::Stream::plain(unsigned char *to, size_t size) {
  size_t done = 0;
  while (done < size) {
    auto more = fill();
    if (!more)
      return more.error();
    if (!*more)
      break;
    size_t n = std::min(size - done, end - at);
    std::memcpy(to + done, buffer + at, n);
    done += n, at += n;
  }
  return done;
}

Result<size_t> InputFile::Stream::inflated(unsigned char *to, size_t size) {
  size_t done = 0;
  while (done < size) {
    auto more = fill();
    if (!more)
      return more.error();
    if (!*more) {
      if (inflater->isInside())
        return Error{"its gzip data does not end: truncated"};
      break;
    }
    auto piece = inflater->inflate(buffer + at, end - at, to + done, size - done);
    if (!piece)
      return piece.error();
    at += piece->taken, done += piece->made;
  }
  return done;
}

InputFile::InputFile(std::string path, std::unique_ptr<Stream> stream) : path(std::move(path)), stream(std::move(stream)) {}
InputFile::InputFile(InputFile &&other) noexcept = default;
InputFile::~InputFile() = default;

Result<InputFile> InputFile::open(const std::string &path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return failed("read", path);
  auto stream = std::make_unique<Stream>(fd);
  struct stat info = {};
  if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
    errno = EISDIR;
  else
    errno = 0;
  if (errno)
    return failed("read", path);
  stream->regular = S_ISREG(info.st_mode);
  InputFile file(path, std::move(stream));
  Status s = file.begin(uint64_t(info.st_size));
  return s ? Result<InputFile>(std::move(file)) : s.error();
}
Result<InputFile> InputFile::memory(const std::string &name, std::string bytes) {
  auto stream = std::make_unique<Stream>(-1);
  uint64_t size = bytes.size();
  stream->bytes = std::move(bytes), stream->regular = true;
  InputFile file(name, std::move(stream));
  Status s = file.begin(size);
  return s ? Result<InputFile>(std::move(file)) : s.error();
}
Status InputFile::begin(uint64_t size) {
  if (auto any = stream->fill(); !any)
    return Error{"cannot read '" + path + "': " + any.error().message};
  const unsigned char *b = stream->buffer;
  if (stream->end >= 2 && b[0] == 0x1f && b[1] == 0x8b) {
    auto inflater = Inflater::make();
    if (!inflater)
      return Error{"cannot read '" + path + "': " + inflater.error().message};
    stream->inflater = std::move(*inflater);
  }
  if (stream->regular) // deflate turns one byte into 1,032 at most
    stream->bound = size * (stream->inflater ? 1032 : 1);
  return {};
}
bool InputFile::isPlain() const { return stream->regular && !stream->inflater; }
Status InputFile::expect(uint64_t size, std::string_view what) {
  if (size <= stream->bound)
    return {};
  return Error{"'" + path + "' is truncated: " + std::string(what) + " needs " + std::to_string(size) + " bytes, at most " +
               std::to_string(stream->bound) + " are left"};
}
Result<size_t> InputFile::readSome(void *to, size_t size) {
  auto *bytes = static_cast<unsigned char *>(to);
  auto done = stream->inflater ? stream->inflated(bytes, size) : stream->plain(bytes, size);
  if (!done)
    return Error{"'" + path + "' is damaged: " + done.error().message};
  stream->bound -= std::min<uint64_t>(stream->bound, *done);
  return done;
}
Result<std::string> InputFile::readRest() {
  std::string bytes;
  for (size_t had = 0, n = 1; n; had += n) {
    bytes.resize(had + (had ? had : 1 << 16));
    auto some = readSome(bytes.data() + had, bytes.size() - had);
    if (!some)
      return some.error();
    n = *some;
    bytes.resize(had + n);
  }
  return bytes;
}
Status InputFile::read(void *to, size_t size, std::string_view what) {
  auto done = readSome(to, size);
  if (!done)
    return done.error();
  if (*done < size)
    return Error{"'" + path + "' is truncated: " + std::string(what) + " needs " + std::to_string(size) + " bytes, found " +
                 std::to_string(*done)};
  return {};
}
Status InputFile::end() {
  char extra;
  auto done = readSome(&extra, 1);
  if (!done)
    return done.error();
  if (*done)
    return Error{"'" + path + "' goes on after its last element: it does not hold what its header says"};
  return {};
}

static bool writeAll(int fd, std::span<const std::string_view> pieces) {
  for (std::string_view piece : pieces)
    while (!piece.empty()) {
      ssize_t n = write(fd, piece.data(), std::min(piece.size(), size_t(1) << 30));
      if (n < 0 && errno != EINTR)
        return false;
      piece.remove_prefix(n < 0 ? 0 : n);
    }
  return true;
}

Status writeFile(const std::string &given, std::span<const std::string_view> pieces, Sync sync) {
  std::string path = given;
  if (char resolved[PATH_MAX]; realpath(given.c_str(), resolved))
    path = resolved;
  struct stat info;
  bool exists = stat(path.c_str(), &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && writeAll(fd, pieces);
    int error = errno;
    if (fd >= 0)
      close(fd);
    errno = error;
    return good ? Status() : failed("write", given);
  }
  if (exists && access(path.c_str(), W_OK) != 0)
    return failed("write", given);
  std::string beside;
  int fd = -1;
  for (int n = 0; n < 1000 && fd < 0 && (n == 0 || errno == EEXIST); ++n) { // a killed process may have left one
    beside = path + "." + std::to_string(getpid()) + "." + std::to_string(n) + ".part";
    fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? info.st_mode & 0777 : 0666);
  }
  if (fd < 0)
    return failed("write", given);
  bool good = writeAll(fd, pieces) && (sync == Sync::no || fsync(fd) == 0);
  int error = errno;
  good = close(fd) == 0 && good;
  if (good && rename(beside.c_str(), path.c_str()) != 0)
    good = false, error = errno;
  if (good && sync == Sync::no)
    return {};
  if (good) { // the name, too; the contents are safe whether or not this succeeds
    size_t slash = path.rfind('/');
    int folder = open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0)
      fsync(folder), close(folder);
    return {};
  }
  unlink(beside.c_str());
  errno = error;
  return failed("write", given);
}

} // namespace dlc::data
