// Layers in terms of dl operations.
#include "frontend/nn/Layers.h"

using namespace mlir;
using namespace dlc::dl;
namespace dlc::frontend::nn {

static NamedAttribute attribute(Graph &g, StringRef name, Attribute value) { return g.builder.getNamedAttr(name, value); }
static NamedAttribute integers(Graph &g, StringRef name, ArrayRef<int64_t> values) {
  return attribute(g, name, g.builder.getDenseI64ArrayAttr(values));
}
/// The constant extent of a dimension that parameters are shaped by, or none after an error.
static std::optional<int64_t> constantExtent(Graph &g, StringRef name, RankedTensorType type, unsigned dim) {
  AffineExpr extent = getExtents(type)[dim];
  if (getConstant(extent) > 0)
    return getConstant(extent);
  emitError(NameLoc::get(g.builder.getStringAttr(name)))
      << "dimension " << dim << " of the input is " << toString(extent) << ": parameters need a positive constant";
  return {};
}
/// The input's type where it is known and has the rank (-1: at least 1).
static RankedTensorType checked(Graph &g, StringRef name, Value x, int64_t rank) {
  RankedTensorType type = g.type(x);
  if (!type || type.getRank() == rank || (rank < 0 && type.getRank() > 0))
    return type;
  emitError(NameLoc::get(g.builder.getStringAttr(name)))
      << "expected an input of rank " << (rank < 0 ? "1 or more" : std::to_string(rank)) << ", found " << type;
  return {};
}
static Value parameter(Graph &g, const Twine &name, ArrayRef<int64_t> shape, Type element, Init init, bool trainable = true) {
  return g.parameter(name.str(), RankedTensorType::get(shape, element), init, trainable);
}
static Value window(Graph &g, StringRef op, StringRef name, ArrayRef<Value> operands, const Window &w, SmallVector<NamedAttribute> more) {
  more.append({integers(g, "strides", w.strides), integers(g, "padding", w.padding), integers(g, "dilation", w.dilation)});
  return g.op(op, name, operands, more);
}

Value bias(Graph &g, StringRef name, Value x, Init init) {
  RankedTensorType type = checked(g, name, x, -1);
  int64_t last = type ? type.getRank() - 1 : 0;
  auto extent = type ? constantExtent(g, name, type, last) : std::nullopt;
  if (!extent)
    return g.refused(name);
  Value b = parameter(g, name + ".bias", {*extent}, type.getElementType(), init);
  return g.op("dl.add", name, {x, g.op("dl.broadcast", name, {b}, {integers(g, "dims", {last})}, {type})});
}
Value dense(Graph &g, StringRef name, Value x, int64_t units, Init init) {
  RankedTensorType type = checked(g, name, x, -1);
  auto in = type ? constantExtent(g, name, type, type.getRank() - 1) : std::nullopt;
  if (!in)
    return g.refused(name);
  Value w = parameter(g, name + ".weight", {*in, units}, type.getElementType(), init);
  return bias(g, name, g.op("dl.matmul", name, {x, w}));
}
Value linear(Graph &g, StringRef name, Value x, int64_t units, Init init) {
  RankedTensorType type = checked(g, name, x, -1);
  auto in = type ? constantExtent(g, name, type, type.getRank() - 1) : std::nullopt;
  if (!in)
    return g.refused(name);
  Value w = parameter(g, name + ".weight", {units, *in}, type.getElementType(), init);
  return bias(g, name, g.op("dl.matmul", name, {x, w}, {attribute(g, "transpose_rhs", g.builder.getUnitAttr())}));
}
Value embedding(Graph &g, StringRef name, int64_t rows, int64_t width, Type element, Init init) {
  return parameter(g, name + ".weight", {rows, width}, element, init);
}
Value lookUp(Graph &g, StringRef name, Value weight, Value indices) {
  return g.op("dl.gather", name, {weight, indices}, {attribute(g, "axis", g.builder.getI64IntegerAttr(0))});
}
Value conv2d(Graph &g, StringRef name, Value x, int64_t filters, const Window &w, int64_t groups, bool withBias, Init init) {
  RankedTensorType type = checked(g, name, x, 4);
  auto in = type ? constantExtent(g, name, type, 3) : std::nullopt;
  if (!in)
    return g.refused(name);
  Value weight = parameter(g, name + ".weight", {w.kernel[0], w.kernel[1], *in / groups, filters}, type.getElementType(), init);
  Value y = window(g, "dl.conv2d", name, {x, weight}, w, {attribute(g, "groups", g.builder.getI64IntegerAttr(groups))});
  return withBias ? bias(g, name, y) : y;
}
Value maxPool(Graph &g, StringRef name, Value x, const Window &w) {
  return window(g, "dl.max_pool2d", name, {x}, w, {integers(g, "kernel", w.kernel)});
}
Value avgPool(Graph &g, StringRef name, Value x, const Window &w, bool countPadding) {
  SmallVector<NamedAttribute> more{integers(g, "kernel", w.kernel)};
  if (countPadding)
    more.push_back(attribute(g, "count_include_pad", g.builder.getUnitAttr()));
  return window(g, "dl.avg_pool2d", name, {x}, w, more);
}
Value mean(Graph &g, StringRef name, Value x, ArrayRef<int64_t> dims) { return g.op("dl.mean", name, {x}, {integers(g, "dims", dims)}); }
Value globalAveragePool(Graph &g, StringRef name, Value x) { return mean(g, name, x, {1, 2}); }
Value batchNorm(Graph &g, StringRef name, Value x, double epsilon, double momentum) {
  RankedTensorType type = checked(g, name, x, -1);
  auto channels = type ? constantExtent(g, name, type, type.getRank() - 1) : std::nullopt;
  if (!channels)
    return g.refused(name);
  auto one = [&](StringRef suffix, Init init, bool trainable) {
    return parameter(g, name + suffix, {*channels}, type.getElementType(), init, trainable);
  };
  return g.op(
      "dl.batch_norm", name,
      {x, one(".gamma", ones, true), one(".beta", zeros, true), one(".running_mean", zeros, false), one(".running_var", ones, false)},
      {attribute(g, "epsilon", g.builder.getF64FloatAttr(epsilon)), attribute(g, "momentum", g.builder.getF64FloatAttr(momentum))});
}
Value convNorm(Graph &g, StringRef conv, StringRef norm, Value x, int64_t filters, const Window &w, int64_t groups, double epsilon) {
  return batchNorm(g, norm, conv2d(g, conv, x, filters, w, groups, false, he), epsilon);
}
Value layerNorm(Graph &g, StringRef name, Value x, double epsilon, StringRef gammaName, StringRef betaName) {
  RankedTensorType type = checked(g, name, x, -1);
  auto columns = type ? constantExtent(g, name, type, type.getRank() - 1) : std::nullopt;
  if (!columns)
    return g.refused(name);
  Value gamma = parameter(g, name + "." + gammaName, {*columns}, type.getElementType(), ones),
        beta = parameter(g, name + "." + betaName, {*columns}, type.getElementType(), zeros);
  return g.op("dl.layer_norm", name, {x, gamma, beta}, {attribute(g, "epsilon", g.builder.getF64FloatAttr(epsilon))});
}
Value dropout(Graph &g, StringRef name, Value x, double rate) {
  return g.op("dl.dropout", name, {x}, {attribute(g, "rate", g.builder.getF64FloatAttr(rate))});
}
Value klSparsity(Graph &g, StringRef name, Value x, double target, double weight) {
  return g.op("dl.kl_sparsity", name, {x},
              {attribute(g, "target", g.builder.getF64FloatAttr(target)), attribute(g, "weight", g.builder.getF64FloatAttr(weight))});
}
Value flatten(Graph &g, StringRef name, Value x) {
  RankedTensorType type = checked(g, name, x, -1);
  if (!type)
    return g.refused(name);
  auto extents = getExtents(type);
  AffineExpr rest = product(ArrayRef(extents).drop_front(), g.getContext());
  return g.op("dl.reshape", name, {x}, {}, {getTensor({extents[0], rest}, type.getElementType())});
}
Value reshape(Graph &g, StringRef name, Value x, ArrayRef<AffineExpr> shape) {
  RankedTensorType type = g.type(x);
  return type ? g.op("dl.reshape", name, {x}, {}, {getTensor(shape, type.getElementType())}) : g.refused(name);
}
Value transpose(Graph &g, StringRef name, Value x, ArrayRef<int64_t> permutation) {
  return g.op("dl.transpose", name, {x}, {integers(g, "permutation", permutation)});
}

Value slice(Graph &g, StringRef name, Value x, ArrayRef<AffineExpr> offsets, ArrayRef<AffineExpr> sizes) {
  return g.op("dl.slice", name, {x},
              {attribute(g, "offsets", DimsAttr::get(g.getContext(), offsets)), attribute(g, "sizes", DimsAttr::get(g.getContext(), sizes)),
               integers(g, "strides", SmallVector<int64_t>(sizes.size(), 1))});
}
Value step(Graph &g, StringRef name, Value x, int64_t i) {
  RankedTensorType type = checked(g, name, x, -1);
  if (!type)
    return g.refused(name);
  auto sizes = getExtents(type);
  SmallVector<AffineExpr> offsets(sizes.size(), getAffineConstantExpr(0, g.getContext()));
  offsets[0] = getAffineConstantExpr(i, g.getContext()), sizes[0] = getAffineConstantExpr(1, g.getContext());
  return reshape(g, name, slice(g, name, x, offsets, sizes), ArrayRef(sizes).drop_front());
}
/// A tensor of one value.
static Value like(Graph &g, StringRef name, RankedTensorType type, double value) {
  return g.op("dl.constant", name, {}, {attribute(g, "value", g.builder.getF64FloatAttr(value))}, {type});
}
Value add(Graph &g, StringRef name, Value x, Value y) { return g.op("dl.add", name, {x, y}); }
Value concat(Graph &g, StringRef name, ArrayRef<Value> xs, int64_t axis) {
  return g.op("dl.concat", name, xs, {attribute(g, "axis", g.builder.getI64IntegerAttr(axis))});
}
Value relu6(Graph &g, StringRef name, Value x) {
  RankedTensorType type = g.type(x);
  return type ? g.op("dl.minimum", name, {relu(g, name, x), like(g, name, type, 6)}) : g.refused(name);
}
Value gelu(Graph &g, StringRef name, Value x) { return g.op("dl.gelu", name, {x}); }
Value geluTanh(Graph &g, StringRef name, Value x) {
  return g.op("dl.gelu", name, {x}, {attribute(g, "approximate", g.builder.getI32IntegerAttr(int32_t(GeluForm::tanh)))});
}
Value relu(Graph &g, StringRef name, Value x) { return g.op("dl.relu", name, {x}); }
Value tanh(Graph &g, StringRef name, Value x) { return g.op("dl.tanh", name, {x}); }
Value sigmoid(Graph &g, StringRef name, Value x) { return g.op("dl.sigmoid", name, {x}); }
Value softmax(Graph &g, StringRef name, Value x) {
  RankedTensorType type = checked(g, name, x, -1);
  return type ? g.op("dl.softmax", name, {x}, {attribute(g, "axis", g.builder.getI64IntegerAttr(type.getRank() - 1))}) : g.refused(name);
}

/// What recurrent cells have in common: over x [t, n, in] the inputs' product, taken for all steps at once, outside of the loop; a body
/// with its carried values [n, units], a step of that product and the weights [units, gates units].
static Value scan(Graph &g, StringRef name, Value x, int64_t units, int64_t gates, unsigned carried, bool all, Init init,
                  llvm::function_ref<SmallVector<Value>(Graph &body, ArrayRef<Value> carried, Value gates)> cell) {
  RankedTensorType type = checked(g, name, x, 3);
  auto in = type ? constantExtent(g, name, type, 2) : std::nullopt;
  if (!in)
    return g.refused(name);
  Type element = type.getElementType();
  auto extents = getExtents(type);
  AffineExpr width = getAffineConstantExpr(units, g.getContext());
  RankedTensorType state = getTensor({extents[1], width}, element);
  Value wx = parameter(g, name + ".weight_x", {*in, gates * units}, element, init),
        wh = parameter(g, name + ".weight_h", {units, gates * units}, element, init);
  Value steps = bias(g, name, g.op("dl.matmul", name, {x, wx}));

  auto body = std::make_shared<Graph>(g.getContext(), "dl.yield");
  SmallVector<Value> before;
  for (unsigned i = 0; i < carried; ++i)
    before.push_back(body->input("carried" + std::to_string(i), state));
  Value step = body->input("x", getTensor({extents[1], width * gates}, element)), u = body->input("weight_h", g.type(wh));
  SmallVector<Value> after = cell(*body, before, body->op("dl.add", name, {step, body->op("dl.matmul", name, {before[0], u})}));
  for (Value v : after)
    body->output("carried", v);
  SmallVector<Type> results(carried, state);
  if (all) {
    body->output("h", after[0]);
    results.push_back(getTensor({extents[0], extents[1], width}, element));
  }
  SmallVector<Value> operands(carried, like(g, name, state, 0));
  operands.append({steps, wh});
  Value first = g.op("dl.scan", name, operands,
                     {attribute(g, "trip", DimsAttr::get(g.getContext(), extents[0])),
                      attribute(g, "operandSegmentSizes", g.builder.getDenseI32ArrayAttr({int(carried), 1, 1}))},
                     results, body);
  return {first.node, all ? carried : 0};
}
Value recurrent(Graph &g, StringRef name, Value x, int64_t units, Init init) {
  return scan(g, name, x, units, 1, 1, false, init,
              [&](Graph &body, ArrayRef<Value>, Value gates) -> SmallVector<Value> { return {tanh(body, name, gates)}; });
}
Value lstm(Graph &g, StringRef name, Value x, int64_t units, Init init) {
  return scan(g, name, x, units, 4, 2, true, init, [&](Graph &body, ArrayRef<Value> carried, Value gates) -> SmallVector<Value> {
    auto extents = getExtents(body.type(carried[0]));
    auto gate = [&](int64_t i) {
      AffineExpr zero = getAffineConstantExpr(0, g.getContext());
      return slice(body, name, gates, {zero, zero + i * units}, extents);
    };
    auto times = [&](Value a, Value b) { return body.op("dl.mul", name, {a, b}); };
    Value i = sigmoid(body, name, gate(0)), f = sigmoid(body, name, gate(1)), z = tanh(body, name, gate(2)),
          o = sigmoid(body, name, gate(3));
    Value c = add(body, name, times(f, carried[1]), times(i, z));
    return {times(o, tanh(body, name, c)), c};
  });
}

Value splitHeads(Graph &g, StringRef name, Value x, int64_t heads) {
  RankedTensorType type = checked(g, name, x, 3);
  auto width = type ? constantExtent(g, name, type, 2) : std::nullopt;
  if (!width)
    return g.refused(name);
  auto extents = getExtents(type);
  auto number = [&](int64_t n) { return getAffineConstantExpr(n, g.getContext()); };
  return transpose(g, name, reshape(g, name, x, {extents[0], extents[1], number(heads), number(*width / heads)}), {0, 2, 1, 3});
}
Value joinHeads(Graph &g, StringRef name, Value x) {
  RankedTensorType type = checked(g, name, x, 4);
  if (!type)
    return g.refused(name);
  auto extents = getExtents(type);
  return reshape(g, name, transpose(g, name, x, {0, 2, 1, 3}), {extents[0], extents[2], extents[1] * extents[3]});
}
Value attend(Graph &g, StringRef name, Value q, Value k, Value v, const Visible &visible) {
  RankedTensorType type = checked(g, name, q, 4);
  auto width = type ? constantExtent(g, name, type, 3) : std::nullopt;
  Value scores = g.op("dl.matmul", name, {q, k}, {attribute(g, "transpose_rhs", g.builder.getUnitAttr())});
  RankedTensorType square = width ? g.type(scores) : RankedTensorType();
  if (!square)
    return g.refused(name);
  scores = g.op("dl.mul", name, {scores, like(g, name, square, 1 / std::sqrt(double(*width)))});
  if (visible.value.node != ~0u) {
    Value shown = g.op("dl.broadcast", name, {visible.value}, {integers(g, "dims", visible.dims)}, {withBool(square)});
    scores = g.op("dl.select", name, {shown, scores, like(g, name, square, -std::numeric_limits<float>::max())});
  }
  return g.op("dl.matmul", name, {softmax(g, name, scores), v});
}
Value attention(Graph &g, StringRef name, Value x, int64_t heads) {
  RankedTensorType type = checked(g, name, x, 3);
  auto width = type ? constantExtent(g, name, type, 2) : std::nullopt;
  if (!width)
    return g.refused(name);
  auto part = [&](const Twine &suffix) {
    std::string own = (name + suffix).str();
    return splitHeads(g, own, dense(g, own, x, *width), heads);
  };
  Value q = part(".query"), k = part(".key"), v = part(".value");
  return dense(g, (name + ".out").str(), joinHeads(g, name, attend(g, name, q, k, v)), *width);
}
} // namespace dlc::frontend::nn
