// The course of a training run as a picture.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <string>

namespace dlc::tools {
/// Of a log's JSON lines: loss, and accuracy or error, over the steps; SVG.
std::string drawCurves(llvm::StringRef jsonLines);
} // namespace dlc::tools
