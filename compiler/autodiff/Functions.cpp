// Copies of functions that grow arguments and results.
#include "compiler/autodiff/Functions.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Rewrite/PatternApplicator.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc;

FailureOr<func::FuncOp> dlc::getFunction(ModuleOp module, StringRef name) {
  auto f = module.lookupSymbol<func::FuncOp>(name);
  if (!f)
    return module.emitError("found no function @") << name << ": give the name of one that the module has";
  if (!f.getBody().hasOneBlock())
    return f.emitError("@") << name << " has " << f.getBody().getBlocks().size() << " blocks, expected one: write control flow as dl.scan";
  return f;
}

FailureOr<FunctionCopy> FunctionCopy::create(func::FuncOp original, StringRef name) {
  if (Operation *taken = SymbolTable::lookupNearestSymbolFrom(original->getParentOp(), StringAttr::get(original.getContext(), name)))
    return taken->emitError("@") << name << " exists already: rename it, its name is that of the function derived from @"
                                 << original.getName();
  FunctionCopy copy;
  OpBuilder b(original.getContext());
  b.setInsertionPointAfter(original);
  copy.function = cast<func::FuncOp>(b.clone(*original));
  copy.function.setName(name);
  for (unsigned i = 0; i < original.getNumResults(); ++i)
    copy.attributes.emplace_back(original.getResultAttrDict(i));
  for (unsigned i = 0; i < original.getNumArguments(); ++i)
    copy.describeArgument(original.getArgAttrDict(i));
  copy.function.walk([](dl::LossOpInterface loss) { takeStableForm(loss); });
  return copy;
}

static void setName(NamedAttrList &attributes, StringAttr name) {
  if (name)
    attributes.set("dl.name", name);
}
static StringAttr nameIn(DictionaryAttr attributes) { // null: none
  if (!attributes)
    return {};
  auto param = attributes.getAs<dl::ParamAttr>("dl.param");
  return param ? StringAttr::get(attributes.getContext(), param.getName()) : attributes.getAs<StringAttr>("dl.name");
}
void FunctionCopy::describeArgument(DictionaryAttr attributes) {
  attributes = attributes ? attributes : DictionaryAttr::get(function.getContext());
  if (StringAttr name = nameIn(attributes))
    argumentNames.try_emplace(name.strref(), argumentAttributes.size());
  argumentAttributes.push_back(attributes);
}
static StringAttr prefixed(StringRef prefix, StringAttr name, function_ref<bool(StringAttr)> taken) {
  do
    name = name ? StringAttr::get(name.getContext(), prefix + name.strref()) : name;
  while (name && taken(name));
  return name;
}
StringAttr FunctionCopy::newArgumentName(StringRef prefix, StringAttr name) {
  return prefixed(prefix, name, [&](StringAttr n) { return argumentNames.contains(n.strref()); });
}
StringAttr FunctionCopy::newResultName(StringRef prefix, StringAttr name) {
  return prefixed(prefix, name, [&](StringAttr n) {
    return llvm::any_of(attributes, [&](NamedAttrList &result) { return result.get("dl.name") == n; });
  });
}
Value FunctionCopy::addArgument(Type type, StringAttr name, NamedAttrList more) {
  setName(more, name);
  describeArgument(more.getDictionary(function.getContext()));
  return body().addArgument(type, function.getLoc());
}
void FunctionCopy::addResult(Value value, StringAttr name, NamedAttrList more, std::optional<unsigned> at) {
  setName(more, name);
  unsigned index = at.value_or(attributes.size());
  body().getTerminator()->insertOperands(index, value);
  attributes.insert(attributes.begin() + index, std::move(more));
}
void FunctionCopy::finish() {
  function.setFunctionType(FunctionType::get(function.getContext(), body().getArgumentTypes(), results().getTypes()));
  SmallVector<Attribute> dictionaries;
  for (NamedAttrList &list : attributes)
    dictionaries.push_back(list.getDictionary(function.getContext()));
  function.setArgAttrsAttr(ArrayAttr::get(function.getContext(), argumentAttributes));
  function.setResAttrsAttr(ArrayAttr::get(function.getContext(), dictionaries));
  function.walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}
void dlc::takeStableForm(Operation *loss) {
  RewritePatternSet patterns(loss->getContext());
  loss->getRegisteredInfo()->getCanonicalizationPatterns(patterns, loss->getContext());
  FrozenRewritePatternSet frozen(std::move(patterns));
  PatternApplicator applicator(frozen);
  applicator.applyDefaultCostModel();
  PatternRewriter rewriter(loss->getContext());
  (void)applicator.matchAndRewrite(loss, rewriter);
}
FailureOr<ResultRange> dlc::createByName(OpBuilder &b, Location loc, RegisteredOperationName name, ValueRange operands,
                                         DictionaryAttr attributes) {
  for (NamedAttribute a : attributes)
    if (!llvm::is_contained(name.getAttributeNames(), a.getName())) {
      auto known = llvm::map_to_vector(name.getAttributeNames(), [](StringAttr n) { return n.strref(); });
      llvm::erase_if(known, [](StringRef n) { return n.ends_with("SegmentSizes"); });
      return emitError(loc, "'") << name << "' has no attribute '" << a.getName().strref() << "': " << dl::spell(a.getName(), known);
    }
  OperationState state(loc, name, operands, {}, {});
  bool plain = !name.getOpPropertyByteSize(); // an op without attributes of its own
  if (!plain)
    state.propertiesAttr = attributes;
  // Inference reads the properties before there is an op to hold them.
  auto storage = std::make_unique<char[]>(name.getOpPropertyByteSize());
  OpaqueProperties properties(storage.get());
  name.initOpProperties(properties, OpaqueProperties(nullptr));
  llvm::scope_exit destroy([&] { name.destroyOpProperties(properties); });
  if ((!plain &&
       failed(name.setOpPropertiesFromAttribute(name, properties, attributes, [&] { return emitError(loc, "'") << name << "': "; }))) ||
      failed(name.getInterface<InferTypeOpInterface>()->inferReturnTypes(b.getContext(), loc, operands, attributes, properties, {},
                                                                         state.types)))
    return failure();
  Operation *op = b.create(state);
  return failed(verify(op)) ? FailureOr<ResultRange>() : FailureOr<ResultRange>(op->getResults());
}
StringAttr dlc::getNameAttr(func::FuncOp function, unsigned argument) { return nameIn(function.getArgAttrDict(argument)); }
bool dlc::isFloatTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType>(tensor.getElementType());
}
