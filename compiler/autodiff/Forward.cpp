// dl-autodiff-forward: f(x) becomes f_jvp(x, t) = f(x), df/dx . t. The VJP u -> u . df/dx is linear in u, and its own
// derivative with respect to u, taken at the tangents t, is df/dx . t: forward mode without a rule for any op.
#include "compiler/autodiff/Functions.h"
#include "compiler/autodiff/Passes.h"
#include "compiler/autodiff/Reverse.h"

namespace dlc {
#define GEN_PASS_DEF_FORWARDPASS
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc
using namespace mlir;
using namespace dlc;

namespace {
struct ForwardPass : dlc::impl::ForwardPassBase<ForwardPass> {
  using ForwardPassBase::ForwardPassBase;
  void runOnOperation() override {
    if (failed(append()))
      signalPassFailure();
  }

private:
  static SmallVector<Operation *> opsOf(Block &block) {
    return llvm::map_to_vector(block.without_terminator(), [](Operation &op) { return &op; });
  }

  LogicalResult append() {
    auto f = getFunction(getOperation(), function);
    auto copy = failed(f) ? FailureOr<FunctionCopy>() : FunctionCopy::create(*f, function + "_jvp");
    if (failed(copy))
      return failure();
    SmallVector<Value> arguments, tangents, outputs, cotangents;
    for (BlockArgument a : llvm::to_vector((*copy).function.getArguments()))
      if (isFloatTensor(a.getType())) {
        arguments.push_back(a);
        tangents.push_back(copy->addArgument(a.getType(), copy->newArgumentName("tangent/", getNameAttr(*f, a.getArgNumber()))));
      }
    OpBuilder b = copy->atEnd();
    auto ops = opsOf(copy->body());
    // The cotangents are zeros that are differentiated by: what is linear in them does not depend on their value.
    for (Value y : copy->results())
      if (isFloatTensor(y.getType())) {
        outputs.push_back(y);
        cotangents.push_back(dl::Tensor{b, y.getLoc(), y}.same(0.0));
      }
    auto vjp = buildGradients(b, ops, outputs, cotangents, arguments);
    SmallVector<Value> products, seeds;
    if (succeeded(vjp))
      for (auto [g, t] : llvm::zip_equal(*vjp, tangents))
        if (g)
          products.push_back(g), seeds.push_back(t);
    auto jvp = failed(vjp) ? vjp : buildGradients(b, opsOf(copy->body()), products, seeds, cotangents);
    if (failed(jvp)) {
      copy->function.erase();
      return failure();
    }
    const Value *tangent = jvp->begin(), *cotangent = cotangents.begin();
    for (unsigned i = 0; i < (*f).getNumResults(); ++i)
      if (isFloatTensor((*f).getResultTypes()[i])) {
        Value t = *tangent++, zero = *cotangent++;
        copy->addResult(t ? t : zero, copy->newResultName("tangent/", (*f).getResultAttrOfType<StringAttr>(i, "dl.name")));
      }
    copy->finish();
    return success();
  }
};
} // namespace
