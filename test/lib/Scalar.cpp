// Scalar arith and math ops as closures.
#include "test/lib/Scalar.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <cstring>

using namespace mlir;
namespace dlc::test {

static int64_t wrap(int64_t v, Type type) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return width == 1 ? v & 1 : llvm::SignExtend64(v, width);
}
static uint64_t unsignedOf(int64_t v, Type type) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return width == 64 ? v : uint64_t(v) & llvm::maskTrailingOnes<uint64_t>(width);
}
Cell rounded(Cell v, Type type) {
  if (type.isF64())
    return v;
  if (type.isF32())
    return {double(float(v.f)), 0};
  if (!isa<FloatType>(type))
    return {0, wrap(v.i, type)};
  bool lost;
  llvm::APFloat x(v.f);
  (void)x.convert(cast<FloatType>(type).getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
  (void)x.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return {x.convertToDouble(), 0};
}
static bool holds(arith::CmpFPredicate p, double x, double y) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(x) || std::isnan(y);
  switch (p) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::OEQ:
    return x == y;
  case P::ONE:
    return x < y || x > y;
  case P::OLT:
    return x < y;
  case P::OLE:
    return x <= y;
  case P::OGT:
    return x > y;
  case P::OGE:
    return x >= y;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::UEQ:
    return unordered || x == y;
  case P::UNE:
    return x != y;
  case P::ULT:
    return !(x >= y);
  case P::ULE:
    return !(x > y);
  case P::UGT:
    return !(x <= y);
  case P::UGE:
    return !(x < y);
  }
  llvm_unreachable("covered");
}
static bool holds(arith::CmpIPredicate p, int64_t x, int64_t y, Type type) {
  using P = arith::CmpIPredicate;
  if (type.isInteger(1)) // as a signed number true is -1
    x = p <= P::sge ? -x : x, y = p <= P::sge ? -y : y;
  uint64_t a = unsignedOf(x, type), b = unsignedOf(y, type);
  switch (p) {
  case P::eq:
    return x == y;
  case P::ne:
    return x != y;
  case P::slt:
    return x < y;
  case P::sle:
    return x <= y;
  case P::sgt:
    return x > y;
  case P::sge:
    return x >= y;
  case P::ult:
    return a < b;
  case P::ule:
    return a <= b;
  case P::ugt:
    return a > b;
  case P::uge:
    return a >= b;
  }
  llvm_unreachable("covered");
}
static int64_t shift(int64_t x, uint64_t by, bool left, bool arithmetic, Type t) {
  if (by >= t.getIntOrFloatBitWidth())
    return arithmetic && x < 0 ? -1 : 0;
  return left ? int64_t(uint64_t(x) << by) : arithmetic ? x >> by : int64_t(unsignedOf(x, t) >> by);
}
static Cell bitcast(Cell v, Type from, Type to) {
  int64_t bits = v.i;
  if (from.isF32())
    bits = llvm::bit_cast<int32_t>(float(v.f));
  else if (from.isF64())
    bits = llvm::bit_cast<int64_t>(v.f);
  if (to.isF32())
    return {double(llvm::bit_cast<float>(int32_t(bits))), 0};
  return to.isF64() ? Cell{llvm::bit_cast<double>(bits), 0} : Cell{0, bits};
}

unsigned ScalarProgram::registerOf(Value v) {
  auto [it, fresh] = registers.try_emplace(v, cells.size());
  if (fresh)
    cells.emplace_back();
  return it->second;
}

void ScalarProgram::add(Operation &op) {
  if (auto branch = dyn_cast<scf::IfOp>(op)) { // both sides, then a choice
    for (Block *side : {branch.thenBlock(), branch.elseBlock()})
      for (Operation &inner : side->without_terminator())
        add(inner);
    unsigned condition = registerOf(branch.getCondition());
    for (auto [result, yes, no] : llvm::zip_equal(branch.getResults(), branch.thenYield().getOperands(), branch.elseYield().getOperands()))
      steps.push_back(
          [=, out = registerOf(result), x = registerOf(yes), y = registerOf(no)](Cell *c) { c[out] = c[condition].i ? c[x] : c[y]; });
    return;
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    Cell &c = cells[registerOf(constant)];
    if (auto f = dyn_cast<FloatAttr>(constant.getValue()))
      c.f = f.getValueAsDouble();
    else
      c.i = wrap(cast<IntegerAttr>(constant.getValue()).getValue().getSExtValue(), constant.getType());
    return;
  }
  SmallVector<unsigned, 3> in;
  for (Value v : op.getOperands())
    in.push_back(registerOf(v));
  in.resize(3);
  unsigned x = in[0], y = in[1], z = in[2], out = registerOf(op.getResult(0));
  Type from = op.getOperand(0).getType(), to = op.getResult(0).getType();
  auto step = [&](auto f) { steps.push_back([=](Cell *c) { c[out] = rounded(f(c[x], c[y], c[z]), to); }); };
  auto real = [&](auto f) { step([=](Cell a, Cell b, Cell) { return Cell{f(a.f, b.f), 0}; }); };
  auto integer = [&](auto f) { step([=](Cell a, Cell b, Cell) { return Cell{0, int64_t(f(a.i, b.i))}; }); };
  auto toReal = [&](auto f) { step([=](Cell a, Cell, Cell) { return Cell{f(a), 0}; }); };
  auto toInteger = [&](auto f) { step([=](Cell a, Cell b, Cell) { return Cell{0, int64_t(f(a, b))}; }); };
  using U = uint64_t;
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](arith::AddFOp) { real([](double a, double b) { return a + b; }); })
      .Case([&](arith::SubFOp) { real([](double a, double b) { return a - b; }); })
      .Case([&](arith::MulFOp) { real([](double a, double b) { return a * b; }); })
      .Case([&](arith::DivFOp) { real([](double a, double b) { return a / b; }); })
      .Case([&](arith::RemFOp) { real([](double a, double b) { return std::fmod(a, b); }); })
      .Case([&](arith::NegFOp) { real([](double a, double) { return -a; }); })
      .Case([&](math::AbsFOp) { real([](double a, double) { return std::fabs(a); }); })
      .Case([&](math::SqrtOp) { real([](double a, double) { return std::sqrt(a); }); })
      .Case([&](math::ExpOp) { real([](double a, double) { return std::exp(a); }); })
      .Case([&](math::Exp2Op) { real([](double a, double) { return std::exp2(a); }); })
      .Case([&](math::ExpM1Op) { real([](double a, double) { return std::expm1(a); }); })
      .Case([&](math::LogOp) { real([](double a, double) { return std::log(a); }); })
      .Case([&](math::Log2Op) { real([](double a, double) { return std::log2(a); }); })
      .Case([&](math::Log1pOp) { real([](double a, double) { return std::log1p(a); }); })
      .Case([&](math::CbrtOp) { real([](double a, double) { return std::cbrt(a); }); })
      .Case([&](math::SinOp) { real([](double a, double) { return std::sin(a); }); })
      .Case([&](math::CosOp) { real([](double a, double) { return std::cos(a); }); })
      .Case([&](math::TanOp) { real([](double a, double) { return std::tan(a); }); })
      .Case([&](math::AsinOp) { real([](double a, double) { return std::asin(a); }); })
      .Case([&](math::AcosOp) { real([](double a, double) { return std::acos(a); }); })
      .Case([&](math::AtanOp) { real([](double a, double) { return std::atan(a); }); })
      .Case([&](math::SinhOp) { real([](double a, double) { return std::sinh(a); }); })
      .Case([&](math::CoshOp) { real([](double a, double) { return std::cosh(a); }); })
      .Case([&](math::TanhOp) { real([](double a, double) { return std::tanh(a); }); })
      .Case([&](math::AsinhOp) { real([](double a, double) { return std::asinh(a); }); })
      .Case([&](math::AcoshOp) { real([](double a, double) { return std::acosh(a); }); })
      .Case([&](math::AtanhOp) { real([](double a, double) { return std::atanh(a); }); })
      .Case([&](math::ErfOp) { real([](double a, double) { return std::erf(a); }); })
      .Case([&](math::ErfcOp) { real([](double a, double) { return std::erfc(a); }); })
      .Case([&](math::PowFOp) { real([](double a, double b) { return std::pow(a, b); }); })
      .Case([&](math::RoundEvenOp) { real([](double a, double) { return std::nearbyint(a); }); })
      .Case([&](math::FloorOp) { real([](double a, double) { return std::floor(a); }); })
      .Case([&](math::FmaOp) { step([](Cell a, Cell b, Cell c) { return Cell{std::fma(a.f, b.f, c.f), 0}; }); })
      .Case([&](arith::AddIOp) { integer([](U a, U b) { return a + b; }); })
      .Case([&](arith::SubIOp) { integer([](U a, U b) { return a - b; }); })
      .Case([&](arith::MulIOp) { integer([](U a, U b) { return a * b; }); })
      .Case([&](arith::DivSIOp) { integer([](int64_t a, int64_t b) { return b ? a / b : 0; }); })
      .Case([&](arith::RemSIOp) { integer([](int64_t a, int64_t b) { return b ? a % b : 0; }); })
      .Case([&](arith::DivUIOp) { integer([=](int64_t a, int64_t b) { return b ? unsignedOf(a, to) / unsignedOf(b, to) : 0; }); })
      .Case([&](arith::RemUIOp) { integer([=](int64_t a, int64_t b) { return b ? unsignedOf(a, to) % unsignedOf(b, to) : 0; }); })
      .Case([&](arith::AndIOp) { integer([](int64_t a, int64_t b) { return a & b; }); })
      .Case([&](arith::OrIOp) { integer([](int64_t a, int64_t b) { return a | b; }); })
      .Case([&](arith::XOrIOp) { integer([](int64_t a, int64_t b) { return a ^ b; }); })
      .Case([&](arith::ShLIOp) { integer([=](int64_t a, int64_t b) { return shift(a, b, true, false, to); }); })
      .Case([&](arith::ShRUIOp) { integer([=](int64_t a, int64_t b) { return shift(a, b, false, false, to); }); })
      .Case([&](arith::ShRSIOp) { integer([=](int64_t a, int64_t b) { return shift(a, b, false, true, to); }); })
      .Case([&](math::AbsIOp) { integer([](int64_t a, int64_t) { return a < 0 ? 0 - U(a) : U(a); }); })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { real([](double a, double) { return a; }); })
      .Case<arith::SIToFPOp>([&](auto) {
        toReal([=](Cell a) {
          int64_t i = from.isInteger(1) ? -a.i : a.i;
          return to.isF32() ? double(float(i)) : double(i); // rounded once
        });
      })
      .Case<arith::UIToFPOp>([&](auto) { toReal([=](Cell a) { return double(unsignedOf(a.i, from)); }); })
      .Case<arith::FPToSIOp, arith::FPToUIOp>([&](auto) { toInteger([](Cell a, Cell) { return a.f; }); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { toInteger([=](Cell a, Cell) { return unsignedOf(a.i, from); }); })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>(
          [&](auto) { toInteger([=](Cell a, Cell) { return from.isInteger(1) ? -a.i : a.i; }); })
      .Case([&](arith::BitcastOp) { step([=](Cell a, Cell, Cell) { return bitcast(a, from, to); }); })
      .Case([&](arith::CmpFOp p) { toInteger([k = p.getPredicate()](Cell a, Cell b) { return holds(k, a.f, b.f); }); })
      .Case([&](arith::CmpIOp p) { toInteger([k = p.getPredicate(), from](Cell a, Cell b) { return holds(k, a.i, b.i, from); }); })
      .Case([&](arith::SelectOp) { step([](Cell a, Cell b, Cell c) { return a.i ? b : c; }); })
      .Case([&](arith::MulUIExtendedOp) {
        unsigned high = registerOf(op.getResult(1)), width = to.getIntOrFloatBitWidth();
        steps.push_back([=](Cell *c) {
          auto p = (unsigned __int128)unsignedOf(c[x].i, to) * unsignedOf(c[y].i, to);
          c[out] = {0, wrap(int64_t(p), to)};
          c[high] = {0, wrap(int64_t(p >> width), to)};
        });
      })
      .Default([&](Operation *) { unknown = op.getName().getStringRef().str(); });
}

ScalarProgram::ScalarProgram(MLIRContext *context, ArrayRef<Type> types,
                             llvm::function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build) {
  context->loadDialect<arith::ArithDialect, math::MathDialect, scf::SCFDialect>();
  Block block;
  for (Type type : types)
    registerOf(block.addArgument(type, UnknownLoc::get(context)));
  OpBuilder b(context);
  b.setInsertionPointToEnd(&block);
  SmallVector<Value> results = build(b, block.getArguments());
  for (Operation &op : block)
    add(op);
  for (Value v : results)
    outputs.push_back(registerOf(v));
}
SmallVector<Cell> ScalarProgram::run(ArrayRef<Cell> inputs) {
  std::copy(inputs.begin(), inputs.end(), cells.begin());
  for (auto &step : steps)
    step(cells.data());
  return llvm::map_to_vector(outputs, [&](unsigned r) { return cells[r]; });
}
} // namespace dlc::test
