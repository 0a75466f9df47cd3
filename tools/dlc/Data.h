// What --data and --validation mean.
#pragma once
#include "runtime/data/Dataset.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

/// `mnist:DIR`, `csv:FILE(label=target)`, `images:DIR`, ..: docs/data.md. Only mnist has a test split. `known`:
/// what the weights' training learned of columns and classes, or null; it is applied.
llvm::Expected<data::Dataset> openData(llvm::StringRef spec, data::Split split = data::Split::Train,
                                       const data::Preparation *known = nullptr);
/// Whether the data have a split for tests of their own.
bool hasTest(llvm::StringRef spec);
/// The files that either split of it may be read from; none where the spec is malformed.
std::vector<std::string> dataFiles(llvm::StringRef spec);
/// "csv:FILE(label=..), .." for --help.
const char *dataHelp();

} // namespace dlc::tools
