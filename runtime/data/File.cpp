// Reading through zlib, writing beside and renaming.
#include "runtime/data/File.h"
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace dlc::data {

static Error failed(const std::string &what, const std::string &path) {
  return {"cannot " + what + " '" + path + "': " + std::strerror(errno)};
}

Result<InputFile> InputFile::open(const std::string &path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    errno = EISDIR;
    return failed("read", path);
  }
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rbe");
  if (!file) {
    errno = errno ? errno : ENOMEM;
    return failed("read", path);
  }
  gzbuffer(file, 1 << 17);
  // Deflate turns one byte into 1,032 at most. A pipe's length is unknown.
  uint64_t bound = S_ISREG(info.st_mode) ? uint64_t(info.st_size) * (gzdirect(file) ? 1 : 1032) : UINT64_MAX;
  return InputFile(path, file, bound);
}
InputFile::~InputFile() {
  if (file)
    gzclose(static_cast<gzFile>(file));
}
Status InputFile::expect(uint64_t size, std::string_view what) {
  if (size <= bound)
    return {};
  return Error{"'" + path + "' is truncated: " + std::string(what) + " needs " + std::to_string(size) + " bytes, at most " +
               std::to_string(bound) + " are left"};
}
Status InputFile::read(void *to, size_t size, std::string_view what) {
  auto *bytes = static_cast<char *>(to);
  for (size_t done = 0; done < size;) {
    int n = gzread(static_cast<gzFile>(file), bytes + done, unsigned(std::min(size - done, size_t(1) << 30)));
    int code = 0;
    const char *message = gzerror(static_cast<gzFile>(file), &code);
    if (n < 0 || (n == 0 && code != Z_OK && code != Z_BUF_ERROR))
      return Error{"'" + path + "' is damaged: " + (code == Z_ERRNO ? std::strerror(errno) : message)};
    if (n == 0)
      return Error{"'" + path + "' is truncated: " + std::string(what) + " needs " + std::to_string(size) + " bytes, found " +
                   std::to_string(done)};
    done += n;
  }
  bound -= std::min<uint64_t>(bound, size);
  return {};
}
Status InputFile::end() {
  char extra;
  int n = gzread(static_cast<gzFile>(file), &extra, 1), code = 0;
  const char *message = gzerror(static_cast<gzFile>(file), &code);
  if (n > 0)
    return Error{"'" + path + "' goes on after its last element: it does not hold what its header says"};
  if (n < 0 || (code != Z_OK && code != Z_STREAM_END))
    return Error{"'" + path + "' is damaged: " + (code == Z_ERRNO ? std::strerror(errno) : message)};
  return {};
}

static bool writeAll(int fd, std::initializer_list<std::string_view> pieces) {
  for (std::string_view piece : pieces)
    while (!piece.empty()) {
      ssize_t n = write(fd, piece.data(), std::min(piece.size(), size_t(1) << 30));
      if (n < 0 && errno != EINTR)
        return false;
      piece.remove_prefix(n < 0 ? 0 : n);
    }
  return true;
}

Status writeFile(const std::string &given, std::initializer_list<std::string_view> pieces) {
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
  bool good = writeAll(fd, pieces) && fsync(fd) == 0;
  int error = errno;
  good = close(fd) == 0 && good;
  if (good && rename(beside.c_str(), path.c_str()) != 0)
    good = false, error = errno;
  if (good)
    return {};
  unlink(beside.c_str());
  errno = error;
  return failed("write", given);
}

} // namespace dlc::data
