// Loss and accuracy over the steps as SVG: a panel each, a line for each of training, validation and test.
#include "tools/dlc/Curves.h"
#include "tools/dlc/Svg.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <vector>

namespace dlc::tools {
namespace {
constexpr double width = 520, height = 320, left = 64, right = 16, top = 36, bottom = 44;
using Points = std::vector<std::pair<double, double>>;
struct Line {
  const char *name, *colour;
  Points points;
};

/// Distances of a scale's marks: 1, 2 or 5 times a power of ten, four to eight over the range.
double markStep(double range) {
  double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (double factor : {1, 2, 5})
    if (range / (factor * power) <= 8)
      return factor * power;
  return 10 * power;
}
std::string number(double x) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.6g", x);
  return text;
}

void drawPanel(llvm::raw_ostream &os, double x0, const char *title, llvm::ArrayRef<Line> lines) {
  double low = INFINITY, high = -INFINITY, last = 1;
  for (const Line &line : lines)
    for (auto [x, y] : line.points)
      low = std::min(low, y), high = std::max(high, y), last = std::max(last, x);
  if (low > high)
    return;
  double range = high > low ? high - low : std::max(std::fabs(high), 1e-9), step = markStep(range);
  low = std::floor(low / step) * step, high = std::max(std::ceil(high / step), std::floor(low / step) + 1) * step;
  auto px = [&](double x) { return x0 + left + x / last * (width - left - right); };
  auto py = [&](double y) { return top + (high - y) / (high - low) * (height - top - bottom); };
  auto text = [&](double x, double y, const char *anchor, llvm::StringRef what) {
    os << llvm::format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) << what << "</text>\n";
  };
  text(x0 + width / 2, 20, "middle", title);
  for (int i = 0, n = int(std::llround((high - low) / step)); i <= n; ++i) {
    double y = low + i * step;
    os << llvm::format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", px(0), py(y), px(last), py(y));
    text(px(0) - 6, py(y) + 4, "end", number(std::fabs(y) < step / 1e6 ? 0 : y));
  }
  double stride = std::max(1.0, markStep(last));
  for (double x = 0; x <= last * (1 + 1e-9); x += stride)
    text(px(x), height - bottom + 18, "middle", number(x));
  text(x0 + (left + width - right) / 2, height - 8, "middle", "step");
  double key = x0 + left + 8;
  for (const Line &line : lines) {
    if (line.points.empty())
      continue;
    os << "<polyline fill=\"none\" stroke=\"" << line.colour << "\" stroke-width=\"1.5\" points=\"";
    for (auto [x, y] : line.points)
      os << llvm::format("%.2f,%.2f ", px(x), py(y));
    os << "\"/>\n";
    for (auto [x, y] : line.points)
      if (line.points.size() <= 60)
        os << llvm::format("<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2\" fill=\"%s\"/>\n", px(x), py(y), line.colour);
    os << llvm::format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", key, top - 6.,
                       key + 16, top - 6., line.colour);
    text(key + 20, top - 2, "start", line.name);
    key += 100;
  }
}
} // namespace

std::string drawCurves(llvm::StringRef jsonLines) {
  struct Panel {
    const char *title, *key;
    double factor;
    std::vector<Line> lines;
  } panels[] = {{"loss", "loss", 1, {}}, {"accuracy, %", "accuracy", 100, {}}, {"mean squared error", "mse", 1, {}}};
  for (Panel &panel : panels)
    panel.lines = {{"training", "#4a7ab5", {}}, {"validation", "#e8943a", {}}, {"test", "#5a9e54", {}}};
  for (llvm::StringRef text : llvm::split(jsonLines, '\n')) {
    auto value = llvm::json::parse(text);
    if (!value) {
      llvm::consumeError(value.takeError());
      continue; // the end of the last line
    }
    const llvm::json::Object &line = *value->getAsObject();
    double step = line.getNumber("step").value_or(0);
    for (Panel &panel : panels)
      for (auto [i, prefix] : llvm::enumerate(std::initializer_list<const char *>{"", "val_", "test_"}))
        if (auto y = line.getNumber((llvm::Twine(prefix) + panel.key).str()); y && std::isfinite(*y))
          panel.lines[i].points.emplace_back(step, *y * panel.factor);
  }
  std::string body, all;
  llvm::raw_string_ostream os(body);
  double x = 0;
  for (const Panel &panel : panels)
    if (llvm::any_of(panel.lines, [](const Line &line) { return !line.points.empty(); }))
      drawPanel(os, x, panel.title, panel.lines), x += width;
  llvm::raw_string_ostream whole(all);
  beginSvg(whole, std::max(x, width), height);
  whole << body << "</svg>\n";
  return all;
}

} // namespace dlc::tools
