// Values of tensors at coordinates, on demand (Evaluator): all fusion goes through it, so emitters know structures, never ops; and
// recipes in their plainest form. docs/structures.md.
#pragma once
#include "compiler/codegen/Frame.h"
#include <map>

namespace dlc::codegen {
/// An index along one dimension: a scalar i64, `lanes` consecutive ones that start at it, or (base being a vector) any.
/// Where a tensor of another rank is given a single coordinate, that is the row-major number of the element.
struct Coord {
  Value base;
  bool vec = false;
  bool varies() const { return vec || isa<VectorType>(base.getType()); }
  bool operator==(const Coord &o) const { return base == o.base && vec == o.vec; }
  bool operator<(const Coord &o) const { return std::pair(base.getAsOpaquePointer(), vec) < std::pair(o.base.getAsOpaquePointer(), o.vec); }
};
using Coords = SmallVector<Coord, 4>;

/// Values of tensors at coordinates, built at the frame's insertion point and remembered. What does not vary along the
/// lanes stays scalar; what can be built at the parent's insertion point, further out, is built there. Values that some
/// emitter has (accumulators, reduced rows) are told by know(). Every value is rounded to its storage type where it is
/// defined.
struct Evaluator {
  Frame &f;
  unsigned lanes;
  Value mask = {}; ///< of the vector dimension's loads and stores; null: all lanes
  Evaluator *parent = nullptr;
  bool guarded = false;                                          ///< under a condition: nothing may be built further out
  OpBuilder::InsertPoint at = {};                                ///< where children have values built (Frame::before(loop)); unset: nowhere
  std::function<Value(Value, ArrayRef<Coord>)> hook = {};        ///< first refusal (kept rows)
  std::function<void(Value, ArrayRef<Coord>, Value)> built = {}; ///< told of every value built
  using Memo = std::pair<const void *, std::vector<Coord>>;      ///< a value or an expression, at coordinates
  std::map<Memo, Value> memo = {};
  std::map<Memo, Coord> mapped = {};
  std::map<std::vector<Coord>, std::pair<Value, Value>> numbers = {}; ///< a tensor and the element's number

  /// The element(s) of `v` at these coordinates, in compute type: scalar, or a vector of `lanes` where they vary.
  /// Arguments of the kernel are loaded; movements, pointwise and positional ops are evaluated; a Combine op that nobody
  /// knows is reduced by a scalar loop in the order of docs/summation.md.
  Value eval(Value v, ArrayRef<Coord> at);
  void know(Value v, ArrayRef<Coord> at, Value x) { memo[{v.getAsOpaquePointer(), {at.begin(), at.end()}}] = x; }
  /// Dense tensors of the extents of `like` have the element at these coordinates under this number.
  void lies(Value like, ArrayRef<Coord> at, Value number) { numbers[{at.begin(), at.end()}] = {like, number}; }
  /// An expression over coordinates as a coordinate.
  Coord map(AffineExpr e, ArrayRef<Coord> at);
  Coords map(AffineMap m, ArrayRef<Coord> at) {
    return Coords(llvm::map_range(m.getResults(), [&](AffineExpr e) { return map(e, at); }));
  }
  /// The elements of an integer tensor as a coordinate.
  Coord follow(Value indices, ArrayRef<Coord> at);
  /// The conjunction of bounds over coordinates: an i1, a vector of them, or null where there are none.
  Value holds(ArrayRef<dl::Bound> bounds, ArrayRef<Coord> at);
  /// A coordinate as i64 scalar, or as vector where `vector` asks for it.
  Value index(Coord c, bool vector);
  /// `inside` in an scf.if on `condition` (i1), else `otherwise`; the evaluator that it gets is this one, guarded.
  SmallVector<Value> guard(Value condition, ValueRange otherwise, function_ref<SmallVector<Value>(Evaluator &)> inside);
  /// Stores to the kernel's value `number`, which has the type of `like`.
  void store(unsigned number, Value like, ArrayRef<Coord> at, Value x);
  /// Row-major element number (of the first lane): `at` is scalar or consecutive along the last dimension.
  Value offset(Value tensor, ArrayRef<Coord> at);
  /// Coordinates of all dimensions from the element's number, where that is given.
  Coords unflatten(Value v, ArrayRef<Coord> at);

private:
  bool reaches(ArrayRef<Coord> at) const; ///< what depends on `at` alone can be built at this evaluator's `at`, or further out
  Value build(Value v, ArrayRef<Coord> at);
  Value load(Value argument, ArrayRef<Coord> at);
  Value move(dl::MovementOpInterface op, ArrayRef<Coord> at);
};

/// #dl.lanes of an op, or null where it has chains of terms.
inline dl::LanesAttr getLanes(Operation *combine) { return dyn_cast<dl::LanesAttr>(dl::getRecipe(combine)); }
/// for (i = lo; i < hi; i += step) acc = body(i, acc), with an evaluator of the body's own.
using LoopBody = function_ref<SmallVector<Value>(Evaluator &, Value, SmallVector<Value>)>;
SmallVector<Value> loopOver(Evaluator &ev, Value lo, Value hi, Value step, SmallVector<Value> acc, LoopBody body);
/// How docs/summation.md cuts a box of terms into parts of at most `most`: steps of each dimension that a part takes, at least one.
/// A dimension goes by whole `units` (all 1 where none are given).
SmallVector<Value> cutTerms(Frame &f, ValueRange extents, int64_t most, ArrayRef<int64_t> units = {});
/// Two sums into one, the first from earlier terms.
using Merge = function_ref<SmallVector<Value>(ValueRange, ValueRange)>;
/// The fixed tree over parts [0, n), one after another.
SmallVector<Value> fixedTree(Evaluator &ev, Value n, ValueRange identity, Merge merge,
                             function_ref<SmallVector<Value>(Evaluator &, Value)> part);
/// A part of the reduced space: lo <= index < hi along each of its dimensions.
struct Box {
  SmallVector<Value> lo, hi;
};
/// Parts of a box in row-major order, of at most `most` terms, as cutTerms has it.
struct Parts {
  Frame &f;
  Box box;
  SmallVector<Value> steps, counts; ///< along each dimension
  Value number;
  Parts(Frame &f, Box box, int64_t most, ArrayRef<int64_t> units = {});
  Box at(Value i) const;
};
/// The terms of a box by chunks and panels; `chain` gives a panel's.
SmallVector<Value> combineChains(Evaluator &ev, dl::ChainAttr recipe, const Box &all, ValueRange identity, Merge merge,
                                 function_ref<SmallVector<Value>(Evaluator &, const Box &)> chain);
/// All results of `op` at scalar coordinates by scalar loops, rounded.
SmallVector<Value> reduceScalar(Evaluator &ev, dl::CombineOpInterface op, ArrayRef<Coord> at);
/// An accumulator as what an element of the result holds.
Value finish(Frame &f, Value accumulator, Type element);
/// For each dimension of what a view shows the view's dimension that it is, or -1 for an extent of 1; nothing where some are mixed.
std::optional<SmallVector<int>> viewedDims(dl::MovementOpInterface view);
} // namespace dlc::codegen
