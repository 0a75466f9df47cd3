// dlc compile: a model to any stage's text, to an object, a header or a shared library.
#include "compiler/emit/Artefact.h"
#include "tools/dlc/Build.h"
#include "tools/dlc/Labels.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string out, emit, weights;
  bool standalone = false;
};

/// --emit's names of code: each backend's.
SmallVector<StringRef> codeNames() {
  llvm::SmallSetVector<StringRef, 4> names;
  for (const codegen::Backend *backend : codegen::getBackends())
    names.insert_range(llvm::make_first_range(backend->getCodeNames()));
  return names.takeVector();
}
std::string emits() {
  return "a stage (" + llvm::join(stageNames(), ", ") + "), " + llvm::join(codeNames(), ", ") + ", obj, lib or header";
}
/// The module after a stage, or the code of its kernels, for the first target.
Exit print(const Options &o, StringRef emit) {
  Model model;
  CompileOptions options;
  if (!o.build.read(&model.context, StringRef(o.build.target).split(',').first, options))
    return Usage;
  auto stage = symbolizeStage(emit);
  options.verdicts |= stage.has_value();
  auto names = llvm::to_vector(llvm::make_first_range(options.target.backend->getCodeNames()));
  if (!stage && !llvm::is_contained(names, emit))
    return misuse("--emit " + emit + ": " + options.target.spelled() + " has " + llvm::join(names, ", "));
  if (options.times)
    options.times->enter("parser");
  if (!model.read(o.build.model) || failed(runStages(*model.module, options, stage.value_or(Stage::Schedule))))
    return Fault;
  if (options.times)
    options.times->enter("output");
  if (stage && *stage != Stage::Codegen) {
    std::string text;
    llvm::raw_string_ostream os(text);
    model.module->print(os, OpPrintingFlags().printNameLocAsPrefix());
    return write(o.out, text);
  }
  if (emit == "asm") // elsewhere values keep the model's names
    nameCode(*model.module);
  auto text = printCode(*model.module, options, emit);
  return failed(text) ? Fault : write(o.out, *text);
}

Exit compile(Options o) {
  // What to write: by --emit, else by the output's ending.
  std::string emit = o.emit;
  StringRef ending = llvm::sys::path::extension(o.out);
  if (emit.empty())
    emit = ending == ".o" || ending == ".a" ? "obj" : ending == ".h" ? "header" : "lib";
  bool file = emit == "lib" || emit == "obj" || emit == "header";
  if (!file && !symbolizeStage(emit) && !llvm::is_contained(codeNames(), emit))
    return misuse("--emit " + emit + ": expected " + emits());
  if (StringRef after = o.build.printAfter; !after.empty() && after != "all" && !symbolizeStage(after))
    return misuse("--print-after " + after + ": expected all or one of " + llvm::join(stageNames(), ", "));
  if (o.out.empty()) {
    if (emit == "lib" || emit == "obj" || emit == "cubin")
      return misuse("no output file: write -o " + (emit == "cubin" ? modelName(o.build.model) + ".cubin"
                                                                   : "lib" + modelName(o.build.model) + (emit == "lib" ? ".so" : ".o")));
    o.out = "-";
  }
  if (!file && (o.standalone || !o.weights.empty()))
    return misuse("--emit " + emit + ": --standalone and --embed-weights are for libraries and objects");
  bool withHeader = (emit == "lib" || emit == "obj") && o.out != "-" && (isRegularFile(o.out) || !llvm::sys::fs::exists(o.out));
  SmallString<128> beside(o.out); // the header stands beside the library, under its name
  llvm::sys::path::replace_extension(beside, ".h");
  Files files;
  files.read(o.build.model, "the model");
  files.read(o.weights, "the weights");
  files.write(o.out, "what -o writes");
  if (withHeader)
    files.write(beside, "the header beside the output");
  if (Exit e = files.check(); e != Done)
    return e;
  if (!file)
    return print(o, emit);
  ArtefactOptions artefact;
  artefact.model = modelName(o.out == "-" || emit == "header" ? o.build.model : o.out);
  if (o.build.model == "-" && o.out == "-")
    artefact.model = "model";
  artefact.soname = o.out == "-" ? "lib" + artefact.model + ".so" : llvm::sys::path::filename(o.out).str();
  if (artefact.model == "dlrt")
    return misuse("-o " + o.out + ": dlrt.h is the runtime's header: choose another name");
  auto text = Model::readText(o.build.model);
  Built built;
  std::unique_ptr<Model> source;
  if (Exit e = text ? build(o.build, *text, artefact.model, built, source) : Fault; e != Done)
    return e;
  if (emit == "header")
    return write(o.out, built.header);
  if (!o.weights.empty()) {
    auto buffer = readBytes(o.weights);
    Model own;
    Session parameters; // its loading says what doesn't fit
    if (!buffer || !own.parse(std::move(text)) || !parameters.openParameters(*own.module, artefact.model))
      return Fault;
    dlrt_loaded loaded = {};
    if (dlrt_params_load_memory(parameters.params->get(), buffer->getBufferStart(), buffer->getBufferSize(), &loaded) != DLRT_OK) {
      llvm::StringRef why = dlrt_error();
      why.consume_front("weights in memory: ");
      return fail(o.weights + ": " + why);
    }
    if (o.build.train) // the artefact has what an optimiser keeps
      loaded.skipped = 0;
    noteLoaded(o.weights, loaded);
    if (loaded.skipped || (loaded.cast && !o.build.train)) { // then the artefact's are used in place
      llvm::SmallString<128> path;
      if (std::error_code ec = llvm::sys::fs::createTemporaryFile("dlc", "safetensors", path))
        return fail("cannot make a temporary file: " + ec.message());
      llvm::scope_exit remove([&] { llvm::sys::fs::remove(path); });
      parameters.params->save(path.str().str(), DLRT_SAVE_WEIGHTS);
      if (!(buffer = readBytes(path.str().str())))
        return Fault;
    }
    artefact.weights = buffer->getBuffer().str();
  }
  if (o.standalone && built.targets.front().target.backend->getProcessor(built.targets.front().target) != "x86-64")
    return misuse("--standalone puts this machine's runtime in: link the archive that a cross build of the runtime gives");
  if (o.standalone) {
    artefact.standalone = true;
    SmallString<128> path(llvm::sys::path::parent_path(llvm::sys::fs::getMainExecutable(nullptr, nullptr)));
    llvm::sys::path::append(path, "..", "lib", "libdlrt.a");
    artefact.runtime = path.str().str();
    if (!llvm::sys::fs::exists(artefact.runtime))
      return fail("--standalone needs the runtime at " + artefact.runtime);
  }
  auto *make = emit == "lib" ? makeLibrary : ending == ".a" ? makeArchive : makeObject;
  auto bytes = make(built.targets, artefact);
  if (!bytes)
    return fail(llvm::toString(bytes.takeError()));
  if (o.build.target == "cpu")
    llvm::errs() << "dlc: note: " << (o.out == "-" ? artefact.soname : o.out) << " is for " << built.targets.front().target.name
                 << ", as this machine is; --target chooses another, or several\n";
  if (!withHeader)
    return write(o.out, *bytes);
  bool fresh = !llvm::sys::fs::exists(o.out);
  if (Exit e = write(o.out, *bytes); e != Done)
    return e;
  Exit e = write(beside, built.header);
  if (e != Done && fresh)
    llvm::sys::fs::remove(o.out);
  return e;
}
} // namespace

void addCompile(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("compile", "compiles a model to a library, an object or any stage's text");
  o->build.add(*command, "model.mlir or -");
  o->build.addCache(*command);
  command->add_option("-o", o->out, "output: .so, .a, .o, .h, or text with --emit");
  command->add_option("--emit", o->emit, emits());
  command->add_option("--embed-weights", o->weights, "put a safetensors file in");
  command->add_flag("--standalone", o->standalone, "link the runtime in");
  command->add_flag_callback("--time-passes", [o] { o->build.times = std::make_shared<Times>(); }, "seconds by stage, LLVM's among them");
  command->add_option("--print-after", o->build.printAfter, "print the module after a stage, or after all of them");
  addMissing(*command, {"--tune"});
  setAction(command, "dlc compile lenet.mlir -o liblenet.so", [o] {
    Exit e = compile(*o);
    if (o->build.times)
      o->build.times->print(llvm::errs());
    return e;
  });
}
} // namespace dlc::tools
