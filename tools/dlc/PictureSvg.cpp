// A picture as SVG: a row for each call, arcs for what goes between them, the arena below.
#include "tools/dlc/Picture.h"
#include "tools/dlc/Svg.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <map>

using namespace mlir;
namespace dlc::tools {
namespace {
constexpr double row = 18, labels = 400, bars = 340, arenaHeight = 320;

const char *colour(llvm::StringRef part, bool plain) {
  return plain ? "#c22" : part == "backward" ? "#e8943a" : part == "update" ? "#5a9e54" : "#4a7ab5";
}
std::string cut(std::string text, size_t most) {
  if (text.size() <= most)
    return text;
  while (most && (text[most] & 0xc0) == 0x80) // within a character
    --most;
  return text.substr(0, most) + "...";
}
} // namespace

std::string escapeXml(llvm::StringRef text) {
  std::string safe;
  for (char c : text)
    switch (c) {
    case '<':
      safe += "&lt;";
      break;
    case '>':
      safe += "&gt;";
      break;
    case '&':
      safe += "&amp;";
      break;
    case '"':
      safe += "&quot;";
      break;
    default:
      safe += (unsigned char)c < 0x20 ? ' ' : c;
    }
  return safe;
}

std::string Picture::svg() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto put = [&](const char *how, auto &&...values) { os << llvm::formatv(how, values...).str(); };
  const double gutter = std::min<double>(230, 60 + 4 * double(boxes.size())), width = gutter + 1170;
  // Rows: of a run its first block, in which all are drawn.
  struct Line {
    unsigned box;
    double share = 0, y;
  };
  std::vector<Line> lines;
  std::vector<unsigned> lineOf(boxes.size());
  std::vector<std::pair<double, std::string>> heads;
  double y = 50, most = 0;
  llvm::StringRef part;
  for (const Run &run : runs) {
    if (run.part != part)
      heads.push_back({y, run.part}), y += row + 6, part = run.part;
    size_t first = lines.size();
    if (!run.name.empty()) {
      heads.push_back({y, run.name + (run.blocks.size() > 1 ? " x" + std::to_string(run.blocks.size()) : "")});
      y += row;
    }
    for (unsigned b : run.blocks[0])
      lines.push_back({b, 0, y}), y += row;
    for (const auto &block : run.blocks)
      for (auto [i, b] : llvm::enumerate(block))
        lineOf[b] = first + i, lines[first + i].share += boxes[b].share;
    for (size_t i = first; i < lines.size(); ++i)
      most = std::max(most, lines[i].share);
  }
  struct Arc {
    int64_t bytes = 0, largest = -1;
    std::string reason;
  };
  std::map<std::pair<unsigned, unsigned>, Arc> arcs;
  int64_t wide = 1;
  for (const Link &l : links) {
    Arc &arc = arcs[{lineOf[l.from], lineOf[l.to]}];
    arc.bytes += l.bytes;
    wide = std::max(wide, arc.bytes);
    if (!l.reason.empty() && l.bytes > arc.largest)
      arc.largest = l.bytes, arc.reason = l.reason;
  }
  double bottom = y + 40;
  put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"10\" y=\"24\" font-size=\"16\">{2}</text>\n",
      width, bottom + arenaHeight + 30,
      escapeXml(entry + ": " + std::to_string(boxes.size()) + " calls, " + amount(double(flops), "flop") + "; bars are shares of " +
                (ms > 0 ? llvm::formatv("{0:F2} ms", ms).str() : "flops") + ", arcs are bytes in memory: red where fusing was refused"));
  for (auto &[at, name] : heads)
    put("<text x=\"{0}\" y=\"{1}\" font-weight=\"bold\">{2}</text>\n", gutter, at + 13, escapeXml(name));
  for (auto &[ends, arc] : arcs) {
    if (ends.first == ends.second) // from a block to the next one
      continue;
    double from = lines[ends.first].y + row / 2, to = lines[ends.second].y + row / 2;
    double far = std::abs(to - from), bow = 14 + 280 * far / (far + 900);
    put("<path d=\"M{0} {1}C{2} {1} {2} {3} {0} {3}\" fill=\"none\" stroke=\"{4}\" stroke-width=\"{5:F2}\" "
        "opacity=\"{7}\"><title>{6}</title></path>\n",
        gutter + 6, from, gutter + 6 - bow, to, arc.reason.empty() ? "#888" : "#d33", 0.7 + 7 * std::sqrt(double(arc.bytes) / double(wide)),
        escapeXml(amount(double(arc.bytes), "B") + (arc.reason.empty() ? "" : "; ") + arc.reason), far > 600 ? "0.15" : "0.5");
  }
  for (const Line &line : lines) {
    const Box &b = boxes[line.box];
    put("<text x=\"{0}\" y=\"{1}\">{2}</text>", gutter + 12, line.y + 13, escapeXml(cut(b.what, 62)));
    put("<rect x=\"{0}\" y=\"{1}\" width=\"{2:F2}\" height=\"{3}\" fill=\"{4}\"><title>{5}</title></rect>", gutter + labels, line.y + 2,
        std::max(2.0, most > 0 ? bars * line.share / most : 0), row - 4, colour(b.part, b.plain),
        escapeXml(b.kernel + (b.plain ? ", plain loops" : "") + ": " + b.ops));
    put("<text x=\"{0}\" y=\"{1}\" fill=\"#555\">{2:F1} %  {3}</text>\n", gutter + labels + bars + 10, line.y + 13, 100 * line.share,
        escapeXml(cut(b.kernel + "  " + b.ops, 60)));
  }
  put("<text x=\"10\" y=\"{0}\" font-size=\"14\">{1}</text>\n", bottom,
      escapeXml("arena " + amount(double(arena), "B") + " over " + std::to_string(stages) + " stages"));
  double step = (width - 20) / double(std::max<int64_t>(stages, 1)), scale = arenaHeight / double(std::max<int64_t>(arena, 1));
  for (const Slab &s : slabs)
    put("<rect x=\"{0:F2}\" y=\"{1:F2}\" width=\"{2:F2}\" height=\"{3:F2}\" fill=\"#9bbad8\" stroke=\"#456\" "
        "stroke-width=\"0.4\"><title>{4}</title></rect>\n",
        10 + step * double(s.first), bottom + 10 + scale * double(s.at), step * double(s.last - s.first + 1), scale * double(s.bytes),
        escapeXml(amount(double(s.bytes), "B") + " of " + s.writer + ", stages " + std::to_string(s.first) + " to " +
                  std::to_string(s.last)));
  os << "</svg>\n";
  return text;
}
} // namespace dlc::tools
