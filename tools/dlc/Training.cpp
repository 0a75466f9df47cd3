// Specs of a training run.
#include "tools/dlc/Training.h"
#include "tools/dlc/Spec.h"

using namespace mlir;
namespace dlc::tools {

static llvm::Error message(const Twine &text) { return llvm::createStringError(llvm::inconvertibleErrorCode(), text); }

/// The dl op that a spec names, of those with an interface.
template <typename Interface>
static llvm::Expected<RegisteredOperationName> findOp(MLIRContext *context, StringRef kind, const Spec &spec) {
  SmallVector<RegisteredOperationName> ops;
  SmallVector<StringRef> names;
  for (RegisteredOperationName op : context->getRegisteredOperations())
    if (op.hasInterface<Interface>())
      ops.push_back(op), names.push_back(op.stripDialect());
  auto index = spec.among(kind, names);
  return index ? llvm::Expected<RegisteredOperationName>(ops[*index]) : index.takeError();
}
static SmallVector<StringAttr> flagsOf(RegisteredOperationName op) {
  SmallVector<StringAttr> flags;
  for (StringAttr name : op.getAttributeNames())
    if (name.strref() != "operandSegmentSizes")
      flags.push_back(name);
  return flags;
}

static llvm::Error planLoss(MLIRContext *context, StringRef text, TrainingPlan &plan) {
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  auto op = findOp<dl::LossOpInterface>(context, "loss", *spec);
  if (!op)
    return op.takeError();
  Builder b(context);
  NamedAttrList attributes;
  for (StringAttr flag : flagsOf(*op)) {
    std::string word = spec->word(flag, "false");
    if (word == "true" || word == "false") {
      if (spec->flag(flag))
        attributes.set(flag, b.getUnitAttr());
    } else {
      attributes.set(flag, b.getF64FloatAttr(spec->number(flag, 0)));
    }
  }
  plan.options.loss = spec->name;
  plan.options.lossAttributes = attributes.getDictionary(context);
  return spec->finish();
}

// A name that is a flag and a hyper-parameter (sgd's momentum) raises the flag where its number is not zero.
static llvm::Error planOptimizer(MLIRContext *context, StringRef text, bool ownRate, TrainingPlan &plan) {
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  auto op = findOp<dl::OptimizerOpInterface>(context, "optimiser", *spec);
  if (!op)
    return op.takeError();
  Builder b(context);
  const auto *interface = op->getInterface<dl::OptimizerOpInterface>();
  NamedAttrList all, raised;
  for (StringAttr flag : flagsOf(*op))
    all.set(flag, b.getUnitAttr());
  auto everything = interface->getHyperparameters(all.getDictionary(context));
  for (const dl::Hyperparameter &h : everything)
    if (double value = spec->amount(h.name, h.value, h.limit); all.get(h.name) && spec->has(h.name) && value != 0)
      raised.set(h.name, b.getUnitAttr());
  for (StringAttr flag : flagsOf(*op))
    if (llvm::none_of(everything, [&](auto &h) { return h.name == flag; }) && spec->flag(flag))
      raised.set(flag, b.getUnitAttr());
  if (!ownRate && spec->has("lr"))
    return message("'" + text + "' and --schedule both give the learning rate: leave out lr");
  plan.options.optimizer = spec->name;
  plan.options.optimizerAttributes = raised.getDictionary(context);
  for (const dl::Hyperparameter &h : interface->getHyperparameters(plan.options.optimizerAttributes)) {
    double value = spec->amount(h.name, h.value, h.limit);
    plan.options.usual.push_back({h.name.str(), value});
    if (h.name == "lr")
      plan.schedule.lr0 = value;
    else
      plan.hyperparameters.push_back({h.name.str(), value});
  }
  return spec->finish();
}

static llvm::Error planSchedule(StringRef text, train::Schedule &s) {
  using train::Schedule;
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  auto kind = spec->among("schedule", {"constant", "inv", "step", "cosine"});
  if (!kind)
    return kind.takeError();
  s.kind = Schedule::Kind(*kind);
  s.lr0 = spec->required(s.kind == Schedule::Constant ? "lr" : "lr0");
  if (s.kind == Schedule::Inverse)
    s.gamma = spec->amount("gamma", 1e-4), s.b = spec->number("b", 0.75);
  else if (s.kind == Schedule::Step)
    s.gamma = spec->amount("gamma", 0.1), s.every = spec->requiredCount("every");
  else if (s.kind == Schedule::Cosine)
    s.lr1 = spec->amount("lr1", 0), s.every = spec->requiredCount("iterations");
  return spec->finish();
}

llvm::Expected<TrainingPlan> planTraining(MLIRContext *context, const TrainingSpecs &specs) {
  TrainingPlan plan;
  if (llvm::Error e = planLoss(context, specs.loss, plan))
    return e;
  if (llvm::Error e = planOptimizer(context, specs.optimizer, specs.schedule.empty(), plan))
    return e;
  if (!specs.schedule.empty())
    if (llvm::Error e = planSchedule(specs.schedule, plan.schedule))
      return e;
  return plan;
}

llvm::Expected<data::Dataset> openData(StringRef text, data::Split split) {
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  if (auto kind = spec->among("data", {"mnist"}); !kind)
    return kind.takeError();
  if (llvm::Error e = spec->finish())
    return e;
  if (spec->argument.empty())
    return message("'mnist' needs a folder: write mnist:data/mnist-small");
  auto set = data::openMnist(spec->argument, split);
  return set ? llvm::Expected<data::Dataset>(std::move(*set)) : message(set.error().message);
}

std::vector<std::string> dataFiles(StringRef text) {
  auto spec = Spec::parse(text);
  if (!spec) {
    llvm::consumeError(spec.takeError());
    return {};
  }
  return spec->argument.empty() ? std::vector<std::string>() : data::mnistFiles(spec->argument);
}

} // namespace dlc::tools
