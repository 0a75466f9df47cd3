// Reductions over leading or middle dimensions: a block has some neighbouring elements of the results along x and the virtual lanes of
// their terms along y, so that a warp reads what lies together. Terms of more than one chunk have a block a chunk, whose sums go through
// temporaries to a second launch. In RowGroup's words the results' elements are rows and what is reduced are columns. tile: [aligned].
#include "compiler/codegen/nvptx/Lanes.h"

namespace dlc::codegen::nvptx {
using Values = SmallVector<Value>;
static constexpr int64_t slot = 8; ///< bytes of an accumulator in shared memory

static dl::LanesAttr recipeOf(const RowGroup &g) { return getLanes(g.reductions[0]); }
static AffineExpr chunksOf(const RowGroup &g) { return g.columns().ceilDiv(recipeOf(g).getColumnChunk()); }
static Sums sumsOf(Frame &f, const RowGroup &g) { return {f, g, SmallVector<Operation *>(g.reductions.getArrayRef())}; }

dlx::PlanAttr planColumns(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto groups = analyseRows(kernel, reason, /*leading=*/true);
  if (!groups)
    return {};
  const RowGroup &g = (*groups)[0];
  Values results(kernel.getBody().front().getTerminator()->getOperands()), reduced;
  SmallVector<int64_t> writes, temps;
  for (unsigned i = 0; i < results.size(); ++i)
    writes.push_back(kernel.getNumArguments() + i);
  SmallVector<Type> types;
  for (Operation *r : g.reductions) {
    llvm::append_range(types, accumulatorTypes(r));
    llvm::append_range(reduced, r->getOperands());
  }
  int64_t lanes = recipeOf(g).getColumnLanes(), threads = lanes * warp, shared = threads * slot * types.size();
  if (shared > mostShared || lanes != 8)
    return reason = "its sums take more than a block's memory", nullptr;
  AffineExpr grid = g.rows().ceilDiv(warp), all = dl::normalize(grid * chunksOf(g));
  if (!fitsGrid(kernel, all, reason))
    return {};
  SmallVector<dlx::LaunchAttr> launches;
  SmallVector<dl::DimsAttr> bytes;
  if (dl::getUpperBound(kernel, g.columns()) <= recipeOf(g).getColumnChunk()) {
    launches.push_back(launch(kernel, "", argumentsOf(results), writes, grid, threads, shared));
  } else {
    for (auto [i, t] : llvm::enumerate(types)) {
      temps.push_back(kernel.getNumArguments() + kernel.getNumResults() + i);
      bytes.push_back(dl::DimsAttr::get(g.context, dl::normalize(chunksOf(g) * g.rows() * storageBytes(t))));
    }
    launches.push_back(launch(kernel, "_sum", argumentsOf(reduced), temps, all, threads, shared));
    auto reads = argumentsOf(results, [&](Value v) { return v.getDefiningOp() && g.reductions.contains(v.getDefiningOp()); });
    llvm::append_range(reads, temps);
    launches.push_back(launch(kernel, "_combine", reads, writes, g.rows().ceilDiv(threadsOfBlock), threadsOfBlock));
  }
  return dlx::PlanAttr::get(g.context, dlx::Emitter::columns, {!options.inLoop}, {}, launches, bytes, 0);
}

namespace {
struct ColumnEmitter {
  Frame &f;
  RowGroup &g;
  Sums sums = sumsOf(f, g);
  SmallVector<Type> types = sums.types();
  Operation *terminator = f.kernel.terminator();

  void store(Evaluator &ev, ArrayRef<Coord> at) {
    Values x;
    for (unsigned r : g.perRow)
      x.push_back(ev.eval(strip(terminator->getOperand(r)), at));
    for (auto [r, v] : llvm::zip(g.perRow, x))
      ev.store(f.kernel.arguments() + r, strip(terminator->getOperand(r)), at, v);
  }
  Value partial(unsigned i, Value chunk, Value element) {
    return f.gep(types[i], f.pointer(f.kernel.temp(i)), f.add(f.mul(chunk, f.expr(g.rows())), element));
  }
  void sum(bool single) {
    dl::LanesAttr recipe = recipeOf(g);
    int64_t lanes = recipe.getColumnLanes(), most = recipe.getColumnChunk();
    Value across = f.expr(g.rows().ceilDiv(warp)), chunk = single ? f.c(0) : f.quotient(f.block, across);
    Value tile = single ? f.block : f.sub(f.block, f.mul(chunk, across));
    Value x = f.rem(f.thread, warp), y = f.floorDiv(f.thread, warp);
    Value element = f.add(f.mul(tile, f.c(warp)), x), count = f.expr(g.rows());
    Evaluator ev{f, 1};
    Coords here = g.locate(ev, 0, g.rowRuns(), f.min(element, f.sub(count, f.c(1)))); // those beyond read what the last one does
    Value lo = f.mul(chunk, f.c(most)), n = f.min(f.sub(f.expr(g.columns()), lo), f.c(most));
    int64_t bound = std::min(most, dl::getUpperBound(f.kernel.fn, g.columns()));
    Values acc = laneSum(ev, sums, {lanes, recipe.getRun()}, y, n, bound, [&](Evaluator &inner, Value j, ValueRange in) {
      Coords at(here);
      llvm::append_range(at, g.locate(inner, g.rowRuns(), g.runs.size(), f.add(lo, j)));
      return sums.term(inner, at, in);
    });
    auto place = [&](unsigned i, Value lane) {
      return f.gep(types[i], f.shared(i * lanes * warp * slot), f.add(f.mul(lane, f.c(warp)), x));
    };
    for (unsigned i = 0; i < types.size(); ++i)
      f.store(types[i], acc[i], place(i, y));
    f.barrier();
    Value mine = f.select(f.less(y, f.c(1)), f.less(element, count), f.less(f.c(0), f.c(0)));
    f.when(mine, [&] {
      SmallVector<Values> lane(lanes);
      for (int64_t l = 0; l < lanes; ++l)
        for (unsigned i = 0; i < types.size(); ++i)
          lane[l].push_back(f.load(types[i], place(i, f.c(l)), 1));
      for (int64_t w = lanes / 2; w; w /= 2)
        for (int64_t l = 0; l < w; ++l)
          lane[l] = sums.mergeIf(f.less(f.c(l + w), f.min(n, f.c(lanes))), lane[l], lane[l + w]);
      Evaluator inner{f, 1, {}, &ev};
      if (single) {
        sums.know(inner, here, lane[0]);
        store(inner, here);
        return;
      }
      for (unsigned i = 0; i < types.size(); ++i)
        f.store(types[i], lane[0][i], partial(i, chunk, element));
    });
  }
  void combine() {
    Value element = f.number(f.block, g.rows());
    f.when(f.less(element, f.expr(g.rows())), [&] {
      Evaluator ev{f, 1};
      Coords here = g.locate(ev, 0, g.rowRuns(), element);
      Values all = fixedTree(
          ev, f.expr(chunksOf(g)), sums.identities(), [&](ValueRange x, ValueRange y) { return sums.merge(x, y); },
          [&](Evaluator &, Value chunk) {
            Values x;
            for (unsigned i = 0; i < types.size(); ++i)
              x.push_back(f.load(types[i], partial(i, chunk, element), 1));
            return x;
          });
      sums.know(ev, here, all);
      store(ev, here);
    });
  }
};
} // namespace

void emitColumns(Kernel &kernel) {
  std::string reason;
  auto groups = *analyseRows(kernel.fn, reason, /*leading=*/true);
  bool single = kernel.plan.getLaunches().size() == 1;
  {
    Frame f(kernel, 0);
    ColumnEmitter{f, groups[0]}.sum(single);
  }
  if (single)
    return;
  Frame f(kernel, 1);
  ColumnEmitter{f, groups[0]}.combine();
}
} // namespace dlc::codegen::nvptx
