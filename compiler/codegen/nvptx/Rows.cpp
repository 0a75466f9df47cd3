// Row programs: pointwise groups, some consecutive elements a thread, and reductions over trailing dimensions, a warp a row, or all warps
// of a block a long one. Each group of results has its own part of the grid. The columns are gone through once for each level of
// reductions, and once to store. tile: [aligned, elements of a thread by group]; block: [warps a row by group, 0: pointwise].
#include "compiler/codegen/nvptx/Lanes.h"

namespace dlc::codegen::nvptx {
using Values = SmallVector<Value>;
static constexpr int64_t mostChunks = 512, slot = 8; ///< of a row; bytes of an accumulator in shared memory

/// Elements that a thread takes together: up to 16 bytes, where nothing but broadcasts moves them and no row ends within.
static int64_t lanesOf(func::FuncOp kernel, const RowGroup &g, const PlanOptions &options) {
  int64_t lanes = options.inLoop || g.runs.empty() ? 1 : 4;
  auto narrow = [&](Type tensor) { lanes = std::min<int64_t>(lanes, 16 / storageBytes(getElementTypeOrSelf(tensor))); };
  llvm::for_each(kernel.getArgumentTypes(), narrow);
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    llvm::for_each(op.getResultTypes(), narrow);
    if (auto movement = dyn_cast<dl::MovementOpInterface>(op); movement && !movement.isView()) {
      auto sources = movement.getSources();
      if (sources.size() != 1 || !sources[0].where.empty() || !sources[0].indices.empty())
        return 1;
    }
  }
  while (lanes > 1 && !g.runExtent(g.runs.size() - 1).isMultipleOf(lanes))
    lanes /= 2;
  return lanes;
}
static AffineExpr blocksOf(const RowGroup &g, int64_t lanes, int64_t warps) {
  return warps ? g.rows().ceilDiv(threadsOfBlock / warp / warps) : dl::product(g.space, g.context).ceilDiv(threadsOfBlock * lanes);
}

dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto groups = analyseRows(kernel, reason);
  if (!groups)
    return {};
  SmallVector<int64_t> tile{!options.inLoop}, block, writes;
  int64_t shared = 0;
  AffineExpr grid = getAffineConstantExpr(0, kernel.getContext());
  for (const RowGroup &g : *groups) {
    int64_t columns = dl::getUpperBound(kernel, g.columns()), warps = 0, accumulators = 0;
    if (!g.reductions.empty()) {
      warps = columns <= g.chunk() ? 1 : threadsOfBlock / warp;
      if (columns > g.chunk() * mostChunks)
        return reason = "a row of up to " + std::to_string(columns) + " columns is longer than a block takes", nullptr;
      if (getLanes(g.reductions[0]).getRowLanes() != 2 * warp)
        return reason = "its recipe has other lanes than two for each thread of a warp", nullptr;
    }
    for (Operation *r : g.reductions)
      accumulators += r->getNumResults();
    if (warps > 1)
      shared = std::max<int64_t>(shared, accumulators * llvm::divideCeil(columns, g.chunk()) * slot);
    tile.push_back(warps ? 1 : lanesOf(kernel, g, options));
    block.push_back(warps);
    grid = grid + blocksOf(g, tile.back(), warps);
  }
  if (shared > mostShared)
    return reason = "the sums of a row's parts take more than a block's memory", nullptr;
  for (unsigned r = 0; r < kernel.getNumResults(); ++r)
    writes.push_back(kernel.getNumArguments() + r);
  grid = dl::normalize(grid);
  if (!fitsGrid(kernel, grid, reason))
    return {};
  auto all = launch(kernel, "", argumentsOf(Values(kernel.getBody().front().getTerminator()->getOperands())), writes, grid, threadsOfBlock,
                    shared);
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::rows, tile, block, all, {}, 0);
}

namespace {
struct RowEmitter {
  Frame &f;
  RowGroup &g;
  Operation *terminator = f.kernel.terminator();

  void store(Evaluator &ev, ArrayRef<unsigned> results, ArrayRef<Coord> at) {
    Values x; // all before any is stored: a result may lie in an argument's place
    for (unsigned r : results)
      x.push_back(ev.eval(strip(terminator->getOperand(r)), at));
    for (auto [r, v] : llvm::zip(results, x))
      ev.store(f.kernel.arguments() + r, strip(terminator->getOperand(r)), at, v);
  }
  void pointwise(Value block, int64_t lanes) {
    AffineExpr count = dl::product(g.space, g.context);
    Value first = f.number(block, count, lanes);
    f.when(f.less(first, f.expr(count)), [&] {
      Evaluator ev{f, (unsigned)lanes};
      Coords at = g.locate(ev, 0, g.runs.size(), first);
      if (lanes > 1)
        at.back().vec = true;
      SmallVector<unsigned> all(g.full);
      llvm::append_range(all, g.perRow);
      store(ev, all, at);
    });
  }

  Value columns = {}, lane = {};
  int64_t most = dl::getUpperBound(f.kernel.fn, g.columns()), warps = 1;

  Coords at(ArrayRef<Coord> row, Value column) {
    Coords all(row);
    all.append(g.space.size() - g.outer - 1, Coord{f.c(0)});
    all.push_back({column});
    return all;
  }
  Values partSum(Evaluator &ev, const Sums &sums, ArrayRef<Coord> row, Value lo, Value n, int64_t most) {
    return warpSum(ev, sums, getLanes(g.reductions[0]), lane, n, most,
                   [&](Evaluator &e, Value j, ValueRange acc) { return sums.term(e, at(row, f.add(lo, j)), acc); });
  }
  /// Chunks by the block's warps in turn, their sums by the fixed tree in shared memory.
  Values blockSum(Evaluator &ev, const Sums &sums, ArrayRef<Coord> row) {
    int64_t chunks = llvm::divideCeil(most, g.chunk());
    Value count = f.ceilDiv(columns, g.chunk());
    auto types = sums.types();
    auto place = [&](unsigned i, Value chunk) { return f.gep(types[i], f.shared(i * chunks * slot), chunk); };
    auto load = [&](Value chunk) {
      Values x;
      for (unsigned i = 0; i < types.size(); ++i)
        x.push_back(f.load(types[i], place(i, chunk), 1));
      return x;
    };
    auto put = [&](Value chunk, ValueRange x) {
      for (unsigned i = 0; i < types.size(); ++i)
        f.store(types[i], x[i], place(i, chunk));
    };
    loopOver(ev, f.floorDiv(f.thread, warp), count, f.c(warps), {}, [&](Evaluator &inner, Value chunk, Values) {
      Value lo = f.mul(chunk, f.c(g.chunk()));
      Values x = partSum(inner, sums, row, lo, f.min(f.sub(columns, lo), f.c(g.chunk())), g.chunk());
      f.when(f.less(lane, f.c(1)), [&] { put(chunk, x); });
      return Values();
    });
    f.barrier();
    for (int64_t w = 1; w < chunks; w *= 2) {
      Value i = f.mul(f.thread, f.c(2 * w)), other = f.add(i, f.c(w));
      f.when(f.less(other, count), [&] { put(i, sums.merge(load(i), load(other))); });
      f.barrier();
    }
    Values all = load(f.c(0));
    f.barrier(); // the next pass writes there
    return all;
  }
  void row(Value number, Value thread) {
    Evaluator ev{f, 1};
    Coords here = g.locate(ev, 0, g.rowRuns(), number);
    for (unsigned pass = 0; pass < g.passes; ++pass) {
      Sums sums{f, g, {}};
      for (Operation *r : g.reductions)
        if (g.passOf(r) == pass)
          sums.ops.push_back(r);
      if (!sums.ops.empty())
        sums.know(ev, here, warps == 1 ? partSum(ev, sums, here, f.c(0), columns, most) : blockSum(ev, sums, here));
    }
    if (!g.full.empty())
      loopOver(ev, thread, columns, f.c(warps * warp), {}, [&](Evaluator &inner, Value column, Values) {
        store(inner, g.full, at(here, column));
        return Values();
      });
    if (!g.perRow.empty())
      f.when(f.less(thread, f.c(1)), [&] {
        Evaluator inner{f, 1, {}, &ev};
        store(inner, g.perRow, here);
      });
  }
  void rows(Value block) {
    columns = f.expr(g.columns());
    lane = f.rem(f.thread, warp);
    if (warps > 1)
      return row(block, f.thread);
    Value number = f.add(f.mul(block, f.c(f.threads / warp)), f.floorDiv(f.thread, warp));
    f.when(f.less(number, f.expr(g.rows())), [&] { row(number, lane); });
  }
};
} // namespace

void emitRows(Kernel &kernel) {
  std::string reason;
  auto groups = *analyseRows(kernel.fn, reason);
  Frame f(kernel, 0);
  Value begin = f.c(0);
  for (auto [i, g] : llvm::enumerate(groups)) {
    int64_t lanes = kernel.plan.getTile()[1 + i], warps = kernel.plan.getBlock()[i];
    RowEmitter e{f, g};
    e.warps = std::max<int64_t>(warps, 1);
    auto part = [&] {
      Value block = f.sub(f.block, begin);
      return warps ? e.rows(block) : e.pointwise(block, lanes);
    };
    if (groups.size() == 1) {
      part();
      break;
    }
    Value end = f.add(begin, f.expr(blocksOf(g, lanes, warps)));
    f.when(f.less(f.block, end), [&] { f.when(f.less(f.c(-1), f.sub(f.block, begin)), part); });
    begin = end;
  }
}
} // namespace dlc::codegen::nvptx
