// Artefacts in, models out: the file's trailer and checksum before dlopen, then
// descriptor, target and program.
#include "runtime/Error.h"
#include "runtime/Model.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlrt;

dlrt_model::~dlrt_model() {
  if (library)
    dlclose(library);
}

/// "x86-64-v3" and so on, for messages.
static const char *levelName(uint64_t features) {
  return features & DLX_CPU_V4 ? "x86-64-v4" : features & DLX_CPU_V3 ? "x86-64-v3" : features & DLX_CPU_V2 ? "x86-64-v2" : "x86-64";
}

/// The first target of the descriptor, best first, that this CPU runs.
static dlrt_status chooseTarget(const dlx_descriptor &descriptor, const dlx_target *&chosen) {
  uint64_t host = dlrt_cpu_features(), missing = 0;
  char known[160] = "none";
  size_t used = 0;
  for (uint32_t i = 0; i < descriptor.ntargets; ++i) {
    const dlx_target &target = descriptor.targets[i];
    if (!target.target)
      return fail(DLRT_FORMAT, "descriptor: target %u has no name: corrupt, compile the model again", i);
    if (used < sizeof known)
      used += size_t(snprintf(known + used, sizeof known - used, used ? ", %.40s" : "%.40s", target.target));
    if (strncmp(target.target, "cpu", 3) != 0)
      continue;
    if (!(target.features & ~host)) {
      chosen = &target;
      return DLRT_OK;
    }
    missing = target.features & ~host;
  }
  if (missing)
    return fail(DLRT_CPU,
                "this CPU is %s%s, the artefact has code for %s: compile it "
                "with --target cpu:%s",
                levelName(host), getenv("DLRT_CPU_MASK") ? " (DLRT_CPU_MASK is set)" : "", known, levelName(host));
  return fail(DLRT_CPU,
              "the artefact has no code for a CPU: found targets %s, compile "
              "it with --target cpu",
              known);
}

dlrt_status dlrt::openDescriptor(const dlx_descriptor *descriptor, dlrt_model &model) {
  if (!descriptor)
    return fail(DLRT_VALUE, "the descriptor is null");
  if (reinterpret_cast<uintptr_t>(descriptor) % alignof(dlx_descriptor))
    return fail(DLRT_FORMAT, "the descriptor is not 8-byte aligned");
  if (descriptor->magic != DLX_DESCRIPTOR_MAGIC)
    return fail(DLRT_FORMAT, "descriptor: magic %#" PRIx64 ", expected %#" PRIx64 ": this was not written by dlc", descriptor->magic,
                uint64_t(DLX_DESCRIPTOR_MAGIC));
  if (descriptor->abi != DLX_ABI_VERSION)
    return fail(DLRT_FORMAT, "descriptor: kernel ABI %u, this runtime has %u: %s", descriptor->abi, DLX_ABI_VERSION,
                descriptor->abi > DLX_ABI_VERSION ? "use a newer libdlrt" : "compile the model again");
  if (!descriptor->ntargets || !descriptor->targets)
    return fail(DLRT_FORMAT, "descriptor: no targets: corrupt, compile the model again");
  model.descriptor = descriptor;
  if (dlrt_status status = chooseTarget(*descriptor, model.target))
    return status;
  const dlx_target &target = *model.target;
  const void *bytes = target.program;
  if (bytes && reinterpret_cast<uintptr_t>(bytes) % 64) { // constants are to be 64-byte aligned in memory
    if (!model.copied.allocate(target.program_bytes))
      return fail(DLRT_MEMORY, "no memory for a program of %" PRIu64 " bytes", target.program_bytes);
    memcpy(model.copied.data(), bytes, target.program_bytes);
    bytes = model.copied.data();
  }
  if (dlrt_status status = readProgram(bytes, target.program_bytes, model.program))
    return status;
  uint64_t functions = model.program.functions.count;
  if (target.nfunctions != functions || (functions && !target.functions))
    return fail(DLRT_FORMAT,
                "descriptor: target '%s' has %" PRIu64 " functions, its program expects %" PRIu64 ": corrupt, compile the model again",
                target.target, target.nfunctions, functions);
  if (dlrt_status status = describeModel(model))
    return status;
  if (!model.plans.allocate(model.program.entries.count))
    return fail(DLRT_MEMORY, "no memory for %" PRIu64 " entries", model.program.entries.count);
  uint64_t budget = uint64_t(1) << 24;
  for (uint32_t i = 0; i < model.plans.size(); ++i) {
    if (dlrt_status status = buildPlan(model.program, target.functions, i, budget, model.plans[i]))
      return status;
    const dlx_entry &entry = model.program.entries[i];
    model.arena = entry.arena > model.arena ? entry.arena : model.arena;
    model.scratch = entry.scratch > model.scratch ? entry.scratch : model.scratch;
  }
  return DLRT_OK;
}

namespace {
/// A file mapped for reading while it is checked.
struct MappedFile {
  const char *bytes = nullptr;
  uint64_t size = 0;
  ~MappedFile() {
    if (bytes)
      munmap(const_cast<char *>(bytes), size);
  }
  dlrt_status open(const char *path);
};

/// What dl_iterate_phdr compares: the loaded object at `base` against the file.
struct Comparison {
  uintptr_t base;
  const MappedFile *file;
  bool found, equal;
};
} // namespace

dlrt_status MappedFile::open(const char *path) {
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(DLRT_FILE, "%s: cannot open: %s", path, strerror(errno));
  struct stat info = {};
  void *mapping = MAP_FAILED;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    size = uint64_t(info.st_size);
    mapping = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  }
  int error = errno;
  close(fd);
  if (!S_ISREG(info.st_mode))
    return fail(DLRT_FILE, "%s: not a regular file", path);
  if (info.st_size == 0)
    return fail(DLRT_FORMAT, "%s: empty, expected an artefact of dlc compile", path);
  if (mapping == MAP_FAILED)
    return fail(DLRT_FILE, "%s: cannot map: %s", path, strerror(error));
  bytes = static_cast<const char *>(mapping);
  return DLRT_OK;
}

/// Length and checksum by the trailer.
static dlrt_status checkTrailer(const char *path, const MappedFile &file) {
  if (file.size < 4 || memcmp(file.bytes, "\177ELF", 4) != 0)
    return fail(DLRT_FORMAT,
                "%s: not a shared library: expected what 'dlc compile MODEL -o "
                "LIB.so' writes",
                path);
  dlx_trailer trailer = {};
  if (file.size >= sizeof trailer)
    memcpy(&trailer, file.bytes + file.size - sizeof trailer, sizeof trailer);
  if (trailer.magic != DLX_TRAILER_MAGIC)
    return fail(DLRT_FORMAT,
                "%s: no dlc trailer at its end (%" PRIu64 " bytes): truncated, stripped or not written by dlc; compile it again", path,
                file.size);
  if (trailer.bytes != file.size)
    return fail(DLRT_FORMAT, "%s: %" PRIu64 " bytes long, expected %" PRIu64 ": truncated or corrupt; compile or copy it again", path,
                file.size, trailer.bytes);
  if (dlx_checksum(file.bytes, file.size - sizeof trailer) != trailer.checksum)
    return fail(DLRT_FORMAT, "%s: its checksum is wrong: corrupt; compile or copy it again", path);
  return DLRT_OK;
}

/// dl_iterate_phdr callback: compares the read-only segments in memory with the
/// file's bytes.
static int compareSegments(struct dl_phdr_info *info, size_t, void *argument) {
  Comparison &comparison = *static_cast<Comparison *>(argument);
  if (info->dlpi_addr != comparison.base)
    return 0;
  comparison.found = comparison.equal = true;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || segment.p_flags & PF_W)
      continue;
    const MappedFile &file = *comparison.file;
    comparison.equal &=
        segment.p_offset <= file.size && segment.p_filesz <= file.size - segment.p_offset &&
        !memcmp(reinterpret_cast<const void *>(info->dlpi_addr + segment.p_vaddr), file.bytes + segment.p_offset, segment.p_filesz);
  }
  return 1;
}

/// dlopen of the file that was checked. The loader knows libraries by their
/// paths, and would give an older one again where the file was replaced while a
/// model from it lives: then the same path is spelt with one more "./".
static dlrt_status openLibrary(const char *path, const MappedFile &file, dlrt_model &model) {
  constexpr int tries = 64;
  Array<char> name;
  const char *slash = strrchr(path, '/');
  size_t directory = slash ? size_t(slash - path) + 1 : 0, rest = strlen(path) - directory;
  if (!name.allocate(directory + rest + 2 * tries + 3))
    return fail(DLRT_MEMORY, "%s: no memory for its name", path);
  memcpy(name.data(), path, directory);
  for (int i = 0; i < tries; ++i) {
    size_t at = directory;
    for (int dots = 0; dots < i + !slash; ++dots, at += 2)
      memcpy(name.data() + at, "./", 2);
    memcpy(name.data() + at, path + directory, rest + 1);
    void *library = dlopen(name.data(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return fail(DLRT_FORMAT, "%s: cannot be loaded: %s", path, dlerror());
    const void *symbol = dlsym(library, "dlc_descriptor");
    struct link_map *map = nullptr;
    Comparison comparison = {0, &file, false, false};
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) {
      comparison.base = map->l_addr;
      dl_iterate_phdr(compareSegments, &comparison);
    }
    if (comparison.found && comparison.equal) {
      model.library = library;
      model.descriptor = static_cast<const dlx_descriptor *>(symbol);
      return symbol ? DLRT_OK : fail(DLRT_FORMAT, "%s: exports no dlc_descriptor: not written by dlc", path);
    }
    dlclose(library);
  }
  return fail(DLRT_FILE,
              "%s: was changed in place while a model from it is loaded: free "
              "that model first, or write another file",
              path);
}

dlrt_status dlrt_model_load(const char *path, dlrt_model **model) {
  if (!path || !model)
    return fail(DLRT_VALUE, "dlrt_model_load: a null argument");
  *model = nullptr;
  Owner<dlrt_model> made(create<dlrt_model>());
  if (!made)
    return fail(DLRT_MEMORY, "%s: no memory for the model", path);
  MappedFile file;
  if (dlrt_status status = file.open(path))
    return status;
  if (dlrt_status status = checkTrailer(path, file))
    return status;
  if (dlrt_status status = openLibrary(path, file, *made.get()))
    return status;
  if (dlrt_status status = openDescriptor(made->descriptor, *made.get()))
    return failWithin(status, "%s: ", path);
  *model = made.release();
  return DLRT_OK;
}

dlrt_status dlrt_model_open(const void *descriptor, dlrt_model **model) {
  if (!model)
    return fail(DLRT_VALUE, "dlrt_model_open: a null argument");
  *model = nullptr;
  Owner<dlrt_model> made(create<dlrt_model>());
  if (!made)
    return fail(DLRT_MEMORY, "no memory for the model");
  if (dlrt_status status = openDescriptor(static_cast<const dlx_descriptor *>(descriptor), *made.get()))
    return status;
  *model = made.release();
  return DLRT_OK;
}

void dlrt_model_free(dlrt_model *model) { destroy(model); }
