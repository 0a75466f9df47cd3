// What Number.h does not say in a line.
#include "dialects/dl/functions/Number.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
namespace dlc::dl {
static unsigned widthOf(Number x) { return getElementTypeOrSelf(x.type()).getIntOrFloatBitWidth(); }

Number bits(Number x) {
  Type to = like(x.type(), x.s->b.getIntegerType(widthOf(x)));
  return x.with(arith::BitcastOp::create(x.s->b, x.s->loc, to, x.v));
}
Number fromBits(Number x) {
  Type to = widthOf(x) == 64 ? Type(x.s->b.getF64Type()) : Type(x.s->b.getF32Type());
  return x.with(arith::BitcastOp::create(x.s->b, x.s->loc, like(x.type(), to), x.v));
}
Number low32(Number x) { return x.with(arith::TruncIOp::create(x.s->b, x.s->loc, like(x.type(), x.s->b.getI32Type()), x.v)); }
Number sqrt(Number x) { return x.with(math::SqrtOp::create(x.s->b, x.s->loc, x.v)); }
Number nearest(Number x) { return x.with(math::RoundEvenOp::create(x.s->b, x.s->loc, x.v)); }
Number signOf(Number x) { return bits(x) & (widthOf(x) == 64 ? INT64_MIN : int64_t(INT32_MIN)); }
Number wide(Number x) { return x.with(x.s->cast(x.v, x.s->b.getF64Type())); }
Number narrow(Number x) { return x.with(x.s->cast(x.v, x.s->b.getF32Type())); }

SmallVector<Number> whereAny(Number condition, ArrayRef<Number> usual, llvm::function_ref<SmallVector<Number>()> rare) {
  OpBuilder &b = condition.s->b;
  Location loc = condition.s->loc;
  Value any = condition.v;
  if (isa<VectorType>(any.getType()))
    any = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
  SmallVector<Type> types;
  SmallVector<Value> values;
  for (Number n : usual)
    types.push_back(n.type()), values.push_back(n.v);
  auto branch = scf::IfOp::create(b, loc, types, any, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, loc, values);
  b.setInsertionPointToEnd(branch.thenBlock());
  SmallVector<Value> chosen;
  for (auto [u, r] : llvm::zip_equal(usual, rare()))
    chosen.push_back(select(condition, r, u).v);
  scf::YieldOp::create(b, loc, chosen);
  return llvm::map_to_vector(branch.getResults(), [&](Value v) { return condition.with(v); });
}
} // namespace dlc::dl
