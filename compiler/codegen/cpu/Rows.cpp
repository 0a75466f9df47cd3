// Row programs: pointwise groups and reductions over trailing dimensions, as passes over a row's columns. Each group of results
// has its own part of the grid. One launch; where a group has few long rows, they are cut over the grid, and each pass is a
// launch: the blocks' sums go through temporaries, and whoever needs a row's sum combines them. All results are stored by the
// last launch. tile: [lanes, rows at once]; block: [rows, columns] for each group, columns 0: not cut.
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
/// A block of a cut row: as many chunks of terms as keep a row's blocks few, since their sums are combined again and again.
static constexpr int64_t mostParts = 64, mostChunks = 16;
/// Rows are cut where there are so few that cores would idle, and so long that no core keeps one between its passes.
static constexpr int64_t fewRows = 16, longColumns = 1 << 15, hugeColumns = 1 << 18;

static int64_t chunkOf(const RowGroup &g) { return getLanes(g.reductions[0]).getRowChunk(); }
/// Columns of a block where the rows of a reducing group are cut, else 0: a rule over bounds, never over threads.
static int64_t cutOf(func::FuncOp kernel, const RowGroup &g) {
  if (g.reductions.empty())
    return 0;
  int64_t rows = dl::getUpperBound(kernel, g.rows()), columns = dl::getUpperBound(kernel, g.columns());
  if (rows >= (columns > hugeColumns ? 4 * fewRows : fewRows) || columns <= longColumns)
    return 0;
  int64_t chunks = 1;
  while (chunks < mostChunks && llvm::divideCeil(columns, chunkOf(g) * chunks) > mostParts)
    chunks *= 2;
  return chunkOf(g) * chunks;
}
/// A cut group has a pass for each level of reductions and one more, which stores; nothing is kept between launches.
static void cut(RowGroup &g) {
  g.passes = 1;
  for (Operation *r : g.reductions)
    g.passes = std::max(g.passes, g.passOf(r) + 2);
  g.kept.clear();
}
/// Blocks of a cut row: one at least, and maybe one without columns.
static AffineExpr partsOf(const RowGroup &g, int64_t columns) { return g.columns().floorDiv(columns) + 1; }
static AffineExpr blocksOf(const RowGroup &g, int64_t rows, int64_t columns) {
  AffineExpr whole = getAffineConstantExpr(1, g.context);
  return g.rows().ceilDiv(rows) * (columns ? g.columns().ceilDiv(columns) : whole);
}
/// Blocks of one pass of a cut group: a row each where the last pass has no columns to store.
static AffineExpr blocksOfPass(const RowGroup &g, int64_t columns, unsigned pass) {
  return pass + 1 == g.passes && g.full.empty() ? g.rows() : g.rows() * partsOf(g, columns);
}
/// What a pass of a cut group evaluates.
static Values rootsOf(func::FuncOp kernel, const RowGroup &g, unsigned pass) {
  Values roots;
  for (Operation *r : g.reductions)
    if (g.passOf(r) == pass)
      llvm::append_range(roots, r->getOperands());
  if (pass + 1 == g.passes)
    for (ArrayRef<unsigned> results : {ArrayRef(g.full), ArrayRef(g.perRow)})
      for (unsigned r : results)
        roots.push_back(strip(kernel.getBody().front().getTerminator()->getOperand(r)));
  return roots;
}
/// The reductions of earlier passes that `values` need.
static llvm::SetVector<Operation *> earlier(const RowGroup &g, const Values &values, unsigned pass) {
  llvm::SetVector<Operation *> found;
  llvm::SetVector<Value> cone(values.begin(), values.end());
  for (size_t i = 0; i < cone.size(); ++i)
    if (Operation *op = cone[i].getDefiningOp()) {
      if (g.reductions.contains(op) && g.passOf(op) < pass)
        found.insert(op);
      else
        cone.insert_range(op->getOperands());
    }
  return found;
}
/// Types of the scalar accumulators of a reduction.
static SmallVector<Type> accumulatorTypes(Operation *reduction) {
  Block nowhere;
  OpBuilder b(reduction->getContext());
  b.setInsertionPointToStart(&nowhere);
  return llvm::map_to_vector(cast<CombineOpInterface>(reduction).emitIdentity(b, reduction->getLoc(), b.getF32Type()),
                             [](Value v) { return v.getType(); });
}
/// Temporaries before those of `reduction`, one for each accumulator of the cut groups' reductions.
static unsigned firstTemp(ArrayRef<RowGroup> groups, ArrayRef<int64_t> block, Operation *reduction) {
  unsigned n = 0;
  for (auto [i, g] : llvm::enumerate(groups))
    for (Operation *r : g.reductions) {
      if (r == reduction)
        return n;
      n += block[2 * i + 1] ? r->getNumResults() : 0;
    }
  return n;
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
  unsigned last = 1; // launches
  for (RowGroup &g : *groups) {
    int64_t columns = dl::getConstant(g.columns()), rows = 1, cut = 0;
    if (columns >= 0)
      rows = std::max<int64_t>(1, blockElements / std::max<int64_t>(columns, 1) / 4 * 4);
    if (g.reductions.empty() && g.hasColumns() && (columns < 0 || columns > blockElements)) // 0: rows are not cut
      cut = blockElements;
    if (columns >= 0 && columns <= registerColumns && !g.reductions.empty())
      atOnce = std::max<int64_t>(1, std::min<int64_t>(4, options.target.registers / 8 * lanes / std::max<int64_t>(columns, lanes)));
    if (int64_t size = cutOf(kernel, g)) {
      rows = 1, cut = size;
      codegen::cut(g);
      last = std::max(last, g.passes);
    }
    block.append({rows, cut});
    int64_t bytes = 0;
    for (auto &[v, pass] : g.kept)
      bytes += keptBytes(g, v);
    scratch = std::max(scratch, bytes);
  }
  // Every group is done with the last launch, so that no result is stored where an argument is read yet.
  unsigned firstResult = kernel.getNumArguments(), temp = firstResult + kernel.getNumResults();
  SmallVector<dl::DimsAttr> temps;
  SmallVector<dlx::LaunchAttr> launches;
  for (auto [i, g] : llvm::enumerate(*groups))
    for (Operation *r : g.reductions)
      for (Type t : accumulatorTypes(r))
        if (block[2 * i + 1])
          temps.push_back(dl::DimsAttr::get(g.context, dl::normalize(g.rows() * partsOf(g, block[2 * i + 1]) * storageBytes(t))));
  auto tempsOf = [&](Operation *r, SmallVector<int64_t> &list) {
    for (unsigned k = 0; k < r->getNumResults(); ++k)
      list.push_back(temp + firstTemp(*groups, block, r) + k);
  };
  for (unsigned n = 0; n < last; ++n) {
    AffineExpr grid = getAffineConstantExpr(0, kernel.getContext());
    Values values;
    llvm::DenseSet<Operation *> given;
    SmallVector<int64_t> sums, writes;
    for (auto [i, g] : llvm::enumerate(*groups)) {
      int64_t columns = block[2 * i + 1], pass = n + g.passes - last;
      bool isCut = columns && !g.reductions.empty();
      if (isCut ? pass < 0 : n + 1 < last)
        continue;
      grid = grid + (isCut ? blocksOfPass(g, columns, pass) : blocksOf(g, block[2 * i], columns));
      if (!isCut || pass + 1 == g.passes)
        for (ArrayRef<unsigned> results : {ArrayRef(g.full), ArrayRef(g.perRow)})
          for (unsigned r : results)
            writes.push_back(firstResult + r);
      Values roots = rootsOf(kernel, g, isCut ? pass : g.passes - 1);
      llvm::append_range(values, roots);
      if (!isCut)
        continue;
      for (Operation *r : earlier(g, roots, pass)) {
        given.insert(r);
        tempsOf(r, sums);
      }
      for (Operation *r : g.reductions)
        if (g.passOf(r) == pass)
          tempsOf(r, writes);
    }
    llvm::sort(writes);
    auto reads = argumentsOf(values, [&](Value v) { return given.contains(v.getDefiningOp()); });
    llvm::append_range(reads, sums);
    launches.push_back(launch(kernel, last == 1 ? "" : "." + std::to_string(n), reads, writes, dl::normalize(grid)));
  }
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::rows, {lanes, atOnce}, block, launches, temps, scratch);
}

namespace {
struct RowEmitter {
  Frame &f;
  RowGroup &g;
  unsigned lanes;
  function_ref<unsigned(Operation *)> temps; ///< the number of a reduction's first temporary
  Operation *terminator = f.kernel.terminator();
  std::optional<int64_t> columns = dl::getConstant(g.columns()) < 0 ? std::nullopt : std::optional(dl::getConstant(g.columns()));
  Value zero = f.c(0);
  /// Rows of more than this are reduced chunk by chunk; 0: none is longer.
  int64_t chunk = g.reductions.empty() || dl::isNonNegative(f.kernel.fn, dl::normalize(chunkOf(g) - g.columns())) ? 0 : chunkOf(g);
  /// Where in the space code is: a coordinate for each dimension of rows, and their number.
  Coords row = {};
  unsigned pass = 0;
  /// Where there is one row alone, nothing tells its sums from what could be built before them.
  bool single = dl::getConstant(g.rows()) == 1;

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
        if (it != g.kept.end() && it->second == pass && ArrayRef(here) == c) // a value that no column changes is a scalar
          f.store(cast<RankedTensorType>(v.getType()).getElementType(), Scalars{f.b, v.getLoc()}.spread(x, lanes), keptAt(v, column));
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

  /// docs/summation.md's tree over 64 lanes, as vectors of accumulators of `count` columns, `known` if constant. A lane without
  /// a column drops out.
  Values tree(CombineOpInterface op, SmallVector<Values> acc, Value count, std::optional<int64_t> known) {
    Location loc = op->getLoc();
    Scalars s{f.b, loc};
    // Lanes [first + width, first + 2 width) have columns: all, none or some.
    auto merge = [&](Values x, Values y, int64_t first, int64_t width) {
      if (known && *known <= first)
        return x;
      Values out = op.emitMerge(f.b, loc, x, y);
      if (known && *known >= first + width)
        return out;
      for (auto [o, v] : llvm::zip(out, x)) {
        Value has = width == 1 ? f.less(f.c(first), count)
                    : known    ? f.staticMask(*known - first, width)
                               : f.prefixMask(f.sub(count, f.c(first)), width);
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
  /// fn(op, its part of x) for each of this pass' reductions, one after another.
  Values each(ValueRange x, function_ref<Values(CombineOpInterface, ValueRange)> fn) {
    Values all;
    for (Operation *r : reductionsHere())
      llvm::append_range(all, fn(cast<CombineOpInterface>(r), x.slice(all.size(), r->getNumResults())));
    return all;
  }
  /// Accumulators of this pass' reductions by vector of columns, as scalars.
  Values trees(ArrayRef<Values> acc, Value count, std::optional<int64_t> known) {
    size_t next = 0;
    return each(acc[0], [&](CombineOpInterface op, ValueRange mine) {
      SmallVector<Values> parts;
      for (const Values &a : acc)
        parts.push_back(Values(ArrayRef(a).slice(next, mine.size())));
      next += mine.size();
      return tree(op, parts, count, known);
    });
  }
  /// Tells `ev` the results of this pass' reductions.
  void finishPass(Evaluator &ev, ValueRange sums) {
    each(sums, [&](CombineOpInterface op, ValueRange mine) {
      for (auto [result, x] : llvm::zip(op->getResults(), mine))
        ev.know(result, row, finish(f, x, cast<RankedTensorType>(result.getType()).getElementType()));
      return Values(mine);
    });
  }

  /// Passes over `count` rows whose columns stay in registers; `outer` builds what no row changes.
  void registerRows(Evaluator &outer, Value first, int64_t count) {
    std::vector<Evaluator> evs;
    SmallVector<Coords> rows;
    for (int64_t i = 0; i < count; ++i)
      evs.push_back(Evaluator{f, lanes, {}, &outer, single});
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
        finishPass(evs[i], trees(acc[i], f.c(*columns), columns));
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
  /// How many of `vectors` go through a pass together: another way over the columns costs less than spilled accumulators.
  unsigned vectorsAtOnce(unsigned vectors, const Values &accumulators) {
    const Target &target = f.kernel.target;
    unsigned each = 0;
    for (Value a : accumulators)
      each += std::max(1u, lanes * getElementTypeOrSelf(a.getType()).getIntOrFloatBitWidth() / (target.lanes * 32));
    while (vectors > 1 && vectors * each > target.registers * 5 / 8)
      vectors /= 2;
    return vectors;
  }
  /// One pass over columns [lo, hi) of a row: its reductions' sums.
  Values columnPass(Evaluator &ev, Value lo, Value hi) {
    auto here = reductionsHere();
    if (here.empty() || !chunk)
      return columnLoop(ev, lo, hi);
    Values none;
    for (Operation *r : here)
      llvm::append_range(none, cast<CombineOpInterface>(r).emitIdentity(f.b, r->getLoc(), f.b.getF32Type()));
    return fixedTree(
        ev, f.ceilDiv(f.sub(hi, lo), chunk), none, [&](ValueRange x, ValueRange y) { return merge(here, x, y); },
        [&](Evaluator &inner, Value i) {
          Value first = f.add(lo, f.mul(i, f.c(chunk)));
          return columnLoop(inner, first, f.min(hi, f.add(first, f.c(chunk))));
        });
  }
  Values merge(ArrayRef<Operation *> reductions, ValueRange x, ValueRange y) {
    Values all;
    for (Operation *r : reductions) {
      unsigned first = all.size(), n = r->getNumResults();
      llvm::append_range(all, cast<CombineOpInterface>(r).emitMerge(f.b, r->getLoc(), x.slice(first, n), y.slice(first, n)));
    }
    return all;
  }
  /// The same for columns of one chunk or without reductions, in steps of 64, then what is left.
  Values columnLoop(Evaluator &ev, Value lo, Value hi) {
    bool reduces = !reductionsHere().empty();
    unsigned vectors = reduces || cost() <= 32 ? registerColumns / lanes : 1;
    int64_t width = vectors * lanes;
    SmallVector<Values> acc(vectors, identities());
    auto vectorAt = [&](Value column, Value mask, unsigned i) {
      Evaluator inner{f, lanes, mask, &ev};
      acc[i] = step(inner, column, acc[i]);
    };
    Value count = f.sub(hi, lo), full = f.add(lo, f.sub(count, f.rem(count, width)));
    size_t n = acc[0].size();
    unsigned atOnce = vectorsAtOnce(vectors, acc[0]);
    for (unsigned first = 0; first < vectors; first += atOnce) {
      auto part = MutableArrayRef(acc).slice(first, atOnce);
      Values init;
      for (Values &a : part)
        llvm::append_range(init, a);
      auto main = f.loop(lo, full, f.c(width), init, [&](Value c, ValueRange in, SmallVectorImpl<Value> &out) {
        ev.at = f.before(f.b.getBlock()->getParentOp());
        for (auto [i, a] : llvm::enumerate(part)) {
          a = Values(in.slice(i * n, n));
          vectorAt(f.add(c, f.c((first + i) * lanes)), {}, first + i);
          llvm::append_range(out, a);
        }
      });
      for (auto [i, a] : llvm::enumerate(part))
        a = Values(main.getResults().slice(i * n, n));
    }
    ev.at = {};
    bool whole = columns && lo == zero && hi == f.c(*columns);
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
    return reduces ? trees(acc, count, whole ? columns : std::nullopt) : Values();
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

  /// The sum of a cut row's part, in memory.
  Value temp(Operation *reduction, unsigned result, Type type, Value part) {
    return f.gep(type, f.pointer(f.kernel.temp(temps(reduction) + result)), part);
  }
  /// Blocks [begin, end) of one pass of a cut group.
  void parts(Value begin, Value end, int64_t size) {
    Value n = f.expr(g.columns()), across = f.expr(partsOf(g, size));
    Evaluator outer{f, lanes};
    bool rowsAlone = pass + 1 == g.passes && g.full.empty();
    auto needed = earlier(g, rootsOf(f.kernel.fn, g, pass), pass);
    auto doRow = [&](Value r) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator ev{f, lanes, {}, &outer, single};
      row = g.locate(ev, 0, g.rowRuns(), r);
      Value first = f.mul(r, across);
      for (Operation *reduction : needed) {
        auto op = cast<CombineOpInterface>(reduction);
        auto types = accumulatorTypes(reduction);
        Values sums = fixedTree(
            ev, f.ceilDiv(n, size), op.emitIdentity(f.b, op->getLoc(), f.b.getF32Type()),
            [&](ValueRange x, ValueRange y) { return op.emitMerge(f.b, op->getLoc(), x, y); },
            [&](Evaluator &, Value i) {
              Values part;
              for (auto [k, t] : llvm::enumerate(types))
                part.push_back(f.load(t, temp(reduction, k, t, f.add(first, i)), 1));
              return part;
            });
        for (auto [result, x] : llvm::zip(op->getResults(), sums))
          ev.know(result, row, finish(f, x, cast<RankedTensorType>(result.getType()).getElementType()));
      }
      if (rowsAlone)
        return storePerRow(ev);
      f.loop(f.max(begin, first), f.min(end, f.add(first, across)), [&](Value i) {
        ev.at = f.before(f.b.getBlock()->getParentOp());
        Evaluator inner{f, lanes, {}, &ev};
        Value lo = f.mul(f.sub(i, first), f.c(size));
        Values sums = columnPass(inner, f.min(lo, n), f.min(f.add(lo, f.c(size)), n));
        size_t next = 0;
        for (Operation *reduction : reductionsHere())
          for (auto [k, t] : llvm::enumerate(accumulatorTypes(reduction)))
            f.store(t, sums[next++], temp(reduction, k, t, i));
      });
      ev.at = {};
      if (pass + 1 == g.passes && !g.perRow.empty()) { // by whoever has the row's first block
        Value mine = Scalars{f.b, f.b.getLoc()}.band(f.less(f.sub(begin, f.c(1)), first), f.less(first, end));
        ev.guard(mine, {}, [&](Evaluator &e) { return storePerRow(e), Values(); });
      }
    };
    if (rowsAlone)
      f.loop(begin, end, doRow);
    else
      f.loop(f.quotient(begin, across), f.quotient(f.sub(f.add(end, across), f.c(1)), across), doRow);
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
        Evaluator ev{f, lanes, {}, &outer, single};
        row = g.locate(ev, 0, g.rowRuns(), r);
        columnPass(ev, lo, f.min(f.add(lo, f.c(columnsPerBlock)), n));
      });
      return;
    }
    Value lo = f.mul(begin, f.c(rowsPerBlock)), hi = f.min(f.mul(end, f.c(rowsPerBlock)), f.expr(g.rows()));
    if (!g.hasColumns()) {
      loopRows(lo, hi, 1, [&](Value r) {
        Evaluator ev{f, lanes, {}, &outer, single};
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
        Evaluator ev{f, lanes, {}, &outer, single};
        row = g.locate(ev, 0, g.rowRuns(), r);
        for (pass = 0; pass < g.passes; ++pass)
          finishPass(ev, columnPass(ev, zero, f.expr(g.columns())));
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
  auto tile = kernel.plan.getTile(), block = kernel.plan.getBlock();
  int64_t last = kernel.plan.getLaunches().size();
  auto temps = [&](Operation *reduction) { return firstTemp(*groups, block, reduction); };
  for (auto [i, g] : llvm::enumerate(*groups))
    if (block[2 * i + 1] && !g.reductions.empty())
      cut(g);
  for (int64_t n = 0; n < last; ++n) {
    Frame f(kernel, n);
    Value offset = f.c(0);
    for (auto [i, g] : llvm::enumerate(*groups)) {
      int64_t columns = block[2 * i + 1], pass = n + g.passes - last;
      bool isCut = columns && !g.reductions.empty(), alone = groups->size() == 1;
      if (isCut ? pass < 0 : n + 1 < last)
        continue;
      Value next = f.add(offset, f.expr(isCut ? blocksOfPass(g, columns, pass) : blocksOf(g, block[2 * i], columns)));
      // This group's part of the grid.
      Value begin = alone ? f.begin : f.max(f.sub(f.begin, offset), f.c(0)), end = alone ? f.end : f.sub(f.min(f.end, next), offset);
      end = alone ? end : f.max(end, f.c(0));
      RowEmitter rows{f, g, (unsigned)tile[0], temps};
      if (isCut) {
        rows.pass = pass;
        rows.parts(begin, end, columns);
      } else {
        rows.blocks(begin, end, block[2 * i], columns, tile[1]);
      }
      offset = next;
    }
  }
}
} // namespace dlc::codegen
