// Compiled models on disk.
#include "tools/dlc/Cache.h"
#include "runtime/data/File.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include <chrono>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
namespace dlc::tools {

static constexpr uint64_t magic = 0x3265686361636c64; // "dlcache2"
static constexpr uint64_t mostBytes = 256 << 20;
static constexpr StringRef ending = ".dlccache";

std::string defaultCache() {
  if (const char *folder = getenv("DLC_CACHE"))
    return folder;
  const char *caches = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (caches && *caches)
    return std::string(caches) + "/dlc";
  return home && *home ? std::string(home) + "/.cache/dlc" : "";
}

/// The linker's build ids of this program and all its libraries.
static std::string buildIds() {
  std::string ids;
  dl_iterate_phdr(
      [](dl_phdr_info *object, size_t, void *out) {
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr) &segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE)
            continue;
          StringRef notes(reinterpret_cast<const char *>(object->dlpi_addr + segment.p_vaddr), segment.p_memsz);
          for (ElfW(Nhdr) note; notes.size() >= sizeof note;) {
            memcpy(&note, notes.data(), sizeof note);
            size_t begin = sizeof note + alignTo(note.n_namesz, 4), size = begin + alignTo(note.n_descsz, 4);
            if (size > notes.size())
              break;
            if (note.n_type == NT_GNU_BUILD_ID)
              *static_cast<std::string *>(out) += notes.substr(begin, note.n_descsz);
            notes = notes.drop_front(size);
          }
        }
        return 0;
      },
      &ids);
  return ids;
}

static void put(std::string &out, uint64_t number) { out.append(reinterpret_cast<const char *>(&number), sizeof number); }
static void put(std::string &out, StringRef bytes) {
  put(out, uint64_t(bytes.size()));
  out += bytes;
}
static bool take(StringRef &in, uint64_t &number) {
  if (in.size() < sizeof number)
    return false;
  memcpy(&number, in.data(), sizeof number);
  in = in.drop_front(sizeof number);
  return true;
}
static bool take(StringRef &in, StringRef &bytes) {
  uint64_t size;
  if (!take(in, size) || size > in.size())
    return false;
  bytes = in.take_front(size);
  in = in.drop_front(size);
  return true;
}
/// Reads a count of byte strings.
static bool take(StringRef &in, function_ref<void(StringRef)> each) {
  uint64_t count;
  StringRef bytes;
  if (!take(in, count))
    return false;
  for (; count; --count)
    if (take(in, bytes))
      each(bytes);
    else
      return false;
  return true;
}

std::string cacheKey(ArrayRef<StringRef> parts) {
  static const std::string compiler = buildIds();
  if (compiler.empty())
    return "";
  std::string all;
  put(all, compiler);
  for (StringRef part : parts)
    put(all, part);
  return toHex(SHA256::hash(arrayRefFromStringRef(all)), /*LowerCase=*/true);
}

static std::string entryPath(StringRef folder, StringRef key) { return (folder + "/" + key + ending).str(); }

std::optional<Built> readCached(StringRef folder, StringRef key) {
  std::string path = entryPath(folder, key);
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (file < 0)
    return std::nullopt;
  scope_exit close([&] { ::close(file); });
  // Its code will run: the file that is open, whatever its path now names, is one of this user or of root that no one else may write.
  struct stat info;
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || (info.st_uid != geteuid() && info.st_uid != 0) ||
      info.st_mode & (S_IWGRP | S_IWOTH))
    return std::nullopt;
  auto buffer = MemoryBuffer::getOpenFile(file, path, info.st_size, false, /*IsVolatile=*/true); // read, not mapped
  if (!buffer)
    return std::nullopt;
  (void)sys::fs::setLastAccessAndModificationTime(file, std::chrono::system_clock::now());
  StringRef in = (*buffer)->getBuffer(), own, level, program;
  uint64_t begin, checksum, targets;
  Built built;
  if (!take(in, begin) || begin != magic || !take(in, checksum) || checksum != dlx_checksum(in.data(), in.size()) || !take(in, own) ||
      own != key || !take(in, targets)) // not what was put under another name
    return std::nullopt;
  for (; targets; --targets) {
    Compiled &c = built.targets.emplace_back();
    if (!take(in, level) || !take(in, program) || !take(in, [&](StringRef name) { c.program.functions.push_back(name.str()); }) ||
        !take(in, [&](StringRef object) { c.objects.push_back(MemoryBuffer::getMemBufferCopy(object)); }))
      return std::nullopt;
    c.target = codegen::Target::get(level);
    c.program.bytes.assign(program.begin(), program.end());
  }
  StringRef header;
  if (!take(in, header) || !in.empty())
    return std::nullopt;
  built.header = header.str();
  return built;
}

/// Removes what was used longest ago.
static void bound(StringRef folder) {
  struct File {
    sys::TimePoint<> used;
    uint64_t size;
    std::string path;
  };
  std::vector<File> files;
  uint64_t bytes = 0;
  std::error_code ec;
  for (sys::fs::directory_iterator i(folder, ec), end; !ec && i != end; i.increment(ec))
    if (auto status = i->status(); status && StringRef(i->path()).contains(ending)) { // and what a killed process left
      files.push_back({status->getLastModificationTime(), status->getSize(), i->path()});
      bytes += status->getSize();
    }
  sort(files, [](const File &x, const File &y) { return x.used < y.used; });
  for (size_t i = 0; i < files.size() && bytes > mostBytes; ++i)
    if (!sys::fs::remove(files[i].path))
      bytes -= files[i].size;
}

Error writeCached(StringRef folder, StringRef key, const Built &built) {
  std::string entry;
  put(entry, key);
  put(entry, uint64_t(built.targets.size()));
  for (const Compiled &c : built.targets) {
    put(entry, c.target.name);
    put(entry, StringRef(c.program.bytes.data(), c.program.bytes.size()));
    put(entry, uint64_t(c.program.functions.size()));
    for (const std::string &name : c.program.functions)
      put(entry, name);
    put(entry, uint64_t(c.objects.size()));
    for (auto &object : c.objects)
      put(entry, object->getBuffer());
  }
  put(entry, built.header);
  std::string head;
  put(head, magic);
  put(head, dlx_checksum(entry.data(), entry.size()));
  if (std::error_code ec = sys::fs::create_directories(folder, true, sys::fs::owner_all))
    return createStringError(ec, "cannot make '" + folder + "': " + ec.message());
  unlink(entryPath(folder, key).c_str()); // a pipe or a link would be written through
  if (data::Status status = data::writeFile(entryPath(folder, key), {head, entry}, data::Sync::no); !status)
    return createStringError(inconvertibleErrorCode(), Twine(status.error().message));
  bound(folder);
  return Error::success();
}

} // namespace dlc::tools
