// Specs of a training run.
#include "tools/dlc/Training.h"
#include "compiler/autodiff/Regularizers.h"
#include "tools/dlc/Spec.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

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
  auto numbers = op->getInterface<dl::LossOpInterface>()->getNumbers();
  for (StringAttr name : flagsOf(*op)) {
    const auto *number = llvm::find_if(numbers, [&](const dl::Hyperparameter &n) { return n.name == name; });
    if (number == numbers.end()) {
      if (spec->flag(name))
        attributes.set(name, b.getUnitAttr());
      continue;
    }
    Attribute value = number->whole ? Attribute(b.getI64IntegerAttr(spec->whole(name, 0)))
                                    : b.getF64FloatAttr(spec->amount(name, number->value, number->limit));
    if (spec->has(name))
      attributes.set(name, value);
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
      plan.schedule = train::Schedule::constant(value);
    else
      plan.hyperparameters.push_back({h.name.str(), value});
  }
  for (const Regularizer &r : getRegularizers()) {
    if (llvm::any_of(everything, [&](const dl::Hyperparameter &h) { return h.name == r.name; }))
      continue;
    if (double value = r.bound ? spec->positive(r.name, 0) : spec->amount(r.name, 0)) {
      plan.options.regularizers.push_back(r.name);
      plan.options.usual.push_back({r.name, value});
      plan.hyperparameters.push_back({r.name, value});
    }
  }
  return spec->finish();
}

static ArrayRef<train::Schedule::Key> keysOf(const train::Schedule::Rule &rule) {
  return ArrayRef(rule.keys).take_while([](const train::Schedule::Key &key) { return key.name; });
}
std::string scheduleHelp() {
  SmallVector<std::string> all;
  for (const train::Schedule::Rule &rule : train::Schedule::rules())
    all.push_back(rule.name + ("(" + llvm::join(llvm::map_range(keysOf(rule), [](auto &key) { return std::string(key.name); }), "=,")) +
                  "=)");
  return llvm::join(all, ", ");
}
static llvm::Error planSchedule(StringRef text, train::Schedule &s) {
  using Key = train::Schedule::Key;
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  auto rules = train::Schedule::rules();
  auto index = spec->among("schedule", llvm::map_to_vector(rules, [](auto &rule) { return StringRef(rule.name); }));
  if (!index)
    return index.takeError();
  s.rule = &rules[*index];
  for (auto [key, number] : llvm::zip(keysOf(*s.rule), s.numbers)) {
    if (key.usual < 0)
      spec->need(key.name);
    number = key.kind == Key::Count   ? double(spec->count(key.name, 1))
             : key.kind == Key::Share ? spec->amount(key.name, key.usual, 1)
             : key.kind == Key::Ratio ? spec->positive(key.name, key.usual)
                                      : spec->amount(key.name, std::max(key.usual, 0.0));
  }
  s.warmup = spec->count("warmup", 0);
  s.warmupFrom = spec->amount("warmup_from", s.warmupFrom, 1);
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
  for (const std::string &text : specs.freeze)
    if (auto pattern = llvm::GlobPattern::create(text); !pattern)
      return message("--freeze '" + text + "': " + llvm::toString(pattern.takeError()));
  plan.options.frozen = specs.freeze;
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
