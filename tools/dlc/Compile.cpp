// dlc compile: a model to any stage's text, to an object, a header or a shared library.
#include "compiler/emit/Artefact.h"
#include "tools/dlc/Build.h"
#include "tools/dlc/Runtime.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string out, emit, weights, printAfter;
  bool standalone = false, timePasses = false;
};

Exit compile(Options o) {
  // What to write: by --emit, else by the output's ending.
  std::string emit = o.emit;
  if (emit.empty())
    emit = StringRef(o.out).ends_with(".o") ? "obj" : StringRef(o.out).ends_with(".h") ? "header" : "lib";
  bool file = emit == "lib" || emit == "obj" || emit == "header", code = emit == "codegen" || emit == "llvm" || emit == "asm";
  if (!file && !code && !symbolizeStage(emit))
    return misuse("--emit " + emit + ": expected a stage (" + llvm::join(stageNames(), ", ") + "), llvm, asm, obj, lib or header");
  if (!o.printAfter.empty() && !symbolizeStage(o.printAfter))
    return misuse("--print-after " + o.printAfter + ": expected one of " + llvm::join(stageNames(), ", "));
  if (o.out.empty()) {
    if (emit == "lib" || emit == "obj")
      return misuse("no output file: write -o lib" + modelName(o.build.model) + (emit == "lib" ? ".so" : ".o"));
    o.out = "-";
  }
  Model model;
  // One target or several: each has the stages from plan on for itself.
  SmallVector<StringRef> targets;
  StringRef(o.build.target).split(targets, ',');
  std::vector<CompileOptions> options(targets.size());
  for (auto [each, target] : llvm::zip(options, targets)) {
    BuildFlags flags = o.build;
    flags.target = target.str();
    if (!flags.read(&model.context, each))
      return Usage;
    each.timePasses = o.timePasses;
    if (!o.printAfter.empty())
      each.after = [stage = *symbolizeStage(o.printAfter)](Stage s, ModuleOp m) {
        if (s == stage)
          m.print(llvm::errs());
      };
  }
  if (!model.read(o.build.model))
    return Fault;
  if (Session parameters; !o.weights.empty() && !(parameters.openParameters(*model.module) &&
                                                  worked(dlrt_params_load(parameters.params.get(), o.weights.c_str()))))
    return Fault;
  ArtefactOptions artefact;
  artefact.model = modelName(o.out == "-" || emit == "header" ? o.build.model : o.out);
  if (o.build.model == "-" && o.out == "-")
    artefact.model = "model";
  std::string header;
  std::vector<Compiled> all;
  for (const CompileOptions &each : options) {
    OwningOpRef<ModuleOp> module(cast<ModuleOp>((*model.module)->clone()));
    if (!file && !code) {
      if (failed(runStages(*module, each, *symbolizeStage(emit))))
        return Fault;
      std::string text;
      llvm::raw_string_ostream os(text);
      module->print(os);
      return write(o.out, text);
    }
    if (failed(runStages(*module, each)))
      return Fault;
    if (code) {
      auto text = printCode(*module, each, emit);
      return failed(text) ? Fault : write(o.out, *text);
    }
    header = makeHeader(*module, artefact.model);
    if (emit == "header")
      return write(o.out, header);
    auto one = compileScheduled(*module, each, artefact.model);
    if (failed(one))
      return Fault;
    all.push_back(std::move(*one));
  }
  // The runtime takes the first that the CPU can run.
  llvm::sort(all, [](const Compiled &x, const Compiled &y) { return x.target.lanes > y.target.lanes; });
  if (!o.weights.empty()) {
    auto buffer = llvm::MemoryBuffer::getFile(o.weights);
    if (!buffer)
      return fail("cannot read '" + o.weights + "': " + buffer.getError().message());
    artefact.weights = (*buffer)->getBuffer().str();
  }
  if (o.standalone) {
    artefact.standalone = true;
    SmallString<128> path(llvm::sys::path::parent_path(llvm::sys::fs::getMainExecutable(nullptr, nullptr)));
    llvm::sys::path::append(path, "..", "lib", "libdlrt.a");
    artefact.runtime = path.str().str();
    if (!llvm::sys::fs::exists(artefact.runtime))
      return fail("--standalone needs the runtime at " + artefact.runtime);
  }
  auto bytes = emit == "obj" ? makeObject(all, artefact) : makeLibrary(all, artefact);
  if (!bytes)
    return fail(llvm::toString(bytes.takeError()));
  if (Exit e = write(o.out, *bytes); e != Done)
    return e;
  // The header stands beside the library, under its name.
  SmallString<128> beside(o.out);
  llvm::sys::path::replace_extension(beside, ".h");
  return write(beside, header);
}
} // namespace

void addCompile(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("compile", "compiles a model to a library, an object or any stage's text");
  command->add_option("model", o->build.model, "model.mlir or -")->required();
  o->build.add(*command);
  command->add_option("-o", o->out, "output: .so, .o, .h, or text with --emit");
  command->add_option("--emit", o->emit, "a stage (" + llvm::join(stageNames(), ", ") + "), llvm, asm, obj, lib or header");
  o->build.addTraining(*command);
  command->add_option("--embed-weights", o->weights, "put a safetensors file in");
  command->add_flag("--standalone", o->standalone, "link the runtime in");
  command->add_flag("--time-passes", o->timePasses, "seconds by pass");
  command->add_option("--print-after", o->printAfter, "print the module after a stage");
  addMissing(*command, {"--mem-budget", "--tune"});
  setAction(command, "dlc compile lenet.mlir -o liblenet.so", [o] { return compile(*o); });
}
} // namespace dlc::tools
