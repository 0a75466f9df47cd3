// Labels of kernels: the op that each is about, and the parameter that it works with.
#include "tools/dlc/Labels.h"
#include "compiler/codegen/Plan.h"
#include "dialects/dl/Dl.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
namespace dlc::tools {
namespace {
/// The parameter that a value is, through views and the arguments of loops' bodies; "" for others.
llvm::StringRef parameterOf(Value v) {
  for (;;) {
    auto argument = dyn_cast<BlockArgument>(codegen::strip(v));
    if (!argument)
      return "";
    Operation *owner = argument.getOwner()->getParentOp();
    if (auto fn = dyn_cast<func::FuncOp>(owner)) {
      auto param = fn.getArgAttrOfType<dl::ParamAttr>(argument.getArgNumber(), "dl.param");
      return param ? param.getName() : "";
    }
    v = owner->getOperand(argument.getArgNumber()); // of dl.scan: an operand for each argument
  }
}
/// The op that a kernel is about: its contraction, else what it combines, else the last. Of a chain those of its parts.
std::string mainOp(func::FuncOp kernel) {
  SmallVector<std::string> parts;
  for (auto call : kernel.getOps<func::CallOp>())
    parts.push_back(mainOp(kernel->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee())));
  if (!parts.empty())
    return llvm::join(parts, ", ");
  Operation *best = nullptr;
  int rank = -1;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto combine = dyn_cast<dl::CombineOpInterface>(op);
    int mine = combine ? 1 + combine.isMultiplyAdd() : 0;
    if (mine >= rank && (mine < 2 || rank < 2))
      best = &op, rank = mine;
  }
  return best ? best->getName().stripDialect().str() : "copy";
}
} // namespace

llvm::StringMap<Label> labelsOf(func::FuncOp entry, ModuleOp module) {
  // Forward is what the loss and the other outputs need; update is what gives a new parameter.
  llvm::DenseSet<Operation *> forward, update;
  bool trains = false;
  SmallVector<Operation *> work;
  for (auto [i, v] : llvm::enumerate(entry.getBody().front().getTerminator()->getOperands())) {
    Operation *op = v.getDefiningOp();
    bool state = bool(entry.getResultAttr(i, "dl.state"));
    trains |= state && entry.getSymName() != "main";
    if (op && state)
      update.insert(op);
    else if (op)
      work.push_back(op);
  }
  while (!work.empty()) {
    Operation *op = work.pop_back_val();
    if (!forward.insert(op).second)
      continue;
    op->walk([&](Operation *inner) { forward.insert(inner); });
    for (Value v : op->getOperands())
      if (Operation *source = v.getDefiningOp())
        work.push_back(source);
  }
  llvm::StringMap<SmallVector<llvm::StringRef>> parameters;
  llvm::StringMap<Label> labels;
  entry.walk([&](func::CallOp call) {
    auto &names = parameters[call.getCallee()];
    llvm::StringRef first;
    for (Value v : call.getOperands())
      if (first = parameterOf(v); !first.empty())
        break;
    names.push_back(first);
    const char *part = !trains ? "" : forward.contains(call) ? "forward" : update.contains(call) ? "update" : "backward";
    Label &label = labels[call.getCallee()];
    if (label.part.find(part) == std::string::npos)
      label.part += (label.part.empty() ? "" : "+") + std::string(part);
  });
  for (auto &[kernel, label] : labels) {
    auto fn = module.lookupSymbol<func::FuncOp>(kernel);
    auto &names = parameters[kernel];
    label.what = mainOp(fn);
    llvm::erase(names, "");
    if (!names.empty())
      label.what += " of " + names[0].str() + (names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "");
  }
  return labels;
}
} // namespace dlc::tools
