// Rows of counts; squares that are the darker the more of a row they hold.
#include "tools/dlc/Confusion.h"
#include "tools/dlc/Svg.h"
#include "llvm/Support/Format.h"
#include <algorithm>

namespace dlc::tools {

void printConfusion(llvm::raw_ostream &os, llvm::ArrayRef<int64_t> matrix, llvm::ArrayRef<std::string> classes) {
  const size_t n = classes.size();
  size_t names = 0;
  for (const std::string &name : classes)
    names = std::max(names, name.size());
  std::vector<size_t> widths(n);
  for (size_t c = 0; c < n; ++c) {
    widths[c] = classes[c].size();
    for (size_t r = 0; r < n; ++r)
      widths[c] = std::max(widths[c], std::to_string(matrix[r * n + c]).size());
  }
  auto right = [&](llvm::StringRef text, size_t width) { os.indent(unsigned(width - std::min(width, text.size()))) << text; };
  os << "rows: what it is; columns: what was answered\n";
  right("", names);
  for (size_t c = 0; c < n; ++c)
    os << "  ", right(classes[c], widths[c]);
  for (size_t r = 0; r < n; ++r) {
    os << "\n";
    right(classes[r], names);
    for (size_t c = 0; c < n; ++c)
      os << "  ", right(std::to_string(matrix[r * n + c]), widths[c]);
  }
  os << "\n";
}

std::string drawConfusion(llvm::ArrayRef<int64_t> matrix, llvm::ArrayRef<std::string> classes) {
  const size_t n = classes.size();
  size_t names = 0;
  for (const std::string &name : classes)
    names = std::max(names, name.size());
  const double cell = n <= 12   ? 44
                      : n <= 40 ? 24
                                : 8,
               margin = 60 + std::min<double>(160, 7 * double(names)), size = margin + cell * double(n) + 20;
  std::string text;
  llvm::raw_string_ostream os(text);
  beginSvg(os, size, size);
  os << llvm::format("<text x=\"%.0f\" y=\"18\" text-anchor=\"middle\">answered</text>\n", margin + cell * double(n) / 2);
  os << llvm::format("<text x=\"14\" y=\"%.0f\" text-anchor=\"middle\" transform=\"rotate(-90 14 %.0f)\">is</text>\n",
                     margin + cell * double(n) / 2, margin + cell * double(n) / 2);
  for (size_t i = 0; i < n && cell > 10; ++i) {
    double at = margin + cell * (double(i) + 0.5);
    os << llvm::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", margin - 6, at + 4) << escapeXml(classes[i]) << "</text>\n";
    os << llvm::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"start\" transform=\"rotate(-60 %.1f %.1f)\">", at, margin - 6, at,
                       margin - 6)
       << escapeXml(classes[i]) << "</text>\n";
  }
  for (size_t r = 0; r < n; ++r) {
    int64_t sum = 0;
    for (size_t c = 0; c < n; ++c)
      sum += matrix[r * n + c];
    for (size_t c = 0; c < n; ++c) {
      const int64_t count = matrix[r * n + c];
      const double share = sum ? double(count) / double(sum) : 0, x = margin + cell * double(c), y = margin + cell * double(r);
      // From white to blue where it is right, to orange where it is not.
      auto mix = [&](int full) { return int(255 + (full - 255) * std::min(1.0, r == c ? share : 3 * share)); };
      os << llvm::format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" stroke=\"#ccc\" fill=\"#%02x%02x%02x\"/>\n", x, y,
                         cell, cell, mix(r == c ? 74 : 232), mix(r == c ? 122 : 148), mix(r == c ? 181 : 58));
      if (count && cell > 20)
        os << llvm::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"%d\" fill=\"%s\">%lld</text>\n", x + cell / 2,
                           y + cell / 2 + 4, cell > 40 ? 12 : 8, share > 0.6 ? "white" : "black", (long long)count);
    }
  }
  os << "</svg>\n";
  return text;
}

} // namespace dlc::tools
