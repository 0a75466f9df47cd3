// Folders of pictures, each folder a class.
#include "runtime/data/Images.h"
#include "runtime/data/File.h"
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <numeric>

namespace dlc::data {
namespace fs = std::filesystem;

static Result<Array> withChannels(Array image, int channels) {
  const int had = int(image.shape[2]);
  if (channels == 0 || channels == had)
    return image;
  const int64_t pixels = image.shape[0] * image.shape[1];
  auto made = Array::make(U8, {image.shape[0], image.shape[1], channels});
  if (!made)
    return made;
  const auto *from = image.data<unsigned char>();
  auto *to = made->data<unsigned char>();
  for (int64_t i = 0; i < pixels; ++i)
    if (channels == 1)
      to[i] = (from[3 * i] * 19595u + from[3 * i + 1] * 38470u + from[3 * i + 2] * 7471u + 32768u) >> 16;
    else
      std::memset(to + 3 * i, from[i], 3);
  return made;
}

Result<Array> readImage(const std::string &path, int channels) {
  auto file = InputFile::open(path);
  if (!file)
    return file.error();
  auto bytes = file->readRest();
  if (!bytes)
    return bytes.error();
  auto image = bytes->starts_with("\x89PNG\r\n\x1a\n") ? decodePng(path, *bytes)
               : bytes->starts_with("\xff\xd8\xff")    ? decodeJpeg(path, *bytes)
                                                       : Error{"'" + path + "' is neither a PNG nor a JPEG file"};
  return image ? withChannels(std::move(*image), channels) : image.error();
}

namespace {
class ImageBlocks final : public Blocks {
public:
  std::vector<std::string> paths;
  std::vector<int32_t> classes; ///< empty where there are none
  std::vector<int64_t> shape;
  std::string first; ///< which has that shape
  uint32_t count() const override { return paths.size(); }
  int64_t rows(uint32_t) const override { return 1; }
  Result<Rows> read(std::span<const uint32_t> blocks) const override {
    auto samples = Array::make(U8, {int64_t(blocks.size()), shape[0], shape[1], shape[2]}), none = Array::make(F64, {0});
    if (!samples || !none)
      return (samples ? none : samples).error();
    Rows rows;
    auto *to = samples->data<unsigned char>();
    for (uint32_t block : blocks) {
      auto image = readImage(paths[block], int(shape[2]));
      if (!image)
        return image.error();
      if (image->shape != shape)
        return Error{"'" + paths[block] + "' is " + std::to_string(image->shape[1]) + " x " + std::to_string(image->shape[0]) +
                     " pixels: expected " + std::to_string(shape[1]) + " x " + std::to_string(shape[0]) + ", as '" + first + "' is"};
      std::memcpy(to, image->data(), image->bytes());
      to += image->bytes();
      if (!classes.empty())
        rows.labels.push_back(classes[block]);
    }
    rows.samples = std::move(*samples), rows.targets = std::move(*none);
    return rows;
  }
};
} // namespace

static bool isImage(const fs::path &path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}
/// What lies in a folder, hidden files left out, in the order of names.
static Result<std::vector<fs::path>> contents(const std::string &folder) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string()[0] != '.')
      found.push_back(at->path());
  if (error)
    return Error{"cannot read '" + folder + "': " + error.message()};
  std::sort(found.begin(), found.end());
  return found;
}

Result<Dataset> openImages(const std::string &folder, const ImageOptions &options, const Preparation *known) {
  auto blocks = std::make_unique<ImageBlocks>();
  Dataset set;
  set.name = "images:" + folder;
  set.reconstructs = options.reconstructs;
  std::vector<std::string> classes;
  Fingerprint print;
  auto folders = contents(folder);
  if (!folders)
    return folders.error();
  for (const fs::path &path : *folders) {
    std::error_code error;
    const std::string name = path.filename().string(), whole = path.string();
    if (!fs::is_directory(path, error)) {
      if (isImage(path))
        return Error{"'" + whole + "' lies in no class's folder: expected " + folder + "/CLASS/" + name};
      continue;
    }
    if (known && !known->classes.empty() && std::find(known->classes.begin(), known->classes.end(), name) == known->classes.end())
      return Error{"'" + whole + "' is no class of the weights: they have " + known->classes.front() + " to " + known->classes.back()};
    auto files = contents(whole);
    if (!files)
      return files.error();
    size_t before = blocks->paths.size();
    for (const fs::path &file : *files)
      if (isImage(file)) {
        blocks->paths.push_back(file.string());
        auto bytes = fs::file_size(file, error);
        print.add(blocks->paths.back().data() + folder.size(), blocks->paths.back().size() - folder.size());
        print.add(&bytes, sizeof bytes);
      }
    if (blocks->paths.size() == before)
      return Error{"class '" + name + "' of '" + folder + "' is empty: '" + whole + "' has no .png, .jpg or .jpeg"};
    blocks->classes.resize(blocks->paths.size(), int32_t(classes.size()));
    classes.push_back(name);
  }
  if (classes.empty())
    return Error{"'" + folder + "' has no folder of a class: expected " + folder + "/CLASS/*.png"};
  if (options.reconstructs)
    blocks->classes.clear();
  else if (classes.size() == 1 && !known)
    return Error{"'" + folder + "' has one class alone, '" + classes[0] + "': expected a folder for each"};
  if (known && !known->classes.empty()) {
    for (int32_t &c : blocks->classes)
      c = int32_t(std::find(known->classes.begin(), known->classes.end(), classes[c]) - known->classes.begin());
    classes = known->classes;
  }
  if (!options.reconstructs)
    set.preparation.classes = classes;
  blocks->first = blocks->paths[0];
  auto image = readImage(blocks->first, options.channels);
  if (!image)
    return image.error();
  set.shape = blocks->shape = image->shape;
  set.size = int64_t(blocks->paths.size());
  set.fingerprint = print.value();
  if (set.size * set.width() > options.most) {
    set.blocks = std::move(blocks);
    return set;
  }
  std::vector<uint32_t> all(set.size);
  std::iota(all.begin(), all.end(), 0);
  auto rows = blocks->read(all);
  if (!rows)
    return rows.error();
  set.rows = std::move(*rows);
  return set;
}

} // namespace dlc::data
