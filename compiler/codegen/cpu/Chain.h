// Kernels that run one after the other over strips of rows: what one makes of a strip the next one reads from the thread's scratch.
#pragma once
#include "compiler/codegen/Plan.h"

namespace dlc::codegen::cpu {
/// The rows of a kernel's results, all dimensions but the last, in the order of its blocks. A block of a contraction has rows of one
/// of `outer` indices; what reduces rows may cut them anywhere.
struct RowOrder {
  AffineExpr outer, inner;
  bool operator==(const RowOrder &) const = default;
  AffineExpr strips(int64_t rows) const { return outer * inner.ceilDiv(rows); }
};
/// Of a planned kernel, or null: its blocks are no rows. `like`: of the kernels that it runs with, whose cut it takes if it can.
std::optional<RowOrder> rowOrder(func::FuncOp kernel, const RowOrder *like = nullptr);
/// Whether a row of the kernel's results needs no more of its argument than the row of the same number.
bool readsOwnRow(func::FuncOp kernel, unsigned argument);

/// What the function of a chain says: calls of its parts, planned kernels of its own, in the order in which they run.
struct Chain {
  func::FuncOp fn;
  SmallVector<func::CallOp> calls;
  SmallVector<func::FuncOp> parts; ///< planned
  RowOrder order = {};             ///< of the first one that has it by itself
  explicit Chain(func::FuncOp fn);
  /// A part's values (arguments, results, temporaries) as numbers of the chain's; -1: in scratch.
  SmallVector<int64_t> numbers(unsigned part) const;
  /// Bytes of a row of a value in scratch, and where its strip begins there (null: where all of them end).
  AffineExpr rowBytes(Value v) const;
  int64_t place(Value v, int64_t rows) const;
};
/// The plan of a chain whose parts have one that goes by strips of `rows`; its last launch runs the parts' last ones.
dlx::PlanAttr planChain(func::FuncOp chain, int64_t rows);
} // namespace dlc::codegen::cpu
