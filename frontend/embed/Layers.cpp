// The table of layers that a graph takes as text: a row each.
#include "frontend/embed/Layers.h"
#include "frontend/nn/Layers.h"
#include "tools/dlc/Spec.h"

using namespace dlc::frontend;
namespace dlc::embed {
namespace {
using Values = llvm::ArrayRef<Value>;
using Make = std::function<Value(Graph &, llvm::StringRef, Values)>;
struct Row {
  llvm::StringRef name;
  unsigned operands; ///< 0: one or more
  Make (*read)(tools::Spec &);
};

Init initOf(tools::Spec &s, Init otherwise) {
  std::string word = s.word("init", {"he", "xavier", "zeros", "ones", "orthogonal"});
  return word == "he"           ? nn::he
         : word == "xavier"     ? nn::xavier
         : word == "zeros"      ? nn::zeros
         : word == "ones"       ? nn::ones
         : word == "orthogonal" ? Init{dl::InitKind::orthogonal, 1.0}
                                : otherwise;
}
nn::Window windowOf(tools::Spec &s) {
  int64_t k = s.requiredCount("kernel"), stride = s.count("stride", 1), p = int64_t(s.amount("padding", 0));
  return {.kernel = {k, k}, .strides = {stride, stride}, .padding = {p, p, p, p}};
}
template <Value (*fn)(Graph &, llvm::StringRef, Value)> Make plain(tools::Spec &) {
  return [](Graph &g, llvm::StringRef name, Values x) { return fn(g, name, x[0]); };
}

const Row rows[] = {
    {"dense", 1,
     [](tools::Spec &s) -> Make {
       return [units = s.requiredCount("units"), init = initOf(s, nn::xavier)](Graph &g, llvm::StringRef n, Values x) {
         return nn::dense(g, n, x[0], units, init);
       };
     }},
    {"conv2d", 1,
     [](tools::Spec &s) -> Make {
       return [filters = s.requiredCount("filters"), w = windowOf(s), groups = s.count("groups", 1), bias = s.flag("bias", true),
               init = initOf(s, nn::xavier)](Graph &g, llvm::StringRef n, Values x) {
         return nn::conv2d(g, n, x[0], filters, w, groups, bias, init);
       };
     }},
    {"max_pool", 1,
     [](tools::Spec &s) -> Make {
       return [w = windowOf(s)](Graph &g, llvm::StringRef n, Values x) { return nn::maxPool(g, n, x[0], w); };
     }},
    {"avg_pool", 1,
     [](tools::Spec &s) -> Make {
       return [w = windowOf(s)](Graph &g, llvm::StringRef n, Values x) { return nn::avgPool(g, n, x[0], w); };
     }},
    {"global_average_pool", 1, plain<nn::globalAveragePool>},
    {"batch_norm", 1,
     [](tools::Spec &s) -> Make {
       return [epsilon = s.amount("epsilon", 1e-5), momentum = s.amount("momentum", 0.1)](Graph &g, llvm::StringRef n, Values x) {
         return nn::batchNorm(g, n, x[0], epsilon, momentum);
       };
     }},
    {"layer_norm", 1,
     [](tools::Spec &s) -> Make {
       return [epsilon = s.amount("epsilon", 1e-5)](Graph &g, llvm::StringRef n, Values x) { return nn::layerNorm(g, n, x[0], epsilon); };
     }},
    {"dropout", 1,
     [](tools::Spec &s) -> Make {
       return [rate = s.amount("rate", 0.5, 1)](Graph &g, llvm::StringRef n, Values x) { return nn::dropout(g, n, x[0], rate); };
     }},
    {"kl_sparsity", 1,
     [](tools::Spec &s) -> Make {
       return [target = s.amount("target", 0.05, 1), weight = s.amount("weight", 3)](Graph &g, llvm::StringRef n, Values x) {
         return nn::klSparsity(g, n, x[0], target, weight);
       };
     }},
    {"flatten", 1, plain<nn::flatten>},
    {"relu", 1, plain<nn::relu>},
    {"relu6", 1, plain<nn::relu6>},
    {"gelu", 1, plain<nn::gelu>},
    {"tanh", 1, plain<nn::tanh>},
    {"sigmoid", 1, plain<nn::sigmoid>},
    {"softmax", 1, plain<nn::softmax>},
    {"add", 2, [](tools::Spec &) -> Make { return [](Graph &g, llvm::StringRef n, Values x) { return nn::add(g, n, x[0], x[1]); }; }},
    {"concat", 0,
     [](tools::Spec &s) -> Make {
       return [axis = int64_t(s.amount("axis", 0))](Graph &g, llvm::StringRef n, Values x) { return nn::concat(g, n, x, axis); };
     }},
    {"recurrent", 1,
     [](tools::Spec &s) -> Make {
       return [units = s.requiredCount("units")](Graph &g, llvm::StringRef n, Values x) { return nn::recurrent(g, n, x[0], units); };
     }},
    {"lstm", 1,
     [](tools::Spec &s) -> Make {
       return [units = s.requiredCount("units")](Graph &g, llvm::StringRef n, Values x) { return nn::lstm(g, n, x[0], units); };
     }},
    {"attention", 1,
     [](tools::Spec &s) -> Make {
       return [heads = s.requiredCount("heads")](Graph &g, llvm::StringRef n, Values x) { return nn::attention(g, n, x[0], heads); };
     }},
};
} // namespace

Value addLayer(Graph &g, llvm::StringRef layer, llvm::StringRef name, Values operands) {
  auto refuse = [&](llvm::Error e) {
    mlir::emitError(mlir::NameLoc::get(g.builder.getStringAttr(name)), llvm::toString(std::move(e)));
    return g.refused(name);
  };
  auto spec = tools::Spec::parse(layer);
  if (!spec)
    return refuse(spec.takeError());
  auto index = spec->among("layer", llvm::map_to_vector(rows, [](const Row &r) { return r.name; }));
  if (!index)
    return refuse(index.takeError());
  const Row &row = rows[*index];
  if (row.operands ? operands.size() != row.operands : operands.empty())
    return refuse(llvm::createStringError("'" + row.name + "' has " + llvm::Twine(operands.size()) + " operands, expected " +
                                          (row.operands ? llvm::Twine(row.operands) : llvm::Twine("one or more"))));
  Make make = row.read(*spec);
  if (llvm::Error e = spec->finish())
    return refuse(std::move(e));
  return make(g, name, operands);
}
} // namespace dlc::embed
