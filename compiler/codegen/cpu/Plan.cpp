// What the emitters' plan functions share; the choice of the emitter.
#include "compiler/codegen/cpu/Plan.h"

namespace dlc::codegen {
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
dlx::LaunchAttr launch(func::FuncOp kernel, StringRef name, ArrayRef<int64_t> reads, ArrayRef<int64_t> writes, AffineExpr grid) {
  MLIRContext *context = kernel.getContext();
  return dlx::LaunchAttr::get(context, name, reads, writes, dl::DimsAttr::get(context, grid));
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

void emitKernel(Kernel &kernel) {
  switch (kernel.plan.getEmitter()) {
  case dlx::Emitter::loops:
    return emitLoops(kernel);
  case dlx::Emitter::rows:
    return emitRows(kernel);
  case dlx::Emitter::columns:
    return emitColumns(kernel);
  case dlx::Emitter::window:
    return emitWindow(kernel);
  case dlx::Emitter::contraction:
    return emitContraction(kernel);
  case dlx::Emitter::scatter:
    return emitScatter(kernel);
  case dlx::Emitter::chain:
    return emitChain(kernel);
  }
}
} // namespace dlc::codegen
