// The dl dialect: registration, interned symbols, checks on functions and their arguments.
#include "dialects/dl/Dl.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <deque>
#include <mutex>

using namespace mlir;
using namespace dlc::dl;

#include "dialects/dl/Dialect.cpp.inc"
#include "dialects/dl/Enums.cpp.inc"
#include "dialects/dl/Interfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dl/Attrs.cpp.inc"

namespace dlc::dl {
struct SymbolNames {
  std::mutex lock;
  llvm::StringMap<unsigned> ids;
  std::deque<std::string> names; // stable references
};
} // namespace dlc::dl

namespace {
/// Constants stay in the body of a dl op rather than become values captured from above.
struct FoldInBodies : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *region) const final { return isa_and_nonnull<DlDialect>(region->getParentOp()->getDialect()); }
};
} // namespace

void DlDialect::initialize() {
  addInterfaces<FoldInBodies>();
  names = std::make_shared<SymbolNames>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dl/Attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/dl/OpList.cpp.inc"
      >();
}
Operation *DlDialect::materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) {
  auto number = dyn_cast<FloatAttr>(value);
  return number && number.getType().isF64() && hasExtents(type) ? ConstantOp::create(b, loc, type, number) : nullptr;
}
unsigned DlDialect::internSymbol(StringRef name) {
  std::lock_guard<std::mutex> guard(names->lock);
  auto [it, fresh] = names->ids.try_emplace(name, names->names.size());
  if (fresh)
    names->names.push_back(name.str());
  return it->second;
}
StringRef DlDialect::symbolName(unsigned id) {
  std::lock_guard<std::mutex> guard(names->lock);
  return names->names[id];
}

LogicalResult SymbolOp::verify() {
  StringRef name = getSymName();
  if (name.empty() || llvm::isDigit(name[0]) || !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return emitOpError("is called '") << name.take_until([](char c) { return !c; })
                                      << "', expected letters, digits and _, as #dl.dims and C take";
  if (getMin() < 0 || getMin() > getMax())
    return emitOpError("bounds ") << getMin() << " to " << getMax() << ": expected 0 <= min <= max";
  return success();
}

/// A recipe that the op's terms can follow.
static LogicalResult verifyRecipe(Operation *op, Attribute recipe) {
  auto combine = dyn_cast<CombineOpInterface>(op);
  if (!combine)
    return op->emitOpError("has a dl.recipe, but combines no terms");
  if (auto chain = dyn_cast<ChainAttr>(recipe))
    return chain.getPanel() > 0 && chain.getChunk() >= chain.getPanel()
               ? success()
               : LogicalResult(op->emitOpError("expected 0 < panel <= chunk, found ") << recipe);
  auto lanes = dyn_cast<LanesAttr>(recipe);
  if (lanes && lanes == combine.chooseRecipe())
    return success();
  return op->emitOpError("dl.recipe is #dl.chain<panel = 256, chunk = 8192>, or the op's own lanes, found ") << recipe;
}
LogicalResult DlDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  if (attr.getName() == "dl.recipe")
    return verifyRecipe(op, attr.getValue());
  return op->emitOpError("has the unknown attribute '")
         << attr.getName().strref() << "': those of dl belong to arguments and results of functions, dl.recipe to ops";
}
/// dl.usual and dl.symbol: of inputs of rank 0.
static LogicalResult verifyScalar(Type type, NamedAttribute attr, function_ref<LogicalResult(const Twine &)> fail) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  bool scalar = tensor && tensor.getRank() == 0;
  if (attr.getName() == "dl.usual") {
    auto number = dyn_cast<FloatAttr>(attr.getValue());
    if (!number || !number.getType().isF64())
      return fail("dl.usual is the value that callers mostly give: write dl.usual = 0.01 : f64");
    return scalar && (tensor.getElementType().isF32() || tensor.getElementType().isF64())
               ? success()
               : fail("dl.usual belongs to an input of rank 0, f32 or f64: write tensor<f32> or tensor<f64>");
  }
  if (!isa<FlatSymbolRefAttr>(attr.getValue()))
    return fail("dl.symbol is a symbol that the input's element is the value of: write dl.symbol = @past");
  return scalar && (tensor.getElementType().isInteger(32) || tensor.getElementType().isInteger(64))
             ? success()
             : fail("dl.symbol belongs to an input of rank 0, i32 or i64: write tensor<i32> or tensor<i64>");
}
// dl.name, dl.param, dl.range, dl.usual and dl.symbol on arguments; dl.name and dl.state on results.
LogicalResult DlDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned index, NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return success();
  Type type = function.getArgumentTypes()[index];
  auto fail = [&](const Twine &what) { return op->emitOpError("argument ") << index << ": " << what; };
  if (attr.getName() == "dl.name")
    return isa<StringAttr>(attr.getValue()) ? success() : fail("dl.name is a string: write dl.name = \"image\"");
  if (attr.getName() == "dl.range") {
    auto range = dyn_cast<DenseI64ArrayAttr>(attr.getValue());
    return range && range.size() == 2 && range[0] < range[1]
               ? success()
               : fail("dl.range gives the first and the last plus one: write dl.range = array<i64: 0, 10>");
  }
  if (attr.getName() == "dl.param") {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!isa<ParamAttr>(attr.getValue()))
      return fail("dl.param is a #dl.param<\"name\", init(value), trainable>, or with non_trainable or state");
    if (!tensor || !tensor.hasStaticShape())
      return fail("a parameter needs a tensor type of constant extents");
    auto param = cast<ParamAttr>(attr.getValue());
    if (param.getInit() == InitKind::orthogonal && tensor.getRank() < 2)
      return fail("parameter '" + Twine(param.getName()) + "' starts orthogonal and is no matrix: write another initialiser");
    if (param.isState() && param.getInit() != InitKind::constant)
      return fail("state '" + Twine(param.getName()) + "' starts by " + stringifyInitKind(param.getInit()) +
                  ", and has no seed: write constant(0.0)");
    if (double v = param.getValue().getValueAsDouble(); param.getInit() == InitKind::constant && !isValueOf(v, tensor.getElementType()))
      return op->emitOpError("argument ") << index << ": parameter '" << param.getName() << "' starts as " << v
                                          << ", which is not a value of " << tensor.getElementType();
    return success();
  }
  if (attr.getName() == "dl.usual" || attr.getName() == "dl.symbol")
    return verifyScalar(type, attr, fail);
  return fail("unknown attribute '" + attr.getName().getValue() +
              "': " + spell(attr.getName(), {"dl.name", "dl.param", "dl.range", "dl.usual", "dl.symbol"}));
}
LogicalResult DlDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned index, NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return success();
  auto fail = [&](const Twine &what) { return op->emitOpError("result ") << index << ": " << what; };
  auto text = dyn_cast<StringAttr>(attr.getValue());
  if (attr.getName() == "dl.name")
    return text ? success() : fail("dl.name is a string: write dl.name = \"probabilities\"");
  if (attr.getName() != "dl.state")
    return fail("unknown attribute '" + attr.getName().getValue() + "': " + spell(attr.getName(), {"dl.name", "dl.state"}));
  if (!text)
    return fail("dl.state is a parameter's name: write dl.state = \"bn.mean\"");
  for (unsigned i = 0; i < index; ++i)
    if (function.getResultAttr(i, "dl.state") == text)
      return fail("result " + Twine(i) + " is the state '" + text.getValue() + "' already");
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto param = dyn_cast_or_null<ParamAttr>(function.getArgAttr(i, "dl.param")); param && param.getName() == text.getValue()) {
      if (function.getArgumentTypes()[i] == function.getResultTypes()[index])
        return success();
      return fail("the state '" + text.getValue() + "' has another type than argument " + Twine(i) + ", which holds it");
    }
  return fail("no argument is a parameter called '" + text.getValue() + "'");
}
