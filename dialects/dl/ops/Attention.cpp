// Attention: what it is made of, and its derivative.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>
#include <limits>
using namespace mlir;
using namespace dlc::dl;

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor a, SmallVectorImpl<Type> &types) {
  auto q = dyn_cast<RankedTensorType>(a.getQ().getType()), k = dyn_cast<RankedTensorType>(a.getK().getType()),
       v = dyn_cast<RankedTensorType>(a.getV().getType());
  if (!q || !k || !v || q.getRank() != 4 || k.getRank() != 4 || v.getRank() != 4)
    return emitOptionalError(loc, "expected q [b, h, t, d], k [b, g, s, d] and v [b, g, s, e], found ", a.getQ().getType(), ", ",
                             a.getK().getType(), " and ", a.getV().getType());
  if (q.getElementType() != k.getElementType() || q.getElementType() != v.getElementType())
    return emitOptionalError(loc, "expected one element type, found ", q, ", ", k, " and ", v, ": write dl.cast before it");
  auto qe = getExtents(q), ke = getExtents(k), ve = getExtents(v);
  int64_t h = getConstant(qe[1]), g = getConstant(ke[1]);
  if (h < 1 || g < 1 || h % g || ke[1] != ve[1])
    return emitOptionalError(loc, "expected a constant number of heads in q, a multiple of that in k and v, found ", toString(qe[1]), ", ",
                             toString(ke[1]), " and ", toString(ve[1]));
  if (qe[0] != ke[0] || qe[0] != ve[0])
    return emitOptionalError(loc, "expected one batch, found ", toString(qe[0]), ", ", toString(ke[0]), " and ", toString(ve[0]));
  if (qe[3] != ke[3])
    return emitOptionalError(loc, "a query has ", toString(qe[3]), " elements, a key ", toString(ke[3]));
  if (!a.getScale() && getConstant(qe[3]) < 1)
    return emitOptionalError(loc, "the scale follows from a constant number of elements of a query, found ", toString(qe[3]),
                             ": write scale 0.125");
  if (ke[2] != ve[2])
    return emitOptionalError(loc, "there are ", toString(ke[2]), " keys and ", toString(ve[2]), " values");
  if (Value mask = a.getMask()) {
    auto me = getExtents(mask);
    bool fits = me.size() == 4 && me[3] == ke[2];
    for (unsigned i = 0; fits && i < 3; ++i)
      fits = me[i] == qe[i] || getConstant(me[i]) == 1;
    if (!fits)
      return emitOptionalError(loc, "expected a mask [b or 1, h or 1, t or 1, s] for q ", q, " and k ", k, ", found ", mask.getType());
  }
  types.push_back(getTensor({qe[0], qe[1], qe[2], ve[3]}, q.getElementType()));
  return success();
}

namespace {
/// The parts of one attention over [b, g, heads of a group, t, s]; without the third dimension where a group has one head.
struct Parts {
  AttentionOp op;
  OpBuilder &b;
  Location loc = op.getLoc();
  SmallVector<AffineExpr> qe = getExtents(op.getQ()), ke = getExtents(op.getK());
  AffineExpr groups = ke[1], members = getAffineConstantExpr(getConstant(qe[1]) / getConstant(ke[1]), op.getContext());
  bool grouped = getConstant(members) > 1;

  Tensor wide(Value v) { return Tensor{b, loc, v}.wide(); }
  /// [b, h, x, y] of queries, and [b, g, x, y] of keys, which all members of the group read.
  Tensor split(const Tensor &x, bool keys) {
    if (!grouped)
      return x;
    auto e = getExtents(x.v);
    return x.reshape(
        getTensor({e[0], groups, keys ? getAffineConstantExpr(1, b.getContext()) : members, e[2], e[3]}, x.type().getElementType()));
  }
  Tensor join(const Tensor &x, Type type) { return grouped ? x.reshape(cast<RankedTensorType>(type)) : x; }
  Tensor product(const Tensor &x, const Tensor &y, bool tx, bool ty) { return x.with(MatmulOp::create(b, loc, x, y, tx, ty)); }
  double scale() {
    auto given = op.getScaleAttr();
    return given ? given.getValueAsDouble() : 1 / std::sqrt(double(getConstant(qe[3])));
  }
  /// Which keys a query sees, for every score; null: all.
  Value seen(const Tensor &scores) {
    RankedTensorType all = withElement(scores.type(), b.getI1Type());
    int64_t rank = scores.rank();
    Value y;
    if (Value mask = op.getMask()) {
      auto me = getExtents(mask);
      SmallVector<AffineExpr> kept;
      SmallVector<int64_t> dims;
      auto keep = [&](AffineExpr extent, int64_t dim) { kept.push_back(extent), dims.push_back(dim); };
      if (me[0] == qe[0])
        keep(me[0], 0);
      if (me[1] == qe[1] && grouped)
        keep(groups, 1), keep(members, 2);
      else if (me[1] == qe[1])
        keep(me[1], 1);
      if (me[2] == qe[2])
        keep(me[2], rank - 2);
      keep(me[3], rank - 1);
      y = Tensor{b, loc, mask}.reshape(getTensor(kept, b.getI1Type())).broadcast(all, dims);
    }
    if (op.getCausal()) { // j + t <= i + s
      RankedTensorType square = getTensor({qe[2], ke[2]}, b.getI64Type());
      auto later = [&](int64_t axis, AffineExpr by) -> Value {
        Tensor at{b, loc, IotaOp::create(b, loc, square, axis)};
        if (qe[2] == ke[2])
          return at;
        auto scalar = RankedTensorType::get({}, b.getI64Type());
        Tensor n{b, loc, ExtentOp::create(b, loc, scalar, DimsAttr::get(b.getContext(), by))};
        return at + n.broadcast(square, {});
      };
      Value i = later(0, ke[2]), j = later(1, qe[2]);
      Tensor before{b, loc, CompareOp::create(b, loc, Predicate::le, j, i)};
      Value causal = before.broadcast(all, {rank - 2, rank - 1});
      y = y ? AndOp::create(b, loc, y, causal).getResult() : causal;
    }
    return y;
  }
  /// p.
  Tensor weights() {
    Tensor w = product(split(wide(op.getQ()), false), split(wide(op.getK()), true), false, true) * scale();
    int64_t last = w.rank() - 1;
    Value sees = seen(w);
    if (!sees) {
      Tensor e = (w - w.max({last}).spread(w.type(), {last})).exp();
      return e / e.sum({last}).spread(w.type(), {last});
    }
    double none = -std::numeric_limits<double>::infinity();
    Tensor shown = select(w.with(sees), w, w.same(none)), most = shown.max({last});
    Tensor m = select(equal(most, none), most.same(0), most); // of no key
    Tensor e = (shown - m.spread(w.type(), {last})).exp(), sum = e.sum({last});
    return e / select(equal(sum, 0.0), sum.same(1), sum).spread(w.type(), {last});
  }
  /// Of k or v, whose every group has been read by all of its members.
  Tensor gather(const Tensor &x) { return grouped ? x.sum({2}) : x; }
};
} // namespace

SmallVector<Value> AttentionOp::decompose(OpBuilder &b) {
  Parts parts{*this, b};
  Tensor y = parts.product(parts.weights(), parts.split(parts.wide(getV()), true), false, false);
  auto type = cast<RankedTensorType>(getY().getType());
  return {parts.join(y, withElement(type, y.type().getElementType())).cast(type.getElementType())};
}
void AttentionOp::buildVjp(Differentiator &d) {
  Value g = d.cotangent(getY());
  if (!g || !(d.needs(getQ()) || d.needs(getK()) || d.needs(getV())))
    return;
  Parts parts{*this, d.builder()};
  Type element = getElementTypeOrSelf(getY().getType());
  auto add = [&](Value operand, const Tensor &gradient) {
    d.add(operand, parts.join(gradient, withElement(operand.getType(), gradient.type().getElementType())).cast(element));
  };
  Tensor p = parts.weights(), dy = parts.split(parts.wide(g), false), v = parts.split(parts.wide(getV()), true);
  if (d.needs(getV()))
    d.add(getV(), parts.gather(parts.product(p, dy, true, false)).cast(element));
  if (!d.needs(getQ()) && !d.needs(getK()))
    return;
  int64_t last = p.rank() - 1;
  Tensor dp = parts.product(dy, v, false, true), dw = p * (dp - (dp * p).sum({last}).spread(p.type(), {last})) * parts.scale();
  if (d.needs(getQ()))
    add(getQ(), parts.product(dw, parts.split(parts.wide(getK()), true), false, false));
  if (d.needs(getK()))
    d.add(getK(), parts.gather(parts.product(dw, parts.split(parts.wide(getQ()), false), true, false)).cast(element));
}
