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

/// The input "image" [batch, extents...].
Value imageInput(Graph &graph, const ZooOptions &options, llvm::ArrayRef<mlir::AffineExpr> extents);
Value imageInput(Graph &graph, const ZooOptions &options, llvm::ArrayRef<int64_t> extents);
/// The output "probabilities": the softmax of the logits.
void classify(Graph &graph, Value logits);

} // namespace dlc::frontend
