// The list of built-in nets and what they have in common.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

using namespace mlir;
namespace dlc::frontend {

ArrayRef<ZooEntry> getZoo() {
  static const ZooEntry entries[] = {
      {"mlp", "784-128-64-10 perceptron with ReLU on flat 28x28 images", buildMlp},
      {"lenet", "two 5x5 convolutions with max pooling, two dense layers, on 28x28 images", buildLeNet},
      {"rnn", "tanh cell with 64 units over the 28 rows of an image", buildRnn},
      {"convnet", "fully convolutional, for images of any height and width from 8 to 64", buildConvNet},
  };
  return entries;
}
const ZooEntry *findInZoo(StringRef name) {
  auto it = llvm::find_if(getZoo(), [&](const ZooEntry &e) { return name == e.name; });
  return it == getZoo().end() ? nullptr : it;
}
Value imageInput(Graph &g, const ZooOptions &options, ArrayRef<AffineExpr> extents) {
  bool constant = options.minBatch == options.maxBatch;
  SmallVector<AffineExpr> shape{constant ? getAffineConstantExpr(options.maxBatch, g.getContext())
                                         : g.symbol("B", options.minBatch, options.maxBatch)};
  llvm::append_range(shape, extents);
  return g.input("image", dl::getTensor(shape, options.element));
}
Value imageInput(Graph &g, const ZooOptions &options, ArrayRef<int64_t> extents) {
  return imageInput(g, options, llvm::map_to_vector(extents, [&](int64_t e) { return getAffineConstantExpr(e, g.getContext()); }));
}
void classify(Graph &g, Value logits) { g.output("probabilities", nn::softmax(g, "softmax", logits)); }

} // namespace dlc::frontend
