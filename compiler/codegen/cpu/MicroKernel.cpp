// Micro-kernels: the nest of multiply-adds, the function around it that kernels share, and where it is written.
#include "compiler/codegen/cpu/MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace dlc::codegen::cpu {

/// Rows of `a` are reached from every seventh by multiples of one step: those of 14 rows fit into registers.
static constexpr int64_t rowsFromOne = 7;

SmallVector<Value> MicroKernel::masks(Frame &f, Value columns) const {
  SmallVector<Value> masks(vectors);
  for (int64_t v = 0; v < vectors; ++v)
    if (last == anyVector || (last == lastVector && v == vectors - 1))
      masks[v] = f.prefixMask(f.sub(columns, f.c(v * lanes)), lanes);
    else if (last > 0 && last < lanes && v == vectors - 1)
      masks[v] = f.staticMask(last, lanes);
  return masks;
}

/// body(k, carried) for k = 0 to count - 1, where count > 0: no value has to get past a loop that is not entered.
static SmallVector<Value> atLeastOnce(Frame &f, Value count, ValueRange init, function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  SmallVector<Value> operands{f.c(0)};
  llvm::append_range(operands, init);
  auto loop = scf::WhileOp::create(f.b, ValueRange(operands).getTypes(), operands);
  OpBuilder::InsertionGuard guard(f.b);
  SmallVector<Location> locations(operands.size(), f.b.getLoc());
  Block *block = f.b.createBlock(&loop.getBefore(), {}, ValueRange(operands).getTypes(), locations);
  Value k = block->getArgument(0);
  SmallVector<Value> next = body(k, block->getArguments().drop_front());
  next.insert(next.begin(), f.add(k, f.c(1)));
  scf::ConditionOp::create(f.b, f.less(next[0], count), next);
  Block *after = f.b.createBlock(&loop.getAfter(), {}, ValueRange(operands).getTypes(), locations);
  scf::YieldOp::create(f.b, after->getArguments());
  return SmallVector<Value>(loop.getResults().drop_front());
}

SmallVector<Value> MicroKernel::accumulate(Frame &f, const Operands &o) const {
  auto type = VectorType::get({lanes}, compute);
  dl::Scalars s{f.b, f.b.getLoc()};
  SmallVector<Value> masks = this->masks(f, o.columns), rowSteps;
  for (int64_t r = 0; r <= std::min(rows - 1, rowsFromOne); ++r)
    rowSteps.push_back(r ? f.mul(o.rowStep, f.c(r)) : f.c(0));
  // With AVX2 a whole tile takes all registers: beside a mask an accumulator would go to memory and back in each step. The mask stays
  // there instead, where LLVM is not to take it from. (A power of two is a narrower load: Frame::read.)
  Value maskInMemory;
  auto maskType = VectorType::get({lanes}, f.b.getIntegerType(compute.getIntOrFloatBitWidth()));
  if (Value mask = masks.back();
      mask && !whole && !llvm::isPowerOf2_64(last) && f.machine.lanes == 8 && rows * vectors + vectors + 1 >= 16) {
    maskInMemory = f.local(maskType.getElementType(), lanes);
    LLVM::StoreOp::create(f.b, arith::ExtSIOp::create(f.b, maskType, mask), maskInMemory, 4);
  }
  auto maskAt = [&](int64_t v) -> Value {
    if (!maskInMemory || v + 1 < vectors)
      return masks[v];
    Value bits = LLVM::LoadOp::create(f.b, maskType, maskInMemory, 4, /*isVolatile=*/true);
    return arith::CmpIOp::create(f.b, arith::CmpIPredicate::slt, bits, arith::ConstantOp::create(f.b, f.b.getZeroAttr(maskType)));
  };
  bool constantRows = rows > 1 && getConstantIntValue(o.rowStep);
  auto rowAt = [&](Value a, int64_t r) {
    if (constantRows)
      return f.gep(this->a, a, f.mul(o.rowStep, f.c(r)));
    for (; r >= rowsFromOne; r -= rowsFromOne)
      a = f.gep(this->a, a, rowSteps.back());
    return f.gep(this->a, a, rowSteps[r]);
  };
  auto term = [&](Value a, Value b, ValueRange acc, SmallVectorImpl<Value> &next) {
    SmallVector<Value> y;
    for (int64_t v = 0; far && v < vectors; ++v)
      LLVM::Prefetch::create(f.b, f.b.getLoc(), f.gep(this->b, b, f.add(o.distance, f.c(v * lanes))), 0, 3, 1);
    for (int64_t v = 0; v < vectors; ++v)
      y.push_back(f.load(this->b, f.gep(this->b, b, f.c(v * lanes)), lanes, whole ? Value() : maskAt(v)));
    for (int64_t r = 0; r < rows; ++r) {
      Value row = rowAt(a, r), x = aVector ? Value() : s.spread(f.load(this->a, row, 1), lanes);
      for (int64_t v = 0; v < vectors; ++v) {
        if (aVector)
          x = f.load(this->a, f.gep(this->a, row, f.c(v * lanes)), lanes, masks[v]);
        Value sum = acc[r * vectors + v];
        next.push_back(f.machine.fma ? s.fma(x, y[v], sum) : s.add(sum, s.mul(x, y[v])));
      }
    }
  };
  std::function<SmallVector<Value>(unsigned, Value, Value, Value, ValueRange)> nest = [&](unsigned level, Value a, Value b, Value ahead,
                                                                                          ValueRange acc) {
    SmallVector<Value> next;
    if (level == loops) {
      term(a, b, acc, next);
      return next;
    }
    bool innermost = level + 1 == loops;
    Value aStep = o.aStep[level], bStep = o.bStep[level], count = o.counts[level];
    auto later = [&](Type element, Value p, Value k, Value step) { return f.gep(element, p, f.mul(k, step)); };
    // The innermost loop's operands go along as pointers where base + index * element is not where they are.
    bool many = rows > 1 && !constantRows; // then rows take the place of the index
    auto moves = [&](Value step, bool rows) { return innermost && (rows || getConstantIntValue(step).value_or(-1) & ~1); };
    const bool aMoves = moves(aStep, many), bMoves = moves(bStep, false);
    /// All steps, at each body(k, a, b, sums).
    auto steps = [&](ValueRange acc, function_ref<SmallVector<Value>(Value, Value, Value, ValueRange)> body) {
      SmallVector<Value> init(acc);
      if (aMoves)
        init.push_back(a);
      if (bMoves)
        init.push_back(b);
      auto sums = atLeastOnce(f, count, init, [&](Value k, ValueRange in) {
        ValueRange pointers = in.drop_front(acc.size());
        Value aNow = aMoves ? pointers.front() : later(this->a, a, k, aStep);
        Value bNow = bMoves ? pointers.back() : later(this->b, b, k, bStep);
        SmallVector<Value> out = body(k, aNow, bNow, in.take_front(acc.size()));
        if (aMoves)
          out.push_back(f.gep(this->a, aNow, aStep));
        if (bMoves)
          out.push_back(f.gep(this->b, bNow, bStep));
        return out;
      });
      sums.truncate(acc.size());
      return sums;
    };
    Value inner = f.c(1);
    for (Value n : ArrayRef(o.counts).drop_front(level + 1))
      inner = f.mul(inner, n);
    return steps(acc, [&](Value k, Value a, Value b, ValueRange acc) {
      Value next = asks ? f.gep(compute, ahead, f.mul(f.mul(k, inner), o.aheadStep)) : Value();
      if (asks && innermost)
        LLVM::Prefetch::create(f.b, f.b.getLoc(), next, 0, 2, 1);
      return nest(level + 1, a, b, next, acc);
    });
  };
  SmallVector<Value> zero(rows * vectors, s.cst(type, 0.0));
  Value some;
  for (Value n : o.counts)
    if (getConstantIntValue(n).value_or(0) <= 0)
      some = some ? s.band(some, f.less(f.c(0), n)) : f.less(f.c(0), n);
  if (!some)
    return nest(0, o.a, o.b, o.ahead, zero);
  auto branch = scf::IfOp::create(f.b, ValueRange(zero).getTypes(), some, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(f.b);
  f.b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(f.b, nest(0, o.a, o.b, o.ahead, zero));
  f.b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(f.b, zero);
  return SmallVector<Value>(branch.getResults());
}

//===-- The shared function ---------------------------------------------------------------------------------------===//
static constexpr StringLiteral prefix = "micro_";
bool isMicroKernel(StringRef symbol) { return symbol.starts_with(prefix); }

namespace {
/// The same for another number of rows: only whole tiles ask for lines, and only they are many.
MicroKernel ofRows(MicroKernel m, int64_t rows) {
  m.asks &= rows == m.rows;
  m.many &= rows == m.rows;
  m.rows = rows;
  return m;
}
/// A micro-kernel as attributes of its declaration, and back.
SmallVector<int64_t> numbersOf(const MicroKernel &m) {
  return {m.rows, m.vectors, m.lanes, m.last, m.whole, m.loops, m.aVector, m.rowUnit, m.stepUnit, m.asks, m.far, m.many};
}
std::optional<MicroKernel> microKernelOf(func::FuncOp fn) {
  auto numbers = fn->getAttrOfType<DenseI64ArrayAttr>("dlx.micro");
  if (!numbers)
    return std::nullopt;
  auto n = numbers.asArrayRef();
  auto types = fn->getAttrOfType<ArrayAttr>("dlx.elements").getAsValueRange<TypeAttr>();
  SmallVector<Type> t(types);
  return MicroKernel{t[0],           t[1],      t[2],      n[0],      n[1],      n[2],       n[3],      n[4] != 0,
                     unsigned(n[5]), n[6] != 0, n[7] != 0, n[8] != 0, n[9] != 0, n[10] != 0, n[11] != 0};
}
std::string nameOf(const MicroKernel &m, ArrayRef<int64_t> sizes = {}) {
  std::string name(prefix);
  llvm::raw_string_ostream os(name);
  for (Type t : {m.a, m.b, m.compute})
    os << t;
  for (int64_t n : numbersOf(m))
    os << '_' << n;
  if (!sizes.empty())
    os << "_strip";
  for (int64_t n : sizes)
    os << '_' << n;
  return name;
}

/// How many arguments are last: tiles or a strip's rows, and how far what is asked for lies from a tile to the next.
unsigned countsOf(const MicroKernel &m, bool strip) { return strip ? 1 + m.asks : m.many; }
/// Calls fn(slot) for each argument of the shared function before those, in order.
void eachArgument(const MicroKernel &m, MicroKernel::Operands &o, MicroKernel::Place &p, function_ref<void(Value &)> fn) {
  o.aStep.resize(m.loops), o.bStep.resize(m.loops), o.counts.resize(m.loops);
  fn(o.a), fn(o.b), fn(p.from), fn(p.to);
  if (m.asks)
    fn(o.ahead), fn(o.aheadStep);
  for (Value &v : o.counts)
    fn(v);
  for (unsigned i = 0; i < m.loops; ++i) {
    if (i + 1 < m.loops || !m.stepUnit)
      fn(o.aStep[i]);
    fn(o.bStep[i]);
  }
  if (!m.rowUnit) // of one row as well: a strip calls all by one signature
    fn(o.rowStep);
  fn(p.fromPitch), fn(p.toPitch);
  if (m.far)
    fn(o.distance);
  if (m.last <= 0)
    fn(o.columns);
}
} // namespace

/// The module's declaration; made, if need be.
static func::FuncOp declare(ModuleOp module, Location loc, const MicroKernel &m, ArrayRef<int64_t> sizes = {}) {
  std::string name = nameOf(m, sizes);
  if (auto fn = module.lookupSymbol<func::FuncOp>(name))
    return fn;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), index = b.getI64Type();
  SmallVector<Type> types;
  MicroKernel::Operands o;
  MicroKernel::Place p;
  eachArgument(m, o, p,
               [&](Value &v) { types.push_back(llvm::is_contained({&o.a, &o.b, &p.from, &p.to, &o.ahead}, &v) ? pointer : index); });
  types.push_back(b.getI1Type());
  types.append(countsOf(m, !sizes.empty()), index);
  auto fn = func::FuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  fn.setPrivate();
  fn->setAttr("dlx.micro", b.getDenseI64ArrayAttr(numbersOf(m)));
  fn->setAttr("dlx.elements", b.getTypeArrayAttr({m.a, m.b, m.compute}));
  if (!sizes.empty()) {
    fn->setAttr("dlx.sizes", b.getDenseI64ArrayAttr(sizes));
    for (int64_t rows : sizes)
      declare(module, loc, ofRows(m, rows));
  }
  return fn;
}
static SmallVector<Value> argumentsOf(const MicroKernel &m, MicroKernel::Operands o, MicroKernel::Place p) {
  SmallVector<Value> arguments;
  eachArgument(m, o, p, [&](Value &v) { arguments.push_back(v); });
  arguments.push_back(p.first);
  return arguments;
}
void MicroKernel::call(Frame &f, const Operands &o, const Place &place, Value tiles) const {
  SmallVector<Value> arguments = argumentsOf(*this, o, place);
  if (many)
    arguments.push_back(tiles);
  func::CallOp::create(f.b, declare(f.kernel.out, f.b.getLoc(), *this), arguments);
}
void MicroKernel::callStrip(Frame &f, const Operands &o, const Place &place, ArrayRef<int64_t> sizes, Value rows, Value aheadTile) const {
  if (many && sizes.size() == 1)
    return call(f, o, place, f.floorDiv(rows, this->rows));
  SmallVector<Value> arguments = argumentsOf(*this, o, place);
  arguments.push_back(rows);
  if (asks)
    arguments.push_back(aheadTile);
  func::CallOp::create(f.b, declare(f.kernel.out, f.b.getLoc(), *this, sizes), arguments);
}

/// The function of a declaration, and its arguments as operands.
struct Definition {
  Kernel kernel;
  Frame f;
  MicroKernel::Operands o;
  MicroKernel::Place p;
  Value count, aheadTile; ///< of tiles, or of a strip's rows
  unsigned taken = 0;     ///< arguments
  Definition(const MicroKernel &m, func::FuncOp declared, const Target &target, ModuleOp module)
      : kernel{declared, {}, {}, target, module}, f(kernel, declared.getSymName(), llvm::to_vector(declared.getArgumentTypes())) {
    f.fn.setVisibility(declared.getVisibility());
    eachArgument(m, o, p, [&](Value &v) { v = next(); });
    p.first = next();
    unsigned counts = countsOf(m, declared->hasAttr("dlx.sizes"));
    count = counts ? next() : Value(), aheadTile = counts > 1 ? next() : Value();
    if (m.stepUnit)
      o.aStep.back() = f.c(1);
    if (m.rowUnit)
      o.rowStep = f.c(1);
  }
  Value next() { return f.fn.getArgument(taken++); }
};
/// A tile at the operands' place.
static void writeTile(const MicroKernel &m, Frame &f, const MicroKernel::Operands &o, const MicroKernel::Place &p) {
  SmallVector<Value> acc = m.accumulate(f, o), masks = m.masks(f, o.columns), sums;
  auto element = [&](Value base, Value pitch, size_t i) {
    return f.gep(m.compute, f.gep(m.compute, base, i / m.vectors ? f.mul(pitch, f.c(i / m.vectors)) : f.c(0)),
                 f.c(i % m.vectors * m.lanes));
  };
  auto first = scf::IfOp::create(f.b, ValueRange(acc).getTypes(), p.first, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(f.b);
  f.b.setInsertionPointToStart(first.thenBlock());
  scf::YieldOp::create(f.b, acc);
  f.b.setInsertionPointToStart(first.elseBlock());
  dl::Scalars s{f.b, f.b.getLoc()};
  for (auto [i, x] : llvm::enumerate(acc))
    sums.push_back(s.add(f.load(m.compute, element(p.from, p.fromPitch, i), m.lanes), x));
  scf::YieldOp::create(f.b, sums);
  f.b.setInsertionPointAfter(first);
  for (auto [i, x] : llvm::enumerate(first.getResults()))
    f.store(m.compute, x, element(p.to, p.toPitch, i), masks[i % m.vectors]);
}
/// Tiles one below the other: what goes on from one to the next is pointers.
static void write(const MicroKernel &m, func::FuncOp declared, const Target &target, ModuleOp module) {
  Definition d(m, declared, target, module);
  Frame &f = d.f;
  if (!m.many)
    return writeTile(m, f, d.o, d.p);
  f.loop(f.c(0), d.count, f.c(1), {d.o.a, d.p.from, d.p.to}, [&](Value, ValueRange at, SmallVectorImpl<Value> &next) {
    MicroKernel::Operands o = d.o;
    MicroKernel::Place p = d.p;
    o.a = at[0], p.from = at[1], p.to = at[2];
    writeTile(m, f, o, p);
    Value rows = f.c(m.rows);
    next.append({f.gep(m.a, o.a, f.mul(rows, o.rowStep)), f.gep(m.compute, p.from, f.mul(rows, p.fromPitch)),
                 f.gep(m.compute, p.to, f.mul(rows, p.toPitch))});
  });
}
/// Tiles of the largest number of rows that is left, one after another. Those of one signature are reached by one call, through a
/// pointer: calls of twenty arguments are what strips cost the code generator.
static void writeStrip(const MicroKernel &m, ArrayRef<int64_t> sizes, func::FuncOp declared, const Target &target, ModuleOp module) {
  Definition d(m, declared, target, module);
  Frame &f = d.f;
  Location loc = f.b.getLoc();
  auto arguments = [&](const MicroKernel &micro, Value row) {
    MicroKernel::Operands o = d.o;
    MicroKernel::Place p = d.p;
    o.a = f.gep(m.a, o.a, f.mul(row, o.rowStep));
    if (micro.asks)
      o.ahead = f.gep(m.compute, o.ahead, f.mul(f.floorDiv(row, micro.rows), d.aheadTile));
    p.from = f.gep(m.compute, p.from, f.mul(row, p.fromPitch));
    p.to = f.gep(m.compute, p.to, f.mul(row, p.toPitch));
    return argumentsOf(micro, o, p);
  };
  auto micros = llvm::map_to_vector(sizes, [&](int64_t size) { return ofRows(m, size); });
  Value from = f.c(0);
  if (m.many || m.asks || micros.size() == 1) { // the others differ
    func::FuncOp whole = declare(module, loc, m);
    Value tiles = f.floorDiv(d.count, m.rows);
    from = f.mul(tiles, f.c(m.rows));
    if (m.many) {
      SmallVector<Value> v = arguments(m, f.c(0));
      v.push_back(tiles);
      func::CallOp::create(f.b, whole, v);
    } else {
      f.loop(f.c(0), from, f.c(m.rows), {},
             [&](Value row, ValueRange, SmallVectorImpl<Value> &) { func::CallOp::create(f.b, whole, arguments(m, row)); });
    }
    micros.erase(micros.begin());
  }
  if (micros.empty())
    return;
  Type index = f.b.getI64Type();
  auto loop = scf::WhileOp::create(f.b, index, from);
  OpBuilder::InsertionGuard guard(f.b);
  Value row = f.b.createBlock(&loop.getBefore(), {}, index, loc)->getArgument(0);
  scf::ConditionOp::create(f.b, f.less(f.add(row, f.c(micros.back().rows - 1)), d.count), row);
  row = f.b.createBlock(&loop.getAfter(), {}, index, loc)->getArgument(0);
  Value left = f.sub(d.count, row), size, callee;
  for (const MicroKernel &micro : llvm::reverse(micros)) {
    func::FuncOp fn = declare(module, loc, micro);
    Value mine = func::ConstantOp::create(f.b, loc, fn.getFunctionType(), SymbolRefAttr::get(fn)), rows = f.c(micro.rows);
    Value fits = callee ? f.less(f.c(micro.rows - 1), left) : Value();
    size = fits ? f.select(fits, rows, size) : rows;
    callee = fits ? f.select(fits, mine, callee) : mine;
  }
  SmallVector<Value> v = arguments(micros.front(), row);
  if (micros.size() == 1)
    func::CallOp::create(f.b, declare(module, loc, micros.front()), v);
  else
    func::CallIndirectOp::create(f.b, loc, callee, v);
  scf::YieldOp::create(f.b, f.add(row, size));
}
void writeMicroKernels(ModuleOp module, const Target &target) {
  for (auto fn : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (auto m = microKernelOf(fn)) {
      if (auto sizes = fn->getAttrOfType<DenseI64ArrayAttr>("dlx.sizes"))
        writeStrip(*m, sizes.asArrayRef(), fn, target, module);
      else
        write(*m, fn, target, module);
      fn.erase();
    }
}

void shareMicroKernels(ArrayRef<ModuleOp> modules) {
  SmallVector<int64_t> length;
  for (ModuleOp module : modules) {
    int64_t &n = length.emplace_back(0);
    module.walk([&](Operation *) { ++n; });
  }
  for (bool strips : {true, false}) {                        // strips first: micro-kernels are also wanted where they are written
    std::map<std::string, SmallVector<func::FuncOp>> wanted; // in an order that is the same in every run
    for (ModuleOp module : modules)
      for (auto fn : module.getOps<func::FuncOp>())
        if (fn->hasAttr("dlx.micro") && fn->hasAttr("dlx.sizes") == strips)
          wanted[fn.getSymName().str()].push_back(fn);
    for (auto &[name, declared] : wanted) {
      size_t least = llvm::min_element(length) - length.begin();
      MicroKernel m = *microKernelOf(declared.front());
      auto sizes = declared.front()->getAttrOfType<DenseI64ArrayAttr>("dlx.sizes");
      length[least] += strips ? 60 * sizes.size() : 40 + 8 * m.rows * m.vectors;
      func::FuncOp own = declare(modules[least], declared.front().getLoc(), m, strips ? sizes.asArrayRef() : ArrayRef<int64_t>());
      bool alone = declared.size() == 1 && declared.front() == own;
      for (func::FuncOp fn : declared)
        if (fn != own)
          fn->removeAttr("dlx.micro");
      if (!alone) {
        own.setPublic();
        own->setLoc(UnknownLoc::get(own.getContext())); // no one op's
      }
    }
  }
}
} // namespace dlc::codegen::cpu
