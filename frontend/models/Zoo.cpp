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
      {"resnet18", "18-layer residual net on 224x224 images", buildResNet18},
      {"resnet50", "50-layer residual net, stride in the 3x3 convolutions, on 224x224 images", buildResNet50},
      {"vgg16", "13 3x3 convolutions and three dense layers on 224x224 images", buildVgg16},
      {"mobilenet_v2", "inverted residual blocks with depthwise convolutions on 224x224 images", buildMobileNetV2},
      {"inception_v3", "eleven blocks of parallel convolutions on 299x299 images", buildInceptionV3},
      {"unet", "encoder and decoder with skips, a mask for 256x256 images", buildUNet},
      {"lstm", "two layers of 256 LSTM units over sequences of 128 vectors of 64", buildLstm},
      {"transformer", "six encoder layers, 256 wide with 4 heads, over sequences of 128", buildTransformer},
      {"bert_encoder", "twelve encoder layers, 768 wide with 12 heads, over sequences of up to 512", buildBertEncoder},
      {"bert-base", "BERT of 12 layers, 768 wide, over up to 512 tokens; weights by transformers' names", buildBertBase},
      {"gpt2-small", "GPT-2 of 12 layers, 768 wide, with caches of 1024 tokens; weights by transformers' names", buildGpt2Small},
  };
  return entries;
}
const ZooEntry *findInZoo(StringRef name) {
  auto it = llvm::find_if(getZoo(), [&](const ZooEntry &e) { return name == e.name; });
  return it == getZoo().end() ? nullptr : it;
}
Value batchInput(Graph &g, const ZooOptions &options, StringRef name, ArrayRef<AffineExpr> extents) {
  bool constant = options.minBatch == options.maxBatch;
  SmallVector<AffineExpr> shape{constant ? getAffineConstantExpr(options.maxBatch, g.getContext())
                                         : g.symbol("B", options.minBatch, options.maxBatch)};
  llvm::append_range(shape, extents);
  return g.input(name, dl::getTensor(shape, options.element));
}
Value batchInput(Graph &g, const ZooOptions &options, StringRef name, ArrayRef<int64_t> extents) {
  return batchInput(g, options, name, llvm::map_to_vector(extents, [&](int64_t e) { return getAffineConstantExpr(e, g.getContext()); }));
}
void classify(Graph &g, Value logits) { g.output("probabilities", nn::softmax(g, "softmax", logits)); }

} // namespace dlc::frontend
