// Row programs: pointwise groups and reductions over trailing dimensions, as passes over a row's columns. Each group of results
// has its own part of the grid. One launch; where a group has few long rows, they are cut over the grid, and each pass is a
// launch: the blocks' sums go through temporaries, and whoever needs a row's sum combines them. All results are stored by the
// last launch. tile: [lanes, rows at once of each group]; block: [rows, columns] for each group, columns 0: not cut.
#include "compiler/codegen/cpu/RowLanes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::codegen::cpu {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;

namespace {
/// A place in straight-line code where values are built one after another, though code further on, or further in, asks for them.
struct Place {
  Frame &f;
  Block *block = f.b.getInsertionBlock();
  Operation *last = before();

  Operation *before() {
    auto at = f.b.getInsertionPoint();
    return at == f.b.getInsertionBlock()->begin() ? nullptr : &*std::prev(at);
  }
  Value build(function_ref<Value()> value) {
    OpBuilder::InsertionGuard guard(f.b);
    if (last)
      f.b.setInsertionPointAfter(last);
    else
      f.b.setInsertionPointToStart(block);
    Value x = value();
    last = before();
    return x;
  }
};
/// A row's evaluator and coordinates; which of the rows at once it is.
struct Row {
  Evaluator *ev;
  Coords at;
  unsigned slot = 0;
};
/// Values that are the same for all rows at once, at one vector of columns.
struct Shared {
  Evaluator ev;
  Coord column;
  Place place;
};
/// Rows that go through the passes together. Values with an element a row are evaluated for all of them, a lane for each, where
/// rows have one coordinate; `across` does that.
struct RowsAtOnce {
  std::vector<Evaluator> evs;
  SmallVector<Row> rows;
  std::optional<Evaluator> across;
  Coords all = {}; ///< the rows' coordinates as vectors
  std::optional<Place> place = {};
};

struct RowEmitter {
  Frame &f;
  RowGroup &g;
  unsigned lanes;
  function_ref<unsigned(Operation *)> temps; ///< the number of a reduction's first temporary
  Operation *terminator = f.kernel.terminator();
  std::optional<int64_t> columns = dl::getConstant(g.columns()) < 0 ? std::nullopt : std::optional(dl::getConstant(g.columns()));
  Value zero = f.c(0);
  /// Rows of more than this are reduced chunk by chunk; 0: none is longer.
  int64_t chunk = g.reductions.empty() || dl::isNonNegative(f.kernel.fn, dl::normalize(g.chunk() - g.columns())) ? 0 : g.chunk();
  unsigned pass = 0;
  /// Where there is one row alone, nothing tells its sums from what could be built before them.
  bool single = dl::getConstant(g.rows()) == 1;

  Value returned(unsigned r) { return strip(terminator->getOperand(r)); }
  Coords at(const Row &row, Value column) {
    Coords all = row.at;
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
  /// One accumulator of each of this pass' reductions; n == 1: scalars.
  Values identities(int64_t n) {
    Values acc;
    Type t = n == 1 ? Type(f.b.getF32Type()) : VectorType::get({n}, f.b.getF32Type());
    for (Operation *r : reductionsHere())
      llvm::append_range(acc, cast<CombineOpInterface>(r).emitIdentity(f.b, r->getLoc(), t));
    return acc;
  }
  /// fn(op, its part of x) for each of this pass' reductions, one after another.
  Values each(ValueRange x, function_ref<Values(CombineOpInterface, ValueRange)> fn) {
    Values all;
    for (Operation *r : reductionsHere())
      llvm::append_range(all, fn(cast<CombineOpInterface>(r), x.slice(all.size(), r->getNumResults())));
    return all;
  }
  /// fn(op, its part of each of x) for each of this pass' reductions.
  Values eachOf(ArrayRef<Values> x, function_ref<Values(CombineOpInterface, SmallVector<Values>)> fn) {
    size_t next = 0;
    return each(x[0], [&](CombineOpInterface op, ValueRange mine) {
      SmallVector<Values> parts;
      for (const Values &a : x)
        parts.push_back(Values(ArrayRef(a).slice(next, mine.size())));
      next += mine.size();
      return fn(op, parts);
    });
  }
  Values merge(ValueRange x, ValueRange y) {
    return eachOf({Values(x), Values(y)}, [&](CombineOpInterface op, SmallVector<Values> both) {
      return Values(op.emitMerge(f.b, op->getLoc(), both[0], both[1]));
    });
  }

  /// One vector of columns of a row: accumulators (of this vector's lanes) after its terms.
  Values terms(Evaluator &ev, const Row &row, Value column, const Values &acc, Shared *shared) {
    Coords here = at(row, column);
    if (&ev != row.ev) // a row's own has its hook, and keeps the columns itself
      ev.hook = [=, this](Value v, ArrayRef<Coord> c) -> Value {
        auto it = g.kept.find(v);
        if (it != g.kept.end() && it->second < pass && ArrayRef(here) == c)
          return f.load(cast<RankedTensorType>(v.getType()).getElementType(), keptAt(v, row, column), lanes);
        bool ofAll = shared && !c.empty() && llvm::all_of(c, [&](Coord d) { return d == shared->column || d == Coord{zero}; });
        return ofAll ? shared->place.build([&] { return shared->ev.eval(v, c); }) : Value();
      };
    if (!g.kept.empty())
      ev.built = [=, this](Value v, ArrayRef<Coord> c, Value x) {
        auto it = g.kept.find(v);
        if (it != g.kept.end() && it->second == pass && ArrayRef(here) == c) // a value that no column changes is a scalar
          f.store(cast<RankedTensorType>(v.getType()).getElementType(), Scalars{f.b, v.getLoc()}.spread(x, lanes), keptAt(v, row, column));
      };
    size_t next = 0;
    Values out;
    for (Operation *r : reductionsHere()) {
      llvm::append_range(out, g.term(ev, cast<CombineOpInterface>(r), here, ArrayRef(acc).slice(next, r->getNumResults())));
      next = out.size();
    }
    return out;
  }
  Value keptAt(Value v, const Row &row, Value column) {
    Value first = f.gep(f.b.getI8Type(), f.scratch, f.c(row.slot * g.keptAt({}) + g.keptAt(v)));
    return f.gep(cast<RankedTensorType>(v.getType()).getElementType(), first, column);
  }
  /// The same for several rows, each with its evaluator; the last pass stores.
  void step(MutableArrayRef<Evaluator> evs, ArrayRef<Row> rows, Value column, MutableArrayRef<Values> acc) {
    std::optional<Shared> shared;
    if (rows.size() > 1)
      shared.emplace(Shared{Evaluator{f, lanes, evs[0].mask, rows[0].ev->parent}, {column, true}, {f}});
    for (auto [ev, row, a] : llvm::zip(evs, rows, acc))
      a = terms(ev, row, column, a, shared ? &*shared : nullptr);
    if (pass + 1 < g.passes)
      return;
    SmallVector<Values> x; // all before any is stored: a result may lie in an argument's place
    for (auto [ev, row] : llvm::zip(evs, rows)) {
      Values &mine = x.emplace_back();
      for (unsigned r : g.full)
        mine.push_back(ev.eval(returned(r), at(row, column)));
    }
    for (auto [ev, row, mine] : llvm::zip(evs, rows, x))
      for (auto [r, v] : llvm::zip(g.full, mine))
        ev.store(f.kernel.arguments() + r, returned(r), at(row, column), v);
  }

  //===-- Rows at once -------------------------------------------------------------------------------------------===//
  /// `outer` builds what no row changes.
  void start(RowsAtOnce &r, Evaluator &outer, Value first, int64_t count) {
    r.evs = std::vector<Evaluator>(count, Evaluator{f, lanes, {}, &outer, single});
    for (int64_t i = 0; i < count; ++i)
      r.rows.push_back({&r.evs[i], g.locate(r.evs[i], 0, g.rowRuns(), f.add(first, f.c(i))), (unsigned)i});
    if (count == 1 || g.rowRuns() != 1)
      return;
    r.across.emplace(Evaluator{f, (unsigned)count, {}, &outer});
    r.all = g.spread(f, 0, Coord{first, true});
    r.place.emplace(Place{f});
    for (Row &row : r.rows)
      row.ev->hook = [this, &r, &row](Value v, ArrayRef<Coord> c) { return lane(r, row, v, c); };
  }
  /// A row's element of a value that is made for all rows at once, or null.
  Value lane(RowsAtOnce &r, Row &row, Value v, ArrayRef<Coord> c) {
    Operation *op = v.getDefiningOp();
    if (ArrayRef(row.at) != c || !op || !(isa<dl::PointwiseOpInterface>(op) || g.reductions.contains(op)) ||
        ArrayRef(dl::getExtents(v)) != ArrayRef(g.space).take_front(g.outer))
      return {};
    Value x = r.place->build([&]() -> Value {
      Value all = r.across->eval(v, r.all);
      return isa<VectorType>(all.getType()) ? vector::ExtractOp::create(f.b, op->getLoc(), all, (int64_t)row.slot).getResult() : all;
    });
    row.ev->know(v, c, x);
    return x;
  }
  /// All passes over rows [first, first + count).
  void passes(Evaluator &outer, Value first, int64_t count) {
    RowsAtOnce r;
    start(r, outer, first, count);
    for (pass = 0; pass < g.passes; ++pass) {
      if (columns && *columns <= registerColumns && !g.reductions.empty()) {
        registerPass(r);
      } else if (reductionsHere().empty()) {
        for (int64_t i = 0; i < count; i += streams)
          columnLoop(ArrayRef(r.rows).slice(i, std::min(streams, count - i)), zero, f.expr(g.columns()), columns);
      } else if (count == 1) {
        finishPass(r, columnPass(r.rows[0], zero, f.expr(g.columns())));
      } else {
        SmallVector<Values> sums;
        for (Row &row : r.rows)
          sums.push_back(mergeVectors(runs(row, zero, f.c(*columns), columns), f.c(*columns), columns));
        finishPass(r, mergeLanes(sums, f.c(*columns), columns));
      }
    }
    storePerRow(r);
  }
  /// One pass over rows whose columns stay in registers.
  void registerPass(RowsAtOnce &r) {
    SmallVector<SmallVector<Values>> acc(r.rows.size());
    for (int64_t c = 0; c < std::max<int64_t>(*columns, 1); c += lanes) {
      SmallVector<Values> here(r.rows.size(), identities(lanes));
      for (Evaluator &ev : r.evs)
        ev.mask = *columns - c < lanes ? f.staticMask(*columns - c, lanes) : Value();
      step(r.evs, r.rows, f.c(c), here);
      for (auto [a, h] : llvm::zip(acc, here))
        a.push_back(h);
    }
    for (Evaluator &ev : r.evs)
      ev.mask = {};
    if (reductionsHere().empty())
      return;
    SmallVector<Values> sums;
    for (auto &a : acc) {
      while (!llvm::isPowerOf2_64(a.size()))
        a.push_back(identities(lanes));
      sums.push_back(mergeVectors(a, f.c(*columns), columns));
    }
    finishPass(r, mergeLanes(sums, f.c(*columns), columns));
  }
  Values mergeVectors(ArrayRef<Values> acc, Value count, std::optional<int64_t> known) {
    return eachOf(acc, [&](CombineOpInterface op, SmallVector<Values> mine) { return cpu::mergeVectors(f, op, mine, count, known); });
  }
  Values mergeLanes(ArrayRef<Values> rows, Value count, std::optional<int64_t> known) {
    return eachOf(rows, [&](CombineOpInterface op, SmallVector<Values> mine) { return cpu::mergeLanes(f, op, mine, count, known); });
  }
  /// Tells the results of this pass' reductions: scalars of one row, or a lane for each.
  void finishPass(RowsAtOnce &r, ValueRange sums) {
    each(sums, [&](CombineOpInterface op, ValueRange mine) {
      for (auto [result, x] : llvm::zip(op->getResults(), mine)) {
        Value done = finish(f, x, cast<RankedTensorType>(result.getType()).getElementType());
        if (r.across)
          r.across->know(result, r.all, done);
        else
          for (Row &row : r.rows)
            row.ev->know(result, row.at, r.rows.size() == 1 ? done : vector::ExtractOp::create(f.b, done, (int64_t)row.slot).getResult());
      }
      return Values(mine);
    });
    if (r.across)
      r.place.emplace(Place{f});
  }
  void storePerRow(RowsAtOnce &r) {
    if (r.across)
      return storePerRow(*r.across, r.all);
    for (Row &row : r.rows)
      storePerRow(*row.ev, row.at);
  }
  void storePerRow(Evaluator &ev, ArrayRef<Coord> row) {
    Values x;
    for (unsigned r : g.perRow)
      x.push_back(ev.eval(returned(r), row));
    for (auto [r, v] : llvm::zip(g.perRow, x))
      ev.store(f.kernel.arguments() + r, returned(r), row, v);
  }

  //===-- Loops over columns -------------------------------------------------------------------------------------===//
  /// How many of `vectors` go through a pass together: another way over the columns costs less than spilled accumulators.
  unsigned vectorsAtOnce(unsigned vectors, const Values &accumulators) {
    unsigned each = 0;
    for (Value a : accumulators)
      each += std::max(1u, lanes * getElementTypeOrSelf(a.getType()).getIntOrFloatBitWidth() / (f.machine.lanes * 32));
    while (vectors > 1 && vectors * each > f.machine.registers * 5 / 8)
      vectors /= 2;
    return vectors;
  }
  /// One pass over columns [lo, hi) of a row: its reductions' sums.
  Values columnPass(Row row, Value lo, Value hi) {
    std::optional<int64_t> known = columns && lo == zero && hi == f.c(*columns) ? columns : std::nullopt;
    auto sums = [&](const Row &r, Value first, Value last, std::optional<int64_t> size) {
      Value count = f.sub(last, first);
      return mergeLanes(mergeVectors(runs(r, first, last, size), count, size), count, size);
    };
    if (reductionsHere().empty())
      return columnLoop(row, lo, hi, known), Values();
    if (!chunk)
      return sums(row, lo, hi, known);
    return fixedTree(
        *row.ev, f.ceilDiv(f.sub(hi, lo), chunk), identities(1), [&](ValueRange x, ValueRange y) { return merge(x, y); },
        [&](Evaluator &inner, Value i) {
          Value first = f.add(lo, f.mul(i, f.c(chunk)));
          return sums({&inner, row.at, row.slot}, first, f.min(hi, f.add(first, f.c(chunk))), std::nullopt);
        });
  }
  /// Columns [lo, hi) of one chunk of a row, `known` of them if constant: its lanes' accumulators by vector of columns, run by run.
  SmallVector<Values> runs(const Row &row, Value lo, Value hi, std::optional<int64_t> known) {
    int64_t run = g.run();
    if (known ? *known < run : dl::isNonNegative(f.kernel.fn, dl::normalize(run - 1 - g.columns())))
      return columnLoop(row, lo, hi, known);
    Value count = f.sub(hi, lo), full = f.add(lo, f.sub(count, f.rem(count, run)));
    SmallVector<Values> acc(registerColumns / lanes, identities(lanes));
    size_t n = acc[0].size();
    auto flat = [](ArrayRef<Values> x) {
      Values all;
      for (const Values &v : x)
        llvm::append_range(all, v);
      return all;
    };
    auto vectors = [&](ValueRange x) {
      for (auto [i, a] : llvm::enumerate(acc))
        a = Values(x.slice(i * n, n));
    };
    auto l = f.loop(lo, full, f.c(run), flat(acc), [&](Value c, ValueRange in, SmallVectorImpl<Value> &out) {
      row.ev->at = f.before(f.b.getBlock()->getParentOp());
      Evaluator inner{f, lanes, {}, row.ev};
      auto here = columnLoop(Row{&inner, row.at, row.slot}, c, f.add(c, f.c(run)), run);
      vectors(in);
      for (auto [a, h] : llvm::zip(acc, here))
        llvm::append_range(out, merge(a, h));
    });
    row.ev->at = {};
    vectors(l.getResults());
    if (known && *known % run == 0)
      return acc;
    // A lane without a column here takes in the identity, which changes nothing behind the identity.
    auto rest = columnLoop(row, full, hi, known ? std::optional(*known % run) : std::nullopt);
    for (auto [a, r] : llvm::zip(acc, rest)) {
      Values both = merge(a, r);
      for (auto [x, b, alone] : llvm::zip(a, both, r))
        x = f.select(f.less(lo, full), b, alone);
    }
    return acc;
  }
  /// Columns [lo, hi) of rows, `known` of them if constant, in steps of 64, then what is left: one row's accumulators by vector
  /// of columns, of at most one run; several rows where nothing is reduced.
  SmallVector<Values> columnLoop(ArrayRef<Row> rows, Value lo, Value hi, std::optional<int64_t> known) {
    bool reduces = !reductionsHere().empty();
    unsigned vectors = reduces || g.cost(f.kernel.fn) <= cheap ? std::max<unsigned>(registerColumns / lanes / rows.size(), 1) : 1;
    int64_t width = vectors * lanes;
    SmallVector<Values> acc(vectors, identities(lanes));
    auto vectorAt = [&](Value column, Value mask, unsigned i) {
      std::vector<Evaluator> evs;
      for (const Row &row : rows)
        evs.push_back(Evaluator{f, lanes, mask, row.ev});
      SmallVector<Values> here(rows.size(), acc[i]);
      step(evs, rows, column, here);
      acc[i] = here[0];
    };
    auto loop = [&](Value from, Value to, int64_t step, ValueRange init,
                    function_ref<void(Value, ValueRange, SmallVectorImpl<Value> &)> body) {
      auto l = f.loop(from, to, f.c(step), init, [&](Value c, ValueRange in, SmallVectorImpl<Value> &out) {
        for (const Row &row : rows)
          row.ev->at = f.before(f.b.getBlock()->getParentOp());
        body(c, in, out);
      });
      for (const Row &row : rows)
        row.ev->at = {};
      return l;
    };
    Value count = f.sub(hi, lo), full = f.add(lo, f.sub(count, f.rem(count, width)));
    size_t n = acc[0].size();
    unsigned atOnce = vectorsAtOnce(vectors, acc[0]);
    for (unsigned first = 0; first < vectors; first += atOnce) {
      auto part = MutableArrayRef(acc).slice(first, atOnce);
      Values init;
      for (Values &a : part)
        llvm::append_range(init, a);
      auto main = loop(lo, full, width, init, [&](Value c, ValueRange in, SmallVectorImpl<Value> &out) {
        for (auto [i, a] : llvm::enumerate(part)) {
          a = Values(in.slice(i * n, n));
          vectorAt(f.add(c, f.c((first + i) * lanes)), {}, first + i);
          llvm::append_range(out, a);
        }
      });
      for (auto [i, a] : llvm::enumerate(part))
        a = Values(main.getResults().slice(i * n, n));
    }
    if (known) {
      for (int64_t c = *known / width * width; c < *known; c += lanes)
        vectorAt(f.add(lo, f.c(c)), *known - c < lanes ? f.staticMask(*known - c, lanes) : Value(), c % width / lanes);
    } else if (reduces) {
      for (unsigned i = 0; i < vectors; ++i) {
        Value c = f.add(full, f.c(i * lanes));
        vectorAt(c, f.prefixMask(f.sub(hi, c), lanes), i);
      }
    } else {
      loop(full, hi, lanes, {}, [&](Value c, ValueRange, SmallVectorImpl<Value> &) { vectorAt(c, f.prefixMask(f.sub(hi, c), lanes), 0); });
    }
    return acc;
  }
  //===-- Blocks -------------------------------------------------------------------------------------------------===//
  /// The sum of a cut row's part, in memory.
  Value temp(Operation *reduction, unsigned result, Type type, Value part) {
    return f.gep(type, f.pointer(f.kernel.temp(temps(reduction) + result)), part);
  }
  /// Blocks [begin, end) of one pass of a cut group.
  void parts(Value begin, Value end, int64_t size) {
    Value n = f.expr(g.columns()), across = f.expr(g.parts(size));
    Evaluator outer{f, lanes};
    bool rowsAlone = pass + 1 == g.passes && g.full.empty();
    auto needed = g.earlier(g.roots(f.kernel.fn, pass), pass);
    auto doRow = [&](Value r) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator ev{f, lanes, {}, &outer, single};
      Coords row = g.locate(ev, 0, g.rowRuns(), r);
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
        return storePerRow(ev, row);
      f.loop(f.max(begin, first), f.min(end, f.add(first, across)), [&](Value i) {
        ev.at = f.before(f.b.getBlock()->getParentOp());
        Evaluator inner{f, lanes, {}, &ev};
        Value lo = f.mul(f.sub(i, first), f.c(size));
        Values sums = columnPass({&inner, row}, f.min(lo, n), f.min(f.add(lo, f.c(size)), n));
        size_t next = 0;
        for (Operation *reduction : reductionsHere())
          for (auto [k, t] : llvm::enumerate(accumulatorTypes(reduction)))
            f.store(t, sums[next++], temp(reduction, k, t, i));
      });
      ev.at = {};
      if (pass + 1 == g.passes && !g.perRow.empty()) { // by whoever has the row's first block
        Value mine = Scalars{f.b, f.b.getLoc()}.band(f.less(f.sub(begin, f.c(1)), first), f.less(first, end));
        ev.guard(mine, {}, [&](Evaluator &e) { return storePerRow(e, row), Values(); });
      }
    };
    if (rowsAlone)
      f.loop(begin, end, doRow);
    else
      f.loop(f.quotient(begin, across), f.quotient(f.sub(f.add(end, across), f.c(1)), across), doRow);
  }
  /// Blocks [begin, end) of this group, `atOnce` rows at once as far as a block has them.
  void blocks(Value begin, Value end, int64_t rowsPerBlock, int64_t columnsPerBlock, int64_t atOnce) {
    Evaluator outer{f, lanes};
    auto loopRows = [&](Value lo, Value hi, int64_t count, function_ref<void(Value)> body) {
      f.loop(lo, hi, f.c(count), {}, [&](Value r, ValueRange, SmallVectorImpl<Value> &) {
        auto saved = std::exchange(outer.at, f.before(f.b.getBlock()->getParentOp()));
        body(r);
        outer.at = saved;
      });
    };
    auto rows = [&](Value lo, Value hi, function_ref<void(Value, int64_t)> body) {
      Value count = f.max(f.sub(hi, lo), zero), middle = f.add(lo, f.sub(count, f.rem(count, atOnce)));
      loopRows(lo, middle, atOnce, [&](Value r) { body(r, atOnce); });
      if (atOnce > 1 && (g.rows().getLargestKnownDivisor() % atOnce || rowsPerBlock % atOnce))
        loopRows(middle, hi, 1, [&](Value r) { body(r, 1); });
    };
    if (columnsPerBlock) { // pointwise: blocks of rows x blocks of columns
      Value n = f.expr(g.columns()), across = f.ceilDiv(n, columnsPerBlock);
      loopRows(begin, end, 1, [&](Value i) {
        Value block = f.quotient(i, across), first = f.mul(block, f.c(rowsPerBlock));
        Value lo = f.mul(f.sub(i, f.mul(block, across)), f.c(columnsPerBlock)), hi = f.min(f.add(lo, f.c(columnsPerBlock)), n);
        rows(first, f.min(f.add(first, f.c(rowsPerBlock)), f.expr(g.rows())), [&](Value row, int64_t count) {
          RowsAtOnce r;
          start(r, outer, row, count);
          columnLoop(r.rows, lo, hi, std::nullopt);
        });
      });
      return;
    }
    Value lo = f.mul(begin, f.c(rowsPerBlock)), hi = f.min(f.mul(end, f.c(rowsPerBlock)), f.expr(g.rows()));
    if (g.hasColumns())
      rows(lo, hi, [&](Value row, int64_t count) { passes(outer, row, count); });
    else
      loopRows(lo, hi, 1, [&](Value r) {
        Evaluator ev{f, lanes, {}, &outer, single};
        storePerRow(ev, g.locate(ev, 0, g.rowRuns(), r));
      });
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
      g.cut();
  for (int64_t n = 0; n < last; ++n) {
    Frame f(kernel, n);
    Value offset = f.c(0);
    for (auto [i, g] : llvm::enumerate(*groups)) {
      int64_t columns = block[2 * i + 1], pass = n + g.passes - last;
      bool isCut = columns && !g.reductions.empty(), alone = groups->size() == 1;
      if (isCut ? pass < 0 : n + 1 < last)
        continue;
      Value next = f.add(offset, f.expr(isCut ? g.blocksOfPass(columns, pass) : g.blocks(block[2 * i], columns)));
      // This group's part of the grid.
      Value begin = alone ? f.begin : f.max(f.sub(f.begin, offset), f.c(0)), end = alone ? f.end : f.sub(f.min(f.end, next), offset);
      end = alone ? end : f.max(end, f.c(0));
      RowEmitter rows{f, g, (unsigned)tile[0], temps};
      if (isCut) {
        rows.pass = pass;
        rows.parts(begin, end, columns);
      } else {
        rows.blocks(begin, end, block[2 * i], columns, tile[i + 1]);
      }
      offset = next;
    }
  }
}
} // namespace dlc::codegen::cpu
