// Row programs: pointwise groups and reductions over trailing dimensions, as passes over a row's columns. One launch; each
// group of results has its own part of the grid. tile: [lanes, rows at once]; block: [rows, columns] for each group.
#include "compiler/codegen/cpu/RowProgram.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::codegen {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;
static constexpr int64_t blockElements = 8192;

/// Bytes of a kept row, padded so that whole vectors may be stored.
static int64_t keptBytes(const RowGroup &g, Value v) {
  int64_t columns = dl::getConstant(g.columns());
  return llvm::alignTo(columns, registerColumns) * storageBytes(cast<RankedTensorType>(v.getType()).getElementType());
}
static AffineExpr blocksOf(const RowGroup &g, int64_t rows, int64_t columns) {
  AffineExpr whole = getAffineConstantExpr(1, g.context);
  return g.rows().ceilDiv(rows) * (columns ? g.columns().ceilDiv(columns) : whole);
}

dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto groups = analyseRows(kernel, reason);
  if (!groups)
    return {};
  bool wide = false;
  kernel.walk([&](Operation *op) {
    for (Type t : op->getResultTypes())
      wide |= getElementTypeOrSelf(t).getIntOrFloatBitWidth() == 64;
  });
  int64_t lanes = std::min(16u, options.target.lanes * 2) / (wide ? 2 : 1), atOnce = 1;
  SmallVector<int64_t> block, writes;
  int64_t scratch = 0;
  AffineExpr grid = getAffineConstantExpr(0, kernel.getContext());
  for (const RowGroup &g : *groups) {
    int64_t columns = dl::getConstant(g.columns()), rows = 1, cut = 0;
    if (columns >= 0)
      rows = std::max<int64_t>(1, blockElements / std::max<int64_t>(columns, 1) / 4 * 4);
    if (g.reductions.empty() && g.hasColumns() && (columns < 0 || columns > blockElements)) // 0: rows are not cut
      cut = blockElements;
    if (columns >= 0 && columns <= registerColumns && !g.reductions.empty())
      atOnce = std::max<int64_t>(1, std::min<int64_t>(4, options.target.registers / 8 * lanes / std::max<int64_t>(columns, lanes)));
    block.append({rows, cut});
    grid = grid + blocksOf(g, rows, cut);
    int64_t bytes = 0;
    for (auto &[v, pass] : g.kept)
      bytes += keptBytes(g, v);
    scratch = std::max(scratch, bytes);
  }
  auto returned = kernel.getBody().front().getTerminator()->getOperands();
  for (unsigned i = 0; i < returned.size(); ++i)
    writes.push_back(kernel.getNumArguments() + i);
  auto reads = argumentsOf(SmallVector<Value>(returned.begin(), returned.end()));
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::rows, {lanes, atOnce}, block,
                            launch(kernel, "", reads, writes, dl::normalize(grid)), {}, scratch);
}

namespace {
struct RowEmitter {
  Frame &f;
  RowGroup &g;
  unsigned lanes;
  Operation *terminator = f.kernel.terminator();
  std::optional<int64_t> columns = dl::getConstant(g.columns()) < 0 ? std::nullopt : std::optional(dl::getConstant(g.columns()));
  Value zero = f.c(0);
  /// Where in the space code is: a coordinate for each dimension of rows, and their number.
  Coords row = {};
  unsigned pass = 0;

  Value returned(unsigned r) { return strip(terminator->getOperand(r)); }
  Coords at(Value column) {
    Coords all = row;
    all.append(g.space.size() - g.outer - 1, Coord{zero});
    all.push_back({column, true});
    return all;
  }
  SmallVector<Operation *> reductionsHere() {
    SmallVector<Operation *> here;
    for (Operation *r : g.reductions)
      if (g.passOf(r) == pass)
        here.push_back(r);
    return here;
  }
  Values identities() {
    Values acc;
    for (Operation *r : reductionsHere())
      llvm::append_range(acc,
                         cast<CombineOpInterface>(r).emitIdentity(f.b, r->getLoc(), VectorType::get({(int64_t)lanes}, f.b.getF32Type())));
    return acc;
  }
  /// One vector of columns: accumulators (of this vector's lanes) after its terms; stores in the last pass.
  Values step(Evaluator &ev, Value column, Values acc) {
    Coords here = at(column);
    if (!g.kept.empty()) {
      ev.hook = [=, this](Value v, ArrayRef<Coord> c) -> Value {
        auto it = g.kept.find(v);
        if (it == g.kept.end() || it->second >= pass || ArrayRef(here) != c)
          return {};
        Type e = cast<RankedTensorType>(v.getType()).getElementType();
        return f.load(e, keptAt(v, column), lanes);
      };
      ev.built = [=, this](Value v, ArrayRef<Coord> c, Value x) {
        auto it = g.kept.find(v);
        if (it != g.kept.end() && it->second == pass && ArrayRef(here) == c)
          f.store(cast<RankedTensorType>(v.getType()).getElementType(), x, keptAt(v, column));
      };
    }
    size_t next = 0;
    for (Operation *r : reductionsHere()) {
      MutableArrayRef<Value> mine = MutableArrayRef(acc).slice(next, r->getNumResults());
      next += mine.size();
      llvm::copy(g.term(ev, cast<CombineOpInterface>(r), here, mine), mine.begin());
    }
    if (pass + 1 == g.passes) {
      Values x; // all before any is stored: a result may lie in an argument's place
      for (unsigned r : g.full)
        x.push_back(ev.eval(returned(r), here));
      for (auto [r, v] : llvm::zip(g.full, x))
        ev.store(f.kernel.arguments() + r, returned(r), here, v);
    }
    return acc;
  }
  Value keptAt(Value v, Value column) {
    int64_t bytes = 0;
    for (auto &[k, first] : g.kept) {
      if (k == v)
        break;
      bytes += keptBytes(g, k);
    }
    return f.gep(cast<RankedTensorType>(v.getType()).getElementType(), f.gep(f.b.getI8Type(), f.scratch, f.c(bytes)), column);
  }

  /// docs/summation.md's tree over 64 lanes, as vectors of accumulators. A lane without a column drops out.
  Values tree(CombineOpInterface op, SmallVector<Values> acc) {
    Location loc = op->getLoc();
    Scalars s{f.b, loc};
    // Lanes [first + width, first + 2 width) have columns: all, none or some.
    auto merge = [&](Values x, Values y, int64_t first, int64_t width) {
      if (columns && *columns <= first)
        return x;
      Values out = op.emitMerge(f.b, loc, x, y);
      if (columns && *columns >= first + width)
        return out;
      for (auto [o, v] : llvm::zip(out, x)) {
        Value has = width == 1 ? f.less(f.c(first), f.expr(g.columns()))
                    : columns  ? f.staticMask(*columns - first, width)
                               : f.prefixMask(f.sub(f.expr(g.columns()), f.c(first)), width);
        o = s.select(has, o, v);
      }
      return out;
    };
    for (unsigned n = acc.size(); n > 1; n /= 2)
      for (unsigned i = 0; i < n / 2; ++i)
        acc[i] = merge(acc[i], acc[i + n / 2], (i + n / 2) * lanes, lanes);
    Values v = acc[0];
    for (int64_t n = lanes / 2; n; n /= 2) {
      Values low, high;
      for (Value x : v) {
        auto take = [&](int64_t first) -> Value {
          return n == 1 ? Value(vector::ExtractOp::create(f.b, loc, x, first)) : f.lanes(x, first, n);
        };
        low.push_back(take(0)), high.push_back(take(n));
      }
      v = merge(low, high, n, n);
    }
    return v;
  }
  /// Tells `ev` the results of this pass' reductions; accumulators by vector of columns.
  void finishPass(Evaluator &ev, SmallVector<Values> acc) {
    size_t next = 0;
    for (Operation *r : reductionsHere()) {
      SmallVector<Values> mine;
      for (Values &a : acc)
        mine.push_back(Values(ArrayRef(a).slice(next, r->getNumResults())));
      next += r->getNumResults();
      Values out = tree(cast<CombineOpInterface>(r), mine);
      for (auto [result, x] : llvm::zip(r->getResults(), out))
        ev.know(result, row, finish(f, x, cast<RankedTensorType>(result.getType()).getElementType()));
    }
  }

  /// Passes over `count` rows whose columns stay in registers; `outer` builds what no row changes.
  void registerRows(Evaluator &outer, Value first, int64_t count) {
    std::vector<Evaluator> evs;
    SmallVector<Coords> rows;
    for (int64_t i = 0; i < count; ++i)
      evs.push_back(Evaluator{f, lanes, {}, &outer});
    for (int64_t i = 0; i < count; ++i)
      rows.push_back(g.locate(evs[i], 0, g.rowRuns(), f.add(first, f.c(i))));
    for (pass = 0; pass < g.passes; ++pass) {
      SmallVector<SmallVector<Values>> acc(count);
      for (int64_t c = 0; c < std::max<int64_t>(*columns, 1); c += lanes)
        for (int64_t i = 0; i < count; ++i) {
          row = rows[i];
          evs[i].mask = *columns - c < lanes ? f.staticMask(*columns - c, lanes) : Value();
          acc[i].push_back(step(evs[i], f.c(c), identities()));
        }
      for (int64_t i = 0; i < count; ++i) {
        while (!llvm::isPowerOf2_64(acc[i].size()))
          acc[i].push_back(identities());
        row = rows[i];
        finishPass(evs[i], acc[i]);
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      row = rows[i];
      storePerRow(evs[i]);
    }
  }
  void storePerRow(Evaluator &ev) {
    ev.mask = {};
    Values x;
    for (unsigned r : g.perRow)
      x.push_back(ev.eval(returned(r), row));
    for (auto [r, v] : llvm::zip(g.perRow, x))
      ev.store(f.kernel.arguments() + r, returned(r), row, v);
  }
  /// One pass over columns [lo, hi) of a row, in steps of 64, then what is left.
  void columnLoop(Evaluator &ev, Value lo, Value hi) {
    bool reduces = !reductionsHere().empty();
    unsigned vectors = reduces || cost() <= 32 ? registerColumns / lanes : 1;
    int64_t width = vectors * lanes;
    SmallVector<Values> acc(vectors, identities());
    auto flat = [&] {
      Values all;
      for (Values &a : acc)
        llvm::append_range(all, a);
      return all;
    };
    auto unflat = [&](ValueRange all) {
      size_t n = acc[0].size();
      for (auto [i, a] : llvm::enumerate(acc))
        a.assign(all.begin() + i * n, all.begin() + (i + 1) * n);
    };
    auto vectorAt = [&](Value column, Value mask, unsigned i) {
      Evaluator inner{f, lanes, mask, &ev};
      acc[i] = step(inner, column, acc[i]);
    };
    Value count = f.sub(hi, lo), full = f.add(lo, f.sub(count, f.rem(count, width)));
    auto main = f.loop(lo, full, f.c(width), flat(), [&](Value c, ValueRange in, SmallVectorImpl<Value> &out) {
      ev.at = f.before(f.b.getBlock()->getParentOp());
      unflat(in);
      for (unsigned i = 0; i < vectors; ++i)
        vectorAt(f.add(c, f.c(i * lanes)), {}, i);
      out = flat();
    });
    unflat(main.getResults());
    ev.at = {};
    bool whole = columns && lo == zero;
    if (whole) {
      for (int64_t c = *columns / width * width; c < *columns; c += lanes)
        vectorAt(f.c(c), *columns - c < lanes ? f.staticMask(*columns - c, lanes) : Value(), c % width / lanes);
    } else if (reduces) {
      for (unsigned i = 0; i < vectors; ++i) {
        Value c = f.add(full, f.c(i * lanes));
        vectorAt(c, f.prefixMask(f.sub(hi, c), lanes), i);
      }
    } else {
      f.loop(full, hi, f.c(lanes), {}, [&](Value c, ValueRange, SmallVectorImpl<Value> &) {
        ev.at = f.before(f.b.getBlock()->getParentOp());
        vectorAt(c, f.prefixMask(f.sub(hi, c), lanes), 0);
      });
      ev.at = {};
    }
    if (reduces)
      finishPass(ev, acc);
  }
  int64_t cost() {
    int64_t sum = 0;
    llvm::SetVector<Value> cone;
    for (unsigned r : g.full)
      cone.insert(returned(r));
    for (size_t i = 0; i < cone.size(); ++i)
      if (Operation *op = cone[i].getDefiningOp()) {
        sum += elementCost(cone[i]);
        if (!g.reductions.contains(op))
          cone.insert_range(op->getOperands());
      }
    return sum;
  }

  /// Blocks [begin, end) of this group.
  void blocks(Value begin, Value end, int64_t rowsPerBlock, int64_t columnsPerBlock, int64_t atOnce) {
    Evaluator outer{f, lanes};
    auto loopRows = [&](Value lo, Value hi, int64_t count, function_ref<void(Value)> body) {
      f.loop(lo, hi, f.c(count), {}, [&](Value r, ValueRange, SmallVectorImpl<Value> &) {
        outer.at = f.before(f.b.getBlock()->getParentOp());
        body(r);
      });
    };
    if (columnsPerBlock) { // pointwise: blocks of rows x blocks of columns
      Value n = f.expr(g.columns()), across = f.ceilDiv(n, columnsPerBlock);
      loopRows(begin, end, 1, [&](Value i) {
        Value r = arith::DivUIOp::create(f.b, i, across);
        Value lo = f.mul(f.sub(i, f.mul(r, across)), f.c(columnsPerBlock));
        Evaluator ev{f, lanes, {}, &outer};
        row = g.locate(ev, 0, g.rowRuns(), r);
        columnLoop(ev, lo, f.min(f.add(lo, f.c(columnsPerBlock)), n));
      });
      return;
    }
    Value lo = f.mul(begin, f.c(rowsPerBlock)), hi = f.min(f.mul(end, f.c(rowsPerBlock)), f.expr(g.rows()));
    if (!g.hasColumns()) {
      loopRows(lo, hi, 1, [&](Value r) {
        Evaluator ev{f, lanes, {}, &outer};
        row = g.locate(ev, 0, g.rowRuns(), r);
        storePerRow(ev);
      });
    } else if (columns && *columns <= registerColumns) {
      Value count = f.max(f.sub(hi, lo), zero), middle = f.add(lo, f.sub(count, f.rem(count, atOnce)));
      loopRows(lo, middle, atOnce, [&](Value r) { registerRows(outer, r, atOnce); });
      if (atOnce > 1)
        loopRows(middle, hi, 1, [&](Value r) { registerRows(outer, r, 1); });
    } else {
      loopRows(lo, hi, 1, [&](Value r) {
        Evaluator ev{f, lanes, {}, &outer};
        row = g.locate(ev, 0, g.rowRuns(), r);
        for (pass = 0; pass < g.passes; ++pass)
          columnLoop(ev, zero, f.expr(g.columns()));
        storePerRow(ev);
      });
    }
  }
};
} // namespace

void emitRows(Kernel &kernel) {
  std::string reason;
  auto groups = analyseRows(kernel.fn, reason);
  assert(groups && "planned by planRows");
  Frame f(kernel, 0);
  Value offset = f.c(0);
  auto tile = kernel.plan.getTile(), block = kernel.plan.getBlock();
  for (auto [i, g] : llvm::enumerate(*groups)) {
    Value count = f.expr(blocksOf(g, block[2 * i], block[2 * i + 1])), next = f.add(offset, count);
    Value begin = f.begin, end = f.end;
    if (groups->size() > 1) { // this group's part of the grid
      begin = f.sub(f.max(begin, offset), offset);
      end = f.sub(f.min(end, next), offset);
    }
    RowEmitter rows{f, g, (unsigned)tile[0]};
    rows.blocks(begin, end, block[2 * i], block[2 * i + 1], tile[1]);
    offset = next;
  }
}
} // namespace dlc::codegen
