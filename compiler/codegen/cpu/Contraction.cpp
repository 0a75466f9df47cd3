// The launches of a contraction around its micro-kernels: tiles over the grid, with rows cut where padding begins; packing;
// and the sum of chunks.
#include "compiler/codegen/cpu/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
namespace dlc::codegen::cpu {
using dl::getConstant;

ContractionEmitter::ContractionEmitter(Kernel &kernel, Contraction contraction) : kernel(kernel), c(std::move(contraction)) {
  auto tile = kernel.plan.getTile();
  rows = tile[0], vectors = tile[1], lanes = tile[2];
  after = afterTile(kernel.fn, c);
  unsigned temps = kernel.arguments() + kernel.results();
  for (auto [i, launch] : llvm::enumerate(kernel.plan.getLaunches())) {
    if (launch.getName() == "pack")
      packed = temps++;
    else if (launch.getName() == "combine")
      sums = temps++;
    else
      tileLaunch = i;
  }
}

static Value divide(Frame &f, Value x, Value by) {
  return f.expr(getAffineDimExpr(0, f.b.getContext()).floorDiv(getAffineDimExpr(1, f.b.getContext())), {x, by});
}

namespace {
/// [lo, hi) of a loop.
struct Span {
  Value lo, hi;
};

struct Tiles {
  ContractionEmitter &e;
  Frame &f;
  const Contraction &c = e.c;
  using Box = SmallVector<Span>; ///< a span of each reduced loop
  Box terms = {};                ///< what is summed now
  Span rows = {}, plane = {};    ///< of the area
  ContractionEmitter::Call call = {};
  Value isFull = {}; ///< where panels go by one loop: this one has all its columns, else as many as `tail`
  ContractionEmitter::Columns tail = {};

  /// fn for the present panel's shape.
  void eachShape(ContractionEmitter::Columns columns, function_ref<void(ContractionEmitter::Columns)> fn) {
    if (!isFull)
      return fn(columns);
    auto branch = scf::IfOp::create(f.b, isFull, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(f.b);
    f.b.setInsertionPointToStart(branch.thenBlock());
    fn(columns);
    f.b.setInsertionPointToStart(branch.elseBlock());
    fn(tail);
  }

  /// The part of a range that does not come from loop `without`.
  Value base(const Contraction::Range &range, unsigned without) {
    Value sum = f.expr(range.index.base);
    for (auto [i, p] : llvm::enumerate(range.index.c))
      if (p && i != without)
        sum = f.add(sum, f.mul(call.index[i], f.c(p)));
    return sum;
  }
  Value atLeast0(Value x) { return f.max(x, f.c(0)); }
  /// x >= 0 rounded up to whole steps of p.
  Value steps(Value x, int64_t p) { return f.ceilDiv(atLeast0(x), p); }

  /// The indices of a reduced loop that have terms, at the present indices; the range numbered `skip` is known to hold.
  Span reduced(unsigned loop, int skip) {
    const auto &l = c.loops[loop];
    Span span = terms[llvm::find(c.reduced, loop) - c.reduced.begin()];
    for (auto [i, range] : llvm::enumerate(c.ranges)) {
      if (range.reduced != (int)loop || (int)i == skip)
        continue;
      int64_t p = range.index.c[loop];
      Value from = base(range, loop), extent = f.expr(range.extent), lo, hi;
      if (p == 0) {
        Value holds = arith::AndIOp::create(f.b, f.less(f.c(-1), from), f.less(from, extent));
        span.hi = arith::SelectOp::create(f.b, holds, span.hi, span.lo);
        continue;
      }
      if (p > 0)
        lo = steps(f.sub(f.c(0), from), p), hi = steps(f.sub(extent, from), p);
      else
        lo = steps(f.add(f.sub(from, extent), f.c(1)), -p), hi = steps(f.add(from, f.c(1)), -p);
      span = {f.max(span.lo, f.mul(lo, f.c(l.unit))), f.min(span.hi, f.mul(hi, f.c(l.unit)))};
    }
    return {span.lo, f.max(span.lo, span.hi)};
  }
  /// The indices of `loop` in `span` at which a range holds for every index of its reduced loop (if it has one).
  Span inside(const Contraction::Range &range, unsigned loop, Span span) {
    Value from = base(range, loop), extent = f.expr(range.extent);
    if (range.reduced >= 0) {
      const auto &l = c.loops[range.reduced];
      int64_t p = range.index.c[range.reduced];
      Value most = f.mul(f.c(p), f.sub(l.unit == 1 ? f.expr(l.extent) : f.floorDiv(f.expr(l.extent), l.unit), f.c(1)));
      (p > 0 ? extent : from) = p > 0 ? f.sub(extent, most) : f.add(from, most);
      if (p < 0)
        extent = f.add(extent, most);
    }
    int64_t p = range.index.c[loop];
    return {f.max(span.lo, steps(f.sub(f.c(0), from), p)), f.min(span.hi, steps(f.sub(extent, from), p))};
  }
  /// What lies of a loop's span in the result: ranges without a reduced loop (the ends of a stride's phases).
  Span exists(unsigned loop, Span span) {
    for (auto &range : c.ranges)
      if (range.reduced < 0 && range.index.c[loop])
        span = inside(range, loop, span);
    return span;
  }

  /// Calls the tile at the present indices.
  void emitTile(unsigned rowLoop, int64_t rows, ContractionEmitter::Columns columns, int skip) {
    inPanels([&] {
      prepare(skip);
      eachShape(columns, [&](auto shape) { e.callTile(f, rowLoop, rows, shape, call); });
    });
  }
  void inPanels(function_ref<void()> body) {
    if (c.panels && e.panelsInside())
      eachPanel(body);
    else
      body();
  }
  /// Where the operands lie at the present indices.
  void prepare(int skip) {
    Value a = f.expr(c.aBase), b = e.packed >= 0 ? f.c(0) : f.expr(c.bBase);
    for (unsigned i = 0; i < c.loops.size(); ++i) {
      if (c.loops[i].reduced || c.loops[i].isOne())
        continue;
      a = f.add(a, f.mul(call.index[i], f.expr(c.loops[i].a)));
      if (i != c.vector || e.packed < 0)
        b = f.add(b, f.mul(call.index[i], f.expr(e.bStride(i))));
    }
    if (e.packed >= 0)
      b = f.add(b, f.mul(f.floorDiv(call.index[c.vector], e.panel()), f.expr(e.panelStride())));
    call.counts.clear();
    for (unsigned loop : c.reduced) {
      Span span = reduced(loop, skip);
      a = f.add(a, f.mul(span.lo, f.expr(c.loops[loop].a)));
      b = f.add(b, f.mul(span.lo, f.expr(e.bStride(loop))));
      call.counts.push_back(f.sub(span.hi, span.lo));
    }
    Type aElement = cast<RankedTensorType>(c.a.getType()).getElementType();
    unsigned bNumber = e.packed >= 0 ? e.packed : cast<BlockArgument>(c.b).getArgNumber();
    call.a = f.gep(aElement, f.pointer(cast<BlockArgument>(c.a).getArgNumber()), a);
    call.b = f.gep(e.bElement(), f.pointer(bNumber), b);
    if (int64_t every = e.aheadSteps()) { // each tile of the block's rows its part
      Value terms = f.c(1), tile = c.hasRow() ? f.sub(call.index[c.row], this->rows.lo) : f.c(0);
      for (Value n : call.counts)
        terms = f.mul(terms, n);
      if (c.plane >= 0)
        tile = f.add(tile, f.mul(f.sub(call.index[c.plane], plane.lo), f.c(e.areaRows())));
      call.aheadTile = f.mul(f.floorDiv(terms, every), f.c(64 / storageBytes(c.compute)));
      Value part = f.mul(f.floorDiv(tile, e.rows), call.aheadTile);
      call.ahead = f.gep(c.compute, call.b, f.add(f.mul(terms, f.c(e.panel())), part));
    }
    if (e.hasArea())
      call.area = area();
  }
  /// Tiles along `loop` over a span, of the given numbers of rows, each as often as it fits; a span of known length needs no
  /// others than its own.
  void along(unsigned loop, Span span, ArrayRef<int64_t> chain, ContractionEmitter::Columns columns, int skip) {
    Value from = span.lo;
    auto known = getConstantIntValue(atLeast0(f.sub(span.hi, span.lo)));
    SmallVector<int64_t> exact = known ? sizes(*known, e.rows) : SmallVector<int64_t>(chain);
    for (ArrayRef<int64_t> rest = exact; !rest.empty(); rest = rest.drop_front()) {
      int64_t rows = rest.front();
      Value left = atLeast0(f.sub(span.hi, from));
      // One call does all that is left, but for tiles with an epilogue of their own, and those that go through all panels each.
      bool each = rows == 1 || e.ownTile(rows, columns) || (c.panels && e.panelsInside() && rows == e.rows);
      if (!each) {
        call.index[loop] = from;
        inPanels([&] {
          prepare(skip);
          eachShape(columns, [&](auto shape) { e.callStrip(f, loop, rest, left, shape, call); });
        });
        break;
      }
      Value end = f.add(from, f.mul(f.floorDiv(left, rows), f.c(rows)));
      f.loop(from, end, f.c(rows), {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) {
        call.index[loop] = i;
        emitTile(loop, rows, columns, skip);
      });
      from = end;
    }
    call.index[loop] = f.c(0);
  }
  /// Single indices of `span` outside `inner`.
  void around(unsigned loop, Span span, Span inner, function_ref<void()> body) {
    Value lo = f.min(f.max(inner.lo, span.lo), span.hi), hi = f.max(lo, f.min(inner.hi, span.hi));
    Value before = f.sub(lo, span.lo), count = f.add(before, f.sub(span.hi, hi));
    f.loop(f.c(0), count, [&](Value i) {
      Value after = f.add(f.sub(i, before), hi);
      call.index[loop] = arith::SelectOp::create(f.b, f.less(i, before), f.add(span.lo, i), after);
      body();
    });
    call.index[loop] = f.c(0);
  }
  /// Numbers of rows that cover any run that may come: `extent` rows in blocks, or what a run time range leaves.
  SmallVector<int64_t> sizes(int64_t extent, int64_t most) {
    if (extent >= 0) {
      SmallVector<int64_t> exact;
      if (extent >= most)
        exact.push_back(most);
      if (extent % most)
        exact.push_back(extent % most);
      return exact;
    }
    SmallVector<int64_t> chain{most};
    for (int64_t s = llvm::PowerOf2Ceil(most) / 2; s > 1; s /= 2)
      if (s < most)
        chain.push_back(s);
    if (most > 1)
      chain.push_back(1);
    return chain;
  }

  /// Where the present row lies in the area.
  Value area() {
    Value row = c.hasRow() ? f.sub(call.index[c.row], rows.lo) : f.c(0);
    if (c.plane >= 0)
      row = f.add(row, f.mul(f.sub(call.index[c.plane], plane.lo), f.c(e.areaRows())));
    return f.gep(c.compute, f.scratch, f.mul(row, f.c(e.panel())));
  }
  /// Parts of a box, as the recipe cuts it.
  Parts partsOf(const Box &box, int64_t most) {
    codegen::Box whole;
    SmallVector<int64_t> units;
    for (auto [loop, span] : llvm::zip(c.reduced, box)) {
      whole.lo.push_back(span.lo), whole.hi.push_back(span.hi);
      units.push_back(c.loops[loop].whole);
    }
    return Parts(f, std::move(whole), most, units);
  }
  /// All terms of the box, added up in the area panel by panel.
  void panels(const Box &box, ContractionEmitter::Columns columns) {
    terms = box;
    if (e.panelsInside())
      panel(columns);
    else
      eachPanel([&] { panel(columns); });
  }
  /// The panels of `terms` in turn.
  void eachPanel(function_ref<void()> body) {
    Box box = terms;
    SmallVector<Value> steps = partsOf(box, c.recipe.getPanel()).steps;
    Value yes = dl::Scalars{f.b, f.b.getLoc()}.icst(f.b.getI1Type(), 1), no = dl::Scalars{f.b, f.b.getLoc()}.icst(f.b.getI1Type(), 0);
    call.first = yes, call.last = e.epilogueOfArea() ? no : yes;
    auto both = [&](Value x, Value y) { return x == yes ? y : x == no ? x : arith::AndIOp::create(f.b, x, y).getResult(); };
    std::function<void(unsigned)> from = [&](unsigned d) {
      if (d == box.size())
        return body();
      auto [lo, hi] = box[d];
      auto [first, last] = std::pair(call.first, call.last);
      auto length = getConstantIntValue(f.sub(hi, lo)), step = getConstantIntValue(steps[d]);
      if (length && step && *length <= *step)
        return from(d + 1);
      // Without a term there is one panel all the same: of nothing.
      f.loop(lo, f.max(hi, f.add(lo, f.c(1))), steps[d], {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) {
        terms[d] = {i, f.min(hi, f.add(i, steps[d]))};
        call.first = both(first, f.less(i, f.add(lo, f.c(1))));
        call.last = both(last, f.less(hi, f.add(f.add(i, steps[d]), f.c(1))));
        from(d + 1);
      });
      terms[d] = {lo, hi};
      call.first = first, call.last = last;
    };
    from(0);
  }
  /// Sums of chunks one after the other in the area, combined by the fixed tree: copies of the area behind it hold the sums of
  /// 1, 2, 4, ... chunks that wait for their partner.
  void chunks(ContractionEmitter::Columns columns) {
    Box all = terms;
    Parts parts = partsOf(all, c.recipe.getChunk());
    Value number = f.max(parts.number, f.c(1)); // no term: a chunk of nothing
    auto onArea = [&](Value level, bool add, bool back) {
      Value stack = f.gep(c.compute, f.scratch, f.mul(f.add(level, f.c(1)), f.c(e.area())));
      f.loop(f.c(0), f.c(e.area()), f.c(e.lanes), {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) {
        Value here = f.gep(c.compute, f.scratch, i), there = f.gep(c.compute, stack, i);
        Value x = f.load(c.compute, back ? there : here, e.lanes);
        if (add)
          x = dl::Scalars{f.b, f.b.getLoc()}.add(f.load(c.compute, there, e.lanes), x);
        f.store(c.compute, x, add || back ? here : there);
      });
    };
    f.loop(f.c(0), number, [&](Value i) {
      codegen::Box part = parts.at(i);
      Box box;
      for (auto [lo, hi] : llvm::zip(part.lo, part.hi))
        box.push_back({lo, hi});
      panels(box, columns);
      Value ones = math::CountTrailingZerosOp::create(f.b, arith::XOrIOp::create(f.b, i, f.c(-1)));
      f.loop(f.c(0), ones, [&](Value level) { onArea(level, true, false); });
      onArea(ones, false, false);
    });
    Value low = math::CountTrailingZerosOp::create(f.b, number);
    onArea(low, false, true);
    f.loop(f.add(low, f.c(1)), f.c(e.levels()), [&](Value level) {
      Value bit = arith::AndIOp::create(f.b, arith::ShRUIOp::create(f.b, number, level), f.c(1));
      f.loop(f.c(0), bit, [&](Value) { onArea(level, true, false); });
    });
    terms = all;
  }
  /// All terms of all tiles of one panel, and what follows them.
  void sum(ContractionEmitter::Columns columns) {
    if (c.chunks && e.sums < 0)
      chunks(columns);
    else if (c.panels)
      panels(terms, columns);
    else
      panel(columns);
    if (!e.epilogueOfArea())
      return;
    call.a = call.b = call.ahead = call.aheadTile = call.first = call.last = {}; // of the last tile, which stands in loops that ended
    call.counts.clear();
    Value count = c.hasRow() || mayLack() ? atLeast0(f.sub(rows.hi, rows.lo)) : f.c(1);
    auto row = [&] {
      if (c.hasRow())
        call.index[c.row] = rows.lo;
      Value from = area();
      eachShape(columns, [&](auto shape) { e.callEpilogue(f, c.row, shape, call, from, count); });
      if (c.hasRow())
        call.index[c.row] = f.c(0);
    };
    if (c.plane < 0)
      return row();
    f.loop(plane.lo, plane.hi, [&](Value i) {
      call.index[c.plane] = i;
      row();
    });
    call.index[c.plane] = f.c(0);
  }

  /// Without a row loop: `rows` is one row, or none where the element is no element of the result.
  bool mayLack() const {
    return llvm::any_of(c.ranges, [](auto &r) { return r.reduced < 0; });
  }
  /// All tiles of one panel of columns within the area's rows.
  void panel(ContractionEmitter::Columns columns) {
    if (!c.hasRow()) {
      if (!mayLack())
        return emitTile(c.vector, 1, columns, -1);
      f.loop(rows.lo, rows.hi, [&](Value) { emitTile(c.vector, 1, columns, -1); }); // once, or there is no such element
      return;
    }
    bool clipped = c.rowRange >= 0 || llvm::any_of(c.ranges, [&](auto &r) { return r.reduced < 0 && r.index.c[c.row]; });
    auto rowSizes = sizes(clipped ? -1 : getConstant(c.loops[c.row].extent), e.rows);
    if (c.rowRange < 0) {
      along(c.row, rows, rowSizes, columns, -1);
      return;
    }
    const auto &rowRange = c.ranges[c.rowRange];
    Span inner = inside(rowRange, c.row, rows);
    auto middle = [&] { along(c.row, inner, rowSizes, columns, c.rowRange); };
    if (c.plane < 0) {
      middle();
      around(c.row, rows, inner, [&] { emitTile(c.row, 1, columns, -1); });
      return;
    }
    f.loop(plane.lo, plane.hi, [&](Value i) {
      call.index[c.plane] = i;
      middle();
    });
    call.index[c.plane] = f.c(0);
    around(c.row, rows, inner, [&] {
      Span uniform = c.planeRange >= 0 ? inside(c.ranges[c.planeRange], c.plane, plane) : plane;
      along(c.plane, uniform, sizes(-1, e.rows), columns, c.planeRange);
      if (c.planeRange >= 0)
        around(c.plane, plane, uniform, [&] { emitTile(c.row, 1, columns, -1); });
    });
  }
};
} // namespace

void ContractionEmitter::emitTiles() {
  Frame f(kernel, tileLaunch);
  MLIRContext *context = f.b.getContext();
  auto block = kernel.plan.getBlock();
  auto constant = [&](int64_t n) { return getAffineConstantExpr(n, context); };
  AffineExpr outerCount = constant(1), columnCount = c.loops[c.vector].extent;
  for (unsigned i : c.outer)
    outerCount = outerCount * c.loops[i].extent;
  Value columns = f.expr(columnCount);
  auto blocksOf = [&](AffineExpr extent, int64_t size) { return f.expr(extent.ceilDiv(size)); };
  AffineExpr rowExtent = c.hasRow() ? c.loops[c.row].extent : constant(1),
             planeExtent = c.plane >= 0 ? c.loops[c.plane].extent : constant(1);
  Value panelBlocks = f.expr(columnCount.ceilDiv(panel()).ceilDiv(block[3])), rowBlocks = blocksOf(rowExtent, block[2]);
  Value planeBlocks = blocksOf(planeExtent, block[1]), outerBlocks = blocksOf(outerCount, block[0]);

  f.loop(f.begin, f.end, [&](Value number) {
    Tiles tiles{*this, f};
    tiles.call.index.assign(c.loops.size(), f.c(0));
    auto take = [&](Value count) { // number = number / count, returns the rest
      Value quotient = divide(f, number, count), rest = f.sub(number, f.mul(quotient, count));
      number = quotient;
      return rest;
    };
    auto span = [&](Value blockNumber, int64_t size, AffineExpr extent) {
      Value lo = f.mul(blockNumber, f.c(size));
      return Span{lo, f.min(f.add(lo, f.c(size)), f.expr(extent))};
    };
    Span panelSpan = span(take(panelBlocks), block[3], columnCount.ceilDiv(panel()));
    Span rowSpan = span(take(rowBlocks), block[2], rowExtent), planeSpan = span(take(planeBlocks), block[1], planeExtent);
    Span outerSpan = span(take(outerBlocks), block[0], outerCount);
    for (unsigned loop : c.reduced)
      tiles.terms.push_back({f.c(0), f.expr(c.loops[loop].extent)});
    if (sums >= 0) {
      Value elements = f.expr(dl::product(dl::getExtents(c.y), context));
      tiles.call.chunkSums = f.gep(c.compute, f.pointer(sums), f.mul(number, elements));
      auto steps = c.chunkSteps();
      for (size_t i = c.reduced.size(); i-- > 0;)
        tiles.terms[i] = span(i ? take(f.expr(c.chunkCount(i))) : number, steps[i], c.loops[c.reduced[i]].extent);
    }
    f.loop(outerSpan.lo, outerSpan.hi, [&](Value o) {
      number = o;
      for (unsigned i : llvm::reverse(c.outer))
        tiles.call.index[i] = i == c.outer.front() ? number : take(f.expr(c.loops[i].extent));
      Span rows = rowSpan, plane = planeSpan;
      if (c.hasRow())
        rows = tiles.exists(c.row, rows);
      if (c.plane >= 0)
        plane = tiles.exists(c.plane, plane);
      // Ends of phases along outer loops: no such index, no rows.
      for (auto &range : c.ranges) {
        bool other = range.reduced < 0 && (!c.hasRow() || !range.index.c[c.row]) && (c.plane < 0 || !range.index.c[c.plane]);
        if (!other)
          continue;
        Value at = tiles.base(range, ~0u);
        Value holds = arith::AndIOp::create(f.b, f.less(f.c(-1), at), f.less(at, f.expr(range.extent)));
        rows.hi = arith::SelectOp::create(f.b, holds, rows.hi, rows.lo);
      }
      tiles.rows = rows, tiles.plane = plane;
      int64_t n = getConstant(columnCount);
      auto panelAt = [&](Value p, Columns shape) {
        tiles.call.index[c.vector] = f.mul(p, f.c(panel()));
        tiles.call.columns = f.sub(columns, tiles.call.index[c.vector]);
        tiles.sum(shape);
      };
      Value full = f.expr(columnCount.floorDiv(panel()));
      bool hasFull = n < 0 || n >= panel();
      int64_t rest = n < 0 ? -1 : n % panel();
      Columns whole{vectors, lanes};
      Columns tail{n < 0 ? vectors : (int64_t)llvm::divideCeil(rest, lanes), n < 0 ? 0 : (rest - 1) % lanes + 1};
      if (hasFull && rest && after != After::mostly) { // the same calls for either
        tiles.tail = tail;
        f.loop(panelSpan.lo, panelSpan.hi, [&](Value p) {
          tiles.isFull = f.less(p, full);
          panelAt(p, whole);
        });
        return;
      }
      if (hasFull)
        f.loop(panelSpan.lo, f.min(panelSpan.hi, full), [&](Value p) { panelAt(p, whole); });
      if (rest)
        f.loop(f.max(full, panelSpan.lo), panelSpan.hi, [&](Value p) { panelAt(p, tail); });
    });
  });
}

/// Sums of chunks by the fixed tree, in place, then the epilogue; a block is a run of whole rows of the result.
void ContractionEmitter::emitCombine(unsigned launch) {
  Frame f(kernel, launch);
  MLIRContext *context = f.b.getContext();
  auto extents = dl::getExtents(c.y);
  int64_t width = 1, all = getConstant(dl::product(extents, context));
  for (AffineExpr e : llvm::reverse(extents)) // the vector loop's dimension: the last one that is not of extent 1
    if (width == 1)
      width = getConstant(e);
  Value elements = f.c(all), chunks = f.c(1), memory = f.pointer(sums);
  for (unsigned i = 0; i < c.reduced.size(); ++i)
    chunks = f.mul(chunks, f.expr(c.chunkCount(i)));
  Value levels = f.sub(f.c(64), LLVM::CountLeadingZerosOp::create(f.b, f.b.getI64Type(), f.max(f.sub(chunks, f.c(1)), f.c(0)), false));
  dl::Scalars s{f.b, f.b.getLoc()};
  Value some = f.min(chunks, f.c(1)); // no chunk: the sum is zero
  f.loop(f.begin, f.end, [&](Value block) {
    Value lo = f.mul(block, f.c(combineElements)), hi = f.min(f.add(lo, f.c(combineElements)), elements);
    f.loop(f.c(0), levels, [&](Value level) {
      Value w = s.shl(f.c(1), level);
      f.loop(f.c(0), f.sub(chunks, w), s.shl(w, f.c(1)), {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) {
        Value x = f.gep(c.compute, memory, f.mul(i, elements)), y = f.gep(c.compute, memory, f.mul(f.add(i, w), elements));
        auto sum = [&](Value from, Value to, unsigned by) {
          f.loop(from, to, f.c(by), {}, [&](Value at, ValueRange, SmallVectorImpl<Value> &) {
            Value p = f.gep(c.compute, x, at);
            f.store(c.compute, s.add(f.load(c.compute, p, by), f.load(c.compute, f.gep(c.compute, y, at), by)), p);
          });
        };
        Value whole = f.add(lo, f.mul(f.floorDiv(f.sub(hi, lo), lanes), f.c(lanes)));
        sum(lo, whole, lanes);
        sum(whole, hi, 1);
      });
    });
    // Vectors do not cross rows: of the elements from lo, the first and the last row may be cut.
    Value firstRow = f.floorDiv(lo, width), lastRow = f.ceilDiv(hi, width);
    f.loop(firstRow, lastRow, [&](Value row) {
      Value start = f.mul(row, f.c(width));
      Value from = f.max(f.sub(lo, start), f.c(0)), to = f.min(f.sub(hi, start), f.c(width));
      SmallVector<Value> at(extents.size(), f.c(0));
      Value rest = row;
      bool inner = true;
      size_t vectorDim = 0;
      for (size_t i = extents.size(); i-- > 0;) {
        int64_t n = getConstant(extents[i]);
        if (inner) {
          if (n != 1 || i == 0)
            vectorDim = i, inner = false;
          continue;
        }
        at[i] = f.rem(rest, n);
        rest = f.floorDiv(rest, n);
      }
      f.loop(from, to, f.c(lanes), {}, [&](Value column, ValueRange, SmallVectorImpl<Value> &) {
        Evaluator ev{f, (unsigned)lanes, f.prefixMask(f.sub(to, column), lanes)};
        Coords coords;
        for (auto [i, x] : llvm::enumerate(at))
          coords.push_back(i == vectorDim ? Coord{column, true} : Coord{x});
        Value x =
            f.load(c.compute, f.gep(c.compute, memory, f.add(start, column)), lanes, f.prefixMask(f.mul(f.sub(to, column), some), lanes));
        ev.know(c.y, coords, finish(f, x, cast<RankedTensorType>(c.y.getType()).getElementType()));
        SmallVector<Value> values;
        for (Value result : kernel.terminator()->getOperands())
          values.push_back(ev.eval(result, coords));
        for (auto [i, value] : llvm::enumerate(values))
          ev.store(kernel.arguments() + i, kernel.terminator()->getOperand(i), coords, value);
      });
    });
  });
}

void ContractionEmitter::emit() {
  for (auto [i, launch] : llvm::enumerate(kernel.plan.getLaunches())) {
    if (launch.getName() == "pack")
      emitPack(i);
    else if (launch.getName() == "combine")
      emitCombine(i);
    else
      emitTiles();
  }
}
void emitContraction(Kernel &kernel) {
  std::string reason;
  auto c = analyseContraction(kernel.fn, reason);
  assert(c && "planned as a contraction");
  ContractionEmitter(kernel, std::move(*c)).emit();
}
} // namespace dlc::codegen::cpu
