// One multiply-add on CUDA cores, in f32 or f64, any shape and strides. Parallel loops that move through a alone are rows, those that move
// through b alone columns, the others batches. A block has a tile of rows and columns: slices of both operands go through shared memory,
// a thread adds up a part of the tile in registers, and what follows runs over the tile's sums in shared memory, neighbours by
// neighbours. Panels and chunks as the recipe has them; chunks of terms are blocks of their own, which a second launch combines.
//   tile = [aligned, rows, columns, terms of a slice, rows of a thread, columns of a thread]
#include "compiler/codegen/Contraction.h"
#include "compiler/codegen/nvptx/Nvptx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::codegen::nvptx {
using Values = SmallVector<Value>;
using Loop = Contraction::Loop;
static constexpr int64_t vectorOf = 4, mostChunkBytes = 1 << 28, enoughBlocks = 264, padding = 4;

namespace {
struct Tile {
  int64_t rows, columns, depth, threadRows, threadColumns;
  static Tile of(dlx::PlanAttr plan) {
    auto t = plan.getTile();
    return {t[1], t[2], t[3], t[4], t[5]};
  }
  int64_t group() const { return std::min(vectorOf, threadRows); } ///< neighbouring rows of a thread
  int64_t along() const { return columns / threadColumns; }        ///< threads along the columns
  int64_t down() const { return threadsOfBlock / along(); }
  int64_t pitch(int64_t extent) const { return extent + padding; } ///< of a slice's terms in shared memory
  int64_t aElements() const { return depth * pitch(rows); }
  int64_t bElements() const { return depth * pitch(columns); }
  int64_t band() const { return group() * down(); } ///< rows of the tile that go through shared memory together at the end
  int64_t shared(int64_t bytes) const { return std::max(aElements() + bElements(), band() * columns) * bytes; }
};
/// The loops by what they do.
struct Roles {
  SmallVector<unsigned> rows, columns, batches;
  explicit Roles(const Contraction &c) {
    for (unsigned i = 0; i < c.loops.size(); ++i) {
      if (c.loops[i].reduced || c.loops[i].isOne() || i == c.vector)
        continue;
      bool a = c.has(i, &Loop::a), b = c.has(i, &Loop::b);
      bool decides = llvm::any_of(c.ranges, [&](auto &range) { return range.index.c[i] != 0; }); // which terms there are (a stride's phase)
      (a == b || (b && decides) ? batches : a ? rows : columns).push_back(i);
    }
    if (!c.loops[c.vector].isOne())
      columns.push_back(c.vector); // whose elements lie together in the result
  }
};
AffineExpr countOf(const Contraction &c, ArrayRef<unsigned> loops) {
  AffineExpr n = getAffineConstantExpr(1, c.op->getContext());
  for (unsigned i : loops)
    n = n * c.loops[i].extent;
  return n;
}
AffineExpr chunksOf(const Contraction &c) {
  AffineExpr n = getAffineConstantExpr(1, c.op->getContext());
  if (c.chunks)
    for (unsigned i = 0; i < c.reduced.size(); ++i)
      n = n * c.chunkCount(i);
  return n;
}
AffineExpr tilesOf(AffineExpr extent, int64_t by) { return extent.ceilDiv(by); }
Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }
} // namespace

dlx::PlanAttr planContraction(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto c = analyseContraction(kernel, reason);
  if (!c)
    return {};
  if (c->aVector)
    return reason = "both operands vary along the result's last dimension", nullptr;
  if (c->chunks && c->chunkSteps().empty())
    return reason = "how its terms are cut into chunks hangs on symbols", nullptr;
  Roles roles(*c);
  int64_t bytes = storageBytes(c->compute), m = dl::getUpperBound(kernel, countOf(*c, roles.rows)),
          n = dl::getUpperBound(kernel, countOf(*c, roles.columns)), batches = dl::getUpperBound(kernel, countOf(*c, roles.batches)),
          chunks = dl::getUpperBound(kernel, chunksOf(*c)),
          elements = dl::getUpperBound(kernel, dl::product(dl::getExtents(c->y), kernel.getContext()));
  if (chunks > 1 && llvm::SaturatingMultiply<uint64_t>(llvm::SaturatingMultiply<uint64_t>(elements, chunks), bytes) > mostChunkBytes)
    return reason = "the sums of its chunks take more than 256 MB", nullptr;
  // The largest tile that gives every multiprocessor some blocks, unless it would be half empty.
  Tile t{32, 32, 32, 2, 2};
  for (Tile larger : {Tile{64, 64, 16, 4, 4}, Tile{128, 128, 8, 8, 8}}) {
    uint64_t blocks =
        llvm::SaturatingMultiply<uint64_t>(llvm::divideCeil(m, larger.rows) * llvm::divideCeil(n, larger.columns), batches * chunks);
    if (blocks >= enoughBlocks && m > larger.rows / 2 && n > larger.columns / 2 && larger.shared(bytes) <= mostShared)
      t = larger;
  }
  if (t.shared(bytes) > mostShared)
    t.depth /= 2;
  AffineExpr grid = dl::normalize(countOf(*c, roles.batches) * tilesOf(countOf(*c, roles.rows), t.rows) *
                                  tilesOf(countOf(*c, roles.columns), t.columns) * chunksOf(*c));
  if (!fitsGrid(kernel, grid, reason))
    return {};
  MLIRContext *context = kernel.getContext();
  auto inputs = [&](ArrayRef<Value> values) { return argumentsOf(values, [&](Value v) { return v == c->y; }); };
  Values outputs(kernel.getBody().front().getTerminator()->getOperands());
  SmallVector<int64_t> results, tile{!options.inLoop, t.rows, t.columns, t.depth, t.threadRows, t.threadColumns};
  for (unsigned i = 0; i < kernel.getNumResults(); ++i)
    results.push_back(kernel.getNumArguments() + i);
  SmallVector<dlx::LaunchAttr> launches;
  SmallVector<dl::DimsAttr> temps;
  if (!c->chunks) {
    Values needed(outputs);
    needed.append({c->a, c->b});
    launches.push_back(launch(kernel, "", inputs(needed), results, grid, threadsOfBlock, t.shared(bytes)));
  } else {
    AffineExpr all = dl::product(dl::getExtents(c->y), context);
    int64_t temp = kernel.getNumArguments() + kernel.getNumResults();
    temps.push_back(dl::DimsAttr::get(context, dl::normalize(chunksOf(*c) * all * bytes)));
    launches.push_back(launch(kernel, "_sum", inputs({c->a, c->b}), {temp}, grid, threadsOfBlock, t.shared(bytes)));
    auto reads = inputs(outputs);
    reads.push_back(temp);
    launches.push_back(launch(kernel, "_combine", reads, results, all.ceilDiv(threadsOfBlock), threadsOfBlock));
  }
  return dlx::PlanAttr::get(context, dlx::Emitter::contraction, tile, {}, launches, temps, 0);
}

namespace {
struct ContractionEmitter {
  Frame &f;
  const Contraction &c;
  Tile t = Tile::of(f.kernel.plan);
  Roles roles = Roles(c);
  dl::Scalars s = {f.b, f.b.getLoc()};
  int64_t bytes = storageBytes(c.compute);
  Operation *terminator = f.kernel.terminator();
  /// Terms that are not there add nothing, whatever b holds: a carries a mark in their place.
  bool marks = llvm::any_of(c.ranges, [&](auto &r) { return r.reduced >= 0; });

  /// Indices along all loops: those given, else 0.
  using Indices = SmallVector<Value>;
  Indices none() { return Indices(c.loops.size(), f.c(0)); }
  /// Sets the indices of `loops` from a number over them, the last fastest.
  void locate(Indices &at, ArrayRef<unsigned> loops, Value number) {
    for (size_t i = loops.size(); i-- > 0;) {
      Value extent = f.expr(c.loops[loops[i]].extent), rest = i ? f.quotient(number, extent) : f.c(0);
      at[loops[i]] = i ? f.sub(number, f.mul(rest, extent)) : number;
      number = rest;
    }
  }
  Value offset(const Indices &at, ArrayRef<unsigned> loops, AffineExpr Loop::*stride) {
    Value sum = f.c(0);
    for (unsigned i : loops)
      if (c.has(i, stride))
        sum = f.add(sum, f.mul(at[i], f.expr(c.loops[i].*stride)));
    return sum;
  }
  /// What the loops add to a range's index.
  Value part(const Contraction::Range &range, const Indices &at, ArrayRef<unsigned> loops) {
    Value sum = f.c(0);
    for (unsigned i : loops)
      if (int64_t p = range.index.c[i])
        sum = f.add(sum, f.mul(f.floorDiv(at[i], c.loops[i].unit), f.c(p)));
    return sum;
  }
  Value both(Value x, Value y) { return !x ? y : !y ? x : s.band(x, y); }
  Value within(const Contraction::Range &range, Value index) {
    return arith::CmpIOp::create(f.b, arith::CmpIPredicate::ult, f.add(index, f.expr(range.index.base)), f.expr(range.extent));
  }
  Value lessOrNull(Value x, Value y) { // null: always
    Value less = f.less(x, y);
    return getConstantIntValue(less) == 1 || getConstantIntValue(less) == -1 ? Value() : less;
  }

  //===-- Marks ----------------------------------------------------------------------------------------------------===//
  /// A NaN of its own; such a one of the data becomes another NaN.
  Value mark() {
    bool wide = c.compute.isF64();
    APInt bits(wide ? 64 : 32, wide ? 0x7ff8dead0badc0de : 0x7fdead0b);
    return arith::ConstantOp::create(f.b, f.b.getFloatAttr(c.compute, APFloat(wide ? APFloat::IEEEdouble() : APFloat::IEEEsingle(), bits)));
  }
  Value isMark(Value x) {
    Type i = f.b.getIntegerType(8 * bytes);
    return s.eq(arith::BitcastOp::create(f.b, i, x), arith::BitcastOp::create(f.b, i, mark()));
  }

  //===-- Slices of the operands -------------------------------------------------------------------------------------===//
  Value toCompute(Value x) { return s.cast(x, c.compute); }
  /// The part of an operand's slice that a thread fetches: `count` times, `threads` elements on.
  struct Fetch {
    bool termsFirst;       ///< neighbouring threads fetch neighbouring terms
    int64_t extent;        ///< of the tile, along rows or columns
    SmallVector<Value> at; ///< along it, for each time
    Values offsets, inside, ranges;
    SmallVector<Indices> indices;
  };
  int64_t times(int64_t extent) { return extent * t.depth / threadsOfBlock; }
  /// Where element number `i` of the thread's lies: along the tile, and its term.
  std::pair<Value, Value> place(const Fetch &fetch, int64_t i) {
    int64_t fast = fetch.termsFirst ? t.depth : fetch.extent;
    Value e = f.add(f.thread, f.c(i * threadsOfBlock)), low = f.rem(e, fast), high = f.floorDiv(e, fast);
    return fetch.termsFirst ? std::pair(high, low) : std::pair(low, high);
  }
  bool termsFirst(AffineExpr Loop::*stride) { return !c.reduced.empty() && dl::getConstant(c.loops[c.reduced.back()].*stride) == 1; }

  Value batchOffsets[2] = {};
  Indices batch = {};

  Fetch prepare(bool isA, Value first, Value count) {
    ArrayRef<unsigned> loops = isA ? roles.rows : roles.columns;
    auto stride = isA ? &Loop::a : &Loop::b;
    Fetch fetch{termsFirst(stride), isA ? t.rows : t.columns, {}, {}, {}, {}, {}};
    for (int64_t i = 0; i < times(fetch.extent); ++i) {
      Value along = place(fetch, i).first, number = f.add(first, along);
      Indices at(batch);
      locate(at, loops, number);
      Value inside = lessOrNull(number, count);
      for (auto &range : c.ranges) // elements that the result does not have
        if (range.reduced < 0 && isA)
          inside = both(inside, within(range, f.add(part(range, at, loops), part(range, at, roles.batches))));
      fetch.at.push_back(along);
      fetch.offsets.push_back(f.add(offset(at, loops, stride), batchOffsets[!isA]));
      fetch.inside.push_back(inside);
      fetch.indices.push_back(at);
    }
    return fetch;
  }
  /// Terms [k, end) of the tile's rows or columns to shared memory.
  void fetch(Evaluator &ev, bool isA, const Fetch &fetch, Value k, Value end, Value memory) {
    ArrayRef<unsigned> loops = isA ? roles.rows : roles.columns;
    Value operand = isA ? c.a : c.b;
    auto argument = dyn_cast<BlockArgument>(operand);
    for (auto [i, at] : llvm::enumerate(fetch.indices)) {
      Value term = place(fetch, i).second, number = f.add(k, term);
      Indices here(at);
      locate(here, c.reduced, number);
      Value inside = both(fetch.inside[i], lessOrNull(number, end));
      // A product with -0 changes no sum.
      Value zero = s.cst(c.compute, isA ? 0.0 : -0.0), outside = zero;
      if (isA && marks)
        outside = mark();
      for (auto &range : c.ranges) { // b is there for all rows, or for none
        bool hangsOnRows = llvm::any_of(roles.rows, [&](unsigned i) { return range.index.c[i] != 0; });
        if (range.reduced >= 0 && (isA || !hangsOnRows))
          inside = both(inside, within(range, f.add(part(range, here, c.reduced),
                                                    f.add(part(range, here, roles.rows), part(range, here, roles.batches)))));
      }
      auto read = [&]() -> Values {
        Value x;
        if (argument) {
          AffineExpr base = isA ? c.aBase : c.bBase;
          Value o = f.add(f.add(fetch.offsets[i], offset(here, c.reduced, isA ? &Loop::a : &Loop::b)), f.expr(base));
          x = f.load(elementOf(operand), f.gep(elementOf(operand), f.pointer(argument.getArgNumber()), o), 1);
        } else {
          Evaluator inner{f, 1, {}, &ev, true};
          Coords over(llvm::map_range(here, [](Value v) { return Coord{v}; })), from;
          for (AffineExpr e : c.bIndex)
            from.push_back(inner.map(e, over));
          x = inner.eval(operand, from);
        }
        x = toCompute(x);
        if (isA && marks)
          x = s.select(isMark(x), s.cst(c.compute, std::numeric_limits<double>::quiet_NaN()), x);
        return {x};
      };
      Value x = inside ? f.choose(inside, outside, read)[0] : read()[0];
      f.store(c.compute, x, f.gep(c.compute, memory, f.add(f.mul(term, f.c(t.pitch(fetch.extent))), fetch.at[i])));
    }
  }

  //===-- Products -----------------------------------------------------------------------------------------------------===//
  Value threadRow = {}, threadColumn = {}; ///< of the thread among those down and along the tile
  /// A thread's rows of the tile: groups of neighbours, a band apart; so its columns.
  Value position(Value thread, int64_t i, int64_t group, int64_t threads) {
    return f.add(f.mul(thread, f.c(group)), f.c(i / group * group * threads + i % group));
  }
  Values readTerms(Value memory, Value term, int64_t extent, Value thread, int64_t count, int64_t threads) {
    int64_t group = std::min(vectorOf, count);
    Values x;
    for (int64_t i = 0; i < count; i += group) {
      Value o = f.add(f.mul(term, f.c(t.pitch(extent))), position(thread, i, group, threads));
      Value p = f.gep(c.compute, memory, o), v = f.load(c.compute, p, group);
      for (int64_t l = 0; l < group; ++l)
        x.push_back(group == 1 ? v : vector::ExtractOp::create(f.b, v, l).getResult());
    }
    return x;
  }
  Values step(Value a, Value b, Value term, ValueRange acc) {
    Values x = readTerms(a, term, t.rows, threadRow, t.threadRows, t.down());
    Values y = readTerms(b, term, t.columns, threadColumn, t.threadColumns, t.along());
    Values next;
    for (int64_t i = 0; i < t.threadRows; ++i) {
      Value there = marks ? isMark(x[i]) : Value();
      for (int64_t j = 0; j < t.threadColumns; ++j) {
        Value old = acc[i * t.threadColumns + j], sum = s.fma(x[i], y[j], old);
        next.push_back(marks ? s.select(there, old, sum) : sum);
      }
    }
    return next;
  }
  /// The sums of terms [k, end): one panel.
  Values panel(Evaluator &ev, const Fetch &rows, const Fetch &columns, Value k, Value end) {
    Value a = f.shared(0), b = f.shared(t.aElements() * bytes);
    Values zero(t.threadRows * t.threadColumns, s.cst(c.compute, 0.0));
    return loopOver(ev, k, end, f.c(t.depth), zero, [&](Evaluator &inner, Value from, Values acc) {
      f.barrier(); // what was there has been read
      fetch(inner, true, rows, from, end, a);
      fetch(inner, false, columns, from, end, b);
      f.barrier();
      constexpr int64_t unrolled = 4;
      return loopOver(inner, f.c(0), f.c(t.depth), f.c(unrolled), acc, [&](Evaluator &, Value term, Values in) {
        for (int64_t u = 0; u < unrolled; ++u)
          in = step(a, b, f.add(term, f.c(u)), in);
        return in;
      });
    });
  }
  /// Of a chunk: its panels in ascending order, the first as it is.
  Values chunk(Evaluator &ev, const Fetch &rows, const Fetch &columns, const Box &box) {
    SmallVector<int64_t> units = llvm::map_to_vector(c.reduced, [&](unsigned i) { return c.loops[i].whole; });
    Parts parts(f, box, c.recipe.getPanel(), units);
    // Terms are numbered over all reduced loops: a part's are neighbours.
    auto ends = [&](const Box &part) {
      Value first = f.c(0), length = f.c(1);
      for (auto [i, lo, hi] : llvm::zip(c.reduced, part.lo, part.hi)) {
        first = f.add(f.mul(first, f.expr(c.loops[i].extent)), lo);
        length = f.mul(length, f.sub(hi, lo));
      }
      return std::pair(first, f.add(first, length));
    };
    if (getConstantIntValue(parts.number) == 1) {
      auto [first, end] = ends(box);
      return panel(ev, rows, columns, first, end);
    }
    Values zero(t.threadRows * t.threadColumns, s.cst(c.compute, 0.0));
    return loopOver(ev, f.c(0), parts.number, f.c(1), zero, [&](Evaluator &inner, Value i, Values sum) {
      auto [first, end] = ends(parts.at(i));
      Values next = panel(inner, rows, columns, first, end);
      Value one = f.less(i, f.c(1));
      for (auto [n, old] : llvm::zip_equal(next, sum))
        n = s.select(one, n, s.add(old, n));
      return next;
    });
  }

  //===-- What follows -------------------------------------------------------------------------------------------------===//
  /// Results at indices of the parallel loops, where `sum` is.
  void finishAt(Evaluator &ev, ArrayRef<Coord> at, Value sum) {
    ev.know(c.y, at, finish(f, sum, elementOf(c.y)));
    Values x;
    for (Value v : terminator->getOperands())
      x.push_back(ev.eval(v, at));
    for (auto [r, v] : llvm::enumerate(x))
      ev.store(f.kernel.arguments() + r, terminator->getOperand(r), at, v);
  }
  void tiles() {
    AffineExpr across = tilesOf(countOf(c, roles.columns), t.columns), down = tilesOf(countOf(c, roles.rows), t.rows);
    auto split = [&](Value number, AffineExpr by) {
      Value n = f.expr(by), rest = f.quotient(number, n);
      return std::pair(rest, f.sub(number, f.mul(rest, n)));
    };
    auto [restRows, tileColumn] = split(f.block, across);
    auto [restBatch, tileRow] = split(restRows, down);
    auto [chunkNumber, batchNumber] = split(restBatch, countOf(c, roles.batches));
    batch = none();
    locate(batch, roles.batches, batchNumber);
    batchOffsets[0] = offset(batch, roles.batches, &Loop::a), batchOffsets[1] = offset(batch, roles.batches, &Loop::b);
    threadRow = f.floorDiv(f.thread, t.along()), threadColumn = f.rem(f.thread, t.along());
    Value firstRow = f.mul(tileRow, f.c(t.rows)), firstColumn = f.mul(tileColumn, f.c(t.columns));
    Value rowCount = f.expr(countOf(c, roles.rows)), columnCount = f.expr(countOf(c, roles.columns));
    Fetch rows = prepare(true, firstRow, rowCount), columns = prepare(false, firstColumn, columnCount);
    Box all;
    SmallVector<int64_t> units;
    for (unsigned i : c.reduced) {
      all.lo.push_back(f.c(0)), all.hi.push_back(f.expr(c.loops[i].extent));
      units.push_back(c.loops[i].whole);
    }
    Evaluator ev{f, 1};
    Values acc = chunk(ev, rows, columns, c.chunks ? Parts(f, all, c.recipe.getChunk(), units).at(chunkNumber) : all);

    // The tile's sums band by band through shared memory, then elements by neighbouring threads.
    Value memory = f.shared(0);
    for (int64_t band = 0; band < t.threadRows; band += t.group()) {
      f.barrier();
      for (int64_t i = 0; i < t.group(); ++i)
        for (int64_t j = 0; j < t.threadColumns; ++j) {
          Value row = f.add(f.mul(threadRow, f.c(t.group())), f.c(i));
          Value column = position(threadColumn, j, std::min(vectorOf, t.threadColumns), t.along());
          f.store(c.compute, acc[(band + i) * t.threadColumns + j], f.gep(c.compute, memory, f.add(f.mul(row, f.c(t.columns)), column)));
        }
      f.barrier();
      loopOver(ev, f.thread, f.c(t.band() * t.columns), f.c(threadsOfBlock), {}, [&](Evaluator &inner, Value e, Values) {
        Value row = f.add(firstRow, f.add(f.floorDiv(e, t.columns), f.c(band * t.down()))),
              column = f.add(firstColumn, f.rem(e, t.columns));
        Value there = both(lessOrNull(row, rowCount), lessOrNull(column, columnCount));
        Indices at(batch);
        locate(at, roles.rows, row), locate(at, roles.columns, column);
        for (auto &range : c.ranges)
          if (range.reduced < 0) {
            SmallVector<unsigned> loops(roles.rows);
            llvm::append_range(loops, roles.columns);
            llvm::append_range(loops, roles.batches);
            there = both(there, within(range, part(range, at, loops)));
          }
        auto put = [&] {
          Value sum = f.load(c.compute, f.gep(c.compute, memory, e), 1);
          SmallVector<unsigned> loops(roles.rows);
          llvm::append_range(loops, roles.columns);
          llvm::append_range(loops, roles.batches);
          if (c.chunks) {
            Value elements = f.expr(dl::product(dl::getExtents(c.y), f.b.getContext()));
            Value o = f.add(f.mul(chunkNumber, elements), offset(at, loops, &Loop::y));
            f.store(c.compute, sum, f.gep(c.compute, f.pointer(f.kernel.temp(0)), o));
            return;
          }
          Evaluator last{f, 1, {}, &inner, true};
          Coords over(llvm::map_range(at, [](Value v) { return Coord{v}; })), result;
          for (AffineExpr x : c.coords)
            result.push_back(last.map(x, over));
          finishAt(last, result, sum);
        };
        if (there)
          f.when(there, put);
        else
          put();
        return Values();
      });
    }
  }
  void combine() {
    AffineExpr count = dl::product(dl::getExtents(c.y), f.b.getContext());
    Value i = f.number(f.block, count), n = f.expr(count);
    f.when(f.less(i, n), [&] {
      Evaluator ev{f, 1};
      Values sum = fixedTree(
          ev, f.expr(chunksOf(c)), s.cst(c.compute, 0.0), [&](ValueRange x, ValueRange y) { return Values{s.add(x[0], y[0])}; },
          [&](Evaluator &, Value chunk) {
            return Values{f.load(c.compute, f.gep(c.compute, f.pointer(f.kernel.temp(0)), f.add(f.mul(chunk, n), i)), 1)};
          });
      finishAt(ev, ev.unflatten(c.y, Coord{i}), sum[0]);
    });
  }
};
} // namespace

void emitContraction(Kernel &kernel) {
  std::string reason;
  auto c = *analyseContraction(kernel.fn, reason);
  {
    Frame f(kernel, 0);
    ContractionEmitter{f, c}.tiles();
  }
  if (!c.chunks)
    return;
  Frame f(kernel, 1);
  ContractionEmitter{f, c}.combine();
}
} // namespace dlc::codegen::nvptx
