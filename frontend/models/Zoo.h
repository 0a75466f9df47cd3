// The model zoo: nets that are built in, by name.
#pragma once
#include "frontend/Graph.h"

namespace dlc::frontend {

struct ZooOptions {
  int64_t minBatch = 1, maxBatch = 64; ///< bounds of the symbol B; equal: a constant
  mlir::Type element;                  ///< of activations and parameters
};
struct ZooEntry {
  const char *name, *description;
  void (*build)(Graph &graph, const ZooOptions &options);
};
llvm::ArrayRef<ZooEntry> getZoo();
const ZooEntry *findInZoo(llvm::StringRef name);

// One file a net, of the same name.
void buildMlp(Graph &, const ZooOptions &);
void buildLeNet(Graph &, const ZooOptions &);
void buildRnn(Graph &, const ZooOptions &);
void buildConvNet(Graph &, const ZooOptions &);
void buildResNet18(Graph &, const ZooOptions &);
void buildResNet50(Graph &, const ZooOptions &);
void buildVgg16(Graph &, const ZooOptions &);
void buildMobileNetV2(Graph &, const ZooOptions &);
void buildInceptionV3(Graph &, const ZooOptions &);
void buildUNet(Graph &, const ZooOptions &);
void buildLstm(Graph &, const ZooOptions &);
void buildTransformer(Graph &, const ZooOptions &);
void buildBertEncoder(Graph &, const ZooOptions &);
void buildBertBase(Graph &, const ZooOptions &);
void buildGpt2Small(Graph &, const ZooOptions &);
struct Gpt2Config {
  int64_t width = 768, heads = 12, hidden = 3072, layers = 12, words = 50257, positions = 1024;
};
void buildGpt2(Graph &, const ZooOptions &, const Gpt2Config &);

/// The input [batch, extents...].
Value batchInput(Graph &graph, const ZooOptions &options, llvm::StringRef name, llvm::ArrayRef<mlir::AffineExpr> extents);
Value batchInput(Graph &graph, const ZooOptions &options, llvm::StringRef name, llvm::ArrayRef<int64_t> extents);
/// The input "image" [batch, extents...].
inline Value imageInput(Graph &graph, const ZooOptions &options, llvm::ArrayRef<mlir::AffineExpr> extents) {
  return batchInput(graph, options, "image", extents);
}
inline Value imageInput(Graph &graph, const ZooOptions &options, llvm::ArrayRef<int64_t> extents) {
  return batchInput(graph, options, "image", extents);
}
/// The output "probabilities": the softmax of the logits.
void classify(Graph &graph, Value logits);

} // namespace dlc::frontend
