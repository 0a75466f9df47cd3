// VGG-16 (Simonyan, Zisserman, arXiv:1409.1556, configuration D). Layers have torchvision's names.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildVgg16(Graph &g, const ZooOptions &options) {
  const nn::Window conv = nn::Window::centred(3), pool{{2, 2}, {2, 2}};
  Value x = imageInput(g, options, {224, 224, 3});
  int layer = 0;
  auto name = [&] { return "features." + std::to_string(layer++); };
  for (auto [width, count] : {std::pair<int64_t, int>{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}) {
    for (int i = 0; i < count; ++i) {
      x = nn::conv2d(g, name(), x, width, conv, 1, true, nn::he);
      x = nn::relu(g, name(), x);
    }
    x = nn::maxPool(g, name(), x, pool);
  }
  x = nn::flatten(g, "flatten", x);
  x = nn::dropout(g, "classifier.2", nn::relu(g, "classifier.1", nn::dense(g, "classifier.0", x, 4096, nn::he)), 0.5);
  x = nn::dropout(g, "classifier.5", nn::relu(g, "classifier.4", nn::dense(g, "classifier.3", x, 4096, nn::he)), 0.5);
  classify(g, nn::dense(g, "classifier.6", x, 1000));
}
} // namespace dlc::frontend
