// Optimisers: what each carries and how it decomposes.
#include "dialects/dl/ops/Optimizer.h"
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
using namespace mlir;
using namespace dlc::dl;

static Type scalarOf(Type w) { return RankedTensorType::get({}, cast<RankedTensorType>(w).getElementType()); }

ParseResult dlc::dl::parseUpdateTypes(OpAsmParser &p, Type &w, Type &g, SmallVectorImpl<Type> &slots, SmallVectorImpl<Type> &scalars,
                                      ArrayRef<OpAsmParser::UnresolvedOperand> slotOperands,
                                      ArrayRef<OpAsmParser::UnresolvedOperand> scalarOperands) {
  SMLoc at = p.getCurrentLocation();
  if (p.parseType(w))
    return failure();
  if (!isa<RankedTensorType>(w))
    return p.emitError(at, "expected the parameter's ranked tensor type, found ") << w;
  g = w;
  slots.assign(slotOperands.size(), w);
  scalars.assign(scalarOperands.size(), scalarOf(w));
  return success();
}
void dlc::dl::printUpdateTypes(OpAsmPrinter &p, Operation *, Type w, Type, TypeRange, TypeRange, OperandRange, OperandRange) { p << w; }

static std::string listOf(ArrayRef<StringRef> names) { return names.empty() ? "none" : llvm::join(names, ", "); }
LogicalResult dlc::dl::verifyUpdate(Operation *op) {
  auto update = cast<OptimizerOpInterface>(op);
  DictionaryAttr attributes = op->getAttrDictionary();
  SmallVector<StringRef> slots = update.getSlotNames(attributes), scalars;
  for (const Hyperparameter &h : update.getHyperparameters(attributes))
    scalars.push_back(h.name);
  llvm::append_range(scalars, update.getCounterNames(attributes));
  Type w = op->getOperand(0).getType();
  size_t n = op->getNumResults() - 1; // as many as slots, by inference
  if (n != slots.size())
    return op->emitOpError("has ") << n << " slots, expected " << slots.size() << ": " << listOf(slots);
  if (op->getNumOperands() - 2 - n != scalars.size())
    return op->emitOpError("has ") << op->getNumOperands() - 2 - n << " scalars, expected " << scalars.size() << ": " << listOf(scalars);
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (Type expected = i < 2 + n ? w : scalarOf(w); operand.getType() != expected)
      return op->emitOpError("operand ") << i << " is " << operand.getType() << ", expected " << expected;
  return success();
}

/// w' and its kin by formulas: scalars are spread over w's shape where they meet it.
namespace {
template <typename Op> struct Update {
  Op op;
  OpBuilder &b;
  unsigned next = 0;
  Tensor at(Value v) { return {b, op.getLoc(), v}; }
  Tensor w() { return at(op.getW()); }
  Tensor g() { return at(op.getG()); }
  Tensor slot(unsigned i) { return at(op.getSlots()[i]); }
  /// The next of the scalars, in the order of getHyperparameters and then getCounterNames.
  Tensor scalar() { return at(op.getScalars()[next++]); }
  /// A scalar for each element of w.
  Tensor each(Tensor s) { return s.broadcast(w().type(), {}); }
};
} // namespace

SmallVector<StringRef> SgdOp::getSlotNames(DictionaryAttr a) {
  return a.contains("momentum") ? SmallVector<StringRef>{"momentum"} : SmallVector<StringRef>{};
}
SmallVector<Hyperparameter> SgdOp::getHyperparameters(DictionaryAttr a) {
  SmallVector<Hyperparameter> all = {{"lr", 0.01}, {"l2", 0.0}};
  if (a.contains("momentum"))
    all.push_back({"momentum", 0.9});
  return all;
}
SmallVector<Value> SgdOp::decompose(OpBuilder &b) {
  Update<SgdOp> u{*this, b};
  Tensor lr = u.each(u.scalar()), l2 = u.each(u.scalar()), d = u.g() + l2 * u.w();
  if (!getMomentum())
    return {u.w() - lr * d};
  Tensor m = u.each(u.scalar()), v = m * u.slot(0) + d;
  return {u.w() - lr * (getNesterov() ? d + m * v : v), v};
}

//===-- Adam and AdamW --------------------------------------------------------------------------------------------===//
SmallVector<StringRef> AdamOp::getSlotNames(DictionaryAttr) { return {"moment1", "moment2"}; }
SmallVector<StringRef> AdamWOp::getSlotNames(DictionaryAttr) { return {"moment1", "moment2"}; }
SmallVector<StringRef> AdamOp::getCounterNames(DictionaryAttr) { return {"correction1", "correction2"}; }
SmallVector<StringRef> AdamWOp::getCounterNames(DictionaryAttr) { return {"correction1", "correction2"}; }
SmallVector<Hyperparameter> AdamOp::getHyperparameters(DictionaryAttr) {
  return {{"lr", 0.001}, {"beta1", 0.9, 1}, {"beta2", 0.999, 1}, {"eps", 1e-8}, {"l2", 0.0}};
}
SmallVector<Hyperparameter> AdamWOp::getHyperparameters(DictionaryAttr) {
  return {{"lr", 0.001}, {"beta1", 0.9, 1}, {"beta2", 0.999, 1}, {"eps", 1e-8}, {"weight_decay", 0.01}};
}
// 1 - beta^t from 1 - beta^(t-1): relative precision stays where beta^t is near 1.
static SmallVector<Value> advanceCorrections(OpBuilder &b, Location loc, ValueRange scalars) {
  SmallVector<Value> next;
  for (unsigned i : {0, 1}) {
    Tensor beta{b, loc, scalars[1 + i]}, c{b, loc, scalars[5 + i]};
    next.push_back(beta * c + (1.0 - beta));
  }
  return next;
}
SmallVector<Value> AdamOp::advanceCounters(OpBuilder &b, Location loc, ValueRange s) { return advanceCorrections(b, loc, s); }
SmallVector<Value> AdamWOp::advanceCounters(OpBuilder &b, Location loc, ValueRange s) { return advanceCorrections(b, loc, s); }

template <typename Op> static SmallVector<Value> decomposeAdam(Op op, OpBuilder &b, bool decoupled) {
  Update<Op> u{op, b};
  Tensor lr = u.scalar(), beta1 = u.scalar(), beta2 = u.scalar(), eps = u.scalar(), decay = u.scalar(), c1 = u.scalar(), c2 = u.scalar();
  Tensor w = decoupled ? u.w() - u.each(lr * decay) * u.w() : u.w();
  Tensor g = decoupled ? u.g() : u.g() + u.each(decay) * u.w();
  Tensor m = u.each(beta1) * u.slot(0) + u.each(1.0 - beta1) * g;
  Tensor v = u.each(beta2) * u.slot(1) + u.each(1.0 - beta2) * (g * g);
  if (op.getEpsilonHat())
    return {w - u.each(lr * c2.sqrt() / c1) * m / (v.sqrt() + u.each(eps)), m, v};
  return {w - u.each(lr / c1) * m / (v.sqrt() / u.each(c2.sqrt()) + u.each(eps)), m, v};
}
SmallVector<Value> AdamOp::decompose(OpBuilder &b) { return decomposeAdam(*this, b, false); }
SmallVector<Value> AdamWOp::decompose(OpBuilder &b) { return decomposeAdam(*this, b, true); }
