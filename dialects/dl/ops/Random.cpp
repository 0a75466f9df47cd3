// Positional ops: elements from their index alone, and random numbers, which are a function of key, stream and index.
#include "dialects/dl/Dl.h"
#include "dialects/dl/Philox.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

static RankedTensorType typeOf(Value v) { return cast<RankedTensorType>(v.getType()); }

//===-- Iota and extent -------------------------------------------------------------------------------------------===//
LogicalResult IotaOp::verify() {
  int64_t axis = getAxis();
  if (axis < 0 || axis >= typeOf(getY()).getRank())
    return emitOpError("axis ") << axis << " of a tensor of rank " << typeOf(getY()).getRank();
  Type element = typeOf(getY()).getElementType();
  AffineExpr n = getExtents(getY())[axis];
  if (element.isInteger(8) || element.isInteger(32))
    if (int64_t most = int64_t(1) << (element.getIntOrFloatBitWidth() - 1); !isNonNegative(*this, most - n))
      return emitOpError() << element << " holds indices below " << most << ", the extent of axis " << axis << " is " << toString(n)
                           << ": write i64 elements" << (getConstant(n) < 0 ? ", or bound the extent by a dl.symbol" : "");
  return success();
}
int64_t IotaOp::getElementCost() { return 1; }
Value IotaOp::emitAt(OpBuilder &b, Location loc, ValueRange, ValueRange coords, function_ref<Value(AffineExpr)>) {
  return Scalars{b, loc}.cast(coords[getAxis()], typeOf(getY()).getElementType());
}

LogicalResult ExtentOp::verify() {
  if (typeOf(getY()).getRank() == 0)
    return success();
  return emitOpError("the result is one number, found ") << getY().getType() << ": write dl.broadcast behind it";
}
int64_t ExtentOp::getElementCost() { return 1; }
Value ExtentOp::emitAt(OpBuilder &b, Location loc, ValueRange, ValueRange, function_ref<Value(AffineExpr)> extent) {
  return Scalars{b, loc}.cast(extent(product(getExtents().getExtents(), getContext())), typeOf(getY()).getElementType());
}
// extent of constants -> constant, where a constant holds it
OpFoldResult ExtentOp::fold(FoldAdaptor) {
  int64_t n = getConstant(product(getExtents().getExtents(), getContext()));
  return n >= 0 && n < int64_t(1) << 53 ? OpFoldResult(Builder(getContext()).getF64FloatAttr(n)) : OpFoldResult();
}

//===-- Random numbers --------------------------------------------------------------------------------------------===//
std::array<Value, 4> dlc::dl::emitPhilox(Scalars &e, std::array<Value, 4> c, std::array<Value, 2> key) {
  Type type = c[0].getType();
  auto word = [&](uint32_t w) { return e.icst(type, (int32_t)w); };
  for (int round = 0; round < 10; ++round) {
    auto p = arith::MulUIExtendedOp::create(e.b, e.loc, c[0], word(0xD2511F53));
    auto q = arith::MulUIExtendedOp::create(e.b, e.loc, c[2], word(0xCD9E8D57));
    c = {e.bxor(e.bxor(q.getHigh(), c[1]), key[0]), q.getLow(), e.bxor(e.bxor(p.getHigh(), c[3]), key[1]), p.getLow()};
    key = {e.add(key[0], word(0x9E3779B9)), e.add(key[1], word(0xBB67AE85))};
  }
  return c;
}

static LogicalResult verifyStream(Operation *op, int64_t stream, int64_t last) {
  if (stream >= 0 && stream <= last)
    return success();
  return op->emitOpError("stream ") << stream << ": expected 0 to " << last;
}
LogicalResult RandomUniformOp::verify() { return verifyStream(*this, getStream(), INT64_MAX); }
int64_t RandomUniformOp::getElementCost() { return 100; }
Value RandomUniformOp::emitAt(OpBuilder &b, Location loc, ValueRange operands, ValueRange coords, function_ref<Value(AffineExpr)> extent) {
  Scalars e{b, loc};
  Type i64 = b.getI64Type(), i32 = b.getI32Type();
  int64_t lanes = 1;
  for (Value c : coords)
    if (auto v = dyn_cast<VectorType>(c.getType()))
      lanes = v.getDimSize(0);
  Value number = e.spread(e.icst(i64, 0), lanes);
  for (auto [c, n] : llvm::zip_equal(coords, getExtents(getY())))
    number = e.add(e.mul(number, e.spread(extent(n), lanes)), e.spread(c, lanes));
  auto halves = [&](Value v) -> std::array<Value, 2> { return {e.cast(v, i32), e.cast(e.shr(v, e.icst(v.getType(), 32)), i32)}; };
  auto at = halves(e.shr(number, e.icst(number.getType(), 2)));
  auto stream = halves(e.spread(e.icst(i64, getStream()), lanes)), key = halves(e.spread(operands[0], lanes));
  auto w = emitPhilox(e, {at[0], at[1], stream[0], stream[1]}, key);
  Value lane = halves(number)[0], zero = e.icst(lane.getType(), 0);
  auto bit = [&](int mask) { return e.ne(e.band(lane, e.icst(lane.getType(), mask)), zero); };
  Value odd = bit(1), word = e.select(bit(2), e.select(odd, w[3], w[2]), e.select(odd, w[1], w[0]));
  Value u = e.cast(e.shr(word, e.icst(word.getType(), 8)), b.getF32Type());
  return e.mul(u, e.cst(u.getType(), 0x1p-24));
}

LogicalResult RandomNormalOp::verify() { return verifyStream(*this, getStream(), (int64_t(1) << 61) - 1); }
SmallVector<Value> RandomNormalOp::decompose(OpBuilder &b) {
  auto uniform = [&](int bit) {
    return Tensor{b, getLoc(), RandomUniformOp::create(b, getLoc(), getY().getType(), getKey(), getStream() + (int64_t(1) << bit))};
  };
  Tensor u = uniform(61), v = uniform(62);
  return {((1.0 - u).log() * -2.0).sqrt() * (v * 6.2831853071795865).cos()};
}
