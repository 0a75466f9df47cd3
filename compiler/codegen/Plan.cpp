// What planners of all backends share.
#include "compiler/codegen/Plan.h"

namespace dlc::codegen {
dl::CombineOpInterface scatterOf(func::FuncOp kernel) {
  for (auto op : kernel.getBody().front().getOps<dl::CombineOpInterface>())
    if (op.getNest().match)
      return op;
  return {};
}
SmallVector<int64_t> argumentsOf(ArrayRef<Value> values, function_ref<bool(Value)> known) {
  llvm::SetVector<Value> seen(values.begin(), values.end());
  SmallVector<int64_t> numbers;
  for (size_t i = 0; i < seen.size(); ++i) {
    Value v = seen[i];
    if (known && known(v))
      continue;
    if (auto argument = dyn_cast<BlockArgument>(v))
      numbers.push_back(argument.getArgNumber());
    else
      seen.insert_range(v.getDefiningOp()->getOperands());
  }
  llvm::sort(numbers);
  return numbers;
}
dlx::LaunchAttr launch(func::FuncOp kernel, StringRef name, ArrayRef<int64_t> reads, ArrayRef<int64_t> writes, AffineExpr grid,
                       int64_t threads, int64_t shared) {
  MLIRContext *context = kernel.getContext();
  return dlx::LaunchAttr::get(context, name, reads, writes, dl::DimsAttr::get(context, grid), threads, shared);
}
Value strip(Value v) {
  for (auto view = v.getDefiningOp<dl::MovementOpInterface>(); view && view.isView(); view = v.getDefiningOp<dl::MovementOpInterface>())
    v = view->getOperand(0);
  return v;
}
bool followPointwise(func::FuncOp kernel, ArrayRef<Operation *> anchors, std::string &reason) {
  llvm::SmallPtrSet<Operation *, 16> made(anchors.begin(), anchors.end());
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto from = llvm::find_if(op.getOperands(), [&](Value v) { return v.getDefiningOp() && made.contains(v.getDefiningOp()); });
    if (made.contains(&op) || from == op.getOperands().end())
      continue;
    auto view = dyn_cast<dl::MovementOpInterface>(op);
    bool last =
        view && view.isView() && llvm::all_of(op.getUsers(), [](Operation *user) { return user->hasTrait<OpTrait::IsTerminator>(); });
    if (!isa<dl::PointwiseOpInterface>(op) && !last) {
      reason = (op.getName().getStringRef() + " of what is combined is no pointwise op").str();
      return false;
    }
    made.insert(&op);
  }
  return true;
}
int64_t elementCost(Value v) {
  if (auto op = v.getDefiningOp<dl::PointwiseOpInterface>())
    return op.getElementCost();
  if (auto op = v.getDefiningOp<dl::PositionalOpInterface>())
    return op.getElementCost();
  return 0;
}
std::vector<SmallVector<unsigned>> resultsByShape(func::FuncOp kernel) {
  Operation *terminator = kernel.getBody().front().getTerminator();
  std::vector<SmallVector<unsigned>> groups;
  for (auto [i, v] : llvm::enumerate(terminator->getOperands())) {
    auto same =
        llvm::find_if(groups, [&, v = v](auto &group) { return dl::getExtents(terminator->getOperand(group[0])) == dl::getExtents(v); });
    (same == groups.end() ? groups.emplace_back() : *same).push_back(i);
  }
  return groups;
}
} // namespace dlc::codegen
