// Parameters and states from safetensors files, read or mapped: everything is checked before anything changes.
#include "runtime/Safetensors.h"
#include "runtime/Error.h"
#include "runtime/Floats.h"
#include "runtime/Foreign.h"
#include "runtime/Tensor.h"
#include "runtime/cpu/ThreadTeam.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
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
  int fd = -1;
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

/// Whether a model may lack the tensor of that name: a training step (compiler/autodiff/Train.cpp) keeps "<parameter>/<slot>",
/// "optimizer/<counter>" and "random/key" beside the model's own parameters.
static bool isOptimizers(const Store &store, const char *name) {
  if (store.names != &store.model->params)
    return false;
  if (!strncmp(name, "optimizer/", 10) || !strcmp(name, "random/key"))
    return true;
  const char *slash = strrchr(name, '/');
  return slash && store.model->find(*store.names, name, size_t(slash - name)) >= 0;
}

/// What keeps a file from being a store's, gathered into one message.
class Mismatches {
public:
  explicit Mismatches(const char *file) : file(file) {}
  /// One more; the hint, which follows a message of one alone, says what it may come from.
  __attribute__((format(printf, 3, 4))) void add(const char *hint, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char line[256];
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (!count++)
      snprintf(first, sizeof first, "%s: %s", line, hint);
    if (used + strlen(line) + 4 < sizeof list && listed + 1 == count)
      used += size_t(snprintf(list + used, sizeof list - used, "\n  %s", line)), ++listed;
  }
  dlrt_status status() const {
    if (!count)
      return DLRT_OK;
    if (count == 1)
      return fail(shapes ? DLRT_SHAPE : DLRT_NAME, "%s: %s", file, first);
    char more[48] = "";
    if (listed < count)
      snprintf(more, sizeof more, "\n  and %zu more", count - listed);
    return fail(shapes == count ? DLRT_SHAPE : DLRT_NAME,
                "%s: %zu tensors don't fit; the file belongs to another model or to another build of it%s%s", file, count, list, more);
  }
  size_t shapes = 0; // of them, those of another dtype or shape

private:
  const char *file;
  size_t count = 0, listed = 0, used = 0;
  char first[400] = "", list[700] = "";
};

/// The type to cast a stored tensor from where it differs from tensor i's own, which becomes `to`; None where it is not, or is not to be,
/// cast.
static Float castFrom(const Store &store, size_t i, const StoredTensor &stored, Float &to) {
  const char *own = safetensorsName(store.tensor(i).dtype);
  to = floatNamed(own);
  bool casts = strcmp(stored.dtype, own) && to != Float::None && store.names == &store.model->params;
  return casts ? floatNamed(stored.dtype) : Float::None;
}

/// Casts the stored tensor to tensor i's type, to `out`, or only looks where that is null.
static dlrt_status castTensor(const Store &store, size_t i, const Source &source, uint64_t at, Float from, Float to, char *out,
                              Casts &casts) {
  constexpr uint64_t room = 8192;
  char block[room], element[8];
  uint64_t each = bytesOf(from), own = bytesOf(to), count = store.bytes(i) / own;
  for (uint64_t first = 0; first < count; first += room / each) {
    uint64_t n = count - first < room / each ? count - first : room / each;
    if (dlrt_status status = source.read(at + first * each, block, n * each))
      return status;
    for (uint64_t k = 0; k < n; ++k) {
      double v = readFloat(block + k * each, from);
      casts.note(v, writeFloat(v, out ? out + (first + k) * own : element, to), first + k);
    }
  }
  return DLRT_OK;
}

/// Refuses casts to infinity and counts the others. Tensors fit; their bytes are at `data`.
static dlrt_status checkCasts(const Store &store, const Source &source, uint64_t data, const Array<StoredTensor> &tensors,
                              dlrt_loaded &done) {
  for (size_t i = 0; i < store.size(); ++i) {
    const StoredTensor *stored = findStored(tensors, store.info(i).name);
    Float to, from = stored ? castFrom(store, i, *stored, to) : Float::None;
    if (from == Float::None)
      continue;
    Casts casts;
    if (!holdsAll(to, from))
      if (dlrt_status status = castTensor(store, i, source, data + stored->begin, from, to, nullptr, casts))
        return status;
    if (casts.at != UINT64_MAX)
      return fail(DLRT_VALUE, "%s: tensor '%.100s' has the value %g at element %" PRIu64 ", more than the parameter's %s holds",
                  source.name, stored->name, casts.beyond, casts.at, safetensorsName(store.tensor(i).dtype));
    ++done.cast, done.rounded += casts.changed;
  }
  return DLRT_OK;
}

/// A stored tensor against the one that it is for.
static dlrt_status matchTensor(const char *file, const Store &store, size_t i, const StoredTensor &stored, Mismatches &mismatches) {
  const dlrt_tensor_info &info = store.info(i);
  const char *dtype = safetensorsName(store.tensor(i).dtype);
  Float to, from = castFrom(store, i, stored, to);
  bool casts = from != Float::None;
  bool same = (casts || !strcmp(stored.dtype, dtype)) && stored.rank == uint32_t(info.ndim), turned = same && stored.rank == 2;
  for (uint32_t d = 0; turned && d < 2; ++d)
    turned = stored.shape[d] == info.dims[1 - d];
  for (uint32_t d = 0; same && d < stored.rank; ++d)
    same = stored.shape[d] == info.dims[d];
  if (!same) {
    ++mismatches.shapes;
    mismatches.add(turned ? "transpose it when it is written" : "the file belongs to another model or to another build of it",
                   "tensor '%.100s' is %.20s %s, expected %s %s%s", info.name, stored.dtype, ShapeText(stored.shape, stored.rank).text,
                   dtype, ShapeText(info).text, turned ? " (it looks transposed)" : "");
    return DLRT_OK;
  }
  uint64_t bytes = casts ? store.bytes(i) / bytesOf(to) * bytesOf(from) : store.bytes(i);
  if (stored.end - stored.begin != bytes)
    return fail(DLRT_FORMAT, "%s: tensor '%s' has %" PRIu64 " bytes, expected %" PRIu64 " for %s %s: corrupt; write it again", file,
                info.name, stored.end - stored.begin, bytes, stored.dtype, ShapeText(info).text);
  return DLRT_OK;
}

/// Reads, checks and only then copies: nothing changes but after an error of
/// the disk in the middle of the copying.
static dlrt_status load(Store &store, const Source &source, bool stays, Wrote wrote, dlrt_loaded *loaded) {
  constexpr uint64_t mostHeader = 100000000; // as the reference implementation
  uint64_t headerBytes = 0;
  if (source.size < 8)
    return fail(DLRT_FORMAT,
                "%s: %" PRIu64 " bytes, expected a safetensors file of at "
                "least 8: truncated or no such file",
                source.name, source.size);
  if (dlrt_status status = source.read(0, &headerBytes, 8))
    return status;
  if (const char *kind = foreignKind(&headerBytes))
    return fail(DLRT_FORMAT, "%s: is %s, expected a safetensors file: write one, in Python by safetensors' save_file", source.name, kind);
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
  dlrt_loaded done = {};
  Mismatches mismatches(source.name);
  for (const StoredTensor &stored : tensors) {
    if (store.model->find(*store.names, stored.name, strlen(stored.name)) >= 0)
      continue;
    if (isOptimizers(store, stored.name))
      ++done.skipped;
    else
      mismatches.add("the file belongs to another model", "tensor '%.100s' is no %s of model '%.60s'", stored.name, store.names->what,
                     dlrt_model_name(store.model));
  }
  for (size_t i = 0; i < store.size(); ++i) {
    const StoredTensor *stored = findStored(tensors, store.info(i).name);
    if (!stored && store.tensor(i).role != DLX_OPTIMIZER)
      mismatches.add("the file belongs to another model, or was saved in part", "found no tensor '%.100s', expected %s %s",
                     store.info(i).name, safetensorsName(store.tensor(i).dtype), ShapeText(store.info(i)).text);
    if (stored)
      if (dlrt_status status = matchTensor(source.name, store, i, *stored, mismatches))
        return status;
  }
  if (dlrt_status status = mismatches.status())
    return status;
  FloatingPointScope scope; // casts round to nearest whatever the caller has set
  if (dlrt_status status = checkCasts(store, source, 8 + headerBytes, tensors, done))
    return status;
  Array<uint8_t> needed; // own memory, because runs of some entry write there
  const Program &program = store.model->program;
  if (!needed.allocate(program.params.count))
    return fail(DLRT_MEMORY, "%s: no memory for %" PRIu64 " tensors", source.name, program.params.count);
  for (uint64_t w = 0; w < program.writes.count; ++w)
    if (program.writes[w] < program.params.count) // entries' own are checked, not what lies between them
      needed[program.writes[w]] = 1;
  dlrt_status status = DLRT_OK;
  for (size_t i = 0; i < store.size() && !status; ++i)
    if (const StoredTensor *stored = findStored(tensors, store.info(i).name)) {
      uint64_t at = 8 + headerBytes + stored->begin;
      Float to, from = castFrom(store, i, *stored, to);
      Casts noted;
      if (from != Float::None)
        status = castTensor(store, i, source, at, from, to, store.overwrite(i), noted);
      else if (stays && !needed[i] && !store.viewed[i] &&
               reinterpret_cast<uintptr_t>(source.bytes + at) % elementBytes(store.tensor(i).dtype) == 0)
        store.refer(i, source.bytes + at);
      else
        status = source.read(at, store.overwrite(i), store.bytes(i));
      if (wrote)
        wrote(store, i); // also where it was read in part
    }
  if (loaded)
    *loaded = done;
  return status;
}

dlrt_status dlrt::loadMemory(Store &store, const char *name, const void *bytes, uint64_t size, bool stays, Wrote wrote,
                             dlrt_loaded *loaded) {
  return load(store, Source(name, bytes, size), stays, wrote, loaded);
}

dlrt_status dlrt::loadFile(Store &store, const char *path, Wrote wrote, dlrt_loaded *loaded) {
  Source source(path);
  if (dlrt_status status = source.open())
    return status;
  return load(store, source, false, wrote, loaded);
}

dlrt_status Mapping::open(const char *path) {
  Source source(path);
  if (dlrt_status status = source.open())
    return status;
  if (!source.size) // cannot be mapped, and is refused for what it lacks
    return DLRT_OK;
  void *pages = mmap(nullptr, source.size, PROT_READ, MAP_PRIVATE, source.fd, 0);
  if (pages == MAP_FAILED)
    return fail(DLRT_FILE, "%s: cannot map: %s", path, strerror(errno));
  start = static_cast<char *>(pages), bytes = source.size;
  return DLRT_OK;
}
Mapping::~Mapping() {
  if (start)
    munmap(start, bytes);
}
void Mapping::swap(Mapping &other) {
  std::swap(start, other.start);
  std::swap(bytes, other.bytes);
}
void Mapping::release(const char *from, uint64_t count) const {
  if (!holds(from))
    return;
  uint64_t page = uint64_t(sysconf(_SC_PAGESIZE)), first = uint64_t(from - start), last = first + count;
  first = (first + page - 1) / page * page, last = last == bytes ? last : last / page * page;
  if (first < last)
    madvise(start + first, last - first, MADV_DONTNEED); // a hint: what stays is only memory
}
