// Layers by the parameters that ops read, by the ops of the model that they were made from, else by what they follow.
#include "compiler/kernels/Layers.h"
#include "dialects/dl/Dl.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
namespace dlc {
/// The parameter that a value is, moved or not, also where it is an argument of a loop's body; null for others.
static dl::ParamAttr parameterOf(Value v) {
  for (;;) {
    if (Operation *def = v.getDefiningOp()) {
      if (!isa<dl::MovementOpInterface>(def) || def->getNumOperands() != 1)
        return {};
      v = def->getOperand(0);
      continue;
    }
    auto argument = cast<BlockArgument>(v);
    Operation *owner = argument.getOwner()->getParentOp();
    if (auto fn = dyn_cast<func::FuncOp>(owner))
      return fn.getArgAttrOfType<dl::ParamAttr>(argument.getArgNumber(), "dl.param");
    if (argument.getArgNumber() >= owner->getNumOperands())
      return {};
    v = owner->getOperand(argument.getArgNumber()); // of dl.scan: an operand for each argument
  }
}
/// A name comes from a file: what a terminal or JSON could not take is replaced.
static std::string printable(StringRef name) {
  std::string text = llvm::json::fixUTF8(name);
  for (char &c : text)
    if ((unsigned char)c < 0x20 || c == 0x7f)
      c = '?';
  return text;
}
/// "layer1.0.conv1" of "layer1.0.conv1.weight" and of its optimiser's "layer1.0.conv1.weight/velocity".
static StringRef layerOf(dl::ParamAttr param, const llvm::StringSet<> &parameters) {
  StringRef path = param.getName();
  if (StringRef owner = path.rsplit('/').first; parameters.contains(owner))
    path = owner;
  size_t end = path.find_last_of("./");
  path = end == 0 || end == StringRef::npos ? path : path.take_front(end);
  return StringAttr::get(param.getContext(), printable(path)).getValue();
}

Layers::Layers(func::FuncOp fn) {
  llvm::StringSet<> parameters;
  for (unsigned i = 0; i < fn.getNumArguments(); ++i)
    if (auto param = fn.getArgAttrOfType<dl::ParamAttr>(i, "dl.param"))
      parameters.insert(param.getName());
  DenseMap<Location, StringRef> byPlace; // "" where ops of several layers have one place, as all updates do
  fn.getBody().walk([&](Operation *op) {
    for (Value v : op->getOperands())
      if (dl::ParamAttr param = parameterOf(v)) {
        StringRef layer = layerOf(param, parameters);
        names[op] = {layer, true};
        auto [it, fresh] = byPlace.try_emplace(op->getLoc(), layer);
        if (!fresh && it->second != layer)
          it->second = "";
        break;
      }
  });
  DenseMap<Location, StringRef> after;
  fn.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    Location loc = op->getLoc();
    if (names.contains(op))
      return;
    if (StringRef layer = byPlace.lookup(loc); !layer.empty()) {
      names[op] = {layer, true};
      return;
    }
    StringRef layer = after.lookup(loc);
    for (Value v : op->getOperands())
      if (layer.empty() && v.getDefiningOp())
        layer = of(v.getDefiningOp());
    names[op] = {layer, false};
    if (!layer.empty() && loc != fn.getLoc())
      after.try_emplace(loc, layer);
  });
}
std::string Layers::place(Operation *op) const {
  Name name = names.lookup(op);
  if (!name.layer.empty() && name.own)
    return ("of " + name.layer).str();
  Location loc = op->getLoc();
  auto given = dyn_cast<NameLoc>(loc);
  bool value = given && isa<FileLineColLoc>(given.getChildLoc()); // the text's name of a value, which may be the printer's
  if (given && !value)
    return "'" + printable(given.getName()) + "'";
  if (!name.layer.empty())
    return ("after " + name.layer).str();
  if (value)
    return "at %" + printable(given.getName());
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    return "at line " + std::to_string(file.getLine());
  return "";
}
std::string Layers::describe(Operation *op) const {
  std::string at = place(op);
  return op->getName().getStringRef().str() + (at.empty() ? "" : " " + at);
}
StringRef Layers::named(StringRef described) {
  if (described.starts_with("dl."))
    described = described.split(' ').second;
  return described.consume_front("of ") || described.consume_front("after ") ? described : "";
}
Operation *Layers::mainOf(ArrayRef<Operation *> ops, Operation *anchor) const {
  if (anchor)
    return anchor;
  auto own = llvm::find_if(ops, [&](Operation *op) { return names.lookup(op).own; });
  return own == ops.end() ? ops.back() : *own;
}
} // namespace dlc
