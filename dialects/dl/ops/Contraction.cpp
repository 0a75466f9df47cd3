// Contractions: matmul.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto l = dyn_cast<RankedTensorType>(a.getLhs().getType()), r = dyn_cast<RankedTensorType>(a.getRhs().getType());
  if (!l || !r || l.getRank() < 2 || r.getRank() < 2 || (r.getRank() != 2 && r.getRank() != l.getRank()))
    return emitOptionalError(loc, "expected [batch..., m, k] and [k, n] or [batch..., k, n], found ", a.getLhs().getType(), " and ",
                             a.getRhs().getType());
  if (l.getElementType() != r.getElementType())
    return emitOptionalError(loc, "expected one element type, found ", l.getElementType(), " and ", r.getElementType(),
                             ": write dl.cast before it");
  auto le = getExtents(l), re = getExtents(r);
  int64_t n = l.getRank(), q = r.getRank();
  AffineExpr lk = le[a.getTransposeLhs() ? n - 2 : n - 1], rk = re[a.getTransposeRhs() ? q - 1 : q - 2];
  if (lk != rk)
    return emitOptionalError(loc, "lhs has k = ", toString(lk), ", rhs has k = ", toString(rk), " (", l, " and ", r, ")");
  SmallVector<AffineExpr> out;
  for (int64_t i = 0; i + 2 < n; ++i) {
    if (q > 2 && le[i] != re[i] && getConstant(re[i]) != 1)
      return emitOptionalError(loc, "batch dimension ", i, " is ", toString(le[i]), " in lhs and ", toString(re[i]), " in rhs");
    out.push_back(le[i]);
  }
  out.push_back(le[a.getTransposeLhs() ? n - 1 : n - 2]);
  out.push_back(re[a.getTransposeRhs() ? q - 2 : q - 1]);
  types.push_back(getTensor(out, l.getElementType()));
  return success();
}
Nest MatmulOp::getNest() {
  MLIRContext *c = getContext();
  Nest nest;
  nest.extents = getExtents(getY());
  int64_t rank = nest.extents.size();
  nest.parallel = rank;
  auto le = getExtents(getLhs());
  nest.extents.push_back(le[getTransposeLhs() ? rank - 2 : rank - 1]);
  AffineExpr m = getAffineDimExpr(rank - 2, c), n = getAffineDimExpr(rank - 1, c), k = getAffineDimExpr(rank, c);
  SmallVector<AffineExpr> l, r;
  for (int64_t i = 0; i + 2 < rank; ++i)
    l.push_back(getAffineDimExpr(i, c));
  if (auto re = getExtents(getRhs()); re.size() > 2)
    for (int64_t i = 0; i + 2 < rank; ++i)
      r.push_back(re[i] == le[i] ? l[i] : getAffineConstantExpr(0, c));
  l.append(getTransposeLhs() ? std::initializer_list<AffineExpr>{k, m} : std::initializer_list<AffineExpr>{m, k});
  r.append(getTransposeRhs() ? std::initializer_list<AffineExpr>{n, k} : std::initializer_list<AffineExpr>{k, n});
  nest.operands = {getMap(rank + 1, l, c), getMap(rank + 1, r, c)};
  return nest;
}
bool MatmulOp::isMultiplyAdd() { return true; }
SmallVector<Value> MatmulOp::emitIdentity(OpBuilder &b, Location loc, Type t) {
  return {Scalars{b, loc}.cst(like(t, computeType(getElementTypeOrSelf(getY().getType()))), 0.0)};
}
SmallVector<Value> MatmulOp::emitTerm(OpBuilder &b, Location loc, ValueRange acc, ValueRange x, function_ref<Value(unsigned)>) {
  return {Scalars{b, loc}.fma(x[0], x[1], acc[0])};
}
SmallVector<Value> MatmulOp::emitMerge(OpBuilder &b, Location loc, ValueRange x, ValueRange y) { return {Scalars{b, loc}.add(x[0], y[0])}; }
// With A = lhs as [m, k] and B = rhs as [k, n]: dA = dy B^T, dB = A^T dy; a transposed operand gets the transposed product.
void MatmulOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g)
    return;
  OpBuilder &b = d.builder();
  bool tl = getTransposeLhs(), tr = getTransposeRhs();
  if (d.needs(getLhs())) {
    bool shared = ArrayRef(getExtents(getRhs())).drop_back(2) != ArrayRef(getExtents(getLhs())).drop_back(2);
    if (tl && !shared)
      d.add(getLhs(), MatmulOp::create(b, getLoc(), getRhs(), g, /*transpose_lhs=*/tr, /*transpose_rhs=*/true));
    else {
      Value dl = MatmulOp::create(b, getLoc(), g, getRhs(), false, !tr);
      if (tl) { // lhs of rank 2 has no batch, so the product is transposed, not its operands
        auto swap = llvm::to_vector(llvm::seq<int64_t>(0, getExtents(dl).size()));
        std::swap(swap.end()[-1], swap.end()[-2]);
        dl = Tensor{b, getLoc(), dl}.transpose(swap);
      }
      d.add(getLhs(), dl);
    }
  }
  if (!d.needs(getRhs()))
    return;
  Value a = getLhs(), dy = g;
  auto rhsType = cast<RankedTensorType>(getRhs().getType()), lhsType = cast<RankedTensorType>(getLhs().getType());
  if (rhsType.getRank() == 2 && lhsType.getRank() > 2 && !tl) { // one product over all rows of the batch
    auto flat = [&](Value v) -> Value {
      auto e = getExtents(v);
      AffineExpr rows = product(ArrayRef(e).drop_back(), getContext());
      return Tensor{b, getLoc(), v}.reshape(getTensor({rows, e.back()}, rhsType.getElementType()));
    };
    a = flat(a), dy = flat(dy);
  }
  Value r = tr ? MatmulOp::create(b, getLoc(), dy, a, true, tl).getResult() : MatmulOp::create(b, getLoc(), a, dy, !tl, false).getResult();
  auto found = getExtents(r), wanted = getExtents(rhsType);
  int64_t extra = found.size() - wanted.size();
  SmallVector<int64_t> repeated;
  for (int64_t i = 0; i + 2 < int64_t(found.size()); ++i)
    if (i < extra || found[i] != wanted[i - extra])
      repeated.push_back(i);
  if (!repeated.empty())
    r = Tensor{b, getLoc(), r}.sum(repeated).reshape(rhsType);
  d.add(getRhs(), r);
}
