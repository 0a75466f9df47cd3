// LeNet as in Tabik, Peralta, Herrera-Poyatos, Herrera (IJCIS 10, 2017), after Caffe's: no activation behind a convolution.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildLeNet(Graph &g, const ZooOptions &options) {
  const nn::Window conv{{5, 5}}, pool{{2, 2}, {2, 2}};
  Value x = imageInput(g, options, {28, 28, 1});
  x = nn::maxPool(g, "pool1", nn::conv2d(g, "conv1", x, 20, conv), pool);
  x = nn::maxPool(g, "pool2", nn::conv2d(g, "conv2", x, 50, conv), pool);
  x = nn::relu(g, "relu", nn::dense(g, "fc1", nn::flatten(g, "flatten", x), 500));
  classify(g, nn::dense(g, "fc2", x, 10));
}
} // namespace dlc::frontend
