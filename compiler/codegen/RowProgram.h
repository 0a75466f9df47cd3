// A kernel as row programs: groups of results over spaces of [rows][columns], for planners and emitters of rows and columns.
#pragma once
#include "compiler/codegen/Evaluator.h"
#include "compiler/codegen/Plan.h"
#include <set>

namespace dlc::codegen {
/// Results that are computed together. Their space is [rows][columns]: `outer` dimensions of rows, the others of columns.
/// Every reduction of the group is over the columns. Without reductions the columns are as many dimensions as go together.
struct RowGroup {
  SmallVector<AffineExpr> space;
  unsigned outer = 0;
  SmallVector<unsigned> full, perRow;      ///< numbers of results, by whether they have columns
  llvm::SetVector<Operation *> reductions; ///< in the order of their dependences
  /// Runs of dimensions [first, last) that every access takes whole: their first dimensions are given 0, the last the
  /// row-major number in the run.
  SmallVector<std::pair<unsigned, unsigned>> runs;
  unsigned passes = 1;                   ///< over the columns; results with columns are stored in the last
  llvm::DenseMap<Value, unsigned> level; ///< the pass in which a value can first be had
  llvm::MapVector<Value, unsigned> kept; ///< values stored in scratch in this pass, loaded in later ones

  AffineExpr rows() const { return dl::product(ArrayRef(space).take_front(outer), context); }
  AffineExpr columns() const { return dl::product(ArrayRef(space).drop_front(outer), context); }
  bool hasColumns() const { return !full.empty() || !reductions.empty(); }
  unsigned passOf(Operation *reduction) const;
  /// Runs [0, rowRuns()) are of the rows' dimensions.
  unsigned rowRuns() const;
  AffineExpr runExtent(unsigned run) const;
  /// Coordinates of all dimensions in runs [first, last) from a row-major number over them; from one number a run.
  Coords locate(Evaluator &ev, unsigned first, unsigned last, Value number) const;
  Coords spread(Frame &f, unsigned first, ArrayRef<Coord> numbers) const;
  /// The index along dimension `d`, which may be part of a run, as emitTerm wants it.
  Value coordinate(Evaluator &ev, ArrayRef<Coord> at, unsigned d) const;
  /// One more term of a reduction at coordinates of the space; the evaluator's mask holds back lanes.
  SmallVector<Value> term(Evaluator &ev, dl::CombineOpInterface op, ArrayRef<Coord> at, ValueRange acc) const;
  MLIRContext *context = nullptr;

  int64_t cost(func::FuncOp kernel) const; ///< flops of an element of the results with columns
  /// Of all that makes the values up to the group's reductions.
  int64_t costOf(const SmallVector<Value> &values) const;
  /// Terms of a reduction's chunk; columns of one run of all lanes.
  int64_t chunk() const { return getLanes(reductions[0]).getRowChunk(); }
  int64_t run() const { return getLanes(reductions[0]).getRowLanes() * getLanes(reductions[0]).getRun(); }
  /// Where a kept value's row begins in scratch, in bytes: padded, so that whole vectors may be stored. Of null: all of them.
  int64_t keptAt(Value v) const;
  /// Rows cut over the grid: a pass for each level of reductions and one more, which stores; nothing is kept between launches.
  void cut();
  /// Parts of `size` columns of a cut row: one at least, and maybe one without columns.
  AffineExpr parts(int64_t size) const;
  AffineExpr blocks(int64_t rowsOfBlock, int64_t size) const; ///< size 0: of whole rows
  /// Of one pass of a cut group: a row each where the last pass has no columns to store.
  AffineExpr blocksOfPass(int64_t size, unsigned pass) const;
  /// What a pass of a cut group evaluates; the reductions of earlier passes that `values` need.
  SmallVector<Value> roots(func::FuncOp kernel, unsigned pass) const;
  llvm::SetVector<Operation *> earlier(const SmallVector<Value> &values, unsigned pass) const;
};
/// Types of the scalar accumulators of a reduction.
SmallVector<Type> accumulatorTypes(Operation *reduction);
/// Temporaries before those of `reduction`, one for each accumulator of the cut groups' reductions.
unsigned firstTemp(ArrayRef<RowGroup> groups, ArrayRef<int64_t> block, Operation *reduction);

/// Rows up to this many columns stay in registers.
constexpr int64_t registerColumns = 64;
/// What costs fewer flops an element is bound by memory: its loops are unrolled. Rows that are read and written together there: more
/// streams cost more than the sharing of what all rows read saves.
constexpr int64_t cheap = 32, streams = 2;
/// A value that costs more flops an element is kept between passes.
constexpr int64_t keepCost = 6;

/// The groups of a kernel, or nothing and the reason. leading: as column reductions, whose reduced dimensions (here the
/// space's columns) lie before others in memory; then every result has an element a row and all are one group.
std::optional<std::vector<RowGroup>> analyseRows(func::FuncOp kernel, std::string &reason, bool leading = false);
} // namespace dlc::codegen
