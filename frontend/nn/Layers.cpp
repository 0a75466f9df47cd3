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
Value globalAveragePool(Graph &g, StringRef name, Value x) { return g.op("dl.mean", name, {x}, {integers(g, "dims", {1, 2})}); }
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
Value dropout(Graph &g, StringRef name, Value x, double rate) {
  return g.op("dl.dropout", name, {x}, {attribute(g, "rate", g.builder.getF64FloatAttr(rate))});
}
Value flatten(Graph &g, StringRef name, Value x) {
  RankedTensorType type = checked(g, name, x, -1);
  if (!type)
    return g.refused(name);
  auto extents = getExtents(type);
  AffineExpr rest = product(ArrayRef(extents).drop_front(), g.getContext());
  return g.op("dl.reshape", name, {x}, {}, {getTensor({extents[0], rest}, type.getElementType())});
}
Value transpose(Graph &g, StringRef name, Value x, ArrayRef<int64_t> permutation) {
  return g.op("dl.transpose", name, {x}, {integers(g, "permutation", permutation)});
}

Value relu(Graph &g, StringRef name, Value x) { return g.op("dl.relu", name, {x}); }
Value tanh(Graph &g, StringRef name, Value x) { return g.op("dl.tanh", name, {x}); }
Value sigmoid(Graph &g, StringRef name, Value x) { return g.op("dl.sigmoid", name, {x}); }
Value softmax(Graph &g, StringRef name, Value x) {
  RankedTensorType type = checked(g, name, x, -1);
  return type ? g.op("dl.softmax", name, {x}, {attribute(g, "axis", g.builder.getI64IntegerAttr(type.getRank() - 1))}) : g.refused(name);
}

// The inputs' product is taken for all steps at once, outside of the loop.
Value recurrent(Graph &g, StringRef name, Value x, int64_t units, Init init) {
  RankedTensorType type = checked(g, name, x, 3);
  auto in = type ? constantExtent(g, name, type, 2) : std::nullopt;
  if (!in)
    return g.refused(name);
  Type element = type.getElementType();
  auto extents = getExtents(type);
  RankedTensorType state = getTensor({extents[1], getAffineConstantExpr(units, g.getContext())}, element);
  Value wx = parameter(g, name + ".weight_x", {*in, units}, element, init),
        wh = parameter(g, name + ".weight_h", {units, units}, element, init);
  Value steps = bias(g, name, g.op("dl.matmul", name, {x, wx}));

  auto body = std::make_shared<Graph>(g.getContext(), "dl.yield");
  Value h = body->input("h", state), step = body->input("x", state);
  Value u = body->input("weight_h", g.type(wh));
  body->output("h", tanh(*body, name, body->op("dl.add", name, {step, body->op("dl.matmul", name, {h, u})})));
  Value start = g.op("dl.constant", name, {}, {attribute(g, "value", g.builder.getF64FloatAttr(0))}, {state});
  return g.op("dl.scan", name, {start, steps, wh},
              {attribute(g, "trip", DimsAttr::get(g.getContext(), extents[0])),
               attribute(g, "operandSegmentSizes", g.builder.getDenseI32ArrayAttr({1, 1, 1}))},
              {state}, body);
}
} // namespace dlc::frontend::nn
