// The launch that packs a contraction's b into panels: [outer loops of b..., panel, reduced loops..., column]. What computes
// b in the kernel (a cast, a scale) rides along; columns past the end stay unwritten, their lanes are never stored.
#include "compiler/codegen/cpu/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace dlc::codegen::cpu {
using dl::getConstant;

/// Row i, lane j becomes row j, lane i: one exchange for each bit of the numbers.
static void transpose(OpBuilder &b, Location loc, SmallVectorImpl<Value> &rows) {
  int64_t n = rows.size();
  for (int64_t bit = 1; bit < n; bit *= 2)
    for (int64_t i = 0; i < n; ++i) {
      if (i & bit)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t j = 0; j < n; ++j) {
        low.push_back(j & bit ? n + j - bit : j);
        high.push_back(j & bit ? n + j : j + bit);
      }
      Value x = rows[i], y = rows[i | bit];
      rows[i] = vector::ShuffleOp::create(b, loc, x, y, low);
      rows[i | bit] = vector::ShuffleOp::create(b, loc, x, y, high);
    }
}

void ContractionEmitter::emitPack(unsigned launch) {
  Frame f(kernel, launch);
  auto type = cast<RankedTensorType>(c.b.getType());
  Type element = type.getElementType();
  auto source = dyn_cast<BlockArgument>(c.b);
  AffineExpr columnCount = c.loops[c.vector].extent;
  Value columns = f.expr(columnCount), panels = f.expr(columnCount.ceilDiv(panel())), memory = f.pointer(packed);
  int64_t n = getConstant(columnCount);
  bool whole = n >= 0 && n % panel() == 0;
  bool unit = getConstant(c.loops[c.vector].b) == 1;
  int last = c.reduced.empty() ? -1 : (int)c.reduced.back();
  bool transposes = source && !unit && last >= 0 && getConstant(c.loops[last].b) == 1;
  auto divide = [&](Value x, Value by) {
    MLIRContext *context = f.b.getContext();
    return f.expr(getAffineDimExpr(0, context).floorDiv(getAffineDimExpr(1, context)), {x, by});
  };

  f.loop(f.begin, f.end, [&](Value block) {
    SmallVector<Value> index(c.loops.size(), f.c(0));
    Value to = f.gep(c.compute, memory, f.mul(block, f.expr(panelStride()))), rest = divide(block, panels);
    Value first = f.mul(f.sub(block, f.mul(rest, panels)), f.c(panel()));
    for (unsigned i : llvm::reverse(c.packed)) {
      if (c.loops[i].reduced)
        continue;
      Value extent = f.expr(c.loops[i].extent), quotient = divide(rest, extent);
      index[i] = f.sub(rest, f.mul(quotient, extent));
      rest = quotient;
    }
    auto offset = [&](Value column) { // in b, of the present indices
      Value at = f.expr(c.bBase);
      for (auto [loop, i] : llvm::zip(c.loops, index))
        at = f.add(at, f.mul(i, f.expr(loop.b)));
      return f.add(at, f.mul(column, f.expr(c.loops[c.vector].b)));
    };
    Value count = f.min(f.sub(columns, first), f.c(panel()));
    /// One step of k at the present indices, to `row`; b lies at `from`, where it is in memory.
    auto copy = [&](Value row, Value from) {
      if (transposes || (source && !unit)) {
        f.loop(f.c(0), count, [&](Value j) {
          Value x = f.load(element, f.gep(element, from, f.mul(j, f.expr(c.loops[c.vector].b))), 1);
          f.store(c.compute, x, f.gep(c.compute, row, j));
        });
        return;
      }
      for (int64_t v = 0; v < vectors; ++v) {
        Value column = f.add(first, f.c(v * lanes)), mask = whole ? Value() : f.prefixMask(f.sub(columns, column), lanes), x;
        if (source) {
          x = f.load(element, f.gep(element, from, f.c(v * lanes)), lanes, mask);
        } else {
          SmallVector<Value> dims = index;
          dims[c.vector] = column;
          Coords at;
          for (AffineExpr e : c.bIndex)
            at.push_back({f.expr(e, dims), e.isFunctionOfDim(c.vector)});
          Evaluator ev{f, (unsigned)lanes, mask};
          x = dl::Scalars{f.b, f.b.getLoc()}.spread(ev.eval(c.b, at), lanes);
        }
        f.store(c.compute, x, f.gep(c.compute, row, f.c(v * lanes)));
      }
    };
    /// Where a bound on b's loops alone fails there is nothing to read, and no tile asks for it.
    auto guarded = [&](function_ref<void()> body) {
      Value holds;
      for (auto &range : c.ranges) {
        bool own = true;
        Value at = f.expr(range.index.base);
        for (auto [i, p] : llvm::enumerate(range.index.c)) {
          own &= !p || c.loops[i].isOne() || llvm::is_contained(c.packed, i);
          if (p) // a merged loop counts elements of its taps
            at = f.add(at, f.mul(c.loops[i].unit == 1 ? index[i] : f.floorDiv(index[i], c.loops[i].unit), f.c(p)));
        }
        if (!own)
          continue;
        Value one = arith::AndIOp::create(f.b, f.less(f.c(-1), at), f.less(at, f.expr(range.extent)));
        holds = holds ? Value(arith::AndIOp::create(f.b, holds, one)) : one;
      }
      if (!holds)
        return body();
      auto branch = scf::IfOp::create(f.b, holds, false);
      OpBuilder::InsertionGuard guard(f.b);
      f.b.setInsertionPointToStart(branch.thenBlock());
      body();
    };
    // `at`: where the row goes, and where b lies, which pointers go along with in the innermost loop.
    std::function<void(unsigned, ValueRange)> nest = [&](unsigned level, ValueRange at) {
      if (level == c.reduced.size()) {
        guarded([&] { copy(at.front(), source ? at.back() : Value()); });
        return;
      }
      unsigned loop = c.reduced[level];
      Value extent = f.expr(c.loops[loop].extent), step = f.expr(bStride(loop)), from = f.c(0), row = at.front();
      bool inner = level + 1 == c.reduced.size();
      if (inner && transposes && llvm::none_of(c.ranges, [&](auto &r) { return r.index.c[loop] != 0; })) {
        // lanes columns by lanes steps of k at a time; columns past the end repeat the last one
        from = f.mul(f.floorDiv(extent, lanes), f.c(lanes));
        guarded([&] {
          f.loop(f.c(0), from, f.c(lanes), {}, [&](Value k, ValueRange, SmallVectorImpl<Value> &) {
            index[loop] = k;
            f.loop(f.c(0), f.ceilDiv(count, lanes), [&](Value v) {
              Value column = f.add(first, f.mul(v, f.c(lanes)));
              SmallVector<Value> square;
              for (int64_t j = 0; j < lanes; ++j) {
                Value at = f.min(f.add(column, f.c(j)), f.sub(columns, f.c(1)));
                square.push_back(f.load(element, f.gep(element, f.pointer(source.getArgNumber()), offset(at)), lanes));
              }
              transpose(f.b, f.b.getLoc(), square);
              Value corner = f.gep(c.compute, row, f.add(f.mul(k, step), f.mul(v, f.c(lanes))));
              for (int64_t j = 0; j < lanes; ++j)
                f.store(c.compute, square[j], f.gep(c.compute, corner, f.mul(step, f.c(j))));
            });
          });
        });
      }
      auto later = [&](ValueRange at, Value k) {
        SmallVector<Value> there{f.gep(c.compute, at.front(), f.mul(k, step))};
        if (source)
          there.push_back(f.gep(element, at.back(), f.mul(k, f.expr(c.loops[loop].b))));
        return there;
      };
      f.loop(from, extent, f.c(1), inner ? later(at, from) : SmallVector<Value>(),
             [&](Value k, ValueRange here, SmallVectorImpl<Value> &next) {
               index[loop] = k;
               nest(level + 1, inner ? SmallVector<Value>(here) : later(at, k));
               if (inner)
                 next = later(here, f.c(1));
             });
      index[loop] = f.c(0);
    };
    SmallVector<Value> start{to};
    if (source)
      start.push_back(f.gep(element, f.pointer(source.getArgNumber()), offset(first)));
    nest(0, start);
  });
}
} // namespace dlc::codegen::cpu
