// A U-Net (Ronneberger, Fischer, Brox, arXiv:1505.04597) with margins and batch norm, as those of 256x256 images usually have: 32 to
// 512 channels, one mask.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
/// conv -> batch norm -> ReLU, twice.
static Value twoConvs(Graph &g, const std::string &name, Value x, int64_t filters) {
  for (const char *i : {"1", "2"})
    x = nn::relu(g, name + ".relu" + i, nn::convNorm(g, name + ".conv" + i, name + ".norm" + i, x, filters, nn::Window::centred(3)));
  return x;
}
/// A transposed convolution 2x2 of stride 2: each pixel becomes four, so a dense layer and a movement.
static Value up(Graph &g, const std::string &name, Value x, int64_t filters) {
  mlir::RankedTensorType type = g.type(x);
  if (!type)
    return g.refused(name);
  auto extents = dl::getExtents(type);
  auto number = [&](int64_t n) { return mlir::getAffineConstantExpr(n, g.getContext()); };
  Value y = nn::reshape(g, name, nn::dense(g, name, x, 4 * filters, nn::he),
                        {extents[0], extents[1], extents[2], number(2), number(2), number(filters)});
  y = nn::transpose(g, name, y, {0, 1, 3, 2, 4, 5});
  return nn::reshape(g, name, y, {extents[0], extents[1] * 2, extents[2] * 2, number(filters)});
}

void buildUNet(Graph &g, const ZooOptions &options) {
  const int64_t features = 32;
  Value x = imageInput(g, options, {256, 256, 3});
  llvm::SmallVector<Value> skips;
  for (int i = 0; i < 4; ++i) {
    skips.push_back(twoConvs(g, "encoder" + std::to_string(i + 1), x, features << i));
    x = nn::maxPool(g, "pool" + std::to_string(i + 1), skips.back(), {{2, 2}, {2, 2}});
  }
  x = twoConvs(g, "bottleneck", x, features << 4);
  for (int i = 3; i >= 0; --i) {
    std::string n = std::to_string(i + 1);
    x = nn::concat(g, "concat" + n, {up(g, "up" + n, x, features << i), skips[i]}, 3);
    x = twoConvs(g, "decoder" + n, x, features << i);
  }
  g.output("mask", nn::sigmoid(g, "sigmoid", nn::conv2d(g, "conv", x, 1, {.kernel = {1, 1}})));
}
} // namespace dlc::frontend
