// Options that say how a model is built, and the build.
#include "tools/dlc/Build.h"
#include "compiler/emit/Artefact.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <bit>
#include <chrono>

using namespace mlir;
namespace dlc::tools {

void BuildFlags::add(CLI::App &command, const char *modelHelp) {
  command.add_option("MODEL", model, modelHelp)->required();
  command.add_option("--target", target, "cpu (this machine), " + codegen::Target::list())->capture_default_str();
  command.add_option("-O", level, "0: plain loops, nothing fused, the oracle; 1: quick to compile; 2: the default; 3: -O2 and tuning")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command.add_option("--shape", shapes, "bounds of a symbolic extent: B=1..64, or B=8 to fix it")->type_name("NAME=LO..HI");
  command
      .add_option("--mem-budget", budget,
                  "bytes (or 300MB) of arena and prepared parameters to do with: what a gradient reads is made again, as far as needed")
      ->transform(CLI::AsSizeValue(true))
      ->type_name("BYTES");
  auto *flag = command.add_flag("--train", train, "add the entry train_step");
  command.add_option("--loss", training.loss, "with --train")->capture_default_str()->needs(flag);
  command.add_option("--optimizer", training.optimizer, "with --train")->capture_default_str()->needs(flag);
  command.add_option("--freeze", training.freeze, "with --train, parameters that stay as they are: names with * and ?")->needs(flag);
}

void BuildFlags::addCache(CLI::App &command) {
  cache = defaultCache();
  auto *folder = command.add_option("--cache", cache, "a folder of compiled models, else $DLC_CACHE, else ~/.cache/dlc")->type_name("DIR");
  command.add_flag_callback("--no-cache", [this] { cache.clear(); }, "compile anew, keep nothing")->excludes(folder);
}

void addMissing(CLI::App &command, llvm::ArrayRef<const char *> names) {
  for (const char *name : names)
    command
        .add_option_function<std::string>(
            name, [name](const std::string &) { throw CLI::ValidationError(name, "this version of dlc does not have it: leave it out"); })
        ->group("")
        ->expected(0, 1);
}

/// NAME=LO..HI or NAME=N.
static bool readBound(StringRef text, CompileOptions &options) {
  auto [name, range] = text.split('=');
  auto [low, high] = range.split("..");
  int64_t lo = 0, hi = 0;
  bool one = !range.contains("..");
  if (name.empty() || low.getAsInteger(10, lo) || (!one && high.getAsInteger(10, hi)) || lo < 0)
    return misuse("--shape " + text + ": expected a symbol and its bounds, such as B=1..64") == Done;
  if (one)
    hi = lo;
  if (lo > hi)
    return misuse("--shape " + text + ": the lower bound is above the upper one") == Done;
  if (llvm::is_contained(llvm::make_first_range(options.bounds), name))
    return misuse("--shape " + name + " is given twice") == Done;
  options.bounds.push_back({name.str(), {lo, hi}});
  return true;
}

bool BuildFlags::read(MLIRContext *context, StringRef target, CompileOptions &options) const {
  StringRef t = target;
  if (t != "cpu")
    options.target = codegen::Target::parse(t);
  if (!options.target)
    return misuse("--target " + target + ": expected cpu, " + codegen::Target::list()) == Done;
  options.level = level;
  options.times = times.get();
  options.memoryBudget = int64_t(budget);
  options.verdicts |= !printAfter.empty();
  if (!printAfter.empty())
    options.after = [stage = symbolizeStage(printAfter)](Stage s, ModuleOp m) { // without one: all
      if (s != stage.value_or(s))
        return;
      if (!stage)
        llvm::errs() << "// After " << stageNames()[size_t(s)] << "\n";
      m.print(llvm::errs(), OpPrintingFlags().printNameLocAsPrefix());
    };
  for (const std::string &shape : shapes)
    if (!readBound(shape, options))
      return false;
  if (!train)
    return true;
  auto plan = planTraining(context, training);
  if (!plan)
    return misuse(llvm::toString(plan.takeError())) == Done;
  options.train = plan->options;
  return true;
}

static StringRef processorOf(const codegen::Target &target) { return target.backend->getProcessor(target); }

Exit build(const BuildFlags &flags, const llvm::MemoryBuffer &text, StringRef name, Built &built, std::unique_ptr<Model> &source) {
  std::string key;
  if (!flags.cache.empty() && !flags.times && flags.printAfter.empty()) {
    std::string level = std::to_string(flags.level), budget = std::to_string(flags.budget);
    SmallVector<StringRef> parts{
        text.getBuffer(),         name,  flags.target, codegen::hostLevel(), level, flags.train ? "train" : "", flags.training.loss,
        flags.training.optimizer, budget};
    parts.append(flags.shapes.begin(), flags.shapes.end());
    parts.push_back("frozen");
    parts.append(flags.training.freeze.begin(), flags.training.freeze.end());
    key = cacheKey(parts);
    if (auto cached = key.empty() ? std::nullopt : readCached(flags.cache, key)) {
      built = std::move(*cached);
      return Done;
    }
  }
  if (flags.times)
    flags.times->enter("parser");
  source = std::make_unique<Model>();
  SmallVector<StringRef> targets;
  StringRef(flags.target).split(targets, ',');
  std::vector<CompileOptions> options(targets.size());
  for (auto [each, target] : llvm::zip(options, targets))
    if (!flags.read(&source->context, target, each))
      return Usage;
  llvm::StringSet<> seen;
  llvm::erase_if(options, [&](const CompileOptions &each) { return !seen.insert(each.target.name).second; });
  for (const CompileOptions &each : options)
    if (processorOf(each.target).empty())
      return misuse("--target " + each.target.spelled() + ": this version of dlc writes its code alone: write dlc compile --emit " +
                    each.target.backend->getCodeNames().back().first + ", or a CPU's target");
  StringRef processor = processorOf(options.front().target);
  if (!llvm::all_of(options, [&](const CompileOptions &each) { return processorOf(each.target) == processor; }))
    return misuse("--target " + flags.target + ": one file is for one kind of processor: write it in two runs");
  if (name.empty() && processor != "x86-64")
    return misuse("--target " + flags.target + ": this machine cannot run it: write a file with dlc compile");
  if (name.empty() && options.size() > 1)
    return misuse("--target " + flags.target + ": one target runs; several are for dlc compile");
  if (!source->parse(llvm::MemoryBuffer::getMemBufferCopy(text.getBuffer(), text.getBufferIdentifier())))
    return Fault;
  OwningOpRef<ModuleOp> asRead; // each target has the stages for itself; the last works in place
  if (options.size() > 1)
    asRead = cast<ModuleOp>((*source->module)->clone());
  for (auto [i, each] : llvm::enumerate(options)) {
    if (i)
      source->module = cast<ModuleOp>((*asRead)->clone());
    if (failed(runStages(*source->module, each)))
      return Fault;
    auto compiled = compileScheduled(*source->module, each, name);
    if (failed(compiled))
      return Fault;
    built.targets.push_back(std::move(*compiled));
  }
  if (flags.times)
    flags.times->enter("header, link, output");
  // The runtime takes the first that the CPU can run.
  llvm::sort(built.targets, [](const Compiled &x, const Compiled &y) {
    auto names = x.target.backend->getTargets();
    return llvm::find(names, x.target.name) > llvm::find(names, y.target.name);
  });
  if (!name.empty())
    built.header = makeHeader(*source->module, name);
  if (!key.empty() && !source->spoke) // warnings come again
    if (llvm::Error e = writeCached(flags.cache, key, built)) {
      std::string message = llvm::toString(std::move(e));
      if (flags.cache != defaultCache()) // whoever names a folder wants it used
        llvm::errs() << "dlc: warning: nothing is kept for the next time: " << message << "\n";
    }
  return Done;
}

Exit load(const BuildFlags &flags, Session &session) {
  if (isArtefact(flags.model)) {
    if (flags.train || !flags.shapes.empty() || flags.target != "cpu" || flags.level != 2 || flags.budget)
      return misuse("'" + flags.model + "' is compiled already: --train, --shape, --target, --mem-budget and -O are for models");
    session.open(flags.model);
    return Done;
  }
  auto start = std::chrono::steady_clock::now();
  auto text = Model::readText(flags.model);
  Built built;
  if (Exit e = text ? build(flags, *text, "", built, session.source) : Fault; e != Done)
    return e;
  if (!session.open(std::move(built.targets.front()), modelName(flags.model)))
    return Fault;
  session.compileSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return Done;
}

std::vector<int64_t> extentsOf(const dlrt_tensor_info &info, const llvm::StringMap<int64_t> &symbols) {
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < info.ndim; ++d) {
    auto it = info.symbols[d] ? symbols.find(info.symbols[d]) : symbols.end();
    shape.push_back(info.dims[d] >= 0 ? info.dims[d] : it != symbols.end() ? it->second : info.max_dims[d]);
  }
  return shape;
}

int64_t symbolValue(const dlrt_tensor_info &info, const llvm::StringMap<int64_t> &symbols) {
  auto it = symbols.find(info.gives);
  return it != symbols.end() ? it->second : info.gives_max;
}

void fillScalar(data::Array &a, double value) {
  if (a.type.code == 2 && a.type.bits == 32)
    a.data<float>()[0] = float(value);
  else if (a.type.code == 2)
    a.data<double>()[0] = value;
  else if (a.type.bits == 32)
    a.data<int32_t>()[0] = int32_t(value);
  else
    a.data<int64_t>()[0] = int64_t(value);
}

std::vector<dlrt_tensor> viewsOf(llvm::MutableArrayRef<data::Array> arrays) {
  std::vector<dlrt_tensor> views;
  for (data::Array &a : arrays)
    views.push_back(a.view());
  return views;
}

Exit makeOutputs(const dlrt_model *model, dlrt::Context &context, size_t entry, llvm::MutableArrayRef<data::Array> inputs,
                 std::vector<data::Array> &outputs) {
  auto views = viewsOf(inputs);
  for (size_t i = 0; i < dlrt_entry_outputs(model, entry); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_output(model, entry, i);
    std::vector<int64_t> shape(info->ndim);
    dlrt::check(dlrt_output_shape(context.get(), entry, views.data(), views.size(), i, shape.data()));
    auto array = data::Array::make(info->dtype, shape);
    if (!array)
      return fail(array.error().message);
    outputs.push_back(std::move(*array));
  }
  return Done;
}

void fillRandom(data::Array &a, uint64_t seed) {
  for (int64_t i = 0; i < a.size(); ++i) {
    uint64_t z = seed + 0x9e3779b97f4a7c15ull * uint64_t(i + 1);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull, z = (z ^ z >> 27) * 0x94d049bb133111ebull, z ^= z >> 31;
    double u = double(z >> 11) * 0x1p-52 - 1;
    if (a.type.code == 2 && a.type.bits == 32)
      a.data<float>()[i] = float(u);
    else if (a.type.code == 2)
      a.data<double>()[i] = u;
    else if (a.type.code == 4)
      a.data<uint16_t>()[i] = uint16_t(std::bit_cast<uint32_t>(float(u)) >> 16);
    else if (a.type.bits == 8)
      a.data<int8_t>()[i] = int8_t(z & 1);
    else if (a.type.bits == 32)
      a.data<int32_t>()[i] = int32_t(z & 1);
    else
      a.data<int64_t>()[i] = int64_t(z & 1);
  }
}

} // namespace dlc::tools
