// Regularisers: the table, and what each adds to an update.
#include "compiler/autodiff/Regularizers.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::dl;

static constexpr Regularizer table[] = {
    {"clip_value", "g held in [-c, c]", "torch.nn.utils.clip_grad_value_", true},
    {"clip_norm", "g min(1, c / (n + 1e-6)), n the norm of the gradients of all trained parameters",
     "Pascanu, Mikolov, Bengio, ICML 2013; torch.nn.utils.clip_grad_norm_", true},
    {"l2", "g + c w, in optimisers that have no l2 of their own", "Krogh and Hertz, NIPS 1991; weight_decay of torch.optim.SGD"},
    {"l1", "g + c sign(w), sign(0) being 0", "Tibshirani, 1996; the gradient of c sum |w|"},
    {"weight_decay", "w' - lr c w, decoupled, in optimisers that have none of their own",
     "Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019"},
    {"max_norm",
     "w' c / (n + 1e-7) where n > c, n the norm of all that leads to one output: the elements of one last index, in parameters of rank 2 "
     "or more",
     "Srivastava et al., JMLR 15, 2014; torch.renorm", true},
};
ArrayRef<Regularizer> dlc::getRegularizers() { return table; }
const Regularizer *dlc::findRegularizer(StringRef name) {
  const auto *it = llvm::find_if(table, [&](const Regularizer &r) { return name == r.name; });
  return it == std::end(table) ? nullptr : it;
}

static SmallVector<int64_t> firstDims(int64_t n) { return llvm::to_vector(llvm::seq<int64_t>(0, n)); }
Tensor Regularization::clipped(Value v) {
  Tensor g = at(v);
  if (!inputs.contains("clip_value"))
    return g;
  Tensor bound = each("clip_value", g);
  return greater(lesser(g, bound), -bound);
}
LogicalResult Regularization::begin(ArrayRef<BlockArgument> parameters, ArrayRef<Value> gradients) {
  if (inputs.contains("max_norm") && llvm::all_of(parameters, [](Value w) { return cast<RankedTensorType>(w.getType()).getRank() < 2; }))
    return emitError(loc, "max_norm holds parameters of rank 2 or more, and none is trained: leave it out");
  if (!inputs.contains("clip_norm") || gradients.empty())
    return success();
  Value squares;
  for (Value gradient : gradients) {
    Tensor g = clipped(gradient), sum = g.sumProducts(g, firstDims(g.rank()));
    squares = squares ? at(squares) + sum : sum;
  }
  Tensor c = at(inputs.lookup("clip_norm"));
  scale = lesser(c / (at(squares).sqrt() + 1e-6), c.same(1.0));
  return success();
}
Value Regularization::gradient(Value parameter, Value found) {
  Tensor w = at(parameter);
  Value g = clipped(found);
  if (scale)
    g = at(g) * at(scale).broadcast(w.type(), {});
  if (inputs.contains("l2"))
    g = at(g) + each("l2", w) * w;
  if (inputs.contains("l1"))
    g = at(g) + each("l1", w) * w.sign();
  return g;
}
Value Regularization::parameter(Value old, Value updated) {
  Tensor w = at(old);
  if (inputs.contains("weight_decay"))
    updated = at(updated) - (at(rate) * at(inputs.lookup("weight_decay"))).broadcast(w.type(), {}) * w;
  if (!inputs.contains("max_norm") || w.rank() < 2)
    return updated;
  Tensor next = at(updated), norm = next.sumProducts(next, firstDims(w.rank() - 1)).sqrt(), c = each("max_norm", norm);
  Tensor factor = select(less(c, norm), c / (norm + 1e-7), norm.same(1.0));
  return next * factor.spread(w.type(), firstDims(w.rank() - 1));
}
