// Composite dl ops in, primitive ones out.
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Dl.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_DECOMPOSE
#include "compiler/simplify/Passes.h.inc"
} // namespace dlc

namespace {
struct Decompose : dlc::impl::DecomposeBase<Decompose> {
  void runOnOperation() override {
    SmallVector<dlc::dl::DecomposableOpInterface> work;
    auto collect = [&](Operation *op) {
      if (auto composite = dyn_cast<dlc::dl::DecomposableOpInterface>(op))
        work.push_back(composite);
    };
    getOperation()->walk(collect);
    while (!work.empty()) {
      auto op = work.pop_back_val();
      OpBuilder b(op);
      Operation *before = op->getPrevNode();
      SmallVector<Value> values = op.decompose(b);
      // What was built stands between `before` and the op, and may hold composites again.
      for (Operation *fresh = before ? before->getNextNode() : &op->getBlock()->front(); fresh != op; fresh = fresh->getNextNode())
        fresh->walk(collect);
      op->replaceAllUsesWith(values);
      op->erase();
    }
  }
};
} // namespace
