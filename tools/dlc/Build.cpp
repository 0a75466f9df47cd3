// Options that say how a model is built, and the build.
#include "tools/dlc/Build.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <bit>
#include <chrono>

using namespace mlir;
namespace dlc::tools {

void BuildFlags::add(CLI::App &command) {
  command.add_option("--target", target, "cpu (this machine), cpu:x86-64-v2, cpu:x86-64-v3 or cpu:x86-64-v4")->capture_default_str();
  command.add_option("-O", level, "0: plain loops, nothing fused, the oracle; 1: quick to compile; 2: the default; 3: -O2 and tuning")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command.add_option("--shape", shapes, "bounds of a symbolic extent: B=1..64, or B=8 to fix it")->type_name("NAME=LO..HI");
}

void BuildFlags::addTraining(CLI::App &command) {
  auto *flag = command.add_flag("--train", train, "add the entry train_step");
  command.add_option("--loss", training.loss, "with --train")->capture_default_str()->needs(flag);
  command.add_option("--optimizer", training.optimizer, "with --train")->capture_default_str()->needs(flag);
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
  options.bounds.push_back({name.str(), {lo, hi}});
  return true;
}

bool BuildFlags::read(MLIRContext *context, CompileOptions &options) const {
  StringRef t = target;
  if (t.starts_with("nvptx"))
    return misuse("--target " + target + ": this version of dlc has no GPU targets: write cpu, or cpu:x86-64-v3") == Done;
  if (t == "cpu")
    options.target = "";
  else if (t.consume_front("cpu:") && (t == "x86-64-v2" || t == "v2" || t == "x86-64-v3" || t == "v3" || t == "x86-64-v4" || t == "v4"))
    options.target = t.starts_with("v") ? ("x86-64-" + t).str() : t.str();
  else
    return misuse("--target " + target + ": expected cpu, cpu:x86-64-v2, cpu:x86-64-v3 or cpu:x86-64-v4") == Done;
  options.level = level;
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

bool isArtefact(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, 4, 0);
  return buffer && (*buffer)->getBuffer().starts_with("\x7f"
                                                      "ELF");
}

Exit load(const BuildFlags &flags, Running &running) {
  try {
    if (isArtefact(flags.model)) {
      if (flags.train || !flags.shapes.empty() || flags.target != "cpu" || flags.level != 2)
        return misuse("'" + flags.model + "' is compiled already: --train, --shape, --target and -O are for models");
      running.model = std::make_unique<dlrt::Model>(flags.model);
    } else {
      running.source = std::make_unique<Model>();
      CompileOptions options;
      if (!flags.read(&running.source->context, options))
        return Usage;
      if (!running.source->read(flags.model))
        return Fault;
      auto start = std::chrono::steady_clock::now();
      if (failed(runStages(*running.source->module, options)))
        return Fault;
      auto compiled = compileScheduled(*running.source->module, options);
      if (failed(compiled))
        return Fault;
      auto code = Loaded::create(std::move(*compiled), flags.model);
      if (!code)
        return fail(llvm::toString(code.takeError()));
      running.code = std::move(*code);
      running.model = std::make_unique<dlrt::Model>(static_cast<const void *>(running.code->descriptor()));
      running.compileSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    running.params = std::make_unique<dlrt::Params>(*running.model);
  } catch (const dlrt::Error &e) {
    return fail(e.what());
  }
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
