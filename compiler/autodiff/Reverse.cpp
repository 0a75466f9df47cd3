// Reverse mode: activity forward, cotangents backward.
#include "compiler/autodiff/Reverse.h"
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::dl;

static bool isFloat(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

namespace {
class Reverse : public Differentiator {
public:
  Reverse(OpBuilder &b, ArrayRef<Operation *> ops, ArrayRef<Value> wanted) : b(b) {
    for (Value v : wanted)
      active.insert(v);
    for (Operation *op : ops)
      if (llvm::any_of(op->getOperands(), [&](Value v) { return needs(v); }) || capturesActive(op)) {
        path.push_back(op);
        active.insert_range(llvm::make_filter_range(op->getResults(), isFloat));
      }
  }

  OpBuilder &builder() override { return b; }
  Value cotangent(Value result) override { return cotangents.lookup(result); }
  bool needs(Value operand) override { return isFloat(operand) && active.contains(operand); }
  void add(Value operand, Value gradient) override {
    if (!gradient || !needs(operand))
      return;
    assert(gradient.getType() == operand.getType() && "a cotangent has its value's type");
    Value &sum = cotangents[operand];
    sum = sum ? AddOp::create(b, gradient.getLoc(), sum, gradient).getResult() : gradient;
  }
  SmallVector<Value> block(OpBuilder &at, Block &body, IRMapping &map, ValueRange seeds, ArrayRef<Value> wanted) override {
    auto copy = [&](Value v) { return map.lookupOrDefault(v); };
    SmallVector<Operation *> copies;
    for (Operation &op : body.without_terminator())
      copies.push_back(map.lookupOrDefault(&op));
    auto gradients = buildGradients(at, copies, llvm::map_to_vector(body.getTerminator()->getOperands(), copy), llvm::to_vector(seeds),
                                    llvm::map_to_vector(wanted, copy));
    bad |= failed(gradients);
    return failed(gradients) ? SmallVector<Value>(wanted.size()) : *gradients;
  }

  LogicalResult run() {
    for (Operation *op : llvm::reverse(path)) {
      if (llvm::none_of(op->getResults(), [&](Value v) { return cotangent(v); }))
        continue;
      auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
      if (!differentiable) {
        InFlightDiagnostic diagnostic = op->emitError("cannot differentiate '") << op->getName() << "'";
        diagnostic.attachNote() << "what is asked for depends on it: write an op that has a derivative in its place, or leave "
                                   "the argument that leads here out of what is differentiated";
        return diagnostic;
      }
      differentiable.buildVjp(*this);
      if (bad)
        return failure();
    }
    return success();
  }

private:
  bool capturesActive(Operation *op) {
    if (op->hasTrait<OpTrait::IsIsolatedFromAbove>())
      return false;
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    return llvm::any_of(captured, [&](Value v) { return needs(v); });
  }

  OpBuilder &b;
  llvm::DenseSet<Value> active;  ///< what is wanted and all that depends on it
  SmallVector<Operation *> path; ///< the ops that depend on what is wanted, in order
  llvm::DenseMap<Value, Value> cotangents;
  bool bad = false;
};
} // namespace

FailureOr<SmallVector<Value>> dlc::buildGradients(OpBuilder &b, ArrayRef<Operation *> ops, ValueRange outputs, ArrayRef<Value> seeds,
                                                  ArrayRef<Value> wanted) {
  Reverse reverse(b, ops, wanted);
  for (auto [output, seed] : llvm::zip_equal(outputs, seeds))
    reverse.add(output, seed);
  if (failed(reverse.run()))
    return failure();
  return llvm::map_to_vector(wanted, [&](Value v) { return reverse.cotangent(v); });
}
