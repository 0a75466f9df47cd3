// The generator's table: a row for each op, or family of ops, says how a random one is made.
#include "mlir/IR/Verifier.h"
#include "tools/fuzz/Builder.h"
#include <cmath>

using namespace mlir;
using namespace dlc::dl;
namespace dlc::fuzz {
namespace {
using Extents = SmallVector<AffineExpr>;

//===-- Pointwise -------------------------------------------------------------------------------------------------===//
bool unary(Gen &g, StringRef name) { return g.make(name, g.floats()); }
bool binary(Gen &g, StringRef name) {
  Value x = g.train ? g.floats() : g.numbers(), y = g.like(x.getType());
  return g.make(name, g.r.chance(0.5) ? ValueRange{x, y} : ValueRange{y, x});
}
bool leaky(Gen &g, StringRef name) { return g.make(name, g.floats(), {g.real("alpha", g.r.chance(0.5) ? 0.01 : 0.25)}); }
bool gelu(Gen &g, StringRef name) { return g.make(name, g.floats(), {g.attr("approximate", g.b.getI32IntegerAttr(g.r.below(2)))}); }
Value boolean(Gen &g, ArrayRef<AffineExpr> extents) {
  Type t = g.withExtents(extents, g.b.getI1Type());
  if (g.r.chance(0.4)) { // a comparison of that shape
    for (Value v : llvm::reverse(g.pool))
      if (getExtents(v) == Extents(extents) && !Gen::elementOf(v).isInteger(1))
        if (Operation *op = g.make("compare", {v, g.like(v.getType())}, {g.attr("predicate", g.b.getI32IntegerAttr(g.r.below(6)))},
                                   withBool(v.getType())))
          return op->getResult(0);
  }
  return g.find([&](Value v) { return v.getType() == t; }, [&] { return t; });
}
bool compare(Gen &g, StringRef name) {
  Value x = g.any();
  return g.make(name, {x, g.like(x.getType())}, {g.attr("predicate", g.b.getI32IntegerAttr(g.r.below(6)))}, withBool(x.getType()));
}
bool logical(Gen &g, StringRef name) {
  auto e = g.target ? *g.target : g.shape(g.r.between(0, 3));
  Value x = g.find([&](Value v) { return Gen::elementOf(v).isInteger(1) && (!g.target || getExtents(v) == e); },
                   [&] { return g.withExtents(e, g.b.getI1Type()); });
  if (name == "not")
    return g.make(name, x);
  return g.make(name, {x, boolean(g, getExtents(x))});
}
bool select(Gen &g, StringRef name) {
  Value x = g.any();
  return g.make(name, {boolean(g, getExtents(x)), x, g.like(x.getType())}, {}, x.getType());
}
bool cast(Gen &g, StringRef name) {
  Value x = g.any();
  Type all[] = {g.b.getF32Type(), g.b.getBF16Type(), g.b.getF64Type(), g.b.getI1Type(),
                g.b.getI8Type(),  g.b.getI32Type(),  g.b.getI64Type()};
  Type to = all[g.r.below(g.train ? 3 : 7)];
  return g.make(name, x, {}, withElement(x.getType(), to));
}
bool constant(Gen &g, StringRef) {
  Value c = g.constant(g.withExtents(g.target ? *g.target : g.shape(g.r.between(0, 3)), g.number()));
  g.pool.push_back(c);
  return true;
}

//===-- Positional ------------------------------------------------------------------------------------------------===//
bool iota(Gen &g, StringRef name) {
  Extents e = g.target ? *g.target : g.shape(g.r.between(1, 3));
  return !e.empty() && g.make(name, {}, {g.whole("axis", g.r.below(e.size()))}, g.withExtents(e, g.number()));
}
bool extent(Gen &g, StringRef name) {
  Type types[] = {g.own ? g.own : g.main, g.own ? g.own : g.b.getI64Type()};
  Extents e = g.shape(g.r.between(1, 2));
  if (!g.names.empty())
    e[0] = g.r.pick(g.names);
  return g.make(name, {}, {g.dims("extents", e)}, g.withExtents({}, g.r.pick(types)));
}
bool random(Gen &g, StringRef name) {
  if (g.train)
    return false;
  Type key = g.withExtents({}, g.b.getI64Type());
  Value k = g.find([&](Value v) { return v.getType() == key; }, [&] { return key; });
  return g.make(name, k, {g.whole("stream", g.r.below(5))},
                g.withExtents(g.target ? *g.target : g.shape(g.r.between(0, 3)), g.b.getF32Type()));
}

//===-- Reductions ------------------------------------------------------------------------------------------------===//
bool reduce(Gen &g, StringRef name) {
  Value x = name == "mean" || g.train ? g.floats(0, 4) : name == "sum" ? g.numbers() : g.any();
  if (!g.body && g.r.chance(0.2)) { // several chunks of terms
    Extents e = g.longShape(g.r.between(1, 3));
    x = g.argument(g.withExtents(e, Gen::elementOf(x).isInteger(1) ? g.main : Gen::elementOf(x)));
    if (g.r.chance(0.7)) {
      int64_t d = llvm::max_element(e, [](AffineExpr a, AffineExpr b) { return getConstant(a) < getConstant(b); }) - e.begin();
      return g.make(name, x, {g.list("dims", {d})});
    }
  }
  return g.make(name, x, {g.list("dims", g.some(Gen::rank(x), g.r.between(g.r.chance(0.9) && Gen::rank(x), Gen::rank(x))))});
}
bool products(Gen &g, StringRef name) {
  Value x = g.floats(0, 4);
  return g.make(name, {x, g.like(x.getType())}, {g.list("dims", g.some(Gen::rank(x), g.r.below(Gen::rank(x) + 1)))});
}
bool argmax(Gen &g, StringRef name) {
  Value x = g.any(1);
  return g.make(name, x, {g.whole("axis", g.r.below(Gen::rank(x)))});
}

//===-- Contractions ----------------------------------------------------------------------------------------------===//
bool matmul(Gen &g, StringRef name) {
  bool tl = g.r.chance(0.3), tr = g.r.chance(0.3), single = false;
  Value l;
  if (!g.body && !g.windows && g.r.chance(0.15)) { // several panels of k
    AffineExpr k = g.n(std::min<int64_t>(g.length(), 2049)), m = g.n(g.r.between(1, 5));
    l = g.argument(g.withExtents(tl ? Extents{k, m} : Extents{m, k}, g.main));
  } else if (g.windows) { // of few terms or symbolic ones, for one element from each two matrices; or for one column
    single = g.symbolic || g.r.chance(0.7);
    Extents e = g.shape(single ? 3 : g.r.between(2, 3), 300);
    e[e.size() - 1 - tl] = g.symbolic ? g.r.pick(g.names) : g.n(g.r.between(1, 9));
    if (single)
      e[0] = g.n(g.r.between(2, 9)), e[1 + tl] = g.n(1);
    l = g.argument(g.withExtents(e, g.main));
  } else {
    l = g.floats(2, 4);
  }
  auto e = getExtents(l);
  int64_t rank = e.size();
  AffineExpr k = e[tl ? rank - 2 : rank - 1];
  AffineExpr columns = g.windows ? g.n(1) : g.n(getConstant(k) > 200 ? g.r.between(1, 9) : g.dim());
  if (g.r.chance(0.1) && !g.names.empty())
    columns = g.r.pick(g.names);
  Extents right;
  if (single || g.r.chance(0.4))
    right.assign(e.begin(), e.end() - 2);
  for (AffineExpr &x : right)
    x = !single && g.r.chance(0.2) ? g.n(1) : x;
  right.append(tr ? std::initializer_list<AffineExpr>{columns, k} : std::initializer_list<AffineExpr>{k, columns});
  if (g.size(columns) * g.elements(l.getType()) > 200000)
    return false;
  Type t = g.withExtents(right, Gen::elementOf(l));
  if (g.elements(t) > 20000)
    return false;
  Value x = g.windows && !single ? g.broadcast(t) : g.find(t);
  SmallVector<NamedAttribute> attributes;
  if (tl)
    attributes.push_back(g.flag("transpose_lhs"));
  if (tr)
    attributes.push_back(g.flag("transpose_rhs"));
  return g.make(name, {l, x}, attributes);
}

//===-- Movement --------------------------------------------------------------------------------------------------===//
bool broadcast(Gen &g, StringRef name) {
  Value x = g.any(0, 3);
  auto e = getExtents(x);
  SmallVector<int64_t> where;
  Extents out;
  unsigned more = g.r.between(1, 2);
  for (size_t i = 0; i <= e.size(); ++i) {
    while (more && g.r.chance(i == e.size() ? 1 : 0.4))
      --more, out.push_back(g.extent());
    if (i < e.size())
      where.push_back(out.size()), out.push_back(e[i]);
  }
  return g.make(name, x, {g.list("dims", where)}, g.withExtents(out, Gen::elementOf(x)));
}
bool reshape(Gen &g, StringRef name) {
  Value x = g.any(1);
  Extents e = getExtents(x);
  for (int steps = g.r.between(1, 2); steps > 0; --steps) {
    size_t i = g.r.below(e.size());
    if (g.r.chance(0.2) || e.empty()) {
      e.insert(e.begin() + g.r.below(e.size() + 1), g.n(1));
    } else if (g.r.chance(0.5) && i + 1 < e.size()) {
      e[i] = normalize(e[i] * e[i + 1]);
      e.erase(e.begin() + i + 1);
    } else if (int64_t v = getConstant(e[i]); v > 1 && e.size() < 5) {
      SmallVector<int64_t> divisors;
      for (int64_t d = 1; d <= v; ++d)
        if (v % d == 0)
          divisors.push_back(d);
      int64_t d = g.r.pick(divisors);
      e[i] = g.n(d);
      e.insert(e.begin() + i + 1, g.n(v / d));
    }
  }
  return g.make(name, x, {}, g.withExtents(e, Gen::elementOf(x)));
}
bool transpose(Gen &g, StringRef name) {
  Value x = g.any(1);
  auto p = g.some(Gen::rank(x), Gen::rank(x));
  for (size_t i = p.size(); i-- > 1;)
    std::swap(p[i], p[g.r.below(i + 1)]);
  return g.make(name, x, {g.list("permutation", p)});
}
bool slice(Gen &g, StringRef name) {
  Value x = g.any(1);
  Extents offsets, sizes;
  SmallVector<int64_t> strides;
  bool all = g.r.chance(0.3); // one dimension alone, or each
  int64_t one = g.r.below(Gen::rank(x)), d = 0;
  for (AffineExpr e : getExtents(x)) {
    AffineExpr offset = g.n(0), size = e;
    int64_t stride = 1, extent = getConstant(e);
    if (d++ == one || all) {
      int form = g.r.below(4);
      if (extent >= 0) {
        int64_t from = form == 0 ? 0 : g.r.below(extent + 1); // form 0: a prefix
        stride = form == 2 ? g.r.between(1, 3) : 1;
        int64_t left = (extent - from + stride - 1) / stride;
        offset = g.n(from), size = g.n(form == 1 ? left : g.r.between(left ? g.r.chance(0.9) : 0, left));
      } else if (isNonNegative(g.fn, e - 2)) {
        AffineExpr half = normalize(e.floorDiv(2));
        Extents forms[] = {{g.n(0), e - 1}, {g.n(1), e - 1}, {g.n(0), half}, {half, e - half}, {g.n(1), g.n(1)}, {g.n(0), g.n(2)}};
        auto &f = forms[g.r.below(6)];
        offset = normalize(f[0]), size = normalize(f[1]);
      }
    }
    offsets.push_back(offset), sizes.push_back(size), strides.push_back(stride);
  }
  return g.make(name, x, {g.dims("offsets", offsets), g.dims("sizes", sizes), g.list("strides", strides)});
}
bool pad(Gen &g, StringRef name) {
  Value x = g.any(1);
  Extents low, high;
  SmallVector<int64_t> interior;
  int64_t one = g.r.below(Gen::rank(x)), form = g.r.below(6), d = 0;
  for (AffineExpr e : getExtents(x)) {
    bool here = form < 5 && (d++ == one || form == 4);
    low.push_back(g.n(here && form != 1 && form != 3 ? g.r.between(1, 3) : 0));
    high.push_back(g.n(here && form != 0 && form != 3 ? g.r.between(1, 3) : 0));
    interior.push_back(here && form >= 3 && getConstant(e) != 0 && isNonNegative(g.fn, e - 1) ? g.r.between(1, 2) : 0);
  }
  double value = g.r.chance(0.5) ? 0 : g.r.chance(0.5) ? 1 : -3;
  if (Gen::elementOf(x).isInteger(1))
    value = std::fabs(value) > 0;
  return g.make(name, x, {g.dims("low", low), g.dims("high", high), g.list("interior", interior), g.real("value", value)});
}
bool concat(Gen &g, StringRef name) {
  Value x = g.any(1);
  int64_t axis = g.r.below(Gen::rank(x)), count = g.r.chance(0.1) ? g.r.between(4, 9) : g.r.between(1, 3);
  SmallVector<Value> parts = {x};
  for (int64_t i = 0; i < count; ++i) {
    Extents e = getExtents(x);
    if (g.r.chance(0.7))
      e[axis] = g.r.chance(0.2) ? g.extent() : g.n(g.r.between(0, 5));
    Type t = g.withExtents(e, Gen::elementOf(x));
    parts.push_back(g.elements(t) > 4000 ? x : g.find([&](Value v) { return v.getType() == t; }, [&] { return t; }));
  }
  std::swap(parts[0], parts[g.r.below(parts.size())]);
  return g.make(name, parts, {g.whole("axis", axis)});
}
bool updateSlice(Gen &g, StringRef) { return makeUpdate(g, g.any(1)); }
Operation *gatherOf(Gen &g, Value x) {
  int64_t axis = g.r.below(Gen::rank(x)), batch = g.r.chance(0.25) ? g.r.between(0, axis) : 0;
  Extents e = getExtents(x);
  e.truncate(batch);
  e.append(g.shape(g.r.between(0, 2), 40));
  return makeGather(g, x, e, axis, batch, g.r.chance(0.4));
}
bool gather(Gen &g, StringRef) { return gatherOf(g, g.any(1)); }
bool scatter(Gen &g, StringRef name) {
  Value y = g.train ? g.floats(1) : g.numbers(1);
  auto back = cast_or_null<GatherOp>(gatherOf(g, y));
  return back && g.make(name, {g.like(back.getType()), back.getIndices()},
                        {g.whole("axis", back.getAxis()), g.whole("batch", back.getBatch())}, y.getType());
}
bool reverse(Gen &g, StringRef name) {
  Value x = g.any(1);
  return g.make(name, x, {g.list("dims", g.some(Gen::rank(x), g.r.between(1, Gen::rank(x))))});
}

//===-- Windows ---------------------------------------------------------------------------------------------------===//
struct WindowForm {
  SmallVector<int64_t> kernel, strides, padding, dilation;
};
WindowForm window(Gen &g, ArrayRef<AffineExpr> image, bool pool) {
  WindowForm w;
  for (int axis = 0; axis < 2; ++axis) {
    w.kernel.push_back(g.r.chance(0.1) ? g.r.between(4, 7) : g.r.between(1, 3));
    w.strides.push_back(g.r.chance(0.5) ? 1 : g.r.between(1, 3));
    w.dilation.push_back(g.r.chance(0.75) ? 1 : g.r.between(1, 3));
  }
  bool padded = g.r.chance(0.5);
  for (int side = 0; side < 4; ++side) {
    int64_t span = (w.kernel[side % 2] - 1) * w.dilation[side % 2] + 1;
    w.padding.push_back(padded ? g.r.between(0, std::min<int64_t>(3, pool ? span - 1 : 3)) : 0);
  }
  for (int axis = 0; axis < 2; ++axis) // a window that has no room for some value of a symbol is refused once that is a constant
    if (AffineExpr n = image[1 + axis]; getConstant(n) < 0) {
      int64_t span = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
      if (!isNonNegative(g.fn, n + (w.padding[axis] + w.padding[axis + 2] - span)))
        w.kernel[axis] = 1, w.padding[axis] = w.padding[axis + 2] = 0;
    }
  return w;
}
SmallVector<NamedAttribute> attributes(Gen &g, const WindowForm &w) {
  return {g.list("strides", w.strides), g.list("padding", w.padding), g.list("dilation", w.dilation)};
}
Value image(Gen &g, bool anyType = false) {
  static constexpr int64_t channels[] = {1, 2, 3, 4, 5, 8, 12, 16, 17, 32, 33, 65};
  Type element = anyType && !g.train ? g.number() : g.main;
  return g.find([&](Value v) { return Gen::elementOf(v) == element && Gen::rank(v) == 4 && getConstant(getExtents(v)[3]) > 0; },
                [&] {
                  Extents e = {g.r.chance(0.3) ? g.extent() : g.n(g.r.chance(0.1) ? g.r.between(7, 19) : g.r.between(1, 3)),
                               g.n(g.r.between(1, 11)), g.n(g.r.between(1, 11)), g.n(g.r.pick(channels))};
                  for (int d : {1, 2})
                    if (!g.names.empty() && g.r.chance(g.windows ? 0.4 : 0.15))
                      e[d] = g.r.pick(g.names);
                  if (g.symbolic)
                    e[0] = g.r.pick(g.names);
                  while (g.size(e[0]) * g.size(e[1]) * g.size(e[2]) * g.size(e[3]) > 4000)
                    e[g.r.between(g.symbolic, 3)] = g.n(g.r.between(1, 3));
                  return g.withExtents(e, element);
                });
}
bool convolution(Gen &g, StringRef name) {
  Value x = image(g);
  auto e = getExtents(x);
  int64_t channels = getConstant(e[3]);
  WindowForm w = window(g, e, false);
  SmallVector<int64_t> groups = {1};
  for (int64_t d = 2; d <= channels; ++d)
    if (channels % d == 0)
      groups.push_back(d);
  int64_t group = g.r.chance(0.6) ? 1 : g.r.pick(groups);
  static constexpr int64_t outs[] = {1, 2, 3, 4, 8, 16, 17, 33};
  // Two channels become one, or of a gradient one becomes two: neighbours in memory of one operand are not those of the other.
  bool back = name == "conv2d_input_grad", alone = channels > 2 && (back || channels % 2 == 0) && (g.windows || g.r.chance(0.1));
  if (g.windows && !alone)
    return false;
  if (alone)
    group = back ? channels : channels / 2;
  int64_t out = alone ? group * (1 + back) : group > 4 ? group * g.r.between(1, 2) : group * g.r.pick(outs);
  if (g.elements(x.getType()) * w.kernel[0] * w.kernel[1] * out / group > 300000)
    return false;
  Type t = g.withExtents({g.n(w.kernel[0]), g.n(w.kernel[1]), g.n(channels / group), g.n(out)}, Gen::elementOf(x));
  Value weight = g.find([&](Value v) { return v.getType() == t; }, [&] { return t; });
  auto all = attributes(g, w);
  all.push_back(g.whole("groups", group));
  Operation *conv = g.make("conv2d", {x, weight}, all);
  if (!conv || name == "conv2d")
    return conv;
  Value dy = g.like(conv->getResult(0).getType());
  if (back)
    return g.make(name, {dy, weight}, all, x.getType());
  return g.make(name, {x, dy}, all, t);
}
bool pool(Gen &g, StringRef name) {
  Value x = image(g, name == "max_pool2d");
  WindowForm w = window(g, getExtents(x), true);
  auto all = attributes(g, w);
  all.push_back(g.list("kernel", w.kernel));
  if (g.elements(x.getType()) * w.kernel[0] * w.kernel[1] > 60000)
    return false;
  if (name == "avg_pool2d" && g.r.chance(0.5))
    all.push_back(g.flag("count_include_pad"));
  if (name == "sum_pool2d" || name == "avg_pool2d" || name == "max_pool2d")
    return g.make(name, x, all);
  if (name == "sum_pool2d_grad") {
    Operation *sum = g.make("sum_pool2d", x, all);
    return sum && g.make(name, g.like(sum->getResult(0).getType()), all, x.getType());
  }
  Operation *max = g.make("max_pool2d", x, all);
  if (!max)
    return false;
  if (name == "max_pool2d_pick")
    return g.make(name, {g.like(x.getType()), max->getResult(1)}, all);
  return g.make(name, {g.like(max->getResult(0).getType()), max->getResult(1)}, all, x.getType());
}

//===-- Normalisation, losses, updates ----------------------------------------------------------------------------===//
bool softmax(Gen &g, StringRef name) {
  Value x = g.floats(1);
  return g.make(name, x, {g.whole("axis", g.r.chance(0.6) ? Gen::rank(x) - 1 : g.r.below(Gen::rank(x)))});
}
bool attention(Gen &g, StringRef name) { // queries, keys and values of their own; grouped, masked, causal
  AffineExpr b = g.n(g.r.between(1, 2)), d = g.n(g.r.between(1, 9)), e = g.n(g.r.between(1, 9)), t = g.n(g.r.between(1, 70));
  AffineExpr s = g.r.chance(0.3) ? t : !g.names.empty() && g.r.chance(0.3) ? g.r.pick(g.names) : g.n(g.r.between(1, 130));
  int64_t groups = g.r.between(1, 2), h = groups * g.r.between(1, 2);
  Value q = g.argument(g.withExtents({b, g.n(h), t, d}, g.main)), k = g.argument(g.withExtents({b, g.n(groups), s, d}, g.main)),
        v = g.argument(g.withExtents({b, g.n(groups), s, e}, g.main));
  SmallVector<Value> operands{q, k, v};
  if (g.r.chance(0.5)) {
    Extents m{b, g.n(h), t, s};
    for (unsigned i = 0; i < 3; ++i)
      m[i] = g.r.chance(0.5) ? g.n(1) : m[i];
    operands.push_back(g.find(g.withExtents(m, g.b.getI1Type())));
  }
  SmallVector<NamedAttribute> all;
  if (g.r.chance(0.5))
    all.push_back(g.attr("causal", g.b.getUnitAttr()));
  return g.make(name, operands, all);
}
bool norm(Gen &g, StringRef name) {
  Value x = g.find([&](Value v) { return Gen::isFloat(v) && Gen::rank(v) >= 1 && getConstant(getExtents(v).back()) >= 0; },
                   [&] {
                     Extents e = g.shape(g.r.between(0, 3), 300);
                     e.push_back(g.n(g.dim()));
                     return g.withExtents(e, g.main);
                   });
  Type t = g.withExtents({getExtents(x).back()}, Gen::elementOf(x));
  SmallVector<Value> operands = {x};
  for (unsigned i = 0; i < (name == "batch_norm" ? 4 : 2); ++i)
    operands.push_back(g.like(t));
  SmallVector<NamedAttribute> all;
  if (g.r.chance(0.3))
    all.push_back(g.real("epsilon", 1e-3));
  SmallVector<Type> types = {x.getType()};
  if (name == "batch_norm_train")
    types.append(2, t);
  return g.make(name, operands, all, types);
}
bool dropout(Gen &g, StringRef name) { return g.make(name, g.floats(), {g.real("rate", 0.5)}); }
bool sparsity(Gen &g, StringRef name) { return g.make(name, g.floats(2), {g.real("target", 0.25), g.real("weight", 0.5)}); }
bool loss(Gen &g, StringRef name) {
  bool probabilities = name.ends_with("cross_entropy") || name == "kl_divergence";
  bool sparse = name == "sparse_categorical_cross_entropy" || name == "nll" || name == "multi_margin";
  bool classes = sparse || (probabilities && name != "binary_cross_entropy");
  Value x =
      g.find([&](Value v) { return Gen::isFloat(v) && Gen::rank(v) >= classes && (!classes || getConstant(getExtents(v).back()) > 0); },
             [&] {
               Extents e = g.shape(g.r.between(0, 2), 300);
               e.push_back(g.n(std::max<int64_t>(1, g.dim())));
               return g.withExtents(e, g.main);
             });
  Extents e = getExtents(x);
  SmallVector<NamedAttribute> all;
  if (probabilities) {
    if (g.r.chance(0.5))
      all.push_back(g.flag("from_logits"));
    else if (Operation *p = classes ? g.make("softmax", x, {g.whole("axis", Gen::rank(x) - 1)}) : g.make("sigmoid", x))
      x = p->getResult(0);
  }
  g.maybe(name, "half", all);
  g.maybe(name, "mean_over_counted", all);
  if (name.contains("categorical") && g.r.chance(0.3))
    all.push_back(g.real("label_smoothing", 0.125));
  if ((name == "nll" || name.starts_with("sparse")) && g.r.chance(0.3))
    all.push_back(g.whole("ignore_index", g.r.between(-1, 2)));
  if (sparse)
    return g.make(name, {x, g.like(g.withExtents(ArrayRef(e).drop_back(), g.integer()))}, all);
  Value label = g.like(x.getType());
  if (g.r.chance(0.5) && probabilities) // in [0, 1]
    if (Operation *op = g.make("sigmoid", label))
      label = op->getResult(0);
  return g.make(name, {x, label}, all);
}
bool optimizer(Gen &g, StringRef name) {
  if (g.train)
    return false;
  SmallVector<NamedAttribute> all;
  if (name == "sgd" && g.r.chance(0.6)) {
    all.push_back(g.flag("momentum"));
    if (g.r.chance(0.5))
      all.push_back(g.flag("nesterov"));
  }
  if (name == "rmsprop" && g.r.chance(0.5))
    all.push_back(g.flag(g.r.chance(0.5) ? "momentum" : "centered"));
  g.maybe(name, "epsilon_hat", all);
  auto registered = RegisteredOperationName::lookup(("dl." + name).str(), g.c);
  auto *update = registered ? registered->getInterface<OptimizerOpInterface>() : nullptr;
  if (!update)
    return false;
  DictionaryAttr dictionary = g.b.getDictionaryAttr(all);
  Value w = g.floats();
  Type scalar = g.withExtents({}, Gen::elementOf(w));
  SmallVector<Value> operands = {w, g.like(w.getType())};
  int32_t slots = update->getSlotNames(dictionary).size();
  int32_t scalars = update->getHyperparameters(dictionary).size() + update->getCounterNames().size();
  for (int32_t i = 0; i < slots; ++i)
    operands.push_back(g.like(w.getType()));
  for (int32_t i = 0; i < scalars; ++i)
    operands.push_back(g.r.chance(0.5) ? g.constant(scalar, 0.25) : g.like(scalar));
  all.push_back(g.attr("operandSegmentSizes", g.b.getDenseI32ArrayAttr({1, 1, slots, scalars})));
  return g.make(name, operands, all);
}

//===-- Control ---------------------------------------------------------------------------------------------------===//
bool scan(Gen &g, StringRef name) {
  if (g.body)
    return false;
  AffineExpr trip = !g.names.empty() && g.r.chance(0.3) ? g.r.pick(g.names) : g.n(g.r.between(0, 5));
  SmallVector<Value> init, inputs, captures;
  auto small = [&](Value v) { return g.elements(v.getType()) * std::max<int64_t>(1, g.size(trip)) < 3000; };
  for (int64_t i = g.r.between(0, 2); i > 0; --i)
    if (Value v = g.floats(0, 3); small(v))
      init.push_back(v);
  for (int64_t i = g.r.between(init.empty(), 2); i > 0; --i) {
    Extents e = {trip};
    e.append(init.empty() || g.r.chance(0.3) ? g.shape(g.r.between(0, 2), 60) : getExtents(init.front()));
    Type t = g.withExtents(e, g.main);
    inputs.push_back(g.find([&](Value v) { return v.getType() == t; }, [&] { return t; }));
  }
  for (int64_t i = g.r.between(0, 1); i > 0; --i)
    captures.push_back(g.floats(0, 3));
  Location loc = g.fn.getLoc();
  OperationState state(loc, "dl.scan");
  state.addOperands(init), state.addOperands(inputs), state.addOperands(captures);
  state.addAttribute("trip", DimsAttr::get(g.c, {trip}));
  if (g.r.chance(0.3))
    state.addAttribute("reverse", g.b.getUnitAttr());
  state.addAttribute("operandSegmentSizes",
                     g.b.getDenseI32ArrayAttr({int32_t(init.size()), int32_t(inputs.size()), int32_t(captures.size())}));
  Region *region = state.addRegion();
  Block *block = new Block;
  region->push_back(block);
  for (Value v : init)
    block->addArgument(v.getType(), loc);
  for (Value v : inputs)
    block->addArgument(g.withExtents(ArrayRef(getExtents(v)).drop_front(), Gen::elementOf(v)), loc);
  for (Value v : captures)
    block->addArgument(v.getType(), loc);
  std::vector<Value> outer = std::move(g.pool);
  g.pool.assign(block->args_begin(), block->args_end());
  OpBuilder::InsertPoint at = g.b.saveInsertionPoint();
  g.b.setInsertionPointToEnd(block);
  g.body = true;
  for (int64_t i = g.r.between(1, 3); i > 0; --i) {
    const OpRow *row;
    do
      row = &g.r.pick(opTable());
    while (row->name == "scan" || row->name == "constant");
    row->make(g, row->name);
  }
  SmallVector<Value> yields;
  SmallVector<Type> types;
  for (Value v : init) {
    SmallVector<Value> found;
    for (Value x : g.pool)
      if (x.getType() == v.getType())
        found.push_back(x);
    yields.push_back(found.size() > 1 ? found.back() : found[0]);
    types.push_back(v.getType());
  }
  for (int64_t i = g.r.between(init.empty(), 2); i > 0; --i) {
    Value v = g.r.chance(0.6) ? g.pool.back() : g.r.pick(g.pool);
    Extents e = {trip};
    e.append(getExtents(v));
    Type t = g.withExtents(e, Gen::elementOf(v));
    if (g.elements(t) > 6000)
      continue;
    yields.push_back(v), types.push_back(t);
  }
  YieldOp::create(g.b, loc, yields);
  g.body = false;
  g.pool = std::move(outer);
  g.b.restoreInsertionPoint(at);
  state.addTypes(types);
  Operation *op = g.b.create(state);
  if (types.empty() || failed(verify(op))) {
    g.rejected += !types.empty();
    op->erase();
    return false;
  }
  llvm::append_range(g.pool, op->getResults());
  return true;
}

const std::vector<OpRow> table = {{"neg", unary},
                                  {"abs", unary},
                                  {"exp", unary},
                                  {"log", unary},
                                  {"sqrt", unary},
                                  {"rsqrt", unary},
                                  {"sin", unary},
                                  {"cos", unary},
                                  {"tanh", unary},
                                  {"erf", unary},
                                  {"sigmoid", unary},
                                  {"exp2", unary},
                                  {"expm1", unary},
                                  {"log2", unary},
                                  {"log1p", unary},
                                  {"cbrt", unary},
                                  {"tan", unary},
                                  {"asin", unary},
                                  {"acos", unary},
                                  {"atan", unary},
                                  {"sinh", unary},
                                  {"cosh", unary},
                                  {"asinh", unary},
                                  {"acosh", unary},
                                  {"atanh", unary},
                                  {"erfc", unary},
                                  {"softplus", unary},
                                  {"silu", unary},
                                  {"relu", unary, 2},
                                  {"softsign", unary},
                                  {"leaky_relu", leaky},
                                  {"gelu", gelu},
                                  {"add", binary, 3, Place::Chain, Elements::Numbers},
                                  {"sub", binary, 2, Place::Chain, Elements::Numbers},
                                  {"mul", binary, 3, Place::Chain, Elements::Numbers},
                                  {"div", binary, 1, Place::Chain, Elements::Numbers},
                                  {"maximum", binary, 1, Place::Chain, Elements::Numbers},
                                  {"minimum", binary, 1, Place::Chain, Elements::Numbers},
                                  {"compare", compare, 1, Place::Chain, Elements::Any},
                                  {"and", logical, 1, Place::Chain, Elements::Bools},
                                  {"or", logical, 1, Place::Chain, Elements::Bools},
                                  {"xor", logical, 1, Place::Chain, Elements::Bools},
                                  {"not", logical, 1, Place::Chain, Elements::Bools},
                                  {"select", select, 2, Place::Chain, Elements::Bools},
                                  {"cast", cast, 2, Place::Chain, Elements::Any},
                                  {"constant", constant, 1, Place::Chain, Elements::Any},
                                  {"iota", iota, 1, Place::Chain, Elements::Numbers},
                                  {"extent", extent, 1, Place::Chain, Elements::Lengths},
                                  {"random_uniform", random, 1, Place::Chain, Elements::Keys},
                                  {"random_normal", random, 1, Place::Alone, Elements::Keys},
                                  {"sum", reduce, 5, Place::Reduction, Elements::Numbers},
                                  {"sum_products", products, 2, Place::Reduction, Elements::Floats},
                                  {"mean", reduce, 3, Place::Reduction, Elements::Floats},
                                  {"max", reduce, 4, Place::Reduction, Elements::Any},
                                  {"min", reduce, 4, Place::Reduction, Elements::Any},
                                  {"argmax", argmax, 3, Place::Reduction, Elements::Any},
                                  {"matmul", matmul, 5, Place::Contraction, Elements::Floats},
                                  {"broadcast", broadcast, 2, Place::Moved, Elements::Any},
                                  {"reshape", reshape, 2, Place::Moved, Elements::Any},
                                  {"transpose", transpose, 3, Place::Moved, Elements::Any},
                                  {"slice", slice, 4, Place::Moved, Elements::Any},
                                  {"pad", pad, 5, Place::Moved, Elements::Any},
                                  {"concat", concat, 4, Place::Moved, Elements::Any},
                                  {"update_slice", updateSlice, 3, Place::Moved, Elements::Any},
                                  {"reverse", reverse, 2, Place::Moved, Elements::Any},
                                  {"gather", gather, 4, Place::Moved, Elements::Any},
                                  {"scatter_sum", scatter, 3, Place::Scatter, Elements::Numbers},
                                  {"conv2d", convolution, 3, Place::Contraction, Elements::Floats},
                                  {"conv2d_input_grad", convolution, 2, Place::Contraction, Elements::Floats},
                                  {"conv2d_weight_grad", convolution, 2, Place::Contraction, Elements::Floats},
                                  {"max_pool2d", pool, 1, Place::Window, Elements::Any},
                                  {"max_pool2d_grad", pool, 1, Place::Window, Elements::Floats},
                                  {"max_pool2d_pick", pool, 1, Place::Window, Elements::Floats},
                                  {"sum_pool2d", pool, 1, Place::Window, Elements::Floats},
                                  {"sum_pool2d_grad", pool, 1, Place::Window, Elements::Floats},
                                  {"avg_pool2d", pool, 1, Place::Window, Elements::Floats},
                                  {"softmax", softmax, 2, Place::Alone, Elements::Floats},
                                  {"attention", attention, 2, Place::Alone, Elements::Floats},
                                  {"log_softmax", softmax, 1, Place::Alone, Elements::Floats},
                                  {"batch_norm", norm, 1, Place::Alone, Elements::Floats},
                                  {"batch_norm_train", norm, 1, Place::Alone, Elements::Floats},
                                  {"layer_norm", norm, 2, Place::Alone, Elements::Floats},
                                  {"dropout", dropout, 1, Place::Alone, Elements::Floats},
                                  {"kl_sparsity", sparsity, 1, Place::Alone, Elements::Floats},
                                  {"sparse_categorical_cross_entropy", loss, 1, Place::Alone, Elements::Floats},
                                  {"categorical_cross_entropy", loss, 1, Place::Alone, Elements::Floats},
                                  {"binary_cross_entropy", loss, 1, Place::Alone, Elements::Floats},
                                  {"mse", loss, 1, Place::Alone, Elements::Floats},
                                  {"mae", loss, 1, Place::Alone, Elements::Floats},
                                  {"huber", loss, 1, Place::Alone, Elements::Floats},
                                  {"hinge", loss, 1, Place::Alone, Elements::Floats},
                                  {"nll", loss, 1, Place::Alone, Elements::Floats},
                                  {"multi_margin", loss, 1, Place::Alone, Elements::Floats},
                                  {"kl_divergence", loss, 1, Place::Alone, Elements::Floats},
                                  {"sgd", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"adam", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"adamw", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"adagrad", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"adadelta", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"rmsprop", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"lamb", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"lion", optimizer, 1, Place::Alone, Elements::Floats},
                                  {"scan", scan, 2, Place::Alone, Elements::Floats}};
} // namespace
ArrayRef<OpRow> opTable() { return table; }
Operation *makeGather(Gen &g, Value x, ArrayRef<AffineExpr> shape, int64_t axis, int64_t batch, bool outside) {
  Type integers[] = {g.b.getI64Type(), g.b.getI32Type(), g.b.getI8Type()};
  Type t = g.withExtents(shape, g.r.pick(integers));
  Value i = g.find(t);
  SmallVector<NamedAttribute> all = {g.whole("axis", axis), g.whole("batch", batch)};
  if (outside) {
    all.push_back(g.real("outside", Gen::elementOf(x).isInteger(1) ? 0 : g.r.between(-1, 1)));
  } else { // an input may have any elements, and is refused for some of them
    int64_t n = getConstant(getExtents(x)[axis]), last = n < 0 ? 3 : n - 1;
    Operation *top = g.make("minimum", {i, g.constant(t, std::clamp<int64_t>(last, 0, 127))});
    Operation *both = top ? g.make("maximum", {top->getResult(0), g.constant(t, 0)}) : nullptr;
    i = both ? both->getResult(0) : Value();
  }
  return g.make("gather", {x, i}, all);
}
Operation *makeUpdate(Gen &g, Value x) {
  SmallVector<AffineExpr> offsets, sizes;
  bool all = g.r.chance(0.3);
  int64_t one = g.r.below(Gen::rank(x)), d = 0;
  for (AffineExpr e : getExtents(x)) {
    AffineExpr offset = g.n(0), size = e;
    if (int64_t extent = getConstant(e); d++ != one && !all) {
    } else if (extent >= 0) {
      int64_t from = g.r.below(extent + 1);
      offset = g.n(from), size = g.n(g.r.between(extent > from && g.r.chance(0.9), extent - from));
    } else if (isNonNegative(g.fn, e - 2)) {
      AffineExpr half = normalize(e.floorDiv(2));
      SmallVector<AffineExpr> forms[] = {{g.n(0), e - 1}, {g.n(1), e - 1}, {half, e - half}, {g.n(1), g.n(1)}, {e - 1, g.n(1)}};
      auto &f = forms[g.r.below(5)];
      offset = normalize(f[0]), size = normalize(f[1]);
    }
    offsets.push_back(offset), sizes.push_back(size);
  }
  Type t = g.withExtents(sizes, Gen::elementOf(x));
  Value part = g.find([&](Value v) { return v.getType() == t && v != x; }, [&] { return t; });
  return g.make("update_slice", {x, part}, {g.dims("offsets", offsets)});
}
} // namespace dlc::fuzz
