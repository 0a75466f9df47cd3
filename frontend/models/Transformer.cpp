// Encoders of the transformer (Vaswani et al., arXiv:1706.03762): layer norm behind each residual sum.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
namespace {
enum class Activation { Relu, Gelu };
Value encoderLayer(Graph &g, const std::string &name, Value x, int64_t width, int64_t heads, int64_t hidden, Activation activation,
                   double epsilon) {
  x = nn::layerNorm(g, name + ".norm1", nn::add(g, name + ".add1", x, nn::attention(g, name + ".attention", x, heads)), epsilon);
  Value y = nn::dense(g, name + ".fc1", x, hidden);
  y = activation == Activation::Relu ? nn::relu(g, name + ".relu", y) : nn::gelu(g, name + ".gelu", y);
  return nn::layerNorm(g, name + ".norm2", nn::add(g, name + ".add2", x, nn::dense(g, name + ".fc2", y, width)), epsilon);
}
} // namespace

void buildTransformer(Graph &g, const ZooOptions &options) {
  Value x = batchInput(g, options, "sequence", {128, 256});
  for (int i = 0; i < 6; ++i)
    x = encoderLayer(g, "layers." + std::to_string(i), x, 256, 4, 1024, Activation::Relu, 1e-5);
  classify(g, nn::dense(g, "fc", nn::mean(g, "mean", x, {1}), 10));
}
// Without embeddings and pooler: what comes in is their normalised sum.
void buildBertEncoder(Graph &g, const ZooOptions &options) {
  Value x = batchInput(g, options, "hidden", {g.symbol("S", 1, 512), mlir::getAffineConstantExpr(768, g.getContext())});
  for (int i = 0; i < 12; ++i)
    x = encoderLayer(g, "layer." + std::to_string(i), x, 768, 12, 3072, Activation::Gelu, 1e-12);
  g.output("hidden", x);
}
} // namespace dlc::frontend
