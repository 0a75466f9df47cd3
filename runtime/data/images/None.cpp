// Where there is no libpng and libjpeg, pictures are refused.
#include "runtime/data/Images.h"

namespace dlc::data {

static Error without(const std::string &path) {
  return {"cannot read '" + path + "': this libdldata was built without PNG and JPEG (DLC_IMAGES=OFF)"};
}
Result<Array> decodePng(const std::string &path, const std::string &) { return without(path); }
Result<Array> decodeJpeg(const std::string &path, const std::string &) { return without(path); }

} // namespace dlc::data
