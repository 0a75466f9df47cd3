// Options that say how a model is built, and the build.
#include "tools/dlc/Build.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
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

bool BuildFlags::read(ModuleOp module, CompileOptions &options) const {
  StringRef t = target;
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
  (void)module;
  return true;
}

bool isArtefact(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, 4, 0);
  return buffer && (*buffer)->getBuffer().starts_with("\x7f"
                                                      "ELF");
}

bool load(const BuildFlags &flags, Running &running, const std::function<bool(CompileOptions &)> &configure) {
  try {
    if (isArtefact(flags.model)) {
      running.model = std::make_unique<dlrt::Model>(flags.model);
    } else {
      running.source = std::make_unique<Model>();
      if (!running.source->read(flags.model))
        return false;
      CompileOptions options;
      if (!flags.read(*running.source->module, options) || (configure && !configure(options)))
        return false;
      auto start = std::chrono::steady_clock::now();
      if (failed(runStages(*running.source->module, options)))
        return false;
      auto compiled = compileScheduled(*running.source->module, options);
      if (failed(compiled))
        return false;
      auto code = Loaded::create(std::move(*compiled), flags.model);
      if (!code)
        return fail(llvm::toString(code.takeError())) == Done;
      running.code = std::move(*code);
      running.model = std::make_unique<dlrt::Model>(static_cast<const void *>(running.code->descriptor()));
      running.compileSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    running.params = std::make_unique<dlrt::Params>(*running.model);
  } catch (const dlrt::Error &e) {
    return fail(e.what()) == Done;
  }
  return true;
}
} // namespace dlc::tools
