// A fully convolutional net: three 3x3 convolutions, so that height and width may be symbols too.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildConvNet(Graph &g, const ZooOptions &options) {
  const nn::Window conv = nn::Window::centred(3), pool{{2, 2}, {2, 2}};
  Value x = imageInput(g, options, {g.symbol("H", 8, 64), g.symbol("W", 8, 64), mlir::getAffineConstantExpr(1, g.getContext())});
  x = nn::maxPool(g, "pool1", nn::relu(g, "relu1", nn::conv2d(g, "conv1", x, 8, conv, 1, true, nn::he)), pool);
  x = nn::maxPool(g, "pool2", nn::relu(g, "relu2", nn::conv2d(g, "conv2", x, 16, conv, 1, true, nn::he)), pool);
  x = nn::relu(g, "relu3", nn::conv2d(g, "conv3", x, 32, conv, 1, true, nn::he));
  classify(g, nn::dense(g, "fc", nn::globalAveragePool(g, "average", x), 10));
}
} // namespace dlc::frontend
