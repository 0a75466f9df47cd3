// safetensors files with metadata: writing one whole, and reading the metadata of one. libdlrt reads the tensors.
#pragma once
#include "Array.h"

namespace dlc::data {

struct NamedTensor {
  std::string name;
  dlrt_tensor value; ///< dense
};
/// Texts by key, in their order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// All or nothing; __metadata__ is left out where there is none.
Status writeTensors(const std::string &path, const std::vector<NamedTensor> &tensors, const Metadata &metadata);
/// Of a safetensors file, none where it has none. Tensors are not looked at.
Result<Metadata> readMetadata(const std::string &path);
/// The text of a key, or null.
const std::string *findText(const Metadata &metadata, std::string_view key);

} // namespace dlc::data
