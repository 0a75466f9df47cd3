// Reductions by the lanes of docs/summation.md on the threads of a warp or a block.
#pragma once
#include "compiler/codegen/RowProgram.h"
#include "compiler/codegen/nvptx/Nvptx.h"

namespace dlc::codegen::nvptx {
/// The scalar accumulators of some reductions of a group, one after another.
struct Sums {
  Frame &f;
  const RowGroup &g;
  SmallVector<Operation *> ops;

  SmallVector<Value> identities() const;
  SmallVector<Value> merge(ValueRange x, ValueRange y) const;
  /// merge(x, y) where the condition holds, else x.
  SmallVector<Value> mergeIf(Value condition, ValueRange x, ValueRange y) const;
  /// One more term, at coordinates of the group's space.
  SmallVector<Value> term(Evaluator &ev, ArrayRef<Coord> at, ValueRange acc) const;
  /// Tells the evaluator the results, at coordinates of the rows.
  void know(Evaluator &ev, ArrayRef<Coord> row, ValueRange sums) const;
  SmallVector<Type> types() const;

private:
  SmallVector<Value> each(function_ref<SmallVector<Value>(dl::CombineOpInterface, size_t first)> fn) const;
};
/// Virtual lanes of a recipe: terms j, j + count, ... of lane j, in runs of `run`.
struct Lanes {
  int64_t count, run;
};
/// What one virtual lane sums of n terms, at most `most` of them; `term` adds the one numbered so.
SmallVector<Value> laneSum(Evaluator &ev, const Sums &sums, Lanes lanes, Value lane, Value n, int64_t most,
                           function_ref<SmallVector<Value>(Evaluator &, Value, ValueRange)> term);
/// A part of a row by one warp, whose threads are numbered `lane`: two virtual lanes each, then the tree. Every thread gets the sums.
SmallVector<Value> warpSum(Evaluator &ev, const Sums &sums, dl::LanesAttr recipe, Value lane, Value n, int64_t most,
                           function_ref<SmallVector<Value>(Evaluator &, Value, ValueRange)> term);
} // namespace dlc::codegen::nvptx
