// Functions in, the same with a dl.range on each input that is an index.
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_RANGES
#include "compiler/simplify/Passes.h.inc"
} // namespace dlc

namespace {
using namespace dlc::dl;

struct Ranges : dlc::impl::RangesBase<Ranges> {
  /// Every element of the one operand is one of the result, which has no others.
  static bool keepsAll(Operation *op) {
    if (isa<CastOp>(op)) // to a wider integer: no interface tells that it keeps numbers
      return getElementTypeOrSelf(op->getOperand(0)).getIntOrFloatBitWidth() <=
             getElementTypeOrSelf(op->getResult(0)).getIntOrFloatBitWidth();
    auto move = dyn_cast<MovementOpInterface>(op);
    if (!move || move.isView())
      return bool(move);
    auto sources = move.getSources();
    if (sources.size() != 1 || op->getNumOperands() != 1 || !sources[0].where.empty() || !sources[0].map.isProjectedPermutation())
      return false;
    auto to = getExtents(op->getResult(0));
    return llvm::all_of(llvm::zip_equal(sources[0].map.getResults(), getExtents(op->getOperand(0))),
                        [&](auto pair) { return to[cast<AffineDimExpr>(std::get<0>(pair)).getPosition()] == std::get<1>(pair); });
  }
  /// The least extent along which elements of `v` are indices; INT64_MAX where there is none.
  static int64_t extentOf(Value v) {
    int64_t least = INT64_MAX;
    for (OpOperand &use : v.getUses()) {
      Operation *op = use.getOwner();
      if (auto move = dyn_cast<MovementOpInterface>(op))
        for (const Source &source : move.getSources())
          for (auto [k, index] : llvm::enumerate(source.indices))
            for (const Bound &bound : source.where)
              if (index.within && index.operand == use.getOperandNumber() && getConstant(bound.extent) > 0 &&
                  bound.expr == getAffineDimExpr(index.map.getNumDims() + k, op->getContext()))
                least = std::min(least, getConstant(bound.extent));
      if (keepsAll(op) && isa<IntegerType>(getElementTypeOrSelf(op->getResult(0))))
        least = std::min(least, extentOf(op->getResult(0)));
    }
    return least;
  }
  void runOnOperation() override {
    for (auto fn : getOperation().getOps<func::FuncOp>())
      for (BlockArgument a : fn.getArguments()) {
        unsigned i = a.getArgNumber();
        bool other = llvm::any_of(ArrayRef{"dl.range", "dl.param", "dl.symbol"}, [&](const char *name) { return fn.getArgAttr(i, name); });
        if (!isa<IntegerType>(getElementTypeOrSelf(a.getType())) || getElementTypeOrSelf(a.getType()).isInteger(1) || other)
          continue;
        if (int64_t extent = extentOf(a); extent < INT64_MAX)
          fn.setArgAttr(i, "dl.range", DenseI64ArrayAttr::get(&getContext(), {0, extent}));
      }
  }
};
} // namespace
