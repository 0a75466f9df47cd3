// dl-autodiff-train: @main becomes @train_step = forward in training form, loss, gradients, updates.
#include "compiler/autodiff/Functions.h"
#include "compiler/autodiff/Passes.h"
#include "compiler/autodiff/Regularizers.h"
#include "compiler/autodiff/Reverse.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

namespace dlc {
#define GEN_PASS_DEF_TRAINPASS
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc
using namespace mlir;
using namespace dlc;
using namespace dlc::dl;

/// The op `dl.<name>` if it has `Interface`, or a diagnostic that lists those that do.
template <typename Interface> static FailureOr<RegisteredOperationName> findOp(Location loc, StringRef kind, StringRef name) {
  auto op = RegisteredOperationName::lookup(("dl." + name).str(), loc.getContext());
  if (op && op->hasInterface<Interface>())
    return *op;
  SmallVector<StringRef> known;
  for (RegisteredOperationName other : loc.getContext()->getRegisteredOperations())
    if (other.hasInterface<Interface>())
      known.push_back(other.stripDialect());
  return emitError(loc) << "no " << kind << " is called '" << name << "': write one of " << llvm::join(known, ", ");
}
static DictionaryAttr orEmpty(DictionaryAttr attributes, MLIRContext *context) {
  return attributes ? attributes : DictionaryAttr::get(context);
}
FailureOr<SmallVector<Hyperparameter>> dlc::getHyperparameters(Location loc, const TrainOptions &options) {
  auto op = findOp<OptimizerOpInterface>(loc, "optimiser", options.optimizer);
  if (failed(op))
    return failure();
  auto all = op->getInterface<OptimizerOpInterface>()->getHyperparameters(orEmpty(options.optimizerAttributes, loc.getContext()));
  for (StringRef name : options.regularizers) {
    const Regularizer *r = findRegularizer(name);
    if (!r)
      return emitError(loc) << "no regulariser is called '" << name << "': write one of "
                            << llvm::join(llvm::map_range(getRegularizers(), [](const Regularizer &r) { return StringRef(r.name); }), ", ");
    if (llvm::any_of(all, [&](const Hyperparameter &h) { return h.name == name; }))
      return emitError(loc) << "'" << name << "' is given twice: '" << options.optimizer << "' has it itself";
    all.push_back({r->name, 0});
  }
  for (Hyperparameter &h : all)
    for (auto &[name, value] : options.usual)
      h.value = name == h.name ? value : h.value;
  return all;
}

namespace {
/// Builds one @train_step.
class TrainStep : public Training {
public:
  TrainStep(FunctionCopy &copy, const TrainOptions &options)
      : copy(copy), options(options), b(copy.atEnd()), at(b), loc(copy.function.getLoc()) {}

  LogicalResult build() {
    if (failed(useTrainingForm()))
      return failure();
    auto loss = addLoss();
    return failed(loss) ? failure() : addUpdates(*loss);
  }

  OpBuilder &builder() override { return at; }
  // Each call has its own key: the state is advanced by the number of calls, so no key comes twice.
  Value key(Location where) override {
    auto type = RankedTensorType::get({}, at.getI64Type());
    if (!randomKey)
      randomKey = addState("random/key", type);
    return AddOp::create(at, where, randomKey, ConstantOp::create(at, where, type, at.getF64FloatAttr(keys++)));
  }
  void setState(Value argument, Value value) override {
    auto block = dyn_cast<BlockArgument>(argument);
    if (!block || block.getOwner() != &copy.body() || !copy.getParam(block.getArgNumber())) {
      emitError(argument.getLoc(), "this value is carried from step to step, but it is no parameter of @")
          << options.function << ": make it an argument with a dl.param that is non_trainable";
      bad = true;
      return;
    }
    if (ParamAttr param = copy.getParam(block.getArgNumber()); param.getRole() != ParamRole::non_trainable) {
      emitError(argument.getLoc(), "training keeps parameter '")
          << param.getName() << "' with the weights, but it is " << stringifyParamRole(param.getRole()) << ": write non_trainable";
      bad = true;
      return;
    }
    states.insert({block, value});
  }
  void addPenalty(Value term) override { penalties.push_back(term); }

private:
  LogicalResult useTrainingForm() {
    WalkResult all = copy.function.walk([&](TrainingOpInterface op) -> WalkResult {
      if (op->getBlock() != &copy.body())
        return op.emitError("acts differently in training, but stands inside another op: move it out of the region");
      at.setInsertionPoint(op);
      op->replaceAllUsesWith(op.buildTraining(*this));
      op->erase();
      return bad ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (randomKey)
      states.insert(
          {randomKey, AddOp::create(b, loc, randomKey, ConstantOp::create(b, loc, randomKey.getType(), b.getF64FloatAttr(keys)))});
    return failure(all.wasInterrupted());
  }

  FailureOr<Value> addLoss() {
    auto name = findOp<LossOpInterface>(loc, "loss", options.loss);
    if (failed(name))
      return failure();
    if (copy.results().empty() || !isFloatTensor(copy.results()[0].getType()))
      return emitError(loc, "@") << options.function << " has no floating-point tensor as its first result: return the prediction first";
    Value prediction = copy.results()[0];
    auto type = cast<RankedTensorType>(prediction.getType());
    const auto *interface = name->getInterface<LossOpInterface>();
    RankedTensorType labelType = interface->getLabelType(type);
    if (!labelType)
      return emitError(prediction.getLoc(), "the first result of @")
             << options.function << " is " << type << ", which 'dl." << options.loss << "' does not take as a prediction";
    NamedAttrList labelAttributes;
    DictionaryAttr attributes = orEmpty(options.lossAttributes, b.getContext());
    if (auto [first, end] = interface->getLabelRange(type, attributes); first < end)
      labelAttributes.set("dl.range", b.getDenseI64ArrayAttr({first, end}));
    auto label = addInput("label", labelType, labelAttributes);
    if (failed(label))
      return failure();
    auto results = createByName(b, loc, *name, {prediction, *label}, attributes);
    if (failed(results))
      return failure();
    takeStableForm((*results)[0].getDefiningOp());
    checkForm((*results)[0].getDefiningOp(), prediction, attributes);
    Value loss = (*results)[0];
    for (Value term : penalties)
      loss = AddOp::create(b, loc, loss, Tensor{b, loc, term}.cast(getElementTypeOrSelf(loss)));
    copy.addResult(loss, b.getStringAttr("loss"), {}, 0);
    return loss;
  }

  /// Warns of a loss on probabilities where the model gives logits, and of the reverse: both train, towards nothing. The losses' own
  /// patterns know what gives probabilities.
  void checkForm(Operation *loss, Value prediction, DictionaryAttr given) {
    StringRef flag = "from_logits";
    if (!llvm::is_contained(loss->getName().getAttributeNames(), flag))
      return;
    if (given.contains(flag)) {
      Operation *without = b.clone(*loss);
      without->removeAttr(flag);
      takeStableForm(without);
      if (without->hasAttr(flag))
        emitWarning(prediction.getLoc(), "the first result of @")
            << options.function << " is probabilities, and the loss '" << options.loss << "' takes logits: leave from_logits out";
      without->erase();
    } else if (!loss->hasAttr(flag) && givesLogits(prediction)) {
      emitWarning(prediction.getLoc(), "the first result of @")
          << options.function << " is logits, as it seems, and the loss '" << options.loss << "' takes probabilities: write "
          << options.loss << "(from_logits=true), or let the model end in dl.softmax or dl.sigmoid";
    }
  }
  /// A product, with or without a bias.
  static bool givesLogits(Value v) {
    Operation *op = v.getDefiningOp();
    if (!op)
      return false;
    if (auto combine = dyn_cast<CombineOpInterface>(op))
      return combine.isMultiplyAdd();
    if (isa<AddOp>(op)) // of a bias; other pointwise ops may well give probabilities
      return llvm::any_of(op->getOperands(), givesLogits);
    return isa<MovementOpInterface>(op) && givesLogits(op->getOperand(0));
  }

  LogicalResult addUpdates(Value loss) {
    auto name = findOp<OptimizerOpInterface>(loc, "optimiser", options.optimizer);
    if (failed(name))
      return failure();
    SmallVector<BlockArgument> parameters;
    for (BlockArgument a : copy.function.getArguments())
      if (auto param = paramOf(a); param && param.isTrainable() && isFloatTensor(a.getType()))
        parameters.push_back(a);
    if (parameters.empty())
      return emitError(loc, "@") << options.function << " has no trainable parameter: mark one with #dl.param<..., trainable>";
    for (BlockArgument a : parameters)
      if (auto type = cast<RankedTensorType>(a.getType()); type.getElementType().isBF16()) {
        auto error = emitError(a.getLoc(), "trainable parameter '")
                     << paramOf(a).getName() << "' is " << type << ", which has no bits for steps much smaller than itself";
        error.attachNote() << "write " << withElement(type, b.getF32Type()) << ", and dl.cast it where the model computes in bf16";
        return error;
      }
    auto ops = llvm::map_to_vector(copy.body().without_terminator(), [](Operation &op) { return &op; });
    auto gradients =
        buildGradients(b, ops, loss, Tensor{b, loc, loss}.same(1.0).v, SmallVector<Value>(parameters.begin(), parameters.end()));
    if (failed(gradients))
      return failure();

    const auto *optimizer = name->getInterface<OptimizerOpInterface>();
    DictionaryAttr flags = orEmpty(options.optimizerAttributes, b.getContext());
    Type element = cast<RankedTensorType>(parameters[0].getType()).getElementType();
    auto scalarType = RankedTensorType::get({}, element);
    SmallVector<Value> scalars, counters;
    auto numbers = getHyperparameters(loc, options);
    if (failed(numbers))
      return failure();
    Regularization regularization(b, loc);
    for (const Hyperparameter &h : *numbers) {
      auto input = addInput(h.name, scalarType, NamedAttrList{b.getNamedAttr("dl.usual", b.getF64FloatAttr(h.value))});
      if (failed(input))
        return failure();
      if (llvm::is_contained(options.regularizers, h.name))
        regularization.inputs[h.name] = *input;
      else
        scalars.push_back(*input);
      if (h.name == "lr")
        regularization.rate = *input;
    }
    for (StringRef counter : optimizer->getCounterNames())
      counters.push_back(addState(("optimizer/" + counter).str(), scalarType));
    SmallVector<Value> now = scalars;
    llvm::append_range(now, counters);
    now = optimizer->advanceCounters(b, loc, flags, now);
    for (auto [counter, value] : llvm::zip_equal(counters, now))
      states.insert({counter, value});
    llvm::append_range(scalars, now);

    SmallVector<Value> trained;
    for (auto [w, g] : llvm::zip_equal(parameters, *gradients)) {
      if (!g)
        emitWarning(w.getLoc(), "parameter '") << paramOf(w).getName() << "' does not change the loss: it stays as it is";
      else if (cast<RankedTensorType>(w.getType()).getElementType() != element)
        return emitError(w.getLoc(), "parameter '") << paramOf(w).getName() << "' is " << w.getType() << ", others have elements of "
                                                    << element << ": give all trainable parameters one element type";
      else
        trained.push_back(g);
    }
    if (failed(regularization.begin(parameters, trained)))
      return failure();
    for (auto [w, found] : llvm::zip_equal(parameters, *gradients)) {
      if (!found)
        continue;
      StringRef parameter = paramOf(w).getName();
      Value g = regularization.gradient(w, found);
      SmallVector<Value> operands = {w, g}, slots;
      for (StringRef slot : optimizer->getSlotNames(flags))
        slots.push_back(addState((parameter + "/" + slot).str(), w.getType()));
      llvm::append_range(operands, slots);
      llvm::append_range(operands, scalars);
      NamedAttrList attributes(flags);
      attributes.set("operandSegmentSizes", b.getDenseI32ArrayAttr({1, 1, (int)slots.size(), (int)scalars.size()}));
      auto updated = createByName(b, loc, *name, operands, attributes.getDictionary(b.getContext()));
      if (failed(updated))
        return failure();
      states.insert({w, regularization.parameter(w, (*updated)[0])});
      for (auto [slot, value] : llvm::zip_equal(slots, updated->drop_front()))
        states.insert({slot, value});
    }
    for (BlockArgument a : copy.function.getArguments())
      if (Value value = states.lookup(a))
        copy.addResult(value, {}, NamedAttrList{b.getNamedAttr("dl.state", b.getStringAttr(paramOf(a).getName()))});
    return failure(bad);
  }

  ParamAttr paramOf(BlockArgument a) { return copy.getParam(a.getArgNumber()); }
  LogicalResult checkFree(StringRef name) {
    if (auto other = copy.argumentNames.find(name); other != copy.argumentNames.end())
      return emitError(loc, "argument ") << other->second << " of @" << options.function << " is called '" << name
                                         << "', which is the name of an input of the training step: rename it";
    return success();
  }
  FailureOr<Value> addInput(StringRef name, Type type, NamedAttrList attributes) {
    return failed(checkFree(name)) ? FailureOr<Value>() : copy.addArgument(type, b.getStringAttr(name), attributes);
  }
  /// A parameter of the optimiser's that starts at zero; a clash of names is an error, reported once.
  Value addState(const std::string &name, Type type) {
    bad |= failed(checkFree(name));
    auto zero = ParamAttr::get(b.getContext(), name, InitKind::constant, b.getF64FloatAttr(0.0), ParamRole::optimizer);
    return copy.addArgument(type, {}, NamedAttrList{b.getNamedAttr("dl.param", zero)});
  }

  FunctionCopy &copy;
  const TrainOptions &options;
  OpBuilder b, at; ///< at the end; at the op whose training form is built
  Location loc;
  llvm::MapVector<Value, Value> states;
  SmallVector<Value> penalties;
  Value randomKey;
  int64_t keys = 0;
  bool bad = false;
};

struct TrainPass : dlc::impl::TrainPassBase<TrainPass> {
  using TrainPassBase::TrainPassBase;
  void runOnOperation() override {
    TrainOptions options{function, loss, dictionary(lossAttributes), optimizer, dictionary(optimizerAttributes), regularizers, frozen, {}};
    if (!options.lossAttributes || !options.optimizerAttributes || failed(buildTrainStep(getOperation(), options)))
      signalPassFailure();
  }
  // The parser of pass options has taken the braces away.
  DictionaryAttr dictionary(const std::string &text) {
    auto attributes = dyn_cast_or_null<DictionaryAttr>(parseAttribute("{" + text + "}", &getContext()));
    if (!attributes)
      emitError(getOperation().getLoc(), "attributes '") << text << "' are not a list such as {momentum, nesterov}";
    return attributes;
  }
};
} // namespace

/// Parameters that match become non_trainable, in all functions that have them.
static LogicalResult freeze(ModuleOp module, ArrayRef<std::string> patterns) {
  for (StringRef text : patterns) {
    auto pattern = llvm::GlobPattern::create(text);
    if (!pattern)
      return emitError(module.getLoc(), "--freeze '") << text << "': " << llvm::toString(pattern.takeError());
    bool any = false;
    for (auto f : module.getOps<func::FuncOp>())
      for (unsigned i = 0; i < f.getNumArguments(); ++i)
        if (auto p = f.getArgAttrOfType<ParamAttr>(i, "dl.param"); p && pattern->match(p.getName())) {
          if (p.isTrainable())
            f.setArgAttr(i, "dl.param", ParamAttr::get(module.getContext(), p.getName(), p.getInit(), p.getValue(), false));
          any = true;
        }
    if (!any)
      return emitError(module.getLoc(), "--freeze '") << text << "': no parameter of the model has such a name";
  }
  return success();
}

LogicalResult dlc::buildTrainStep(ModuleOp module, const TrainOptions &options) {
  if (failed(freeze(module, options.frozen)))
    return failure();
  auto f = getFunction(module, options.function);
  auto copy = failed(f) ? FailureOr<FunctionCopy>() : FunctionCopy::create(*f, "train_step");
  if (failed(copy))
    return failure();
  if (failed(TrainStep(*copy, options).build())) {
    copy->function.erase();
    return failure();
  }
  copy->finish();
  return success();
}
