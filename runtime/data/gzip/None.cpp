// Where there is no zlib, gzip data is refused.
#include "runtime/data/Gzip.h"

namespace dlc::data {

Result<std::unique_ptr<Inflater>> Inflater::make() {
  return Error{"it is gzip data, which this libdldata was built without (DLC_ZLIB=OFF): unpack it with gunzip"};
}

} // namespace dlc::data
