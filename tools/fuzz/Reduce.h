// Makes a model that fails small.
#pragma once
#include "tools/fuzz/Check.h"

namespace dlc::fuzz {
/// A smaller text that still shows a find of this kind in this build, by steps that each keep it valid.
std::string reduced(MLIRContext &context, std::string text, const Find &find, uint64_t turn, unsigned seconds);
} // namespace dlc::fuzz
