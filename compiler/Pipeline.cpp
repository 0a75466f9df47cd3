// The ordered stages.
#include "compiler/Pipeline.h"
#include "compiler/codegen/Lower.h"
#include "compiler/emit/Artefact.h"
#include "compiler/kernels/Passes.h"
#include "compiler/plan/Passes.h"
#include "compiler/schedule/Passes.h"
#include "compiler/schedule/Program.h"
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Bounds.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "runtime/dlrt.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/Threading.h"

using namespace mlir;
namespace dlc {

static constexpr StringRef names[] = {"dl", "autodiff", "simplify", "layout", "kernels", "plan", "schedule", "codegen"};
ArrayRef<StringRef> stageNames() { return names; }
std::optional<Stage> symbolizeStage(StringRef name) {
  const auto *it = llvm::find(names, name);
  return it == std::end(names) ? std::nullopt : std::optional(Stage(it - std::begin(names)));
}
void loadDialects(MLIRContext &context) { codegen::loadCodegenDialects(context); }

/// Models have no branches: no region has blocks to merge or arguments to drop, and looking for them takes a third of the time.
static GreedyRewriteConfig straightLine() {
  return GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
}
/// Sets the bounds that the user gave instead of the model's.
static LogicalResult applyBounds(ModuleOp module, const CompileOptions &options) {
  for (auto &[name, range] : options.bounds) {
    auto symbol = module.lookupSymbol<dl::SymbolOp>(name);
    if (!symbol) {
      auto d = emitError(module.getLoc()) << "the model has no symbolic dimension '" << name << "'";
      SmallVector<StringRef> known;
      for (auto s : module.getOps<dl::SymbolOp>())
        known.push_back(s.getSymName());
      d.attachNote() << (known.empty() ? "all its extents are constant" : "it has " + llvm::join(known, ", "));
      return failure();
    }
    symbol.setMin(range.first);
    symbol.setMax(range.second);
  }
  return success();
}
/// An argument of a function, which no op may have checked, or a result: its elements, and that all counts of bytes fit in 64 bits.
static LogicalResult checkType(Operation *op, Type type, const dl::SymbolRanges &ranges) {
  if (failed(dl::checkTensor(op->getLoc(), type)))
    return failure();
  Type e = cast<RankedTensorType>(type).getElementType();
  if (!e.isF32() && !e.isF64() && !e.isBF16() && llvm::none_of(ArrayRef{1, 8, 32, 64}, [&](int bits) { return e.isSignlessInteger(bits); }))
    return op->emitError("expected elements of f32, f64, bf16, i1, i8, i32 or i64, found ") << type;
  for (AffineExpr extent : dl::getExtents(type)) // tensors of no element may have any others
    if (dl::getUpperBound(extent, ranges) < 0)
      return op->emitError() << type << " has the extent " << dl::toString(extent) << ", which is negative whatever its symbols are";
  constexpr int64_t most = int64_t(1) << 47;
  return dl::getUpperBytes(type, ranges) < most ? success()
                                                : op->emitError() << type << " is larger than memory at the bounds of its symbols";
}
/// Every symbol that the op's types and attributes name is declared, and an input of its function gives it.
static LogicalResult checkSymbols(Operation *op, const dl::SymbolRanges &declared, const llvm::StringSet<> &given) {
  LogicalResult ok = success();
  auto check = [&](dl::DimsAttr dims) {
    for (AffineExpr e : dims.getExtents())
      e.walk([&](AffineExpr x) {
        auto symbol = dyn_cast<AffineSymbolExpr>(x);
        if (failed(ok) || !symbol || given.contains(dl::getSymbolName(symbol)))
          return;
        StringRef name = dl::getSymbolName(symbol);
        bool known = declared.contains(name);
        auto d = op->emitError("symbolic extent '") << name << "' is " << (known ? "given by no input" : "not declared");
        if (known)
          d.attachNote() << "write an input such as tensor<?xf32, #dl.dims<" << name << ">>, or one of rank 0 with dl.symbol = @" << name;
        else
          d.attachNote() << "write dl.symbol @" << name << " : 1 to 64 in the module";
        ok = d;
      });
  };
  op->getAttrDictionary().walk(check);
  for (Type type : op->getResultTypes())
    type.walk(check);
  return ok;
}
/// A function's attributes, and those of its arguments and results, are none of another's names by a slip.
static LogicalResult checkAttributes(func::FuncOp fn) {
  auto check = [&](StringRef what, unsigned index, ArrayRef<NamedAttribute> attributes) -> LogicalResult {
    for (NamedAttribute a : attributes)
      if (StringRef meant = dl::misspelt(a.getName()); !meant.empty())
        return fn.emitError() << what << " " << index << " has the unknown attribute '" << a.getName().strref() << "': write " << meant;
    return success();
  };
  for (unsigned i = 0; i < fn.getNumArguments(); ++i)
    if (failed(check("argument", i, function_interface_impl::getArgAttrs(fn, i))))
      return failure();
  for (unsigned i = 0; i < fn.getNumResults(); ++i)
    if (failed(check("result", i, function_interface_impl::getResultAttrs(fn, i))))
      return failure();
  return success();
}
/// Ops are a model's own, types are tensors, symbols have a source, and every name is given once.
static LogicalResult checkModel(ModuleOp module) {
  constexpr int64_t most = int64_t(1) << 32; // so that a product with another extent fits in 64 bits
  dl::SymbolRanges declared = dl::getSymbolRanges(module);
  for (auto s : module.getOps<dl::SymbolOp>()) {
    if (int64_t max = s.getMax(); max > most)
      return s.emitError("the bound ") << max << " of symbol '" << s.getSymName() << "' is above " << most;
  }
  bool any = false;
  llvm::StringMap<std::pair<dl::ParamAttr, Type>> shared; // functions share parameters by name
  for (auto fn : module.getOps<func::FuncOp>()) {
    if (fn.isDeclaration())
      return fn.emitError("has no body");
    any |= fn.getSymName() == "main";
    if (!fn.getBody().hasOneBlock())
      return fn.emitError("has branches: a model is straight-line, with dl.scan for loops");
    if (failed(checkAttributes(fn)))
      return failure();
    llvm::StringSet<> params, given;
    for (BlockArgument a : fn.getArguments()) {
      if (failed(checkType(fn, a.getType(), declared)))
        return failure();
      auto param = fn.getArgAttrOfType<dl::ParamAttr>(a.getArgNumber(), "dl.param");
      if (param && !params.insert(param.getName()).second)
        return fn.emitError("has two parameters called '") << param.getName() << "'";
      if (param)
        if (auto known = shared.try_emplace(param.getName(), param, a.getType()).first->second; known != std::pair(param, a.getType()))
          return fn.emitError("has the parameter '") << param.getName() << "' as " << param << " : " << a.getType()
                                                     << ", another function as " << known.first << " : " << known.second;
      if (auto symbol = fn.getArgAttrOfType<FlatSymbolRefAttr>(a.getArgNumber(), "dl.symbol")) {
        if (param)
          return fn.emitError("parameter '") << param.getName() << "' has a dl.symbol: that belongs to an input";
        if (!declared.contains(symbol.getValue()))
          return fn.emitError("argument ") << a.getArgNumber() << " gives symbol '" << symbol.getValue()
                                           << "', which is not declared: write dl.symbol @" << symbol.getValue() << " : 0 to 1023";
        given.insert(symbol.getValue());
      }
      for (AffineExpr e : dl::getExtents(a.getType()))
        if (auto symbol = dyn_cast<AffineSymbolExpr>(e); symbol && !param && declared.contains(dl::getSymbolName(symbol)))
          given.insert(dl::getSymbolName(symbol));
    }
    WalkResult walked = fn.walk([&](Operation *op) -> WalkResult {
      if (!isa_and_nonnull<dl::DlDialect>(op->getDialect()) && !isa<func::FuncOp, func::ReturnOp>(op)) {
        auto d = op->emitError("is not an op of a model");
        d.attachNote() << "models are written in dl ops, func.func and func.return";
        return WalkResult::interrupt();
      }
      if (failed(dl::checkAttributes(op)))
        return WalkResult::interrupt();
      for (Type t : op->getResultTypes())
        if (failed(checkType(op, t, declared)))
          return WalkResult::interrupt();
      return checkSymbols(op, declared, given);
    });
    if (walked.wasInterrupted())
      return failure();
  }
  if (!any) {
    auto d = emitError(module.getLoc()) << "the module has no function @main";
    d.attachNote() << "the model is func.func @main(%image: tensor<...> {dl.name = \"image\"}, ...)";
    return failure();
  }
  return success();
}

/// A symbol whose bounds are one number is that number. What is right for any value of a symbol need not be for that one.
static LogicalResult fixSymbols(ModuleOp module) {
  llvm::StringMap<int64_t> values;
  for (auto symbol : module.getOps<dl::SymbolOp>())
    if (int64_t min = symbol.getMin(), max = symbol.getMax(); min == max)
      values[symbol.getSymName()] = min;
  if (values.empty())
    return success();
  dl::substituteSymbols(module, values);
  return verify(module);
}

static LogicalResult runAll(ModuleOp module, const CompileOptions &options, Stage last) {
  loadDialects(*module.getContext());
  const bool chains = options.level > 0 && options.target.backend->has(dlx::Emitter::chain);
  for (Stage stage = Stage::Dl; stage <= last && stage < Stage::Codegen; stage = Stage((int)stage + 1)) {
    PassManager passes(module.getContext());
    passes.enableVerifier(stage == Stage::Autodiff);
    if (options.times)
      options.times->enter(stageNames()[size_t(stage)]);
    switch (stage) {
    case Stage::Dl:
      if (failed(applyBounds(module, options)) || failed(checkModel(module)) || failed(checkLimits(module, options.train.has_value())))
        return failure();
      if (failed(fixSymbols(module)))
        return failure();
      break;
    case Stage::Autodiff:
      if (options.train && failed(buildTrainStep(module, *options.train)))
        return failure();
      break;
    case Stage::Simplify:
      passes.addPass(createRanges());
      passes.addPass(createCanonicalizerPass(straightLine()));
      passes.addPass(createDecompose());
      passes.addPass(createCanonicalizerPass(straightLine()));
      passes.addPass(createCSEPass());
      if (options.rematerialise)
        passes.addPass(createRematerialise({options.rematerialise}));
      if (chains)
        passes.addPass(createRecompute({4 * options.chainBytes}));
      passes.addPass(createRecipes());
      break;
    case Stage::Layout:
      break;
    case Stage::Kernels:
      passes.addPass(createFormKernels({options.level > 0, options.target.name, options.verdicts}));
      break;
    case Stage::Plan: {
      PlanPassOptions plan;
      plan.target = options.target.name;
      plan.loopsOnly = options.level == 0;
      passes.addPass(createPlanPass(plan));
      if (chains)
        passes.addPass(createChains({options.target.name, options.chainBytes}));
      break;
    }
    case Stage::Schedule:
      passes.addPass(createSchedule());
      break;
    case Stage::Codegen:
      break;
    }
    if (passes.size() && failed(passes.run(module)))
      return failure();
    if (options.after)
      options.after(stage, module);
  }
  return success();
}

/// Of all calls of kernels, at the symbols' upper bounds.
static int64_t mostFlops(ModuleOp scheduled) {
  dl::SymbolRanges ranges = dl::getSymbolRanges(scheduled);
  SymbolTable names(scheduled);
  int64_t sum = 0;
  for (auto fn : scheduled.getOps<func::FuncOp>())
    if (!fn->hasAttr("dlx.plan"))
      fn.walk([&](func::CallOp call) {
        int64_t own = dl::getUpperBound(flopsOf(names.lookup<func::FuncOp>(call.getCallee())), ranges);
        sum = llvm::AddOverflow(sum, own, sum) ? INT64_MAX : sum;
      });
  return sum;
}
/// The rematerialisation of least flops with which the programs' memory is within the budget; a larger budget leaves more to choose from.
static FailureOr<int64_t> fitBudget(ModuleOp module, CompileOptions options) {
  options.after = {}, options.times = nullptr;
  int64_t least = INT64_MAX, flops = INT64_MAX, best = -1;
  for (int64_t every : {0, 1, 2, 3, 4, 8}) {
    OwningOpRef<ModuleOp> copy(module.clone());
    options.rematerialise = every;
    if (failed(runAll(*copy, options, Stage::Schedule)))
      return failure();
    int64_t most = 0;
    for (auto program : copy->getOps<dlx::ProgramOp>())
      most = std::max<int64_t>(most, program.getArena() + program.getPrepared());
    least = std::min(least, most);
    if (int64_t own = mostFlops(*copy); most <= options.memoryBudget && own < flops)
      flops = own, best = every;
    if (best == 0)
      break;
  }
  if (best >= 0)
    return best;
  auto d = module.emitError("a memory budget of ")
           << options.memoryBudget << " bytes cannot be kept: the least is " << least << " bytes, beside parameters, inputs and outputs";
  d.attachNote() << "lower the bounds of symbols (--shape B=8), or give --mem-budget " << least;
  return failure();
}
LogicalResult runStages(ModuleOp module, const CompileOptions &options, Stage last) {
  if (!options.memoryBudget)
    return runAll(module, options, last);
  FailureOr<int64_t> every = fitBudget(module, options);
  if (failed(every))
    return failure();
  CompileOptions fitted = options;
  fitted.rematerialise = *every;
  return runAll(module, fitted, last);
}

/// A thread a part, but no more than processors.
static llvm::ThreadPoolStrategy workersFor(unsigned parts) {
  llvm::ThreadPoolStrategy strategy = llvm::hardware_concurrency(parts);
  strategy.Limit = true;
  return strategy;
}

/// work(0), work(1), ... at once.
static void inParallel(unsigned parts, function_ref<void(unsigned)> work) {
  if (parts == 1)
    return work(0);
  llvm::DefaultThreadPool pool(workersFor(parts));
  for (unsigned p = 0; p < parts; ++p)
    pool.async([=] { work(p); });
  pool.wait();
}

/// The kernels of a scheduled module in `parts` modules of about equal size, emitted and lowered.
static SmallVector<OwningOpRef<ModuleOp>> emitKernels(ModuleOp module, const codegen::Target &target, unsigned parts) {
  SmallVector<StringRef> symbols;
  for (auto s : module.getOps<dl::SymbolOp>())
    symbols.push_back(s.getSymName());
  SmallVector<func::FuncOp> kernels;
  for (auto fn : module.getOps<func::FuncOp>())
    if (fn->hasAttr("dlx.kernel"))
      kernels.push_back(fn);
  // Contractions take longest to compile: dealt out first, in turn.
  llvm::sort(kernels, [](func::FuncOp x, func::FuncOp y) {
    auto key = [](func::FuncOp f) { return std::pair(-(int)f->getAttrOfType<dlx::PlanAttr>("dlx.plan").getEmitter(), f.getSymName()); };
    return key(x) < key(y);
  });
  SmallVector<OwningOpRef<ModuleOp>> out;
  parts = std::max<unsigned>(1, std::min<unsigned>(parts, kernels.size()));
  for (unsigned p = 0; p < parts; ++p)
    out.push_back(ModuleOp::create(module.getLoc()));
  inParallel(parts, [&](unsigned p) {
    for (size_t i = p; i < kernels.size(); i += parts) {
      codegen::Kernel kernel{kernels[i], kernels[i]->getAttrOfType<dlx::PlanAttr>("dlx.plan"), symbols, target, *out[p]};
      codegen::emitKernel(kernel);
    }
  });
  auto modules = llvm::map_to_vector(out, [](auto &part) { return *part; });
  target.backend->share(modules);
  SmallVector<LogicalResult> done(parts, success());
  inParallel(parts, [&](unsigned p) { done[p] = codegen::lowerToLLVM(*out[p], target); });
  if (llvm::any_of(done, [](LogicalResult r) { return failed(r); }))
    out.clear();
  return out;
}

FailureOr<Compiled> compileScheduled(ModuleOp module, const CompileOptions &options, StringRef model) {
  auto enter = [&](StringRef part) {
    if (options.times)
      options.times->enter(part);
  };
  Compiled result;
  enter("programs");
  result.target = options.target;
  auto program = flatten(module);
  if (failed(program))
    return failure();
  result.program = std::move(*program);
  // As many as the kernels are worth, whatever the machine: the bytes of an artefact depend on the model alone.
  auto kernels = module.getOps<func::FuncOp>();
  unsigned parts = 1 + llvm::count_if(kernels, [](func::FuncOp fn) { return fn->hasAttr("dlx.kernel"); }) / 4;
  if (options.threads)
    parts = options.threads;
  parts = std::min(parts, 16u);
  enter("codegen");
  auto modules = emitKernels(module, result.target, parts);
  if (modules.empty())
    return module.emitError("a kernel could not be lowered: this is a fault of the compiler");
  enter("LLVM");
  result.objects.resize(modules.size());
  std::vector<std::string> errors(modules.size());
  inParallel(modules.size(), [&](unsigned p) {
    auto object = codegen::compile(*modules[p], result.target, options.level, codegen::CodeKind::Object,
                                   model.empty() ? "" : symbolPrefix(model, result.target));
    modules[p] = {}; // here, where it is one of several at once
    if (object)
      result.objects[p] = std::move(*object);
    else
      errors[p] = llvm::toString(object.takeError());
  });
  for (const std::string &e : errors)
    if (!e.empty())
      return module.emitError("code generation failed: ") << e;
  return result;
}

FailureOr<std::string> printCode(ModuleOp module, const CompileOptions &options, StringRef kind) {
  const codegen::Target &target = options.target;
  auto modules = emitKernels(module, target, 1);
  if (modules.empty())
    return module.emitError("a kernel could not be lowered: this is a fault of the compiler");
  if (kind == "codegen") {
    std::string text;
    llvm::raw_string_ostream os(text);
    modules[0]->print(os, OpPrintingFlags().printNameLocAsPrefix());
    return text;
  }
  auto names = target.backend->getCodeNames();
  auto *found = llvm::find_if(names, [&](auto &name) { return name.first == kind; });
  assert(found != names.end() && "the backend writes no such code");
  auto code = codegen::compile(*modules[0], target, options.level, found->second);
  if (!code)
    return module.emitError("code generation failed: ") << llvm::toString(code.takeError());
  return (*code)->getBuffer().str();
}

const char *buildId() { return "dlc " DLRT_VERSION ", LLVM " LLVM_VERSION_STRING; }

llvm::Expected<std::unique_ptr<Loaded>> Loaded::create(Compiled compiled, StringRef model) {
  std::unique_ptr<Loaded> self(new Loaded);
  self->compiled = std::move(compiled);
  self->model = model.str();
  self->target = self->compiled.target.spelled();
  if (!self->compiled.objects.empty()) { // a program of parameters alone has no code
    auto jit = Jit::create();
    if (!jit)
      return jit.takeError();
    self->jit = std::move(*jit);
  }
  for (auto &object : self->compiled.objects)
    if (llvm::Error e = self->jit->add(std::move(object)))
      return e;
  for (const std::string &name : self->compiled.program.functions) {
    auto fn = self->jit->find(name);
    if (!fn)
      return fn.takeError();
    self->functions.push_back(*fn);
  }
  self->record = {self->target.c_str(),
                  self->compiled.target.backend->getFeatures(self->compiled.target),
                  self->compiled.program.bytes.data(),
                  self->compiled.program.bytes.size(),
                  self->functions.data(),
                  self->functions.size(),
                  nullptr,
                  0,
                  self->compiled.target.backend->getDevice(),
                  0};
  self->description = {DLX_DESCRIPTOR_MAGIC, DLX_VERSION, 1, self->model.c_str(), buildId(), &self->record, nullptr, 0};
  return self;
}
} // namespace dlc
