// Recipes: the rule by which an op's terms are combined.
#include "dialects/dl/Dl.h"

using namespace mlir;
namespace dlc::dl {
Attribute getRecipe(Operation *combine) {
  if (Attribute set = combine->getAttr("dl.recipe"))
    return set;
  return cast<CombineOpInterface>(combine).chooseRecipe();
}
Attribute chooseRecipe(Operation *combine) {
  auto op = cast<CombineOpInterface>(combine);
  Nest nest = op.getNest();
  unsigned total = nest.extents.size(), rows = 0;
  auto isRow = [&](AffineMap map, unsigned d) { return map.getResult(d) == getAffineDimExpr(d, map.getContext()); };
  if (!op.isMultiplyAdd() && nest.bounds.empty())
    for (AffineMap map : nest.operands)
      if (nest.reduced() && map.getNumResults() == total && map.isPermutation()) {
        while (rows < nest.reduced() && isRow(map, total - 1 - rows))
          ++rows;
        return LanesAttr::get(op.getContext(), rows, nest.reduced() - rows, 64, 4096, 8, 512, 16);
      }
  return op.isMultiplyAdd() ? ChainAttr::get(op.getContext(), 256, 8192) : ChainAttr::get(op.getContext(), 32, 256);
}
} // namespace dlc::dl
