// What emitters of contractions read out of a kernel before they plan or write it: the loops of the one multiply-add, their strides in
// both operands and the result, and what each loop is for. A function of the kernel alone.
#pragma once
#include "compiler/codegen/Plan.h"
#include <optional>

namespace dlc::codegen {
/// A sum of multiples of loop indices and an expression over symbols.
struct Linear {
  SmallVector<int64_t> c;
  AffineExpr base;
};

/// The multiply-add as loops. A loop is a dimension of the nest, a part of one (a group of channels and a channel in it; a
/// phase of a stride and a step), or two neighbours that lie in memory as one.
struct Contraction {
  struct Loop {
    AffineExpr extent;
    AffineExpr a, b, y; ///< elements a step in the operands and the (dense, row-major) result
    bool reduced = false;
    int64_t unit = 1;  ///< steps for one of the index that bounds speak of, where two loops became one
    int64_t whole = 1; ///< steps that no cut of the recipe parts, where two loops became one
    bool isOne() const { return dl::getConstant(extent) == 1; }
  };
  /// 0 <= index < extent: of a reduced loop, the part that has terms (all or nothing, where the loop has no part in the
  /// index); without a reduced loop, the part of the parallel loops that is in the result.
  struct Range {
    Linear index;
    AffineExpr extent;
    int reduced = -1;
  };

  dl::CombineOpInterface op;
  Value a, b, y;                  ///< b varies along the vector loop, a is spread over it
  Type compute;                   ///< of the accumulators
  SmallVector<Loop> loops;        ///< parallel ones first; the reduced ones in the order of summation
  SmallVector<AffineExpr> coords; ///< of the result, over the loops
  SmallVector<AffineExpr> bIndex; ///< of b, over the loops
  AffineExpr aBase, bBase, yBase; ///< elements from the operands' and the result's start at index 0 of every loop
  SmallVector<Range> ranges;
  unsigned vector = 0;                  ///< the result's unit step
  unsigned row = 0;                     ///< in a and the result alone; `vector` where there is none
  int plane = -1;                       ///< a second row loop, where a range couples `row` with a reduced loop
  SmallVector<unsigned> outer, reduced; ///< the rest, without loops of extent 1
  bool aVector = false;                 ///< depthwise: a varies along the vector loop as well
  dl::ChainAttr recipe;
  bool panels = false, chunks = false; ///< there may be more than one
  SmallVector<unsigned> packed;        ///< loops of b outside the panels, in the order of a packed b; reduced ones last

  int rowRange = -1, planeRange = -1; ///< the ranges that couple them with a reduced loop
  bool hasRow() const { return row != vector; }
  bool has(unsigned loop, AffineExpr Loop::*stride) const { return dl::getConstant(loops[loop].*stride) != 0; }
  /// Steps of each reduced loop in a chunk, where they are the same for all values of symbols; else none.
  SmallVector<int64_t> chunkSteps() const;
  /// Of a packed b; a symbolic extent counts as 1.
  int64_t packedBytes() const;
  AffineExpr chunkCount(unsigned i) const { return loops[reduced[i]].extent.ceilDiv(chunkSteps()[i]); }
};

std::optional<Contraction> analyseContraction(func::FuncOp kernel, std::string &reason);
} // namespace dlc::codegen
