// Layers by name and options, as text.
#pragma once
#include "frontend/Graph.h"

namespace dlc::embed {

/// "dense(units=32,init=he)". Errors are diagnostics at the layer's name.
frontend::Value addLayer(frontend::Graph &graph, llvm::StringRef layer, llvm::StringRef name, llvm::ArrayRef<frontend::Value> operands);

} // namespace dlc::embed
