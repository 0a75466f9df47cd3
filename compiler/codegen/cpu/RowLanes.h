// The trees of a row's lanes in vectors.
#pragma once
#include "compiler/codegen/RowProgram.h"
#include "compiler/codegen/cpu/Cpu.h"

namespace dlc::codegen::cpu {
/// Accumulators of a row's lanes, as vectors of columns, in one vector: docs/summation.md's tree as far as that. `count` columns,
/// `known` if constant; a lane without a column drops out.
SmallVector<Value> mergeVectors(Frame &f, dl::CombineOpInterface op, SmallVector<SmallVector<Value>> acc, Value count,
                                std::optional<int64_t> known);
/// The rest of the tree, for several rows at once: scalars for one row, else vectors with a lane for each row.
SmallVector<Value> mergeLanes(Frame &f, dl::CombineOpInterface op, ArrayRef<SmallVector<Value>> rows, Value count,
                              std::optional<int64_t> known);
} // namespace dlc::codegen::cpu
