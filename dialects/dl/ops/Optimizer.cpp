// Optimisers: the rule of each, and what the rules have in common.
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

/// Hyper-parameters, then counters.
static SmallVector<StringRef> scalarNames(OptimizerOpInterface update, DictionaryAttr flags) {
  auto names = llvm::map_to_vector(update.getHyperparameters(flags), [](const Hyperparameter &h) { return h.name; });
  llvm::append_range(names, update.getCounterNames());
  return names;
}
static std::string listOf(ArrayRef<StringRef> names) { return names.empty() ? "none" : llvm::join(names, ", "); }
LogicalResult dlc::dl::verifyUpdate(Operation *op) {
  auto update = cast<OptimizerOpInterface>(op);
  DictionaryAttr attributes = op->getAttrDictionary();
  SmallVector<StringRef> slots = update.getSlotNames(attributes), scalars = scalarNames(update, attributes);
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

//===-- Rules by name ---------------------------------------------------------------------------------------------===//
template <typename Named> static bool stands(const Named &n, DictionaryAttr flags) { return n.flag.empty() || flags.contains(n.flag); }
SmallVector<StringRef> UpdateRule::slotNames(DictionaryAttr flags) const {
  SmallVector<StringRef> names;
  for (const Slot &s : slots)
    if (stands(s, flags))
      names.push_back(s.name);
  return names;
}
SmallVector<Hyperparameter> UpdateRule::hyperparameters(DictionaryAttr flags) const {
  SmallVector<Hyperparameter> all;
  for (const Number &n : numbers)
    if (stands(n, flags))
      all.push_back(n);
  return all;
}
SmallVector<StringRef> UpdateRule::counterNames() const {
  return llvm::map_to_vector(counters, [](const Counter &c) { return c.name; });
}
static size_t placeOf(ArrayRef<StringRef> names, StringRef name) {
  const auto *it = llvm::find(names, name);
  assert(it != names.end() && "a rule's formula names what the rule has");
  return it - names.begin();
}
SmallVector<Value> UpdateRule::advance(OpBuilder &b, Location loc, DictionaryAttr flags, ValueRange scalars) const {
  auto names = llvm::map_to_vector(hyperparameters(flags), [](const Hyperparameter &h) { return h.name; });
  SmallVector<Value> next;
  for (const Counter &counter : counters) {
    Tensor beta{b, loc, scalars[placeOf(names, counter.beta)]}, c{b, loc, scalars[names.size() + next.size()]};
    next.push_back(beta * c + (1.0 - beta));
  }
  return next;
}
Tensor Update::slot(StringRef name) const {
  return at(op->getOperand(2 + placeOf(cast<OptimizerOpInterface>(op).getSlotNames(op->getAttrDictionary()), name)));
}
Tensor Update::scalar(StringRef name) const {
  auto names = scalarNames(cast<OptimizerOpInterface>(op), op->getAttrDictionary());
  return at(op->getOperand(op->getNumOperands() - names.size() + placeOf(names, name)));
}

//===-- The rules -------------------------------------------------------------------------------------------------===//
// g + l2 w
static Tensor decayed(const Update &u) { return u.g + u.each("l2") * u.w; }
// beta old + (1 - beta) now
static Tensor running(const Update &u, StringRef slot, StringRef beta, const Tensor &now) {
  return u.each(beta) * u.slot(slot) + u.each(1.0 - u.scalar(beta)) * now;
}

// v' = m v + d, w' = w - lr v'; by Nesterov w - lr (d + m v')
const UpdateRule &SgdOp::getRule() {
  static const UpdateRule rule = {{{"lr", 0.01}, {"l2", 0.0}, {"momentum", 0.9, INFINITY, "momentum"}},
                                  {{"momentum", "momentum"}},
                                  {},
                                  [](const Update &u) -> SmallVector<Value> {
                                    Tensor lr = u.each("lr"), d = decayed(u);
                                    if (!u.has("momentum"))
                                      return {u.w - lr * d};
                                    Tensor m = u.each("momentum"), v = m * u.slot("momentum") + d;
                                    return {u.w - lr * (u.has("nesterov") ? d + m * v : v), v};
                                  }};
  return rule;
}

// s' = s + d^2, w' = w - lr d / (sqrt(s') + eps)
const UpdateRule &AdaGradOp::getRule() {
  static const UpdateRule rule = {{{"lr", 0.01}, {"eps", 1e-10}, {"l2", 0.0}}, {{"sum"}}, {}, [](const Update &u) -> SmallVector<Value> {
                                    Tensor d = decayed(u), s = u.slot("sum") + d * d;
                                    return {u.w - u.each("lr") * d / (s.sqrt() + u.each("eps")), s};
                                  }};
  return rule;
}

// s = sqrt(u + eps) / sqrt(v' + eps) d, w' = w - lr s
const UpdateRule &AdaDeltaOp::getRule() {
  static const UpdateRule rule = {
      {{"lr", 1.0}, {"rho", 0.9, 1}, {"eps", 1e-6}, {"l2", 0.0}}, {{"squares"}, {"steps"}}, {}, [](const Update &u) -> SmallVector<Value> {
        Tensor d = decayed(u), eps = u.each("eps"), v = running(u, "squares", "rho", d * d);
        Tensor s = (u.slot("steps") + eps).sqrt() / (v + eps).sqrt() * d;
        return {u.w - u.each("lr") * s, v, running(u, "steps", "rho", s * s)};
      }};
  return rule;
}

// s = d / (sqrt(v') + eps), v' less the square of the running mean where centred
const UpdateRule &RmsPropOp::getRule() {
  static const UpdateRule rule = {{{"lr", 0.01}, {"alpha", 0.99, 1}, {"eps", 1e-8}, {"l2", 0.0}, {"momentum", 0.9, INFINITY, "momentum"}},
                                  {{"squares"}, {"mean", "centered"}, {"momentum", "momentum"}},
                                  {},
                                  [](const Update &u) -> SmallVector<Value> {
                                    Tensor d = decayed(u), v = running(u, "squares", "alpha", d * d);
                                    SmallVector<Value> next = {{}, v};
                                    auto variance = [&] {
                                      Tensor a = running(u, "mean", "alpha", d);
                                      next.push_back(a);
                                      return greater(v - a * a, v.same(0.0));
                                    };
                                    Tensor s = d / ((u.has("centered") ? variance() : v).sqrt() + u.each("eps"));
                                    auto buffered = [&] {
                                      Tensor b = u.each("momentum") * u.slot("momentum") + s;
                                      next.push_back(b);
                                      return b;
                                    };
                                    next[0] = u.w - u.each("lr") * (u.has("momentum") ? buffered() : s);
                                    return next;
                                  }};
  return rule;
}

// m' and v', and m' / c1 / (sqrt(v') / sqrt(c2) + eps)
static UpdateRule momentsRule(SmallVector<UpdateRule::Number> numbers, SmallVector<Value> (*step)(const Update &)) {
  return {std::move(numbers), {{"moment1"}, {"moment2"}}, {{"correction1", "beta1"}, {"correction2", "beta2"}}, step};
}
static SmallVector<Value> stepAdam(const Update &u, const Tensor &w, const Tensor &g) {
  Tensor lr = u.scalar("lr"), c1 = u.scalar("correction1"), root2 = u.scalar("correction2").sqrt(), eps = u.each("eps");
  Tensor m = running(u, "moment1", "beta1", g), v = running(u, "moment2", "beta2", g * g);
  if (u.has("epsilon_hat"))
    return {w - u.each(lr * root2 / c1) * m / (v.sqrt() + eps), m, v};
  return {w - u.each(lr / c1) * m / (v.sqrt() / u.each(root2) + eps), m, v};
}
const UpdateRule &AdamOp::getRule() {
  static const UpdateRule rule = momentsRule({{"lr", 0.001}, {"beta1", 0.9, 1}, {"beta2", 0.999, 1}, {"eps", 1e-8}, {"l2", 0.0}},
                                             [](const Update &u) { return stepAdam(u, u.w, decayed(u)); });
  return rule;
}
// (1 - lr weight_decay) w
static Tensor shrunk(const Update &u) { return u.w - u.each(u.scalar("lr") * u.scalar("weight_decay")) * u.w; }
const UpdateRule &AdamWOp::getRule() {
  static const UpdateRule rule = momentsRule({{"lr", 0.001}, {"beta1", 0.9, 1}, {"beta2", 0.999, 1}, {"eps", 1e-8}, {"weight_decay", 0.01}},
                                             [](const Update &u) { return stepAdam(u, shrunk(u), u.g); });
  return rule;
}

// w' = w - lr |w| / |r| r
const UpdateRule &LambOp::getRule() {
  static const UpdateRule rule =
      momentsRule({{"lr", 0.001}, {"beta1", 0.9, 1}, {"beta2", 0.999, 1}, {"eps", 1e-6}, {"weight_decay", 0.01}},
                  [](const Update &u) -> SmallVector<Value> {
                    Tensor m = running(u, "moment1", "beta1", u.g), v = running(u, "moment2", "beta2", u.g * u.g);
                    Tensor c1 = u.each("correction1"), root2 = u.each(u.scalar("correction2").sqrt());
                    Tensor r = m / c1 / (v.sqrt() / root2 + u.each("eps")) + u.each("weight_decay") * u.w;
                    auto norm = [](const Tensor &x) { return x.sumProducts(x, llvm::to_vector(llvm::seq<int64_t>(0, x.rank()))).sqrt(); };
                    Tensor ofW = norm(u.w), ofR = norm(r), zero = ofW.same(0.0), one = ofW.same(1.0);
                    Tensor ratio = select(equal(ofW, zero), one, select(equal(ofR, zero), one, ofW / ofR));
                    return {u.w - u.each(u.scalar("lr") * ratio) * r, m, v};
                  });
  return rule;
}

// w' = (1 - lr weight_decay) w - lr sign(beta1 m + (1 - beta1) g)
const UpdateRule &LionOp::getRule() {
  static const UpdateRule rule = {{{"lr", 1e-4}, {"beta1", 0.9, 1}, {"beta2", 0.99, 1}, {"weight_decay", 0.0}},
                                  {{"momentum"}},
                                  {},
                                  [](const Update &u) -> SmallVector<Value> {
                                    Tensor c = running(u, "momentum", "beta1", u.g);
                                    return {shrunk(u) - u.each("lr") * c.sign(), running(u, "momentum", "beta2", u.g)};
                                  }};
  return rule;
}
