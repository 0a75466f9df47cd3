// What the emitters' plan functions share.
#pragma once
#include "compiler/codegen/cpu/Kernel.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::codegen {
/// The op of the kernel whose terms are those that match an index: planScatter's, which no other emitter takes. Null: none.
dl::CombineOpInterface scatterOf(func::FuncOp kernel);
/// Numbers of the kernel's arguments that these values need, ascending. `known` values are given, not computed.
SmallVector<int64_t> argumentsOf(ArrayRef<Value> values, function_ref<bool(Value)> known = {});
dlx::LaunchAttr launch(func::FuncOp kernel, StringRef name, ArrayRef<int64_t> reads, ArrayRef<int64_t> writes, AffineExpr grid);
/// A value without the views around it: the same bytes in the same order.
Value strip(Value v);
/// Whether what the kernel makes of `anchors`, ops of its own, is made by pointwise ops alone: an element of the anchors gives the
/// results' elements at the same index. Views of results are no matter. Else the reason.
bool followPointwise(func::FuncOp kernel, ArrayRef<Operation *> anchors, std::string &reason);
/// Flops an element of a pointwise or positional op, else 0.
int64_t elementCost(Value v);
} // namespace dlc::codegen
