// Parameters and states to safetensors files: a whole file or none.
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/Tensor.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlrt;

namespace {
/// While it lives, SIGXFSZ and SIGPIPE of this thread become the errors EFBIG
/// and EPIPE instead of ending the process.
class SignalScope {
public:
  SignalScope() {
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    sigaddset(&signals, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    alreadyPending = sigismember(&pending, SIGXFSZ) || sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
  }
  ~SignalScope() {
    timespec none = {};
    while (!alreadyPending && sigtimedwait(&signals, nullptr, &none) > 0)
      ;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

private:
  sigset_t signals, before;
  bool alreadyPending;
};

/// Writes a file under a name beside `path`, then renames; straight to `path`
/// where that is a device or a pipe.
class Sink {
public:
  explicit Sink(const char *path) : path(path) {}
  Sink(const Sink &) = delete;
  Sink &operator=(const Sink &) = delete;
  ~Sink();
  dlrt_status open();
  dlrt_status write(const void *from, uint64_t count);
  dlrt_status commit();

private:
  const char *path;
  char *target = nullptr; // path, or what a symbolic link names
  Array<char> temporary;
  bool beside = true, made = false;
  int fd = -1;

  dlrt_status cannot(const char *what) const {
    int error = errno;
    return fail(DLRT_FILE, "%s: cannot %s: %s%s", path, what, strerror(error),
                error == ENOSPC || error == EDQUOT ? ": free some space or choose another place"
                : error == EFBIG                   ? ": raise the file size limit (ulimit -f)"
                                                   : "");
  }
};
} // namespace

Sink::~Sink() {
  if (fd >= 0)
    close(fd);
  if (made)
    unlink(temporary.data());
  free(target);
}

dlrt_status Sink::open() {
  target = realpath(path, nullptr);
  if (!target && !(target = strdup(path)))
    return fail(DLRT_MEMORY, "%s: no memory for its name", path);
  struct stat info;
  bool exists = stat(target, &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return fail(DLRT_FILE, "%s: is a directory, expected the name of a file", path);
  beside = !exists || S_ISREG(info.st_mode);
  if (!beside) {
    fd = ::open(target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? cannot("open") : DLRT_OK;
  }
  size_t room = strlen(target) + 48;
  if (!temporary.allocate(room))
    return fail(DLRT_MEMORY, "%s: no memory for its name", path);
  for (int i = 0; i < 100 && !made; ++i) {
    snprintf(temporary.data(), room, "%s.%ld-%d.tmp", target, long(getpid()), i);
    fd = ::open(temporary.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    made = fd >= 0;
    if (!made && errno != EEXIST)
      break;
  }
  if (!made)
    return cannot("write beside it");
  if (exists && fchmod(fd, info.st_mode & 0777) != 0)
    return cannot("keep its mode");
  return DLRT_OK;
}

dlrt_status Sink::write(const void *from, uint64_t count) {
  for (uint64_t done = 0; done < count;) {
    ssize_t n = ::write(fd, static_cast<const char *>(from) + done, count - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return cannot("write");
    done += uint64_t(n);
  }
  return DLRT_OK;
}

/// Everything on the disk, then under its name.
dlrt_status Sink::commit() {
  if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) // devices and pipes cannot
    return cannot("write");
  int closed = close(fd);
  fd = -1;
  if (closed != 0)
    return cannot("write");
  if (!beside)
    return DLRT_OK;
  if (rename(temporary.data(), target) != 0)
    return cannot("rename to it");
  made = false;
  // The name, too; the data are safe whether or not this succeeds.
  if (char *slash = strrchr(target, '/'))
    slash[slash == target] = 0;
  else
    memcpy(target, ".", 2);
  int directory = ::open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return DLRT_OK;
}

/// Appends text; false if there is no memory.
static bool append(Array<char> &text, const char *more) {
  for (; *more; ++more)
    if (!text.push(*more))
      return false;
  return true;
}

/// Appends a JSON string.
static bool appendQuoted(Array<char> &text, const char *string) {
  bool good = text.push('"');
  for (; good && *string; ++string) {
    char escape[8];
    unsigned char c = static_cast<unsigned char>(*string);
    if (c < 0x20)
      snprintf(escape, sizeof escape, "\\u%04x", c);
    else
      snprintf(escape, sizeof escape, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    good = append(text, escape);
  }
  return good && text.push('"');
}

/// Whether tensor i is saved.
static bool isSaved(const Store &store, size_t i, dlrt_saved what) {
  return what == DLRT_SAVE_ALL || store.tensor(i).role != DLX_OPTIMIZER;
}

/// The header of a file of tensors in the model's order, with its length in
/// front, padded to 64 bytes.
static bool writeHeader(const Store &store, dlrt_saved what, Array<char> &text) {
  bool good = append(text, "########{"), first = true;
  uint64_t offset = 0;
  for (size_t i = 0; good && i < store.size(); ++i) {
    if (!isSaved(store, i, what))
      continue;
    const dlrt_tensor_info &info = store.info(i);
    char number[64];
    good = (first || text.push(',')) && appendQuoted(text, info.name) && append(text, ":{\"dtype\":\"") &&
           append(text, safetensorsName(store.tensor(i).dtype)) && append(text, "\",\"shape\":[");
    first = false;
    for (int32_t d = 0; good && d < info.ndim; ++d) {
      snprintf(number, sizeof number, d ? ",%" PRId64 : "%" PRId64, info.dims[d]);
      good = append(text, number);
    }
    snprintf(number, sizeof number, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", offset, offset + store.bytes(i));
    good = good && append(text, number);
    offset += store.bytes(i);
  }
  good = good && text.push('}');
  while (good && text.size() % 64)
    good = text.push(' ');
  uint64_t length = text.size() - 8;
  if (good)
    memcpy(text.data(), &length, 8);
  return good;
}

dlrt_status dlrt::saveFile(const Store &store, const char *path, dlrt_saved what) {
  Array<char> header;
  if (!writeHeader(store, what, header))
    return fail(DLRT_MEMORY, "%s: no memory for its header", path);
  SignalScope signals;
  Sink sink(path);
  if (dlrt_status status = sink.open())
    return status;
  if (dlrt_status status = sink.write(header.data(), header.size()))
    return status;
  for (size_t i = 0; i < store.size(); ++i)
    if (isSaved(store, i, what))
      if (dlrt_status status = sink.write(store.data(i), store.bytes(i)))
        return status;
  return sink.commit();
}
