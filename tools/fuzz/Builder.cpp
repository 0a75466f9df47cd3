// Operands, shapes and ops of random models.
#include "tools/fuzz/Builder.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
namespace dlc::fuzz {

int64_t Gen::dim() {
  static constexpr int64_t often[] = {1, 2, 3, 4, 5, 7, 8}, seldom[] = {6, 13, 16, 17, 31, 33, 63, 64, 65},
                           rare[] = {0, 100, 128, 255, 256, 257},
                           large[] = {511, 512, 513, 1023, 1024, 1025, 1537, 2049, 4099, 8193, 16385};
  double p = r.unit();
  if (limit > 3000 && p > 0.8)
    return r.pick(large);
  return p < 0.62 ? r.pick(often) : p < 0.94 ? r.pick(seldom) : r.pick(rare);
}
AffineExpr Gen::extent() {
  if (!names.empty() && r.chance(0.3))
    return r.pick(names);
  return n(dim());
}
SmallVector<AffineExpr> Gen::shape(int64_t rank, int64_t most) {
  int64_t limit = std::min(most, this->limit);
  SmallVector<AffineExpr> e;
  int64_t all = 1;
  for (int64_t i = 0; i < rank; ++i) {
    AffineExpr next = extent();
    for (int tries = 0; all * size(next) > limit && tries < 8; ++tries)
      next = extent();
    if (all * size(next) > limit)
      next = n(r.between(1, 2));
    all *= std::max<int64_t>(1, size(next));
    e.push_back(next);
  }
  return e;
}
int64_t Gen::length() {
  static constexpr int64_t lengths[] = {255, 257, 300, 511, 512, 513, 769, 1024, 1025, 1537, 2049, 4096, 4097, 5000, 8193};
  return r.pick(lengths);
}
SmallVector<AffineExpr> Gen::longShape(int64_t rank) {
  SmallVector<AffineExpr> e;
  for (int64_t i = 0; i < rank; ++i)
    e.push_back(n(r.between(1, rank > 2 ? 2 : 5)));
  e[r.below(rank)] = n(length());
  return e;
}
Type Gen::integer() {
  Type types[] = {b.getI32Type(), b.getI64Type(), b.getI8Type()};
  return r.pick(types);
}
Type Gen::number() {
  if (own)
    return own;
  Type others[] = {b.getF32Type(), b.getF64Type(), b.getBF16Type()};
  return r.chance(0.7) ? main : r.chance(0.4) ? r.pick(others) : integer();
}

Value Gen::constant(Type type, double value) { return dl::ConstantOp::create(b, fn.getLoc(), type, APFloat(value)); }
Value Gen::constant(Type type) {
  static constexpr double values[] = {0, 1, 0.5, 2, 3, -1, 1e-3};
  Type element = getElementTypeOrSelf(type);
  double v = r.pick(values);
  return constant(type, dl::isValueOf(v, element) ? v : 1);
}
Value Gen::argument(Type type) {
  if (body) {
    Type element = getElementTypeOrSelf(type);
    if (element.isInteger() && !element.isInteger(1) && cast<RankedTensorType>(type).getRank() && r.chance(0.5))
      if (Operation *op = make("iota", {}, {whole("axis", 0)}, type))
        return op->getResult(0);
    return constant(type);
  }
  Value v = fn.front().addArgument(type, fn.getLoc());
  pool.push_back(v);
  return v;
}
Value Gen::find(llvm::function_ref<bool(Value)> fits, llvm::function_ref<Type()> otherwise) {
  if (chain && fits(chain))
    return chain;
  SmallVector<Value> found;
  for (Value v : pool)
    if (fits(v))
      found.push_back(v);
  if (found.empty() || r.chance(body ? 0.05 : 0.2))
    return argument(otherwise());
  return r.chance(0.5) ? found.back() : r.pick(found);
}
Value Gen::floats(int64_t low, int64_t high) {
  if (target)
    return find(withExtents(*target, own && isa<FloatType>(own) ? own : main));
  return find([&](Value v) { return isFloat(v) && rank(v) >= low && rank(v) <= high; },
              [&] {
                int64_t n = r.between(std::max<int64_t>(low, r.chance(0.9)), std::min<int64_t>(high, 3));
                return withExtents(n && r.chance(0.04) ? longShape(n) : shape(n), main);
              });
}
Value Gen::numbers(int64_t low, int64_t high) {
  Type t = number();
  if (target)
    return find(withExtents(*target, t));
  return find([&](Value v) { return elementOf(v) == t && rank(v) >= low && rank(v) <= high; },
              [&] { return withExtents(shape(r.between(std::max<int64_t>(low, r.chance(0.9)), std::min<int64_t>(high, 3))), t); });
}
Value Gen::any(int64_t low, int64_t high) {
  if (target)
    return find(withExtents(*target, own));
  Type t = own ? own : r.chance(0.1) && !train ? Type(b.getI1Type()) : train && r.chance(0.8) ? main : number();
  return find([&](Value v) { return elementOf(v) == t && rank(v) >= low && rank(v) <= high; },
              [&] { return withExtents(shape(r.between(std::max<int64_t>(low, r.chance(0.9)), std::min<int64_t>(high, 4))), t); });
}
Value Gen::broadcast(Type type) {
  auto e = dl::getExtents(type);
  auto kept = some(e.size(), r.below(e.size()));
  SmallVector<AffineExpr> small;
  for (int64_t d : kept)
    small.push_back(e[d]);
  Type t = withExtents(small, getElementTypeOrSelf(type));
  Value x = find([&](Value v) { return v.getType() == t; }, [&] { return t; });
  Operation *op = make("broadcast", x, {list("dims", kept)}, type);
  return op ? op->getResult(0) : argument(type);
}
Value Gen::like(Type type) {
  SmallVector<Value> found;
  for (Value v : pool)
    if (v.getType() == type)
      found.push_back(v);
  double p = r.unit();
  if (!found.empty() && p < 0.5)
    return r.pick(found);
  if (p < 0.65 && cast<RankedTensorType>(type).getRank() > 0)
    return broadcast(type);
  return p < 0.72 ? constant(type) : argument(type);
}
SmallVector<int64_t> Gen::some(int64_t rank, int64_t count) {
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  while ((int64_t)all.size() > count)
    all.erase(all.begin() + r.below(all.size()));
  return all;
}

Operation *Gen::make(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes, TypeRange types) {
  auto registered = RegisteredOperationName::lookup(("dl." + name).str(), c);
  if (!registered || llvm::is_contained(operands, Value()))
    return nullptr;
  auto refuse = [&] { return ++rejected, nullptr; };
  OperationState state(fn.getLoc(), *registered, operands, types, {});
  DictionaryAttr all = b.getDictionaryAttr(attributes);
  if (registered->getOpPropertyByteSize())
    state.propertiesAttr = all;
  else
    state.addAttributes(attributes);
  if (types.empty()) {
    auto *inference = registered->getInterface<InferTypeOpInterface>();
    if (!inference)
      return refuse();
    auto storage = std::make_unique<char[]>(registered->getOpPropertyByteSize());
    OpaqueProperties properties(storage.get());
    registered->initOpProperties(properties, OpaqueProperties(nullptr));
    llvm::scope_exit destroy([&] { registered->destroyOpProperties(properties); });
    auto emit = [&] { return emitError(fn.getLoc()); };
    if ((registered->getOpPropertyByteSize() && failed(registered->setOpPropertiesFromAttribute(*registered, properties, all, emit))) ||
        failed(inference->inferReturnTypes(c, fn.getLoc(), operands, all, properties, {}, state.types)))
      return refuse();
  }
  for (Type t : state.types)
    if (!isTensor(t) || elements(t) > 2 * limit)
      return nullptr;
  Operation *op = b.create(state);
  // Gradients are asked of everything, and derivatives know no more than this.
  bool differentiable =
      isa<dl::DifferentiableOpInterface>(op) || llvm::none_of(operands, isFloat) || llvm::none_of(op->getResults(), isFloat);
  if (failed(verify(op)) || (train && !differentiable)) {
    op->erase();
    return refuse();
  }
  llvm::append_range(pool, op->getResults());
  return op;
}
} // namespace dlc::fuzz
