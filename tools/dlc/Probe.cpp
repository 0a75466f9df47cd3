// The probed step.
#include "tools/dlc/Probe.h"
#include "dialects/dl/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
namespace dlc::tools {

/// "dl.log", and its place where it has one in a file.
static std::string describe(Operation *op) {
  std::string text = op->getName().getStringRef().str();
  op->getLoc()->walk([&](Location loc) {
    auto place = dyn_cast<FileLineColLoc>(loc);
    if (!place)
      return WalkResult::advance();
    text += (" at " + place.getFilename().strref() + ":" + Twine(place.getLine()) + ":" + Twine(place.getColumn())).str();
    return WalkResult::interrupt();
  });
  return text;
}

static void addOutputs(func::FuncOp step, std::vector<std::string> &names) {
  Operation *end = step.front().getTerminator();
  OpBuilder b(end);
  SmallVector<Value> results(end->getOperands());
  SmallVector<Attribute> attributes;
  for (unsigned i = 0; i < results.size(); ++i)
    attributes.push_back(DictionaryAttr::get(b.getContext(), function_interface_impl::getResultAttrs(step, i)));
  SmallVector<Operation *> ops; // before there are more
  for (Operation &op : step.front().without_terminator())
    ops.push_back(&op);
  for (Operation *op : ops)
    for (Value value : op->getResults()) {
      if (!isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType()))
        continue;
      dl::Tensor all = dl::Tensor{b, op->getLoc(), value}.wide().abs();
      results.push_back(all.rank() ? Value(all.max(llvm::to_vector(llvm::seq<int64_t>(0, all.rank())))) : Value(all));
      attributes.push_back(b.getDictionaryAttr(b.getNamedAttr("dl.name", b.getStringAttr("probe." + Twine(names.size())))));
      names.push_back(describe(op));
    }
  end->setOperands(results);
  step.setType(b.getFunctionType(step.getArgumentTypes(), ValueRange(results).getTypes()));
  step.setAllResultAttrs(attributes);
}

Probe::Probe(ModuleOp original, CompileOptions given) : module(cast<ModuleOp>(original->clone())), options(std::move(given)) {}

dlrt_model *Probe::open() {
  options.level = 0;
  options.after = [this](Stage stage, ModuleOp m) {
    if (stage == Stage::Autodiff)
      addOutputs(m.lookupSymbol<func::FuncOp>("train_step"), names);
  };
  if (failed(runStages(*module, options)))
    return nullptr;
  auto compiled = compileScheduled(*module, options);
  return succeeded(compiled) && session.open(std::move(*compiled), "probe") ? session.model->get() : nullptr;
}

} // namespace dlc::tools
