// Files of artefacts: type and checksum by reading, never by mapping, so that a file that shrinks meanwhile is an
// error and no signal. Then dlopen of /proc/self/fd/N: no other file can take the path's place, and nothing in the path
// ($ORIGIN, $LIB) is expanded.
#include "runtime/Library.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Seal.h"
#include <atomic>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlrt;

namespace {
/// A file that is open for reading.
class File {
public:
  explicit File(const char *path) : path(path) {}
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  ~File() {
    for (int fd : {fd, copy})
      if (fd >= 0)
        close(fd);
  }
  dlrt_status open();
  /// From now on a copy in memory, which nothing can change any more.
  dlrt_status seal();
  dlrt_status check();
  dlrt_status unchanged() const;
  int descriptor() const { return copy >= 0 ? copy : fd; }

  uint64_t checksum = 0;

private:
  const char *path;
  int fd = -1, copy = -1;
  struct stat before = {};

  dlrt_status read(uint64_t at, void *to, uint64_t count) const;
  dlrt_status append(int to, const void *from, uint64_t count) const;
  static constexpr uint64_t piece = 1 << 18;
};
} // namespace

dlrt_status File::open() {
  fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); // a pipe is not waited for
  if (fd < 0 || fstat(fd, &before) != 0)
    return fail(DLRT_FILE, "%s: cannot open: %s", path, strerror(errno));
  if (!S_ISREG(before.st_mode))
    return fail(DLRT_FILE, "%s: not a regular file", path);
  if (before.st_size == 0)
    return fail(DLRT_FORMAT, "%s: empty, expected an artefact of dlc compile", path);
  return DLRT_OK;
}

/// Bytes [at, at + count), which were inside the file when it was opened.
dlrt_status File::read(uint64_t at, void *to, uint64_t count) const {
  for (uint64_t done = 0; done < count;) {
    ssize_t n = pread(descriptor(), static_cast<char *>(to) + done, count - done, off_t(at + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(DLRT_FILE, "%s: cannot read: %s", path, strerror(errno));
    if (n == 0)
      return fail(DLRT_FILE, "%s: became shorter while it was checked: load it again", path);
    done += uint64_t(n);
  }
  return DLRT_OK;
}

dlrt_status File::append(int to, const void *from, uint64_t count) const {
  for (uint64_t done = 0; done < count;) {
    ssize_t n = write(to, static_cast<const char *>(from) + done, count - done);
    if (n < 0 && errno != EINTR)
      return fail(DLRT_MEMORY, "%s: no memory for a copy (DLRT_LOAD_COPY is set): %s", path, strerror(errno));
    done += n < 0 ? 0 : uint64_t(n);
  }
  return DLRT_OK;
}

dlrt_status File::seal() {
  Array<char> buffer;
  if (!buffer.allocate(piece))
    return fail(DLRT_MEMORY, "%s: no memory to copy it", path);
  int to = memfd_create("dlc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (to < 0)
    return fail(DLRT_FILE, "%s: cannot make a copy in memory (DLRT_LOAD_COPY is set): %s", path, strerror(errno));
  dlrt_status status = DLRT_OK;
  uint64_t size = uint64_t(before.st_size);
  for (uint64_t at = 0; at < size && status == DLRT_OK; at += piece) {
    uint64_t count = size - at < piece ? size - at : piece;
    status = read(at, buffer.data(), count);
    if (status == DLRT_OK)
      status = append(to, buffer.data(), count);
  }
  copy = to; // and closed with this
  if (status == DLRT_OK && fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return fail(DLRT_FILE, "%s: cannot seal its copy in memory: %s", path, strerror(errno));
  return status;
}

dlrt_status File::check() {
  Array<char> buffer;
  if (!buffer.allocate(piece))
    return fail(DLRT_MEMORY, "%s: no memory to check it", path);
  uint64_t size = uint64_t(before.st_size), head = size < Seal::headBytes ? size : Seal::headBytes;
  if (dlrt_status status = read(0, buffer.data(), head))
    return status;
  if (head < 4 || memcmp(buffer.data(), elfMagic, 4) != 0)
    return fail(DLRT_FORMAT, "%s: not a shared library: expected what 'dlc compile MODEL -o LIB.so' writes", path);
  Seal seal;
  if (!seal.find(reinterpret_cast<const unsigned char *>(buffer.data()), head))
    return fail(DLRT_FORMAT,
                "%s: no build ID of dlc in it (%" PRIu64 " bytes): corrupt, or not written by this version of dlc; compile it again", path,
                size);
  if (size < seal.end())
    return fail(DLRT_FORMAT, "%s: %" PRIu64 " bytes long, expected %" PRIu64 " or more: truncated; compile or copy it again", path, size,
                seal.end());
  auto bytes = [&](uint64_t at, void *to, uint64_t count) { return read(at, to, count); };
  if (dlrt_status status = seal.sum(buffer.data(), piece, bytes, checksum))
    return status;
  if (checksum != seal.expected())
    return fail(DLRT_FORMAT, "%s: its checksum is wrong: corrupt; compile or copy it again", path);
  return DLRT_OK;
}

dlrt_status File::unchanged() const {
  struct stat now = {};
  if (copy >= 0 || (fstat(fd, &now) == 0 && now.st_size == before.st_size && now.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                    now.st_mtim.tv_nsec == before.st_mtim.tv_nsec))
    return DLRT_OK;
  return fail(DLRT_FILE, "%s: was changed while it was loaded: write another file and rename it, or set DLRT_LOAD_COPY=1", path);
}

/// The libraries of this process.
static pthread_mutex_t listed = PTHREAD_MUTEX_INITIALIZER;
static Library *loaded = nullptr;

/// Enters the library into the list. The loader knows files by their inode and gives an older library again: true where that
/// was of another content, so that the file was overwritten.
bool Library::differsFromLoaded() {
  pthread_mutex_lock(&listed);
  bool differs = false;
  for (Library *other = loaded; other; other = other->next)
    differs |= other->handle == handle && other->checksum != checksum;
  next = loaded;
  loaded = this;
  pthread_mutex_unlock(&listed);
  return differs;
}

Library::~Library() {
  if (!handle)
    return;
  pthread_mutex_lock(&listed);
  for (Library **at = &loaded; *at; at = &(*at)->next)
    if (*at == this) {
      *at = next;
      break;
    }
  pthread_mutex_unlock(&listed);
  dlclose(handle);
}

/// "/proc/self/" and a spelling of "fd/N" that no load before had, since the loader also knows libraries by their names: the
/// number of the load in binary, a slash for 0 and "./" for 1.
static void spell(int fd, char (&name)[192]) {
  static std::atomic<uint64_t> loads{0};
  int at = snprintf(name, sizeof name, "/proc/self/");
  for (uint64_t number = loads.fetch_add(1) + 1; number; number /= 2)
    at += snprintf(name + at, sizeof name - size_t(at), number % 2 ? "./" : "/");
  snprintf(name + at, sizeof name - size_t(at), "fd/%d", fd);
}

dlrt_status Library::load(const char *path) {
  const char *copied = getenv("DLRT_LOAD_COPY");
  File file(path);
  if (dlrt_status status = file.open())
    return status;
  if (copied && !strcmp(copied, "1"))
    if (dlrt_status status = file.seal())
      return status;
  if (dlrt_status status = file.check())
    return status;
  if (dlrt_status status = file.unchanged()) // before any of its code can run
    return status;
  char name[192];
  spell(file.descriptor(), name);
  handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!handle && access(name, F_OK) != 0)
    return fail(DLRT_FILE, "%s: cannot be loaded by its descriptor: /proc is not mounted here", path);
  if (!handle) {
    const char *why = dlerror();
    size_t length = strlen(name);
    bool named = !strncmp(why, name, length) && !strncmp(why + length, ": ", 2);
    return fail(DLRT_FORMAT, "%s: cannot be loaded: %s", path, named ? why + length + 2 : why);
  }
  checksum = file.checksum;
  bool differs = differsFromLoaded();
  if (dlrt_status status = file.unchanged())
    return status;
  if (differs)
    return fail(DLRT_FILE, "%s: was changed in place while a model from it is loaded: free that model first, or write another file", path);
  found = static_cast<const dlx_descriptor *>(dlsym(handle, "dlc_descriptor"));
  return found ? DLRT_OK : fail(DLRT_FORMAT, "%s: exports no dlc_descriptor: not written by dlc", path);
}
