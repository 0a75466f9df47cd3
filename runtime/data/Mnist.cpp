// MNIST's four files.
#include "runtime/data/Dataset.h"
#include <algorithm>
#include <unistd.h>

namespace dlc::data {

Result<Dataset> openMnist(const std::string &folder, Split split) {
  const std::string stem = folder + (split == Split::Train ? "/train" : "/t10k");
  auto read = [&](const std::string &path) { return readIdx(access(path.c_str(), F_OK) == 0 ? path : path + ".gz"); };
  auto images = read(stem + "-images-idx3-ubyte");
  if (!images)
    return images.error();
  auto labels = read(stem + "-labels-idx1-ubyte");
  if (!labels)
    return labels.error();
  if (images->shape.size() != 3 || !(images->type == U8))
    return Error{"the images of '" + stem + "' are " + toString(images->type) + " " + toString(images->shape) +
                 ": expected u8 [n, height, width]"};
  if (labels->shape.size() != 1 || !(labels->type == U8))
    return Error{"the labels of '" + stem + "' are " + toString(labels->type) + " " + toString(labels->shape) + ": expected u8 [n]"};
  if (labels->size() != images->shape[0])
    return Error{"'" + stem + "' has " + std::to_string(images->shape[0]) + " images and " + std::to_string(labels->size()) + " labels"};
  if (images->size() == 0)
    return Error{"'" + stem + "' has no image"};
  const auto *first = labels->data<unsigned char>(), *last = first + labels->size();
  if (auto bad = std::find_if(first, last, [](unsigned char c) { return c > 9; }); bad != last)
    return Error{"label " + std::to_string(bad - first) + " of '" + stem + "' is " + std::to_string(*bad) + ": expected 0 to 9"};
  auto set = makeDataset("mnist:" + folder, std::move(*images), std::move(*labels));
  if (set)
    set->preparation.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return set;
}

std::vector<std::string> mnistFiles(const std::string &folder) {
  std::vector<std::string> files;
  for (const char *split : {"/train", "/t10k"})
    for (const char *part : {"-images-idx3-ubyte", "-labels-idx1-ubyte"})
      for (const char *ending : {"", ".gz"})
        files.push_back(folder + split + part + ending);
  return files;
}

} // namespace dlc::data
