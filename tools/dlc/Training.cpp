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
  all.push_back("plateau(lr0=,factor=,patience=,threshold=,least=)");
  return llvm::join(all, ", ");
}
static llvm::Error planSchedule(StringRef text, train::Schedule &s, train::Plateau &plateau) {
  using Key = train::Schedule::Key;
  auto spec = Spec::parse(text);
  if (!spec)
    return spec.takeError();
  auto rules = train::Schedule::rules();
  auto names = llvm::map_to_vector(rules, [](auto &rule) { return StringRef(rule.name); });
  names.push_back("plateau");
  auto index = spec->among("schedule", names);
  if (!index)
    return index.takeError();
  if (*index == rules.size()) {
    spec->need("lr0");
    s = train::Schedule::constant(spec->amount("lr0", 0));
    plateau.factor = spec->amount("factor", 0.1, 1);
    plateau.patience = spec->whole("patience", plateau.patience);
    plateau.threshold = spec->amount("threshold", plateau.threshold, 1), plateau.least = spec->amount("least", 0);
    return spec->finish();
  }
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

static train::Outputs outputsOf(const TrainOptions &o) {
  using train::Outputs;
  StringRef loss = o.loss;
  auto has = [&](StringRef flag) { return o.lossAttributes && o.lossAttributes.contains(flag); };
  if (loss == "binary_cross_entropy")
    return has("from_logits") ? Outputs::BinaryLogits : Outputs::Binary;
  if (loss == "mse")
    return has("half") ? Outputs::HalfSquared : Outputs::Squared;
  if (loss == "mae")
    return Outputs::Absolute;
  if (loss == "nll" || has("from_logits")) // logarithms of probabilities are logits as well
    return Outputs::Logits;
  return loss.ends_with("categorical_cross_entropy") || loss == "kl_divergence" ? Outputs::Probabilities : Outputs::Scores;
}

llvm::Expected<TrainingPlan> planTraining(MLIRContext *context, const TrainingSpecs &specs) {
  TrainingPlan plan;
  if (llvm::Error e = planLoss(context, specs.loss, plan))
    return e;
  if (llvm::Error e = planOptimizer(context, specs.optimizer, specs.schedule.empty(), plan))
    return e;
  if (!specs.schedule.empty())
    if (llvm::Error e = planSchedule(specs.schedule, plan.schedule, plan.plateau))
      return e;
  for (const std::string &text : specs.freeze)
    if (auto pattern = llvm::GlobPattern::create(text); !pattern)
      return message("--freeze '" + text + "': " + llvm::toString(pattern.takeError()));
  plan.options.frozen = specs.freeze;
  plan.outputs = outputsOf(plan.options);
  return plan;
}

} // namespace dlc::tools
