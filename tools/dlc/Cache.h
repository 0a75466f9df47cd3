// Compiled models on disk, each under a hash of its text, its options and this build of the compiler.
#pragma once
#include "compiler/Pipeline.h"

namespace dlc::tools {

/// What a model was compiled to: code and program of each target, best first, and the C header.
struct Built {
  std::vector<Compiled> targets;
  std::string header;
};

/// $DLC_CACHE if it is set (empty: no cache), else dlc in $XDG_CACHE_HOME or ~/.cache; empty where there is neither.
std::string defaultCache();
/// The name of an entry; `parts` are all that decides the outcome. Empty for a compiler that was linked without a build id.
std::string cacheKey(llvm::ArrayRef<llvm::StringRef> parts);
/// Nothing where there is no such entry, or a damaged one. Marks it as used.
std::optional<Built> readCached(llvm::StringRef folder, llvm::StringRef key);
/// Entries appear whole. Then those that were used longest ago are removed until 256 MB are left.
llvm::Error writeCached(llvm::StringRef folder, llvm::StringRef key, const Built &built);

} // namespace dlc::tools
