// What pictures in SVG share.
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace dlc::tools {
/// Text and attribute values; what XML cannot hold is a space.
std::string escapeXml(llvm::StringRef text);
/// The opening tag, on white.
inline void beginSvg(llvm::raw_ostream &os, double width, double height) {
  os << llvm::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" ", width, height,
                     width, height)
     << "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
}
} // namespace dlc::tools
