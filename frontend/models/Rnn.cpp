// A recurrent net that reads an image row by row.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildRnn(Graph &g, const ZooOptions &options) {
  Value rows = nn::transpose(g, "rows", imageInput(g, options, {28, 28}), {1, 0, 2});
  classify(g, nn::dense(g, "fc", nn::recurrent(g, "rnn", rows, 64), 10));
}
} // namespace dlc::frontend
