// Two LSTM layers (Hochreiter, Schmidhuber, 1997) over sequences, the last state classified.
#include "frontend/models/Zoo.h"
#include "frontend/nn/Layers.h"

namespace dlc::frontend {
void buildLstm(Graph &g, const ZooOptions &options) {
  const int64_t steps = 128, units = 256;
  Value x = nn::transpose(g, "steps", batchInput(g, options, "sequence", {steps, 64}), {1, 0, 2});
  x = nn::lstm(g, "lstm2", nn::lstm(g, "lstm1", x, units), units);
  classify(g, nn::dense(g, "fc", nn::step(g, "last", x, steps - 1), 10));
}
} // namespace dlc::frontend
