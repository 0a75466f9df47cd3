// What planners of all backends share: questions about a kernel, and the parts of a plan.
#pragma once
#include "compiler/codegen/Backend.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::codegen {
/// The op of the kernel whose terms are those that match an index: the scatter emitter's, which no other takes. Null: none.
dl::CombineOpInterface scatterOf(func::FuncOp kernel);
/// Numbers of the kernel's arguments that these values need, ascending. `known` values are given, not computed.
SmallVector<int64_t> argumentsOf(ArrayRef<Value> values, function_ref<bool(Value)> known = {});
/// `threads` and `shared` bytes of a block, where a block has them.
dlx::LaunchAttr launch(func::FuncOp kernel, StringRef name, ArrayRef<int64_t> reads, ArrayRef<int64_t> writes, AffineExpr grid,
                       int64_t threads = 0, int64_t shared = 0);
/// A value without the views around it: the same bytes in the same order.
Value strip(Value v);
/// Whether what the kernel makes of `anchors`, ops of its own, is made by pointwise ops alone: an element of the anchors gives the
/// results' elements at the same index. Views of results are no matter. Else the reason.
bool followPointwise(func::FuncOp kernel, ArrayRef<Operation *> anchors, std::string &reason);
/// Flops an element of a pointwise or positional op, else 0.
int64_t elementCost(Value v);
/// Numbers of the kernel's results of one shape, in order; a list for each shape.
std::vector<SmallVector<unsigned>> resultsByShape(func::FuncOp kernel);
} // namespace dlc::codegen
