// Flops of an op, from its structure.
#include "dialects/dl/Dl.h"
using namespace mlir;
using namespace dlc::dl;

AffineExpr dlc::dl::getFlops(Operation *op) {
  MLIRContext *c = op->getContext();
  auto each = [&](ArrayRef<AffineExpr> extents, int64_t cost) { return normalize(product(extents, c) * cost); };
  if (auto pointwise = dyn_cast<PointwiseOpInterface>(op))
    return each(getExtents(op->getResult(0)), pointwise.getElementCost());
  if (auto positional = dyn_cast<PositionalOpInterface>(op))
    return each(getExtents(op->getResult(0)), positional.getElementCost());
  if (auto combine = dyn_cast<CombineOpInterface>(op)) {
    Nest nest = combine.getNest();
    if (nest.match) { // an element takes part where it is matched, once
      nest.extents.erase(nest.extents.begin() + nest.match->dim);
      return each(nest.extents, 1);
    }
    return each(nest.extents, op->getNumOperands() > 1 ? 2 : 1); // a product, or what chooses the term
  }
  AffineExpr sum = getAffineConstantExpr(0, c);
  if (auto composite = dyn_cast<DecomposableOpInterface>(op)) {
    Block scratch;
    OpBuilder b(c); // atBlockEnd would ask the block, which has no parent, for its context
    b.setInsertionPointToEnd(&scratch);
    composite.decompose(b);
    for (Operation &part : scratch)
      sum = normalize(sum + getFlops(&part));
  }
  return sum;
}
