// Reductions over leading or middle dimensions: all reductions of a kernel share one loop over rows. A block is one chunk of
// 512 rows of a tile of columns; several chunks go through temporaries, which a second launch combines by the fixed tree.
// tile: [lanes, vectors, row lanes, row lanes at once]; block: [rows of a chunk]. In RowGroup's words the results' elements
// are rows and what is reduced are columns.
#include "compiler/codegen/cpu/RowLanes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::codegen::cpu {
using dl::CombineOpInterface;
using Values = SmallVector<Value>;

/// Types of one scalar accumulator for each result of the reductions.
static SmallVector<Type> accumulatorTypes(const RowGroup &g) {
  Block nowhere;
  OpBuilder b(g.context);
  b.setInsertionPointToStart(&nowhere);
  SmallVector<Type> types;
  for (Operation *r : g.reductions)
    for (Value v : cast<CombineOpInterface>(r).emitIdentity(b, r->getLoc(), b.getF32Type()))
      types.push_back(v.getType());
  return types;
}

namespace {
/// The grid's dimensions: chunks of rows, elements before the tile's run, tiles of that run.
struct ColumnSpace {
  const RowGroup &g;
  int64_t chunkRows;
  unsigned run = g.rowRuns() - 1; ///< what vectors lie along
  AffineExpr rows = g.columns(), inner = g.runExtent(run);
  AffineExpr outer = dl::product(ArrayRef(g.space).take_front(g.runs[run].first), g.context);
  AffineExpr chunks = rows.ceilDiv(chunkRows);
  bool single(Operation *at) const { return dl::isNonNegative(at, dl::normalize(chunkRows - rows)); }
};
} // namespace

dlx::PlanAttr planColumns(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto groups = analyseRows(kernel, reason, /*leading=*/true);
  if (!groups)
    return {};
  const RowGroup &g = (*groups)[0];
  for (Operation *r : g.reductions)
    for (AffineMap m : cast<CombineOpInterface>(r).getNest().operands)
      if (m.getNumResults() == g.space.size() && m.getResult(g.space.size() - 1) != getAffineDimExpr(g.outer - 1, g.context))
        return reason = "the last dimension of the reduced values is not the last of the results", nullptr;
  dl::LanesAttr recipe = getLanes(g.reductions[0]);
  int64_t rowLanes = recipe.getColumnLanes();
  ColumnSpace s{g, recipe.getColumnChunk()};
  auto types = accumulatorTypes(g);
  // Wide tiles: another pass over part of a row, or over some of its lanes, fetches lines again, which costs more than
  // spilling a third of the accumulators.
  Machine machine = Machine::of(options.target);
  int64_t lanes = machine.lanes, registers = machine.registers, each = 0, atOnce = rowLanes;
  for (Type t : types)
    each += std::max(1u, t.getIntOrFloatBitWidth() / 32);
  int64_t vectors = std::clamp<int64_t>(registers / (4 * each), 1, 4), n = dl::getConstant(s.inner);
  if (int64_t all = std::max<int64_t>(llvm::divideCeil(n, lanes), 1); n >= 0)
    vectors = llvm::divideCeil(all, llvm::divideCeil(all, vectors)); // tiles of one size
  while (atOnce > 1 && atOnce * vectors * each > registers * 3 / 2)
    atOnce /= 2;
  Values results, reduced;
  SmallVector<int64_t> writes, temps;
  for (auto [i, v] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    results.push_back(v);
    writes.push_back(kernel.getNumArguments() + i);
  }
  auto given = [&](Value v) { return v.getDefiningOp() && g.reductions.contains(v.getDefiningOp()); };
  AffineExpr tiles = s.outer * s.inner.ceilDiv(lanes * vectors);
  bool single = s.single(kernel);
  SmallVector<dl::DimsAttr> bytes;
  SmallVector<dlx::LaunchAttr> launches;
  if (single) {
    launches.push_back(launch(kernel, "", argumentsOf(results), writes, dl::normalize(tiles)));
  } else {
    for (auto [i, t] : llvm::enumerate(types)) {
      temps.push_back(kernel.getNumArguments() + kernel.getNumResults() + i);
      bytes.push_back(dl::DimsAttr::get(g.context, dl::normalize(s.chunks * s.outer * s.inner * storageBytes(t))));
    }
    for (Operation *r : g.reductions)
      llvm::append_range(reduced, r->getOperands());
    launches.push_back(launch(kernel, ".sum", argumentsOf(reduced), temps, dl::normalize(s.chunks * tiles)));
    temps.append(writes);
    launches.push_back(launch(kernel, ".combine", argumentsOf(results, given), temps, dl::normalize(s.outer * s.inner.ceilDiv(lanes))));
  }
  return dlx::PlanAttr::get(g.context, dlx::Emitter::columns, {lanes, vectors, rowLanes, atOnce}, {s.chunkRows}, launches, bytes, 0);
}

namespace {
struct ColumnEmitter {
  Frame &f;
  RowGroup &g;
  int64_t lanes, vectors, rowLanes, atOnce;
  ColumnSpace s{g, f.kernel.plan.getBlock()[0]};
  SmallVector<Type> types = accumulatorTypes(g);
  int64_t width = lanes * vectors;
  Operation *terminator = f.kernel.terminator();

  Values identities() {
    Values all;
    for (Operation *r : g.reductions)
      llvm::append_range(all, cast<CombineOpInterface>(r).emitIdentity(f.b, r->getLoc(), VectorType::get({lanes}, f.b.getF32Type())));
    return all;
  }
  /// fn(op, its part of the accumulators) gives the new ones.
  Values each(ValueRange acc, function_ref<Values(CombineOpInterface, ValueRange)> fn) {
    Values all;
    for (Operation *r : g.reductions)
      llvm::append_range(all, fn(cast<CombineOpInterface>(r), acc.slice(all.size(), r->getNumResults())));
    return all;
  }
  Values merge(ValueRange x, ValueRange y) {
    return each(x, [&](CombineOpInterface op, ValueRange mine) {
      size_t at = llvm::find(x, mine[0]) - x.begin();
      return op.emitMerge(f.b, op->getLoc(), mine, y.slice(at, mine.size()));
    });
  }
  /// The coordinates of a tile's vectors in the results; the mask of each, null where all columns exist.
  struct Tile {
    SmallVector<Coords> at;
    Values masks, columns;
    Value outer;
  };
  Tile tile(Evaluator &ev, Value number, int64_t count) {
    Value across = f.expr(s.inner.ceilDiv(count * lanes)), inner = f.expr(s.inner);
    Tile t;
    t.outer = arith::DivUIOp::create(f.b, number, across);
    Value first = f.mul(f.sub(number, f.mul(t.outer, across)), f.c(count * lanes));
    Coords before = g.locate(ev, 0, s.run, t.outer);
    int64_t n = dl::getConstant(s.inner);
    for (int64_t v = 0; v < count; ++v) {
      Value column = f.add(first, f.c(v * lanes));
      Coords at = before;
      at.append(g.spread(f, s.run, Coord{column, true}));
      t.at.push_back(at);
      t.columns.push_back(column);
      t.masks.push_back(n >= 0 && n % (count * lanes) == 0 ? Value()
                        : n >= 0 && n <= count * lanes     ? f.staticMask(std::max<int64_t>(n - v * lanes, 0), lanes)
                                                           : f.prefixMask(f.sub(inner, column), lanes));
    }
    return t;
  }
  /// Terms of row `r`, one vector of columns.
  Values term(Evaluator &ev, const Tile &t, int64_t v, Value r, ValueRange acc) {
    Coords at = t.at[v];
    at.append(g.locate(ev, s.run + 1, g.runs.size(), r));
    ev.mask = t.masks[v]; // accumulators of columns that do not exist are never stored
    return each(acc, [&](CombineOpInterface op, ValueRange mine) { return g.term(ev, op, at, mine); });
  }
  /// The epilogue: results at a vector of columns, whose reductions have these values.
  void store(Evaluator &ev, ArrayRef<Coord> at, ValueRange acc) {
    size_t next = 0;
    for (Operation *r : g.reductions)
      for (Value result : r->getResults())
        ev.know(result, at, finish(f, acc[next++], cast<RankedTensorType>(result.getType()).getElementType()));
    Values x;
    for (unsigned r : g.perRow)
      x.push_back(ev.eval(strip(terminator->getOperand(r)), at));
    for (auto [r, v] : llvm::zip(g.perRow, x))
      ev.store(f.kernel.arguments() + r, strip(terminator->getOperand(r)), at, v);
  }

  /// Accumulators in memory by row lane and column of the tile: of a run, and of all runs.
  Values slots = {}, sums = {};
  Value slot(Value lane, int64_t v) { return f.add(f.mul(lane, f.c(width)), f.c(v * lanes)); }
  Values load(ArrayRef<Value> from, Value slot) {
    Values x;
    for (auto [t, p] : llvm::zip(types, from))
      x.push_back(f.load(t, f.gep(t, p, slot), lanes));
    return x;
  }
  void store(ArrayRef<Value> to, Value slot, ValueRange x) {
    for (auto [t, p, value] : llvm::zip(types, to, x))
      f.store(t, value, f.gep(t, p, slot));
  }
  /// body(slot) for each vector of the first lanes, by a loop: this is not where time goes.
  void eachSlot(Value count, function_ref<void(Value)> body) {
    f.loop(f.c(0), f.mul(count, f.c(width)), f.c(lanes), {}, [&](Value at, ValueRange, SmallVectorImpl<Value> &) { body(at); });
  }
  /// Lanes [first, first + atOnce) of rows [lo, hi), as many of each: sums by lane and vector.
  Values lanesOf(Evaluator &ev, const Tile &t, Value first, Value lo, Value hi, ValueRange init) {
    size_t n = types.size();
    auto l = f.loop(lo, hi, f.c(rowLanes), init, [&](Value r, ValueRange in, SmallVectorImpl<Value> &out) {
      ev.at = f.before(f.b.getBlock()->getParentOp());
      for (int64_t lane = 0; lane < atOnce; ++lane)
        for (int64_t v = 0; v < vectors; ++v) {
          Evaluator inner{f, (unsigned)lanes, {}, &ev};
          llvm::append_range(out, term(inner, t, v, f.add(f.add(r, first), f.c(lane)), in.slice((lane * vectors + v) * n, n)));
        }
    });
    ev.at = {};
    return Values(l.getResults());
  }
  /// All lanes of rows [lo, hi) to memory; in runs of `run` rows where that is not 0.
  void wholeLanes(Evaluator &ev, const Tile &t, Value lo, Value hi, int64_t run, ArrayRef<Value> to) {
    Values init;
    for (int64_t i = 0; i < atOnce * vectors; ++i)
      llvm::append_range(init, identities());
    size_t n = types.size();
    f.loop(f.c(0), f.c(rowLanes), f.c(atOnce), {}, [&](Value first, ValueRange, SmallVectorImpl<Value> &) {
      ev.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator mine{f, (unsigned)lanes, {}, &ev};
      Values all;
      if (run) {
        auto l = f.loop(lo, hi, f.c(run), init, [&](Value r, ValueRange in, SmallVectorImpl<Value> &out) {
          mine.at = f.before(f.b.getBlock()->getParentOp());
          Evaluator inner{f, (unsigned)lanes, {}, &mine};
          Values here = lanesOf(inner, t, first, r, f.add(r, f.c(run)), init);
          for (size_t i = 0; i < here.size(); i += n)
            llvm::append_range(out, merge(in.slice(i, n), ValueRange(here).slice(i, n)));
        });
        all = Values(l.getResults());
      } else {
        all = lanesOf(mine, t, first, lo, hi, init);
      }
      for (int64_t i = 0; i < atOnce * vectors; ++i)
        store(to, slot(f.add(first, f.c(i / vectors)), i % vectors), ValueRange(all).slice(i * n, n));
    });
    ev.at = {};
  }
  /// Rows [lo, lo + count) of a tile, by lanes of rows; the sums are those of lane 0.
  void chunk(Evaluator &ev, const Tile &t, Value lo, Value count) {
    int64_t run = rowLanes * getLanes(g.reductions[0]).getRun(), known = dl::getConstant(s.rows);
    Value begin = lo, end = f.add(lo, count);
    if (longRuns()) {
      begin = f.sub(end, f.rem(count, run));
      wholeLanes(ev, t, lo, begin, run, sums);
    }
    if (!longRuns() || known < 0 || known % run) {
      Value full = f.sub(end, f.rem(f.sub(end, begin), rowLanes));
      wholeLanes(ev, t, begin, full, 0, slots);
      f.loop(full, end, [&](Value r) {
        ev.at = f.before(f.b.getBlock()->getParentOp());
        for (int64_t v = 0; v < vectors; ++v) {
          Evaluator inner{f, (unsigned)lanes, {}, &ev};
          store(slots, slot(f.sub(r, full), v), term(inner, t, v, r, load(slots, slot(f.sub(r, full), v))));
        }
      });
      ev.at = {};
      if (longRuns())
        eachSlot(f.min(f.c(rowLanes), f.sub(end, begin)), [&](Value at) {
          Values alone = load(slots, at), both = merge(load(sums, at), alone);
          for (auto [x, y] : llvm::zip(both, alone))
            x = f.select(f.less(lo, begin), x, y);
          store(sums, at, both);
        });
    }
    f.loop(f.c(0), f.c(llvm::Log2_64(rowLanes)), [&](Value level) { // a lane without a row drops out
      Value w = arith::ShRUIOp::create(f.b, f.c(rowLanes / 2), level);
      eachSlot(f.min(w, f.sub(count, w)),
               [&](Value at) { store(sums, at, merge(load(sums, at), load(sums, f.add(at, f.mul(w, f.c(width)))))); });
    });
  }
  /// Some chunk has a whole run of all lanes.
  bool longRuns() { return !dl::isNonNegative(f.kernel.fn, dl::normalize(rowLanes * getLanes(g.reductions[0]).getRun() - 1 - s.rows)); }
  Value temp(unsigned i, const Tile &t, int64_t v, Value chunk) {
    Value at = f.add(f.mul(f.add(f.mul(chunk, f.expr(s.outer)), t.outer), f.expr(s.inner)), t.columns[v]);
    return f.gep(types[i], f.pointer(f.kernel.temp(i)), at);
  }
  void loopBlocks(function_ref<void(Evaluator &, Value)> body) {
    Evaluator outer{f, (unsigned)lanes};
    f.loop(f.begin, f.end, [&](Value block) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator ev{f, (unsigned)lanes, {}, &outer};
      body(ev, block);
    });
  }
  void sum(bool single) {
    for (Type t : types)
      slots.push_back(f.local(t, rowLanes * width));
    sums = slots;
    if (longRuns())
      for (auto [t, p] : llvm::zip(types, sums))
        p = f.local(t, rowLanes * width);
    loopBlocks([&](Evaluator &ev, Value block) {
      Value rows = f.expr(s.rows), chunkNumber = f.c(0), number = block;
      if (!single) {
        Value tiles = f.expr(s.outer * s.inner.ceilDiv(width));
        chunkNumber = arith::DivUIOp::create(f.b, block, tiles);
        number = f.sub(block, f.mul(chunkNumber, tiles));
      }
      Tile t = tile(ev, number, vectors);
      Value lo = f.mul(chunkNumber, f.c(s.chunkRows));
      chunk(ev, t, lo, f.min(f.sub(rows, lo), f.c(s.chunkRows)));
      for (int64_t v = 0; v < vectors; ++v) {
        Values x = load(sums, f.c(v * lanes));
        ev.mask = t.masks[v];
        if (single)
          store(ev, t.at[v], x);
        else
          for (unsigned i = 0; i < types.size(); ++i)
            f.store(types[i], x[i], temp(i, t, v, chunkNumber), t.masks[v]);
      }
    });
  }
  void combine() {
    loopBlocks([&](Evaluator &ev, Value block) {
      Tile t = tile(ev, block, 1);
      Value chunks = f.expr(s.chunks), mask = t.masks[0];
      auto load = [&](Value i) {
        Values x;
        for (unsigned k = 0; k < types.size(); ++k)
          x.push_back(f.load(types[k], temp(k, t, 0, i), lanes, mask));
        return x;
      };
      Value levels = f.sub(f.c(64), math::CountLeadingZerosOp::create(f.b, f.sub(chunks, f.c(1))));
      f.loop(f.c(0), levels, [&](Value level) {
        Value w = arith::ShLIOp::create(f.b, f.c(1), level);
        f.loop(f.c(0), f.sub(chunks, w), f.mul(w, f.c(2)), {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) {
          Values x = merge(load(i), load(f.add(i, w)));
          for (unsigned k = 0; k < types.size(); ++k)
            f.store(types[k], x[k], temp(k, t, 0, i), mask);
        });
      });
      ev.mask = mask;
      Values x = ev.guard(f.less(f.c(0), chunks), identities(), [&](Evaluator &) { return load(f.c(0)); });
      store(ev, t.at[0], x);
    });
  }
};
} // namespace

void emitColumns(Kernel &kernel) {
  std::string reason;
  auto groups = analyseRows(kernel.fn, reason, /*leading=*/true);
  assert(groups && "planned by planColumns");
  auto tile = kernel.plan.getTile();
  bool single = kernel.plan.getLaunches().size() == 1;
  {
    Frame f(kernel, 0);
    ColumnEmitter{f, (*groups)[0], tile[0], tile[1], tile[2], tile[3]}.sum(single);
  }
  if (!single) {
    Frame f(kernel, 1);
    ColumnEmitter{f, (*groups)[0], tile[0], tile[1], tile[2], tile[3]}.combine();
  }
}
} // namespace dlc::codegen::cpu
