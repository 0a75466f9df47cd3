// Pictures: one as bytes [height, width, channels], and folders of them by class.
#pragma once
#include "Dataset.h"

namespace dlc::data {

struct ImageOptions {
  int channels = 0;                 ///< 1: grey; 3: red, green, blue; 0: as the first has
  bool reconstructs = false;        ///< the target is the sample, and folders are no classes
  int64_t most = int64_t(64) << 20; ///< bytes to hold in memory; of more each is read as it is needed
};

/// PNG or JPEG by its first bytes, of 8 bits a channel (16 are rounded), palettes as colours, what is transparent as if it was not; u8
/// [height, width, channels]. Grey is (19595 r + 38470 g + 7471 b + 32768) / 65536, as Pillow's; grey gives three equal channels.
Result<Array> readImage(const std::string &path, int channels = 0);
/// FOLDER/CLASS/*.{png,jpg,jpeg}: classes in the order of their names, all pictures of one size. With `known` the classes are those.
Result<Dataset> openImages(const std::string &folder, const ImageOptions &options, const Preparation *known = nullptr);

/// Of whole files; images/Formats.cpp, or with DLC_IMAGES=OFF images/None.cpp, which refuse. u8 [height, width, 1 or 3].
Result<Array> decodePng(const std::string &path, const std::string &bytes);
Result<Array> decodeJpeg(const std::string &path, const std::string &bytes);

} // namespace dlc::data
