// dl-autodiff-gradient: f(x) becomes f_grad(x, dy) = f(x), dy . df/dx.
#include "compiler/autodiff/Functions.h"
#include "compiler/autodiff/Passes.h"
#include "compiler/autodiff/Reverse.h"

namespace dlc {
#define GEN_PASS_DEF_GRADIENTPASS
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc
using namespace mlir;
using namespace dlc;

namespace {
struct GradientPass : dlc::impl::GradientPassBase<GradientPass> {
  using GradientPassBase::GradientPassBase;
  void runOnOperation() override {
    if (failed(append()))
      signalPassFailure();
  }

private:
  FailureOr<SmallVector<unsigned>> chosen(func::FuncOp f) {
    SmallVector<unsigned> numbers(arguments.begin(), arguments.end());
    for (unsigned i : numbers)
      if (i >= f.getNumArguments())
        return f.emitError("argument ") << i << " of @" << f.getName() << " does not exist: it has " << f.getNumArguments();
      else if (!isFloatTensor(f.getArgument(i).getType()))
        return f.emitError("argument ") << i << " of @" << f.getName() << " is not a floating-point tensor: it has no gradient";
    if (numbers.empty())
      for (BlockArgument a : f.getArguments())
        if (isFloatTensor(a.getType()))
          numbers.push_back(a.getArgNumber());
    return numbers;
  }
  LogicalResult append() {
    auto f = getFunction(getOperation(), function);
    auto numbers = failed(f) ? FailureOr<SmallVector<unsigned>>() : chosen(*f);
    auto copy = failed(numbers) ? FailureOr<FunctionCopy>() : FunctionCopy::create(*f, (function + "_grad"));
    if (failed(copy))
      return failure();
    auto ops = llvm::map_to_vector(copy->body().without_terminator(), [](Operation &op) { return &op; });
    SmallVector<Value> outputs(copy->results()), seeds, wanted;
    for (auto [i, y] : llvm::enumerate(outputs))
      seeds.push_back(
          isFloatTensor(y.getType())
              ? copy->addArgument(y.getType(), copy->newArgumentName("cotangent/", (*f).getResultAttrOfType<StringAttr>(i, "dl.name")))
              : Value());
    for (unsigned i : *numbers)
      wanted.push_back(copy->function.getArgument(i));
    OpBuilder b = copy->atEnd();
    auto gradients = buildGradients(b, ops, outputs, seeds, wanted);
    if (failed(gradients)) {
      copy->function.erase();
      return failure();
    }
    for (auto [i, x, g] : llvm::zip_equal(*numbers, wanted, *gradients))
      copy->addResult(g ? g : dl::Tensor{b, x.getLoc(), x}.same(0.0).v, copy->newResultName("gradient/", getNameAttr(*f, i)));
    copy->finish();
    return success();
  }
};
} // namespace
