// What a model may hold so that libdlrt takes its programs: the limits of runtime/dlx.h, and names that it can tell apart.
#include "compiler/Pipeline.h"
#include "dialects/dlx/Dlx.h"
#include "runtime/dlx.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
namespace dlc {

/// Names are C strings in programs, and name files' tensors.
static LogicalResult checkName(Operation *op, const char *what, StringRef name) {
  if (name.empty())
    return op->emitError("has ") << what << " without a name: leave the attribute out, or give one";
  if (name.contains('\0'))
    return op->emitError("has ") << what << " called '" << StringRef(name.data()) << "', followed by a zero byte: names hold none";
  if (name == "__metadata__")
    return op->emitError("has ") << what << " called '__metadata__', which means something else in safetensors files: rename it";
  return success();
}

/// Names of inputs and of outputs, those that programs give where the model has none included.
static LogicalResult checkSurface(func::FuncOp fn) {
  llvm::StringSet<> inputs, outputs;
  auto add = [&](StringAttr given, const char *what, const char *otherwise, unsigned number, llvm::StringSet<> &names) -> LogicalResult {
    if (given && failed(checkName(fn, what, given.getValue())))
      return failure();
    std::string name = given ? given.getValue().str() : otherwise + std::to_string(number);
    return names.insert(name).second ? success() : LogicalResult(fn.emitError("has two ") << otherwise << "s called '" << name << "'");
  };
  unsigned number = 0;
  for (BlockArgument a : fn.getArguments()) {
    unsigned i = a.getArgNumber();
    auto param = fn.getArgAttrOfType<dl::ParamAttr>(i, "dl.param");
    if (param ? failed(checkName(fn, "a parameter", param.getName()))
              : failed(add(fn.getArgAttrOfType<StringAttr>(i, "dl.name"), "an input", "input", number++, inputs)))
      return failure();
  }
  number = 0;
  for (unsigned i = 0; i < fn.getNumResults(); ++i)
    if (!fn.getResultAttr(i, "dl.state") &&
        failed(add(fn.getResultAttrOfType<StringAttr>(i, "dl.name"), "an output", "output", number++, outputs)))
      return failure();
  return success();
}

static LogicalResult checkType(Operation *op, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.getRank() > DLX_MAX_RANK)
    return op->emitError("has a tensor of rank ") << tensor.getRank() << ", at most " << DLX_MAX_RANK << ": " << type;
  return success();
}

/// Types of the block's arguments and ops, and how deep loops stand in loops. `depth`: of those around.
static LogicalResult checkBlock(Block &block, unsigned depth) {
  for (BlockArgument a : block.getArguments())
    if (failed(checkType(block.getParentOp(), a.getType())))
      return failure();
  for (Operation &op : block) {
    for (Type type : op.getResultTypes())
      if (failed(checkType(&op, type)))
        return failure();
    if (op.getNumRegions() && depth == DLX_MAX_LOOPS)
      return op.emitError("stands in ") << depth << " loops: they nest " << DLX_MAX_LOOPS << " deep at most";
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(checkBlock(inner, depth + 1)))
          return failure();
  }
  return success();
}

/// The module holds a model alone, nothing that the compiler makes of one.
static LogicalResult checkSource(ModuleOp module) {
  for (Operation &op : *module.getBody())
    if (!isa<func::FuncOp, dl::SymbolOp>(op))
      return op.emitError("is no part of a model: it has functions and symbols");
  WalkResult walked = module.walk([](Operation *op) -> WalkResult {
    for (NamedAttribute attribute : op->getAttrs())
      if (attribute.getName().strref().starts_with("dlx."))
        return op->emitError("has the attribute '") << attribute.getName().strref() << "', which the compiler sets: leave it out";
    return success();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult checkLimits(ModuleOp module, bool train) {
  if (failed(checkSource(module)))
    return failure();
  unsigned symbols = 0, functions = train;
  for (auto symbol : module.getOps<dl::SymbolOp>())
    if (++symbols > DLX_MAX_SYMBOLS)
      return symbol.emitError("is one symbol more than the ") << DLX_MAX_SYMBOLS << " that a model may have";
  for (auto fn : module.getOps<func::FuncOp>()) {
    StringRef name = fn.getSymName();
    if (failed(checkName(fn, "a function", name)))
      return failure();
    if (++functions > DLX_MAX_FUNCTIONS)
      return fn.emitError("is one function more than the ")
             << DLX_MAX_FUNCTIONS << " that a model may have" << (train ? " with its train_step" : "");
    if (name == "run" || (train && name == "train_step"))
      return fn.emitError("@") << name << " is what "
                               << (train && name != "run" ? "--train calls its entry" : "the entry of @main is called") << ": rename it";
    if (name.ends_with(".prepare"))
      return fn.emitError("@\"") << name << "\" ends in .prepare, as the entries do that prepare parameters: rename it";
    if (failed(checkSurface(fn)) || failed(checkBlock(fn.getBody().front(), 0)))
      return failure();
  }
  return success();
}
} // namespace dlc
