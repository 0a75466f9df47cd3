// Parameters to and from safetensors files. Loading checks everything before it
// changes anything; saving leaves a whole file or none.
#include "runtime/Safetensors.h"
#include "runtime/Error.h"
#include "runtime/Params.h"
#include "runtime/Tensor.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlrt;

namespace {
/// A file or memory, read by position.
class Source {
public:
  Source(const char *name, const void *bytes, uint64_t size) : name(name), bytes(static_cast<const char *>(bytes)), size(size) {}
  explicit Source(const char *path) : name(path) {}
  Source(const Source &) = delete;
  Source &operator=(const Source &) = delete;
  ~Source() {
    if (fd >= 0)
      close(fd);
  }
  dlrt_status open();
  dlrt_status read(uint64_t at, void *to, uint64_t count) const;

  const char *name;
  const char *bytes = nullptr;
  uint64_t size = 0;

private:
  int fd = -1;
};

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

dlrt_status Source::open() {
  fd = ::open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0)
    return fail(DLRT_FILE, "%s: cannot open: %s", name, strerror(errno));
  if (!S_ISREG(info.st_mode))
    return fail(DLRT_FILE, "%s: not a regular file, expected a safetensors file", name);
  size = uint64_t(info.st_size);
  return DLRT_OK;
}

/// Bytes [at, at + count), which are inside `size`.
dlrt_status Source::read(uint64_t at, void *to, uint64_t count) const {
  if (bytes) {
    memcpy(to, bytes + at, count);
    return DLRT_OK;
  }
  for (uint64_t done = 0; done < count;) {
    ssize_t n = pread(fd, static_cast<char *>(to) + done, count - done, off_t(at + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(DLRT_FILE, "%s: cannot read: %s", name, strerror(errno));
    if (n == 0)
      return fail(DLRT_FILE, "%s: became shorter while it was read", name);
    done += uint64_t(n);
  }
  return DLRT_OK;
}

/// The stored tensor of a name, or null. `tensors` are sorted by name.
static const StoredTensor *findStored(const Array<StoredTensor> &tensors, const char *name) {
  size_t low = 0, high = tensors.size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(name, tensors[middle].name);
    if (order == 0)
      return &tensors[middle];
    (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
  }
  return nullptr;
}

/// A stored tensor against the parameter that it is for.
static dlrt_status matchTensor(const char *file, const dlrt_params &params, size_t i, const StoredTensor &stored) {
  const dlrt_tensor_info &info = params.info(i);
  const char *dtype = safetensorsName(params.tensor(i).dtype);
  bool same = !strcmp(stored.dtype, dtype) && stored.rank == uint32_t(info.ndim);
  for (uint32_t d = 0; same && d < stored.rank; ++d)
    same = stored.shape[d] == info.dims[d];
  if (!same)
    return fail(DLRT_SHAPE,
                "%s: tensor '%s' is %.20s %s, expected %s %s: these weights "
                "belong to another model or to another build of it",
                file, info.name, stored.dtype, ShapeText(stored.shape, stored.rank).text, dtype, ShapeText(info).text);
  if (stored.end - stored.begin != params.bytes(i))
    return fail(DLRT_FORMAT, "%s: tensor '%s' has %" PRIu64 " bytes, expected %" PRIu64 " for %s %s: corrupt; write it again", file,
                info.name, stored.end - stored.begin, params.bytes(i), dtype, ShapeText(info).text);
  return DLRT_OK;
}

/// Reads, checks and only then copies: nothing changes but after an error of
/// the disk in the middle of the copying.
static dlrt_status load(dlrt_params &params, const Source &source) {
  constexpr uint64_t mostHeader = 100000000; // as the reference implementation
  uint64_t headerBytes = 0;
  if (source.size < 8)
    return fail(DLRT_FORMAT,
                "%s: %" PRIu64 " bytes, expected a safetensors file of at "
                "least 8: truncated or no such file",
                source.name, source.size);
  if (dlrt_status status = source.read(0, &headerBytes, 8))
    return status;
  if (headerBytes > mostHeader || headerBytes > source.size - 8)
    return fail(DLRT_FORMAT,
                "%s: declares a header of %" PRIu64 " bytes, the file has %" PRIu64 ": truncated, corrupt or not a safetensors file",
                source.name, headerBytes, source.size);
  Array<char> header;
  Array<StoredTensor> tensors;
  if (!header.allocate(headerBytes))
    return fail(DLRT_MEMORY, "%s: no memory for a header of %" PRIu64 " bytes", source.name, headerBytes);
  if (dlrt_status status = source.read(8, header.data(), headerBytes))
    return status;
  if (dlrt_status status = parseSafetensors(source.name, header.data(), headerBytes, source.size - 8 - headerBytes, tensors))
    return status;
  for (const StoredTensor &stored : tensors)
    if (params.model->findParam(stored.name) < 0)
      return fail(DLRT_NAME,
                  "%s: tensor '%.200s' is no parameter of model '%s': these "
                  "weights belong to another model",
                  source.name, stored.name, dlrt_model_name(params.model));
  for (size_t i = 0; i < params.offsets.size(); ++i) {
    const StoredTensor *stored = findStored(tensors, params.info(i).name);
    if (!stored && params.tensor(i).role == DLX_PARAM)
      return fail(DLRT_NAME,
                  "%s: found no tensor '%s', expected %s %s: these weights "
                  "belong to another model, or were saved in part",
                  source.name, params.info(i).name, safetensorsName(params.tensor(i).dtype), ShapeText(params.info(i)).text);
    if (stored)
      if (dlrt_status status = matchTensor(source.name, params, i, *stored))
        return status;
  }
  dlrt_status status = DLRT_OK;
  for (size_t i = 0; i < params.offsets.size() && !status; ++i)
    if (const StoredTensor *stored = findStored(tensors, params.info(i).name))
      status = source.read(8 + headerBytes + stored->begin, params.data(i), params.bytes(i));
  params.changed();
  return status;
}

dlrt_status dlrt::loadSafetensors(dlrt_params &params, const char *name, const void *bytes, uint64_t size) {
  return load(params, Source(name, bytes, size));
}

dlrt_status dlrt_params_load(dlrt_params *params, const char *path) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_params_load: a null path");
  Source source(path);
  if (dlrt_status status = source.open())
    return status;
  return load(*params, source);
}

dlrt_status dlrt_params_load_memory(dlrt_params *params, const void *bytes, size_t size) {
  if (!bytes)
    return fail(DLRT_VALUE, "dlrt_params_load_memory: a null pointer");
  return loadSafetensors(*params, "weights in memory", bytes, size);
}

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

/// The header of a file of all parameters in the model's order, with its length
/// in front, padded to 64 bytes.
static bool writeHeader(const dlrt_params &params, Array<char> &text) {
  bool good = append(text, "########{");
  uint64_t offset = 0;
  for (size_t i = 0; good && i < params.offsets.size(); ++i) {
    const dlrt_tensor_info &info = params.info(i);
    char number[64];
    good = (!i || text.push(',')) && appendQuoted(text, info.name) && append(text, ":{\"dtype\":\"") &&
           append(text, safetensorsName(params.tensor(i).dtype)) && append(text, "\",\"shape\":[");
    for (int32_t d = 0; good && d < info.ndim; ++d) {
      snprintf(number, sizeof number, d ? ",%" PRId64 : "%" PRId64, info.dims[d]);
      good = append(text, number);
    }
    snprintf(number, sizeof number, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", offset, offset + params.bytes(i));
    good = good && append(text, number);
    offset += params.bytes(i);
  }
  good = good && text.push('}');
  while (good && text.size() % 64)
    good = text.push(' ');
  uint64_t length = text.size() - 8;
  if (good)
    memcpy(text.data(), &length, 8);
  return good;
}

dlrt_status dlrt_params_save(const dlrt_params *params, const char *path) {
  if (!path)
    return fail(DLRT_VALUE, "dlrt_params_save: a null path");
  Array<char> header;
  if (!writeHeader(*params, header))
    return fail(DLRT_MEMORY, "%s: no memory for its header", path);
  SignalScope signals;
  Sink sink(path);
  if (dlrt_status status = sink.open())
    return status;
  if (dlrt_status status = sink.write(header.data(), header.size()))
    return status;
  for (size_t i = 0; i < params->offsets.size(); ++i)
    if (dlrt_status status = sink.write(params->data(i), params->bytes(i)))
      return status;
  return sink.commit();
}
