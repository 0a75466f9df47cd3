// ResNet-18 and ResNet-50 (He, Zhang, Ren, Sun, arXiv:1512.03385), the stride of a bottleneck in its 3x3 convolution. Layers have
// torchvision's names.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
namespace {
struct Stage {
  int64_t width, blocks;
};
Value block(Graph &g, const std::string &name, Value x, int64_t width, int64_t stride, bool bottleneck, bool project) {
  const int64_t out = bottleneck ? 4 * width : width;
  auto layer = [&](int i, Value v, int64_t filters, int64_t kernel, int64_t stride) {
    std::string n = std::to_string(i);
    return nn::convNorm(g, name + ".conv" + n, name + ".bn" + n, v, filters, nn::Window::centred(kernel, stride));
  };
  Value y = x;
  if (bottleneck) {
    y = nn::relu(g, name + ".relu1", layer(1, y, width, 1, 1));
    y = nn::relu(g, name + ".relu2", layer(2, y, width, 3, stride));
    y = layer(3, y, out, 1, 1);
  } else {
    y = nn::relu(g, name + ".relu1", layer(1, y, width, 3, stride));
    y = layer(2, y, out, 3, 1);
  }
  if (project)
    x = nn::convNorm(g, name + ".downsample.0", name + ".downsample.1", x, out, nn::Window::centred(1, stride));
  return nn::relu(g, name + ".relu", nn::add(g, name + ".add", y, x));
}
void build(Graph &g, const ZooOptions &options, llvm::ArrayRef<Stage> stages, bool bottleneck) {
  Value x = imageInput(g, options, {224, 224, 3});
  x = nn::relu(g, "relu", nn::convNorm(g, "conv1", "bn1", x, 64, nn::Window::centred(7, 2)));
  x = nn::maxPool(g, "maxpool", x, nn::Window::centred(3, 2));
  for (auto [s, stage] : llvm::enumerate(stages))
    for (int64_t b = 0; b < stage.blocks; ++b)
      x = block(g, "layer" + std::to_string(s + 1) + "." + std::to_string(b), x, stage.width, s && !b ? 2 : 1, bottleneck,
                !b && (s || bottleneck));
  classify(g, nn::dense(g, "fc", nn::globalAveragePool(g, "avgpool", x), 1000));
}
} // namespace

void buildResNet18(Graph &g, const ZooOptions &options) { build(g, options, {{64, 2}, {128, 2}, {256, 2}, {512, 2}}, false); }
void buildResNet50(Graph &g, const ZooOptions &options) { build(g, options, {{64, 3}, {128, 4}, {256, 6}, {512, 3}}, true); }
} // namespace dlc::frontend
