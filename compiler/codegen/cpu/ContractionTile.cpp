// Tiles: the shared micro-kernel with this contraction's strides, then the kernel's epilogue on what it left in scratch; or a function of
// the kernel's own that has both.
#include "compiler/codegen/cpu/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

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
// scalars, pointers of the launch's values, columns left, indices; then what is an own tile's or a scratch epilogue's

bool ContractionEmitter::isCounted(unsigned loop) const {
  return llvm::any_of(c.ranges, [&](auto &r) { return r.reduced == (int)loop; });
}
SmallVector<int64_t> ContractionEmitter::epilogueValues() const {
  auto launch = kernel.plan.getLaunches()[tileLaunch];
  SmallVector<int64_t> numbers(launch.getReads());
  llvm::append_range(numbers, launch.getWrites());
  return numbers;
}
ContractionEmitter::Call ContractionEmitter::enter(Frame &f) const {
  Call call;
  unsigned at = 0;
  auto next = [&] { return f.fn.getArgument(at++); };
  f.scalars = next();
  for (int64_t number : epilogueValues())
    f.setPointer(number, next());
  call.columns = next();
  for (auto &loop : c.loops)
    call.index.push_back(!loop.reduced && !loop.isOne() ? Value(next()) : f.c(0));
  return call;
}
SmallVector<Value> ContractionEmitter::arguments(Frame &f, const Call &call) const {
  SmallVector<Value> v{f.scalars};
  for (int64_t number : epilogueValues())
    v.push_back(f.pointer(number));
  v.push_back(call.columns);
  for (auto [loop, index] : llvm::zip(c.loops, call.index))
    if (!loop.reduced && !loop.isOne())
      v.push_back(index);
  return v;
}

//===-- Tiles -----------------------------------------------------------------------------------------------------===//
/// A constant mask in a mask register would be made anew in every step.
int64_t ContractionEmitter::lastOf(Columns columns) const {
  return Machine::of(kernel.target).lanes >= 16 && columns.last && columns.last < lanes ? MicroKernel::lastVector : columns.last;
}
static constexpr int64_t fewTerms = 96;
MicroKernel ContractionEmitter::microKernel(unsigned rowLoop, int64_t rows, Columns columns) const {
  MicroKernel m{cast<RankedTensorType>(c.a.getType()).getElementType(), bElement(), c.compute, rows, columns.vectors, lanes, columns.last};
  bool scratch = sums < 0 && (after != After::stored || epilogueOfArea());
  if (packed >= 0 && scratch && !c.aVector) // nothing is read or written that has no place for whole vectors
    m.last = lanes;
  else
    m.last = lastOf(columns);
  m.whole = packed >= 0 || m.last == lanes;
  m.loops = c.reduced.size(), m.aVector = c.aVector;
  m.rowUnit = dl::getConstant(c.loops[rowLoop].a) == 1;
  m.stepUnit = m.loops && dl::getConstant(c.loops[c.reduced.back()].a) == 1;
  // Tiles of other sizes are few, and code is not for nothing.
  m.asks = rows == this->rows && columns.vectors == vectors && aheadSteps();
  m.far = farSteps(rows * columns.vectors) > 0;
  // A call costs a tile of few terms some percent. A loop over tiles in all micro-kernels would cost the code generator as much.
  int64_t terms = 1;
  for (unsigned loop : c.reduced)
    terms *= std::max<int64_t>(0, dl::getConstant(c.loops[loop].extent));
  m.many = !m.asks && terms > 0 && terms <= fewTerms;
  return m;
}
/// Rows of a b larger than the second-level cache lie too far apart for the hardware to fetch ahead: ask for those of some
/// 200 cycles later, unless they would all fall into a few sets of the first level.
int64_t ContractionEmitter::farSteps(int64_t accumulators) const {
  if (packed >= 0 || c.reduced.empty())
    return 0;
  int64_t bytes = dl::getConstant(bStride(c.reduced.back())) * storageBytes(bElement());
  bool far = bytes >= 1024 && bytes % 1024 && bytes * dl::getConstant(c.loops[c.reduced.back()].extent) >= secondLevelBytes;
  return far ? std::clamp<int64_t>(256 / accumulators, 8, 32) : 0;
}
MicroKernel::Operands ContractionEmitter::operands(Frame &f, const MicroKernel &m, unsigned rowLoop, const Call &call) const {
  MicroKernel::Operands o = {};
  o.a = call.a, o.b = call.b;
  if (m.asks)
    o.ahead = call.ahead, o.aheadStep = f.c(64 / storageBytes(c.compute) / aheadSteps());
  if (m.far)
    o.distance = f.mul(f.expr(bStride(c.reduced.back())), f.c(farSteps(m.rows * m.vectors)));
  if (m.last <= 0)
    o.columns = call.columns;
  o.rowStep = f.expr(c.loops[rowLoop].a);
  o.counts = call.counts;
  for (unsigned loop : c.reduced) {
    o.aStep.push_back(f.expr(c.loops[loop].a));
    o.bStep.push_back(f.expr(bStride(loop)));
  }
  return o;
}
bool ContractionEmitter::ownTile(int64_t rows, Columns columns) const {
  int64_t n = dl::getConstant(c.loops[c.vector].extent), width = n < 0 ? panel() : std::min(n, panel());
  bool whole = rows == this->rows && columns.last && (columns.vectors - 1) * lanes + columns.last == width;
  return after == After::inRegisters || (after == After::mostly && whole);
}
Value ContractionEmitter::offset(Frame &f, ArrayRef<Value> index) const {
  Value at = f.expr(c.yBase);
  for (auto [loop, i] : llvm::zip(c.loops, index))
    if (!loop.reduced)
      at = f.add(at, f.mul(i, f.expr(loop.y)));
  return at;
}
MicroKernel::Place ContractionEmitter::place(Frame &f, unsigned rowLoop, const Call &call) const {
  Value yes = dl::Scalars{f.b, f.b.getLoc()}.icst(f.b.getI1Type(), 1), area = hasArea() ? call.area : f.scratch;
  // Rows of the tile lie a row of the area apart, those along the plane all rows of one.
  Value areaPitch = f.c(panel() * (hasArea() && (int)rowLoop == c.plane ? areaRows() : 1));
  MicroKernel::Place place{area, areaPitch, area, areaPitch, c.panels ? call.first : yes};
  if (sums < 0 && (after != After::stored || epilogueOfArea()))
    return place;
  Value last = c.panels ? call.last : yes, memory = sums >= 0 ? call.chunkSums : f.pointer(kernel.arguments());
  place.to = f.select(last, f.gep(c.compute, memory, offset(f, call.index)), area);
  place.toPitch = f.select(last, f.expr(c.loops[rowLoop].y), areaPitch);
  return place;
}
void ContractionEmitter::callTile(Frame &f, unsigned rowLoop, int64_t rows, Columns columns, const Call &call) {
  if (ownTile(rows, columns))
    return callOwnTile(f, rowLoop, rows, columns, call);
  MicroKernel m = microKernel(rowLoop, rows, columns);
  m.many &= rows == this->rows; // one that strips have as well
  m.call(f, operands(f, m, rowLoop, call), place(f, rowLoop, call), f.c(1));
  if (after == After::mostly)
    callEpilogue(f, rowLoop, columns, call, f.scratch, f.c(rows));
}
void ContractionEmitter::callStrip(Frame &f, unsigned rowLoop, ArrayRef<int64_t> sizes, Value rows, Columns columns, const Call &call) {
  MicroKernel m = microKernel(rowLoop, sizes.front(), columns);
  m.callStrip(f, operands(f, m, rowLoop, call), place(f, rowLoop, call), sizes, rows, call.aheadTile);
  if (after == After::mostly)
    callEpilogue(f, rowLoop, columns, call, f.scratch, rows);
}

/// Every result is read from memory where it needs to be before any is written: results may lie over arguments.
void ContractionEmitter::epilogue(Frame &f, const Call &call, unsigned rowLoop, ValueRange accumulators, ArrayRef<Value> masks) {
  std::map<const void *, Evaluator> evaluators; // one for each mask
  auto results = kernel.terminator()->getOperands();
  Value start = offset(f, call.index);
  for (auto [i, x] : llvm::enumerate(accumulators)) {
    int64_t r = i / masks.size(), v = i % masks.size();
    Evaluator &ev = evaluators.try_emplace(masks[v].getAsOpaquePointer(), Evaluator{f, (unsigned)lanes, masks[v]}).first->second;
    SmallVector<Value> index = call.index;
    if (r)
      index[rowLoop] = f.add(index[rowLoop], f.c(r));
    index[c.vector] = f.add(index[c.vector], f.c(v * lanes));
    Coords at;
    for (AffineExpr e : c.coords)
      at.push_back({f.expr(e, index), e.isFunctionOfDim(c.vector)});
    ev.lies(c.y, at, f.add(start, f.add(f.mul(f.c(r), f.expr(c.loops[rowLoop].y)), f.c(v * lanes))));
    ev.know(c.y, at, finish(f, x, cast<RankedTensorType>(c.y.getType()).getElementType()));
    SmallVector<Value> values;
    for (Value result : results)
      values.push_back(ev.eval(result, at));
    for (auto [number, value] : llvm::enumerate(values))
      ev.store(kernel.arguments() + number, results[number], at, value);
  }
}
void ContractionEmitter::callOwnTile(Frame &f, unsigned rowLoop, int64_t rows, Columns columns, const Call &call) {
  SmallVector<Value> v = arguments(f, call);
  v.append({call.a, call.b});
  if (aheadSteps())
    v.push_back(call.ahead);
  for (auto [i, loop] : llvm::enumerate(c.reduced))
    if (isCounted(loop))
      v.push_back(call.counts[i]);
  std::string name =
      (kernel.fn.getName() + "_u" + Twine(rowLoop) + "_" + Twine(rows) + "x" + Twine(columns.vectors) + "_" + Twine(columns.last)).str();
  func::FuncOp &fn = helpers[name];
  if (!fn) {
    Frame own(kernel, name, llvm::to_vector(ValueRange(v).getTypes()));
    fn = own.fn;
    fn->setAttr("dlx.own", own.b.getUnitAttr()); // its constants are in addresses, where they cost nothing
    Call in = enter(own);
    unsigned at = arguments(own, in).size();
    auto next = [&] { return fn.getArgument(at++); };
    in.a = next(), in.b = next();
    if (aheadSteps())
      in.ahead = next();
    for (unsigned loop : c.reduced)
      in.counts.push_back(isCounted(loop) ? Value(next()) : own.expr(c.loops[loop].extent));
    MicroKernel m = microKernel(rowLoop, rows, columns);
    m.last = lastOf(columns);
    MicroKernel::Operands o = operands(own, m, rowLoop, in);
    own.b.setLoc(c.op.getLoc());
    SmallVector<Value> acc = m.accumulate(own, o);
    own.b.setLoc(fn.getLoc());
    epilogue(own, in, rowLoop, acc, m.masks(own, o.columns));
  }
  func::CallOp::create(f.b, fn, v);
}
void ContractionEmitter::callEpilogue(Frame &f, unsigned rowLoop, Columns columns, const Call &call, Value from, Value rows) {
  SmallVector<Value> v = arguments(f, call);
  v.append({from, rows});
  std::string name = (kernel.fn.getName() + "_e" + Twine(rowLoop) + "_" + Twine(columns.vectors) + "_" + Twine(columns.last)).str();
  func::FuncOp &fn = helpers[name];
  if (!fn) {
    Frame own(kernel, name, llvm::to_vector(ValueRange(v).getTypes()));
    fn = own.fn;
    Call in = enter(own);
    Value scratch = fn.getArgument(v.size() - 2);
    own.loop(own.c(0), fn.getArgument(v.size() - 1), [&](Value r) {
      Call row = in;
      row.index[rowLoop] = own.add(in.index[rowLoop], r); // without a row loop there is one row, and r is 0
      SmallVector<Value> accumulators;
      for (int64_t n = 0; n < columns.vectors; ++n) {
        Value at = own.add(own.mul(r, own.c(panel())), own.c(n * lanes));
        accumulators.push_back(own.load(c.compute, own.gep(c.compute, scratch, at), lanes));
      }
      MicroKernel m = microKernel(rowLoop, 1, columns);
      m.last = lastOf(columns);
      epilogue(own, row, rowLoop, accumulators, m.masks(own, in.columns));
    });
  }
  func::CallOp::create(f.b, fn, v);
}
} // namespace dlc::codegen::cpu
