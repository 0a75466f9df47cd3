// The micro-kernel: rows x vectors of accumulators over the reduced loops, as an internal function for each shape of tile
// that a launch uses; then the kernel's epilogue on the accumulators, in registers or through a tile in scratch.
#include "compiler/codegen/cpu/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace dlc::codegen::cpu {

Type ContractionEmitter::bElement() const { return packed >= 0 ? c.compute : cast<RankedTensorType>(c.b.getType()).getElementType(); }
AffineExpr ContractionEmitter::bStride(unsigned loop) const {
  if (packed < 0)
    return c.loops[loop].b;
  AffineExpr stride = getAffineConstantExpr(panel(), c.op->getContext());
  for (unsigned i : llvm::reverse(c.packed)) {
    if (i == loop)
      return c.loops[i].reduced ? stride : stride * c.loops[c.vector].extent.ceilDiv(panel());
    stride = stride * c.loops[i].extent;
  }
  return getAffineConstantExpr(0, c.op->getContext());
}
AffineExpr ContractionEmitter::panelStride() const {
  AffineExpr stride = getAffineConstantExpr(panel(), c.op->getContext());
  for (unsigned i : c.reduced)
    stride = stride * c.loops[i].extent;
  return stride;
}

int64_t ContractionEmitter::aheadSteps() const {
  if (packed < 0 || c.reduced.empty() || lanes * storageBytes(c.compute) != 64 || rows * vectors > 28) // more would spill, unrolled
    return 0;
  auto block = kernel.plan.getBlock();
  int64_t tiles = llvm::divideCeil(block[2], rows) * block[1];
  if (c.packedBytes() <= secondLevelBytes || dl::getConstant(c.loops[c.reduced.back()].extent) < 32 || tiles < vectors)
    return 0;
  return std::min<int64_t>(4, llvm::bit_floor(uint64_t(tiles / vectors)));
}

//===-- Arguments of internal functions ---------------------------------------------------------------------------===//
// scalars, pointers of the launch's values, a, b, sums of the chunk, the line ahead (if any), columns left, counts, indices

bool ContractionEmitter::isCounted(unsigned loop) const {
  if (llvm::any_of(c.ranges, [&](auto &r) { return r.reduced == (int)loop; }))
    return true;
  // The last loops are whole in every panel. What is known to run at least once has its masks made before it, not inside.
  int64_t run = 1;
  for (unsigned inner : llvm::reverse(c.reduced)) {
    int64_t n = dl::getConstant(c.loops[inner].extent);
    if (!c.panels || n < 0 || n * run > c.recipe.getPanel())
      break;
    run *= n;
    if (inner == loop)
      return false;
  }
  return c.panels;
}
SmallVector<int64_t> ContractionEmitter::epilogueValues() const {
  SmallVector<int64_t> numbers;
  if (sums >= 0)
    return numbers;
  auto launch = kernel.plan.getLaunches()[tileLaunch];
  llvm::append_range(numbers, launch.getReads());
  llvm::append_range(numbers, launch.getWrites());
  return numbers;
}
SmallVector<Type> ContractionEmitter::argumentTypes() const {
  Type p = LLVM::LLVMPointerType::get(c.op->getContext()), i = IntegerType::get(c.op->getContext(), 64);
  SmallVector<Type> types(4 + epilogueValues().size() + (aheadSteps() > 0), p);
  types.push_back(i);
  for (unsigned loop : c.reduced)
    if (isCounted(loop))
      types.push_back(i);
  for (auto &loop : c.loops)
    if (!loop.reduced && !loop.isOne())
      types.push_back(i);
  return types;
}
ContractionEmitter::Call ContractionEmitter::enter(Frame &f) const {
  Call call;
  unsigned at = 0;
  auto next = [&] { return f.fn.getArgument(at++); };
  f.scalars = next();
  for (int64_t number : epilogueValues())
    f.setPointer(number, next());
  call.a = next(), call.b = next(), call.chunkSums = next();
  call.ahead = aheadSteps() ? Value(next()) : Value();
  call.columns = next();
  for (unsigned loop : c.reduced)
    call.counts.push_back(isCounted(loop) ? Value(next()) : f.expr(c.loops[loop].extent));
  for (auto &loop : c.loops)
    call.index.push_back(!loop.reduced && !loop.isOne() ? Value(next()) : f.c(0));
  return call;
}
SmallVector<Value> ContractionEmitter::arguments(Frame &f, const Call &call) const {
  SmallVector<Value> v{f.scalars};
  for (int64_t number : epilogueValues())
    v.push_back(f.pointer(number));
  Value unused = f.scratch;
  v.append({call.a ? call.a : unused, call.b ? call.b : unused, call.chunkSums ? call.chunkSums : unused});
  if (aheadSteps())
    v.push_back(call.ahead ? call.ahead : unused);
  v.push_back(call.columns ? call.columns : f.c(0));
  for (auto [i, loop] : llvm::enumerate(c.reduced))
    if (isCounted(loop))
      v.push_back(call.counts.empty() ? f.c(0) : call.counts[i]);
  for (auto [loop, index] : llvm::zip(c.loops, call.index))
    if (!loop.reduced && !loop.isOne())
      v.push_back(index);
  return v;
}
void ContractionEmitter::callTile(Frame &f, unsigned rowLoop, int64_t rows, Columns columns, const Call &call) {
  SmallVector<Value> v = arguments(f, call);
  if (c.panels) {
    v.append({call.area, call.first, call.last});
    func::CallOp::create(f.b, tile(rowLoop, rows, columns), v);
    return;
  }
  if (!kernel.plan.getScratch()) {
    func::CallOp::create(f.b, tile(rowLoop, rows, columns), v);
    return;
  }
  v.push_back(f.scratch);
  func::CallOp::create(f.b, tile(rowLoop, rows, columns), v);
  v.push_back(f.c(rows));
  func::CallOp::create(f.b, scratchEpilogue(rowLoop, columns), v);
}
void ContractionEmitter::callEpilogue(Frame &f, Columns columns, const Call &call, Value rows) {
  SmallVector<Value> v = arguments(f, call);
  v.append({call.area, rows});
  func::CallOp::create(f.b, scratchEpilogue(c.row, columns), v);
}

//===-- Epilogue --------------------------------------------------------------------------------------------------===//
Coords ContractionEmitter::coordsOf(Frame &f, ArrayRef<Value> index) const {
  Coords at;
  for (AffineExpr e : c.coords)
    at.push_back({f.expr(e, index), e.isFunctionOfDim(c.vector)});
  return at;
}
Value ContractionEmitter::mask(Frame &f, Columns columns, int64_t vector, Value left) const {
  if (!columns.last)
    return f.prefixMask(f.sub(left, f.c(vector * lanes)), lanes);
  return columns.last < lanes && vector == columns.vectors - 1 ? f.staticMask(columns.last, lanes) : Value();
}
/// Every result is read from memory where it needs to be before any is written: results may lie over arguments.
void ContractionEmitter::epilogue(Frame &f, Evaluator &ev, const Call &call, Value accumulator) {
  Coords at = coordsOf(f, call.index);
  ev.know(c.y, at, finish(f, accumulator, cast<RankedTensorType>(c.y.getType()).getElementType()));
  SmallVector<Value> values;
  auto results = kernel.terminator()->getOperands();
  for (Value result : results)
    values.push_back(ev.eval(result, at));
  for (auto [i, value] : llvm::enumerate(values))
    ev.store(kernel.arguments() + i, results[i], at, value);
}
void ContractionEmitter::finishTile(Frame &f, const Call &call, unsigned rowLoop, ValueRange accumulators, int64_t rows, Columns columns) {
  Evaluator full{f, (unsigned)lanes};
  SmallVector<Value> masks;
  for (int64_t v = 0; v < columns.vectors; ++v)
    masks.push_back(mask(f, columns, v, call.columns));
  std::vector<Evaluator> partial;
  for (Value m : masks)
    partial.push_back({f, (unsigned)lanes, m});
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < columns.vectors; ++v) {
      Call at = call;
      if (r)
        at.index[rowLoop] = f.add(call.index[rowLoop], f.c(r));
      at.index[c.vector] = f.add(call.index[c.vector], f.c(v * lanes));
      Value x = accumulators[r * columns.vectors + v];
      if (sums < 0) {
        epilogue(f, masks[v] ? partial[v] : full, at, x);
        continue;
      }
      f.store(c.compute, x, f.gep(c.compute, call.chunkSums, full.offset(c.y, coordsOf(f, at.index))), masks[v]);
    }
}
/// The epilogue over `rows` (the last argument) of a tile in scratch (the one before).
func::FuncOp ContractionEmitter::scratchEpilogue(unsigned rowLoop, Columns columns) {
  std::string name = (kernel.fn.getName() + "_e" + Twine(rowLoop) + "_" + Twine(columns.vectors) + "_" + Twine(columns.last)).str();
  func::FuncOp &fn = helpers[name];
  if (fn)
    return fn;
  SmallVector<Type> types = argumentTypes();
  types.append({LLVM::LLVMPointerType::get(c.op->getContext()), IntegerType::get(c.op->getContext(), 64)});
  Frame f(kernel, name, types);
  fn = f.fn;
  Call call = enter(f);
  Value scratch = f.fn.getArgument(types.size() - 2), rows = f.fn.getArgument(types.size() - 1);
  f.loop(f.c(0), rows, [&](Value r) {
    Call row = call;
    row.index[rowLoop] = f.add(call.index[rowLoop], r); // without a row loop there is one row, and r is 0
    SmallVector<Value> accumulators;
    for (int64_t v = 0; v < columns.vectors; ++v) {
      Value at = f.add(f.mul(r, f.c(panel())), f.c(v * lanes));
      accumulators.push_back(f.load(c.compute, f.gep(c.compute, scratch, at), lanes));
    }
    finishTile(f, row, rowLoop, accumulators, 1, columns);
  });
  return fn;
}

//===-- The micro-kernel ------------------------------------------------------------------------------------------===//
func::FuncOp ContractionEmitter::tile(unsigned rowLoop, int64_t rows, Columns columns) {
  std::string name =
      (kernel.fn.getName() + "_u" + Twine(rowLoop) + "_" + Twine(rows) + "x" + Twine(columns.vectors) + "_" + Twine(columns.last)).str();
  func::FuncOp &fn = helpers[name];
  if (fn)
    return fn;
  bool toScratch = kernel.plan.getScratch() > 0;
  SmallVector<Type> types = argumentTypes();
  if (toScratch)
    types.push_back(LLVM::LLVMPointerType::get(c.op->getContext()));
  if (c.panels)
    types.append(2, IntegerType::get(c.op->getContext(), 1));
  Frame f(kernel, name, types);
  fn = f.fn;
  Call call = enter(f);
  Type aElement = cast<RankedTensorType>(c.a.getType()).getElementType();
  auto type = VectorType::get({lanes}, c.compute);
  dl::Scalars s{f.b, f.b.getLoc()};
  SmallVector<Value> masks;
  for (int64_t v = 0; v < columns.vectors; ++v)
    masks.push_back(mask(f, columns, v, call.columns));
  Value rowStep = rows > 1 ? f.expr(c.loops[rowLoop].a) : Value();

  // Rows of a b larger than the second-level cache lie too far apart for the hardware to fetch ahead: ask for those of some
  // 200 cycles later, unless they would all fall into a few sets of the first level.
  Value ahead;
  if (packed < 0 && !c.reduced.empty()) {
    int64_t step = dl::getConstant(bStride(c.reduced.back())), bytes = step * storageBytes(bElement());
    if (bytes >= 1024 && bytes % 1024 && bytes * dl::getConstant(c.loops[c.reduced.back()].extent) >= 1 << 20)
      ahead = f.c(step * std::clamp<int64_t>(256 / (rows * columns.vectors), 8, 32));
  }
  auto term = [&](Value a, Value b, ValueRange acc, SmallVectorImpl<Value> &next) {
    SmallVector<Value> y;
    for (int64_t v = 0; ahead && v < columns.vectors; ++v)
      LLVM::Prefetch::create(f.b, f.b.getLoc(), f.gep(bElement(), b, f.add(ahead, f.c(v * lanes))), 0, 3, 1);
    for (int64_t v = 0; v < columns.vectors; ++v)
      y.push_back(f.load(bElement(), f.gep(bElement(), b, f.c(v * lanes)), lanes, packed >= 0 ? Value() : masks[v]));
    for (int64_t r = 0; r < rows; ++r) {
      Value row = r ? f.gep(aElement, a, f.mul(rowStep, f.c(r))) : a;
      Value x = c.aVector ? Value() : s.spread(f.load(aElement, row, 1), lanes);
      for (int64_t v = 0; v < columns.vectors; ++v) {
        if (c.aVector)
          x = f.load(aElement, f.gep(aElement, row, f.c(v * lanes)), lanes, masks[v]);
        Value sum = acc[r * columns.vectors + v];
        next.push_back(f.machine.fma ? s.fma(x, y[v], sum) : s.add(sum, s.mul(x, y[v])));
      }
    }
  };
  // Tiles of other sizes are few, and code is not for nothing.
  const int64_t every = rows == this->rows && columns.vectors == vectors ? aheadSteps() : 0, line = 64 / storageBytes(c.compute);
  std::function<SmallVector<Value>(unsigned, Value, Value, Value, ValueRange)> nest = [&](unsigned level, Value a, Value b, Value ahead,
                                                                                          ValueRange acc) {
    SmallVector<Value> next;
    if (level == c.reduced.size()) {
      term(a, b, acc, next);
      return next;
    }
    unsigned loop = c.reduced[level];
    bool innermost = level + 1 == c.reduced.size();
    Value aStep = f.expr(c.loops[loop].a), bStep = f.expr(bStride(loop)), count = call.counts[level];
    auto later = [&](Type element, Value p, Value k, Value step) { return f.gep(element, p, f.mul(k, step)); };
    // The innermost loop's operands go along as pointers where base + index * element is not where they are.
    auto moves = [&](Value step) { return innermost && getConstantIntValue(step).value_or(-1) & ~1; };
    /// Steps [from, to) by `by`, at each body(k, a, b, sums).
    auto steps = [&](Value from, Value to, int64_t by, ValueRange acc,
                     function_ref<SmallVector<Value>(Value, Value, Value, ValueRange)> body) {
      SmallVector<Value> init(acc);
      if (moves(aStep))
        init.push_back(later(aElement, a, from, aStep));
      if (moves(bStep))
        init.push_back(later(bElement(), b, from, bStep));
      auto l = f.loop(from, to, f.c(by), init, [&](Value k, ValueRange in, SmallVectorImpl<Value> &out) {
        ValueRange pointers = in.drop_front(acc.size());
        Value aNow = moves(aStep) ? pointers.front() : later(aElement, a, k, aStep);
        Value bNow = moves(bStep) ? pointers.back() : later(bElement(), b, k, bStep);
        llvm::append_range(out, body(k, aNow, bNow, in.take_front(acc.size())));
        if (moves(aStep))
          out.push_back(later(aElement, aNow, f.c(by), aStep));
        if (moves(bStep))
          out.push_back(later(bElement(), bNow, f.c(by), bStep));
      });
      return SmallVector<Value>(l.getResults().take_front(acc.size()));
    };
    SmallVector<Value> sums(acc);
    Value from = f.c(0);
    if (every && innermost) { // steps by four, with a line for each `every`
      from = f.sub(count, f.rem(count, 4));
      sums = steps(f.c(0), from, 4, sums, [&](Value k, Value a, Value b, ValueRange acc) {
        SmallVector<Value> now(acc);
        for (int64_t j = 0; j < 4; ++j) {
          if (j % every == 0)
            LLVM::Prefetch::create(f.b, f.b.getLoc(), f.gep(c.compute, ahead, f.add(f.mul(k, f.c(line / every)), f.c(j / every * line))), 0,
                                   2, 1);
          now = nest(level + 1, later(aElement, a, f.c(j), aStep), later(bElement(), b, f.c(j), bStep), {}, now);
        }
        return now;
      });
    }
    Value inner = f.c(1);
    for (Value n : ArrayRef(call.counts).drop_front(level + 1))
      inner = f.mul(inner, n);
    return steps(from, count, 1, sums, [&](Value k, Value a, Value b, ValueRange acc) {
      Value next = every ? f.gep(c.compute, ahead, f.mul(f.mul(k, inner), f.c(line / every))) : Value();
      return nest(level + 1, a, b, next, acc);
    });
  };
  SmallVector<Value> zero(rows * columns.vectors, s.cst(type, 0.0));
  SmallVector<Value> acc = nest(0, call.a, call.b, call.ahead, zero);
  if (!toScratch) {
    finishTile(f, call, rowLoop, acc, rows, columns);
    return fn;
  }
  // Rows of the tile lie a row of the area apart, those along the plane all rows of one.
  Value scratch = f.fn.getArgument(types.size() - (c.panels ? 3 : 1));
  int64_t pitch = panel() * (c.panels && (int)rowLoop == c.plane ? areaRows() : 1);
  auto at = [&](size_t i) { return f.gep(c.compute, scratch, f.c(i / columns.vectors * pitch + i % columns.vectors * lanes)); };
  auto store = [&](ValueRange sums) {
    for (auto [i, x] : llvm::enumerate(sums))
      f.store(c.compute, x, at(i));
  };
  if (!c.panels) {
    store(acc);
    return fn;
  }
  OpBuilder::InsertionGuard guard(f.b);
  auto first = scf::IfOp::create(f.b, ValueRange(acc).getTypes(), f.fn.getArgument(types.size() - 2), /*withElseRegion=*/true);
  f.b.setInsertionPointToStart(first.thenBlock());
  scf::YieldOp::create(f.b, acc);
  f.b.setInsertionPointToStart(first.elseBlock());
  SmallVector<Value> sums;
  for (auto [i, x] : llvm::enumerate(acc))
    sums.push_back(s.add(f.load(c.compute, at(i), lanes), x));
  scf::YieldOp::create(f.b, sums);
  f.b.setInsertionPointAfter(first);
  if (epilogueOfArea()) {
    store(first.getResults());
    return fn;
  }
  auto last = scf::IfOp::create(f.b, f.fn.getArgument(types.size() - 1), /*withElseRegion=*/true);
  f.b.setInsertionPointToStart(last.thenBlock());
  finishTile(f, call, rowLoop, first.getResults(), rows, columns);
  f.b.setInsertionPointToStart(last.elseBlock());
  store(first.getResults());
  return fn;
}
} // namespace dlc::codegen::cpu
