// The function of a launch while it is being written: index arithmetic, memory, loops.
#include "compiler/codegen/Frame.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::codegen {
using dl::Scalars;

Type storageType(Type e) {
  if (e.isBF16())
    return IntegerType::get(e.getContext(), 16);
  return e.isInteger(1) ? IntegerType::get(e.getContext(), 8) : e;
}
unsigned storageBytes(Type e) { return storageType(e).getIntOrFloatBitWidth() / 8; }

Frame::Frame(Kernel &kernel) : kernel(kernel), b(kernel.fn.getLoc(), kernel.out.getBodyRegion()) {}
void Frame::open(StringRef name, ArrayRef<Type> arguments, ArrayRef<Type> results) {
  b.setInsertionPointToEnd(kernel.out.getBody());
  fn = func::FuncOp::create(b, name, b.getFunctionType(arguments, results));
  b.setInsertionPointToEnd(fn.addEntryBlock());
}
Frame::~Frame() {
  b.setInsertionPointToEnd(&fn.front());
  if (fn.getResultTypes().empty())
    func::ReturnOp::create(b);
  else
    func::ReturnOp::create(b, ValueRange(arith::ConstantOp::create(b, b.getI32IntegerAttr(0)).getResult()));
}

Value Frame::atHead(function_ref<Value()> build) {
  OpBuilder::InsertionGuard guard(b);
  if (head)
    b.setInsertionPointAfter(head);
  else
    b.setInsertionPointToStart(&fn.front());
  Value v = build();
  head = v.getDefiningOp();
  return v;
}
Value Frame::c(int64_t value) {
  if (Value known = constants.lookup(value))
    return known;
  return constants[value] = atHead([&] { return arith::ConstantOp::create(b, b.getI64IntegerAttr(value)).getResult(); });
}
Value Frame::local(Type element, int64_t count) {
  Value n = c(count);
  return atHead(
      [&] { return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()), storageType(element), n, 64).getResult(); });
}
Value Frame::pointer(unsigned number) {
  if (Value known = pointers.lookup(number))
    return known;
  Value found = findPointer(number); // before the entry is made: it may ask for others
  return pointers[number] = found;
}
int32_t Frame::slotOf(unsigned launch, unsigned number) {
  auto plan = kernel.plan.getLaunches()[launch];
  SmallVector<int64_t> order(plan.getReads());
  llvm::append_range(order, plan.getWrites());
  auto *at = llvm::find(order, (int64_t)number);
  assert(at != order.end() && "the plan's launch does not list this value");
  return at - order.begin();
}

//===-- Index arithmetic -----------------------------------------------------------------------------------------===//
static std::optional<int64_t> constantOf(Value v) {
  APInt value;
  return isa<IntegerType>(v.getType()) && matchPattern(v, m_ConstantInt(&value)) ? std::optional(value.getSExtValue()) : std::nullopt;
}
/// Both as vectors where one is.
static void unify(Frame &f, Value &x, Value &y) {
  for (auto [p, q] : {std::pair(&x, &y), std::pair(&y, &x)})
    if (auto t = dyn_cast<VectorType>(p->getType()))
      *q = Scalars{f.b, f.b.getLoc()}.spread(*q, t.getNumElements());
}
template <typename Op> static Value binary(Frame &f, Value x, Value y) {
  unify(f, x, y);
  return Op::create(f.b, x, y);
}
Value Frame::add(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  if (i && j)
    return c(*i + *j);
  return i == 0 ? y : j == 0 ? x : binary<arith::AddIOp>(*this, x, y);
}
Value Frame::sub(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  if (i && j)
    return c(*i - *j);
  return j == 0 ? x : x == y ? c(0) : binary<arith::SubIOp>(*this, x, y);
}
Value Frame::mul(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  if (i && j)
    return c(*i * *j);
  if (i == 0 || j == 0)
    return c(0);
  return i == 1 ? y : j == 1 ? x : binary<arith::MulIOp>(*this, x, y);
}
Value Frame::min(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  return i && j ? c(std::min(*i, *j)) : x == y ? x : binary<arith::MinSIOp>(*this, x, y);
}
Value Frame::max(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  return i && j ? c(std::max(*i, *j)) : x == y ? x : binary<arith::MaxSIOp>(*this, x, y);
}
Value Frame::floorDiv(Value x, int64_t n) {
  auto i = constantOf(x);
  return i ? c(*i / n) : n == 1 ? x : binary<arith::DivUIOp>(*this, x, c(n));
}
Value Frame::ceilDiv(Value x, int64_t n) { return floorDiv(add(x, c(n - 1)), n); }
Value Frame::rem(Value x, int64_t n) {
  auto i = constantOf(x);
  return i ? c(*i % n) : n == 1 ? c(0) : binary<arith::RemUIOp>(*this, x, c(n));
}
Value Frame::quotient(Value x, Value y) {
  auto i = constantOf(x), j = constantOf(y);
  return i && j ? c(*i / *j) : j ? floorDiv(x, *j) : binary<arith::DivUIOp>(*this, x, y);
}
Value Frame::select(Value condition, Value yes, Value no) {
  auto known = constantOf(condition);
  return known ? (*known ? yes : no) : yes == no ? yes : arith::SelectOp::create(b, condition, yes, no).getResult();
}
Value Frame::less(Value x, Value y) {
  if (auto i = constantOf(x), j = constantOf(y); i && j)
    return Scalars{b, b.getLoc()}.icst(b.getI1Type(), *i < *j);
  unify(*this, x, y);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
}

static bool nonNegative(AffineExpr e) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return constant.getValue() >= 0;
  auto op = dyn_cast<AffineBinaryOpExpr>(e);
  return !op || op.getKind() == AffineExprKind::Mod || (nonNegative(op.getLHS()) && nonNegative(op.getRHS()));
}
/// Quotient and remainder by a positive `y`, rounded down; `positive`: x is not negative.
static std::pair<Value, Value> divide(Frame &f, Value x, Value y, bool positive) {
  if (auto i = constantOf(x), j = constantOf(y); i && j)
    return {f.c(llvm::divideFloorSigned(*i, *j)), f.c(*i - *j * llvm::divideFloorSigned(*i, *j))};
  if (constantOf(y) == 1)
    return {x, f.c(0)};
  Value q;
  if (positive) {
    q = binary<arith::DivUIOp>(f, x, y);
    return {q, f.sub(x, f.mul(q, y))};
  }
  q = binary<arith::DivSIOp>(f, x, y);
  Value r = f.sub(x, f.mul(q, y)), negative = f.less(r, f.c(0));
  Value one = f.c(1), zero = f.c(0), fix = y;
  unify(f, r, one), unify(f, r, zero), unify(f, r, fix);
  return {f.sub(q, arith::SelectOp::create(f.b, negative, one, zero)), f.add(r, arith::SelectOp::create(f.b, negative, fix, zero))};
}
Value Frame::expr(AffineExpr e, ArrayRef<Value> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(e))
    return c(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(e))
    return dims[dim.getPosition()];
  bool symbolic = e.isSymbolicOrConstant();
  if (Value known = symbolic ? exprs.lookup(e) : Value())
    return known;
  auto build = [&]() -> Value {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(e)) {
      auto *at = llvm::find(kernel.symbols, dl::getSymbolName(symbol));
      assert(at != kernel.symbols.end() && "a symbol that the program does not declare");
      return this->symbol(at - kernel.symbols.begin());
    }
    auto op = cast<AffineBinaryOpExpr>(e);
    Value x = expr(op.getLHS(), dims), y = expr(op.getRHS(), dims);
    bool positive = nonNegative(op.getLHS());
    switch (e.getKind()) {
    case AffineExprKind::Add:
      return add(x, y);
    case AffineExprKind::Mul:
      return mul(x, y);
    case AffineExprKind::FloorDiv:
      return divide(*this, x, y, positive).first;
    case AffineExprKind::CeilDiv:
      return divide(*this, sub(add(x, y), c(1)), y, positive).first;
    case AffineExprKind::Mod:
      return divide(*this, x, y, positive).second;
    default:
      llvm_unreachable("leaves were handled");
    }
  };
  if (!symbolic)
    return build();
  OpBuilder::InsertionGuard guard(b);
  if (head)
    b.setInsertionPointAfter(head);
  else
    b.setInsertionPointToStart(&fn.front());
  Value v = build(); // its parts extend the head before this point
  if (Operation *op = v.getDefiningOp(); op && (!head || head->isBeforeInBlock(op)))
    head = op;
  return exprs[e] = v;
}
Value Frame::extent(Value tensor, unsigned dim) { return expr(dl::getExtents(tensor)[dim]); }

//===-- Memory ---------------------------------------------------------------------------------------------------===//
Value Frame::gep(Type element, Value base, Value index) {
  if (auto i = constantOf(index); i == 0)
    return base;
  Type p = base.getType();
  if (auto v = dyn_cast<VectorType>(index.getType()))
    p = VectorType::get(v.getShape(), p);
  return LLVM::GEPOp::create(b, p, storageType(element), base, ArrayRef<LLVM::GEPArg>{index}, LLVM::GEPNoWrapFlags::inbounds);
}
Value Frame::read(Type element, Type type, Value pointer, Value mask) {
  unsigned bytes = storageBytes(element);
  if (auto gather = dyn_cast<VectorType>(pointer.getType())) {
    Value all = mask ? mask : Scalars{b, b.getLoc()}.icst(VectorType::get(gather.getShape(), b.getI1Type()), -1);
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
    return LLVM::masked_gather::create(b, type, pointer, all, ValueRange(zero), bytes);
  }
  if (!mask)
    return LLVM::LoadOp::create(b, type, pointer, bytes);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return LLVM::MaskedLoadOp::create(b, type, pointer, mask, zero, bytes);
}
void Frame::write(Type element, Value v, Value pointer, Value mask) {
  if (mask)
    LLVM::MaskedStoreOp::create(b, v, pointer, mask, storageBytes(element));
  else
    LLVM::StoreOp::create(b, v, pointer, storageBytes(element));
}
Value Frame::load(Type element, Value pointer, unsigned lanes, Value mask) {
  Type s = storageType(element), t = lanes > 1 ? Type(VectorType::get({(int64_t)lanes}, s)) : s;
  Value v = read(element, t, pointer, mask);
  if (element.isBF16()) {
    Type wide = dl::like(t, b.getI32Type());
    Value bits = arith::ShLIOp::create(b, arith::ExtUIOp::create(b, wide, v), Scalars{b, b.getLoc()}.icst(wide, 16));
    return arith::BitcastOp::create(b, dl::like(t, b.getF32Type()), bits);
  }
  if (element.isInteger(1))
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, v, Scalars{b, b.getLoc()}.icst(t, 0));
  return v;
}
void Frame::store(Type element, Value v, Value pointer, Value mask) {
  Scalars k{b, b.getLoc()};
  Type s = storageType(element), t = dl::like(v.getType(), s);
  if (element.isBF16()) { // a NaN whose payload is in the lower half must not become infinity
    Type wide = dl::like(t, b.getI32Type());
    Value bits = k.shr(arith::BitcastOp::create(b, wide, v), k.icst(wide, 16));
    bits = k.select(k.ne(v, v), k.bor(bits, k.icst(wide, 0x40)), bits);
    v = arith::TruncIOp::create(b, t, bits);
  } else if (element.isInteger(1)) {
    v = arith::ExtUIOp::create(b, t, v);
  }
  write(element, v, pointer, mask);
}
Value Frame::lanes(Value vector, int64_t first, int64_t count) {
  return vector::ShuffleOp::create(b, vector, vector, llvm::to_vector(llvm::seq<int64_t>(first, first + count)));
}
Value Frame::lanesFrom(Value base, unsigned lanes) {
  SmallVector<int64_t> iota = llvm::to_vector(llvm::seq<int64_t>(0, lanes));
  auto t = VectorType::get({(int64_t)lanes}, b.getI64Type());
  return add(arith::ConstantOp::create(b, DenseElementsAttr::get(t, ArrayRef<int64_t>(iota))), base);
}

//===-- Loops ----------------------------------------------------------------------------------------------------===//
scf::ForOp Frame::loop(Value lo, Value hi, Value step, ValueRange init,
                       function_ref<void(Value, ValueRange, SmallVectorImpl<Value> &)> body) {
  auto l = scf::ForOp::create(b, lo, hi, step, init);
  OpBuilder::InsertionGuard guard(b);
  if (init.empty())
    b.setInsertionPoint(l.getBody()->getTerminator());
  else
    b.setInsertionPointToEnd(l.getBody());
  SmallVector<Value> next;
  body(l.getInductionVar(), l.getRegionIterArgs(), next);
  if (!init.empty())
    scf::YieldOp::create(b, next);
  return l;
}
void Frame::loop(Value lo, Value hi, function_ref<void(Value)> body) {
  loop(lo, hi, c(1), {}, [&](Value i, ValueRange, SmallVectorImpl<Value> &) { body(i); });
}
} // namespace dlc::codegen
