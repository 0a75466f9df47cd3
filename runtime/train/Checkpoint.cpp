// Checkpoints: saving, looking for damage and loading.
#include "runtime/train/Checkpoint.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/File.h"
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlc::train {
using data::Error;

static constexpr const char *version = "1", *formatKey = "dlc.checkpoint", *positionKey = "dlc.position", *sumKey = "dlc.checksum",
                            *memoKey = "dlc.memo", *setupKey = "dlc.setup.";

/// Whole numbers, and the bits of others.
static std::string toText(Position p) {
  std::string text;
  p.members([&](auto &x) { text += std::to_string(std::bit_cast<int64_t>(x)) + " "; });
  return text;
}
static std::optional<Position> parse(const std::string &text) {
  Position p;
  const char *at = text.c_str();
  bool good = true;
  p.members([&]<typename T>(T &x) {
    char *end = nullptr;
    x = std::bit_cast<T>(int64_t(std::strtoll(at, &end, 10)));
    good &= end != at && *end == ' ';
    at = good ? end + 1 : "";
  });
  return good && !*at ? std::optional(p) : std::nullopt;
}

static std::vector<data::NamedTensor> tensorsOf(const dlrt_model *model, dlrt_params *params, Saved what) {
  std::vector<data::NamedTensor> tensors;
  for (size_t i = 0, n = dlrt_model_params(model); i < n; ++i) {
    const dlrt_tensor_info *info = dlrt_model_param(model, i);
    dlrt_tensor view;
    if ((what == Saved::All || info->role != DLRT_OPTIMIZER) && dlrt_params_get(params, info->name, &view) == DLRT_OK)
      tensors.push_back({info->name, view});
  }
  return tensors;
}
Status saveParameters(const dlrt_model *model, dlrt_params *params, const std::string &path, Saved what, const Metadata &metadata) {
  return data::writeTensors(path, tensorsOf(model, params, what), metadata);
}

Result<CheckpointFolder> CheckpointFolder::open(const std::string &path) {
  CheckpointFolder folder;
  folder.path = path;
  auto cannot = [&](const char *what) { return Error{"cannot " + std::string(what) + " '" + path + "': " + std::strerror(errno)}; };
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
    return cannot("make the folder");
  folder.fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder.fd < 0)
    return cannot("use the folder");
  if (flock(folder.fd, LOCK_EX | LOCK_NB) != 0)
    return Error{"another run holds '" + path + "': choose another folder for --checkpoint, or wait for its end"};
  DIR *list = opendir(path.c_str());
  for (dirent *entry; list && (entry = readdir(list));)
    if (std::string name = entry->d_name;
        (name.starts_with("checkpoint.safetensors.") || name.starts_with("best-")) && name.ends_with(".part"))
      unlinkat(folder.fd, name.c_str(), 0);
  if (list)
    closedir(list);
  return folder;
}
CheckpointFolder::~CheckpointFolder() {
  if (fd >= 0)
    close(fd);
}
bool CheckpointFolder::holdsOne() const { return access(file().c_str(), F_OK) == 0; }
void CheckpointFolder::keepBest(int64_t step) const {
  DIR *list = opendir(path.c_str());
  const std::string kept = "best-" + std::to_string(step) + ".safetensors";
  for (dirent *entry; list && (entry = readdir(list));)
    if (std::string name = entry->d_name; name.starts_with("best-") && name.ends_with(".safetensors") && name != kept)
      unlinkat(fd, name.c_str(), 0);
  if (list)
    closedir(list);
}

/// Of the metadata but for the checksum itself.
static data::Fingerprint printOf(const Metadata &metadata) {
  data::Fingerprint print;
  for (auto &[key, text] : metadata)
    if (key != sumKey)
      print.add(key.data(), key.size()), print.add(text.data(), text.size());
  return print;
}

Status CheckpointFolder::save(const dlrt_model *model, dlrt_params *params, const Metadata &setup, const Position &position) {
  auto tensors = tensorsOf(model, params, Saved::All);
  Metadata metadata = {{formatKey, version}, {"dlc.version", DLRT_VERSION}};
  for (auto &[key, text] : setup)
    metadata.emplace_back(setupKey + key, text);
  metadata.emplace_back(positionKey, toText(position));
  metadata.emplace_back(memoKey, position.memo);
  data::Fingerprint print = printOf(metadata);
  for (const data::NamedTensor &t : tensors) {
    uint64_t count = t.value.dtype.bits / 8;
    for (int d = 0; d < t.value.ndim; ++d)
      count *= uint64_t(t.value.shape[d]);
    print.add(static_cast<const char *>(t.value.data) + t.value.byte_offset, count);
  }
  metadata.emplace_back(sumKey, std::to_string(print.value()));
  return data::writeTensors(file(), tensors, metadata);
}

Result<Position> CheckpointFolder::load(dlrt_params *params, const Metadata &setup) {
  const std::string name = file();
  auto damaged = [&](const std::string &what) {
    return Error{"'" + name + "' " + what + ": begin anew in another folder, or put a good copy in its place"};
  };
  auto metadata = data::readMetadata(name);
  if (!metadata)
    return metadata.error();
  const std::string *format = data::findText(*metadata, formatKey), *made = data::findText(*metadata, "dlc.version");
  if (!format)
    return damaged("is no checkpoint of dlc train");
  if (*format != version || !made || *made != DLRT_VERSION)
    return damaged("was written by dlc " + (made ? *made : "of no version") + " as a checkpoint of version " + *format +
                   ", this is dlc " DLRT_VERSION + ", which writes version " + version);
  for (auto &[key, text] : setup)
    if (const std::string *had = data::findText(*metadata, setupKey + key); !had || *had != text) {
      if (key == "model")
        return damaged("is of another model, loss or optimiser's form");
      return Error{"'" + name + "' was trained with " + key + " " + (had ? *had : "unsaid") + ", now it is " + text +
                   ": go on with the same, or begin anew in another folder"};
    }
  auto file = data::InputFile::open(name);
  if (!file)
    return file.error();
  struct stat info = {};
  stat(name.c_str(), &info);
  std::string bytes(size_t(info.st_size), '\0');
  if (Status s = file->read(bytes.data(), bytes.size(), "a checkpoint"); !s)
    return s.error();
  uint64_t header = 0;
  if (bytes.size() < 8 || (std::memcpy(&header, bytes.data(), 8), header > bytes.size() - 8))
    return damaged("is truncated");
  const std::string *sum = data::findText(*metadata, sumKey), *where = data::findText(*metadata, positionKey);
  auto position = where ? parse(*where) : std::nullopt;
  data::Fingerprint print = printOf(*metadata);
  print.add(bytes.data() + 8 + header, bytes.size() - 8 - header);
  if (!position || !sum || *sum != std::to_string(print.value()))
    return damaged("is truncated or damaged: its bytes are not those that were written");
  if (dlrt_params_load_memory(params, bytes.data(), bytes.size(), nullptr) != DLRT_OK)
    return Error{"'" + name + "': " + dlrt_error()};
  if (const std::string *memo = data::findText(*metadata, memoKey))
    position->memo = *memo;
  return *position;
}

} // namespace dlc::train
