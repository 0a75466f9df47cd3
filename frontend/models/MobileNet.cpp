// MobileNetV2 of width 1 (Sandler et al., arXiv:1801.04381). Layers have torchvision's names.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
namespace {
/// Layers "<name>.<i>" and "<name>.<i + 1>".
Value convNorm(Graph &g, const std::string &name, int i, Value x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups) {
  return nn::convNorm(g, name + "." + std::to_string(i), name + "." + std::to_string(i + 1), x, filters,
                      nn::Window::centred(kernel, stride), groups);
}
Value convNormRelu6(Graph &g, const std::string &name, Value x, int64_t filters, int64_t kernel, int64_t stride, int64_t groups = 1) {
  return nn::relu6(g, name + ".2", convNorm(g, name, 0, x, filters, kernel, stride, groups));
}
Value invertedResidual(Graph &g, const std::string &name, Value x, int64_t in, int64_t out, int64_t stride, int64_t expand) {
  Value y = x;
  int i = 0;
  auto next = [&] { return name + ".conv." + std::to_string(i++); };
  if (expand != 1)
    y = convNormRelu6(g, next(), y, in * expand, 1, 1);
  y = convNormRelu6(g, next(), y, in * expand, 3, stride, in * expand);
  y = convNorm(g, name + ".conv", i, y, out, 1, 1, 1);
  return stride == 1 && in == out ? nn::add(g, name + ".add", x, y) : y;
}
} // namespace

void buildMobileNetV2(Graph &g, const ZooOptions &options) {
  struct Row {
    int64_t expand, channels, count, stride;
  };
  Value x = convNormRelu6(g, "features.0", imageInput(g, options, {224, 224, 3}), 32, 3, 2);
  int64_t in = 32;
  int block = 1;
  for (Row row : {Row{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}})
    for (int64_t i = 0; i < row.count; ++i, in = row.channels)
      x = invertedResidual(g, "features." + std::to_string(block++), x, in, row.channels, i ? 1 : row.stride, row.expand);
  x = convNormRelu6(g, "features." + std::to_string(block), x, 1280, 1, 1);
  classify(g, nn::dense(g, "classifier.1", nn::dropout(g, "classifier.0", nn::globalAveragePool(g, "mean", x), 0.2), 1000));
}
} // namespace dlc::frontend
