// A multilayer perceptron, 784-128-64-10.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildMlp(Graph &g, const ZooOptions &options) {
  Value x = imageInput(g, options, {784});
  x = nn::relu(g, "relu1", nn::dense(g, "fc1", x, 128, nn::he));
  x = nn::relu(g, "relu2", nn::dense(g, "fc2", x, 64, nn::he));
  classify(g, nn::dense(g, "fc3", x, 10));
}
} // namespace dlc::frontend
