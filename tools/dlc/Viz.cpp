// dlc viz: an entry as a page for a browser, or as SVG.
#include "compiler/emit/Artefact.h"
#include "tools/dlc/Build.h"
#include "tools/dlc/Labels.h"
#include "tools/dlc/Picture.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include "tools/dlc/Page.inc"

using namespace mlir;
namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string out, entry, profile;
  bool code = false;
};

/// Ms of each kernel in one run, from what `dlc profile --json` wrote of the same entry and model.
Exit readProfile(llvm::StringRef path, Programs &programs, dlx::ProgramOp program, llvm::StringMap<double> &ms) {
  auto buffer = readBytes(path);
  if (!buffer)
    return Fault;
  auto parsed = llvm::json::parse(buffer->getBuffer());
  if (!parsed)
    return fail("'" + path + "' is no JSON: " + llvm::toString(parsed.takeError()) + "; write dlc profile MODEL --json > FILE");
  const llvm::json::Object *root = parsed->getAsObject();
  auto entry = root ? root->getString("entry") : std::nullopt;
  const llvm::json::Array *rows = root ? root->getArray("kernels") : nullptr;
  if (!entry || !rows)
    return fail("'" + path + "' is no profile: write dlc profile MODEL --json > FILE");
  StringRef name = entryName(program.getSource());
  if (*entry != name)
    return fail("'" + path + "' is of another entry, expected " + name + ": write --entry, or profile that one");
  auto launches = programs.launches(program);
  double total = 0;
  for (const llvm::json::Value &row : *rows) {
    const llvm::json::Object *object = row.getAsObject();
    auto function = object ? object->getString("function") : std::nullopt;
    auto time = object ? object->getNumber("ms") : std::nullopt;
    if (!function || !time || !(*time >= 0 && *time < 1e15))
      return fail("'" + path + "': a kernel has no function or no ms: write dlc profile MODEL --json > FILE");
    auto it = launches.find(*function); // others are of the runtime and of prepare
    if (it == launches.end() || !it->second.kernel)
      continue;
    total += *time;
    ms[Kernel(*it->second.kernel).function.getSymName()] += *time;
  }
  return total > 0 ? Done : fail("'" + path + "' has none of the kernels: profile this model, with the same options");
}

/// The text of each kernel, and of the parts of a chain with it.
llvm::json::Object textsOf(Programs &programs, const Picture &picture, ModuleOp module) {
  llvm::json::Object texts;
  for (const Box &box : picture.boxes) {
    if (texts.get(box.kernel))
      continue;
    Kernel k = programs.kernel(box.kernel);
    std::string text;
    llvm::raw_string_ostream os(text);
    auto print = [&](func::FuncOp fn) {
      OwningOpRef<func::FuncOp> copy(fn.clone());
      copy.get()->removeAttr("dlx.plan");
      copy.get()->print(os, OpPrintingFlags().useLocalScope().printNameLocAsPrefix());
      os << "\n";
    };
    print(k.function);
    for (auto part : k.function.getOps<func::CallOp>())
      print(module.lookupSymbol<func::FuncOp>(part.getCallee()));
    llvm::json::Array launches;
    for (dlx::LaunchAttr launch : k.plan.getLaunches())
      launches.push_back((k.function.getSymName() + launch.getName()).str());
    texts[box.kernel] = llvm::json::Object{
        {"emitter", dlx::stringifyEmitter(k.plan.getEmitter())}, {"ir", llvm::json::fixUTF8(text)}, {"launches", std::move(launches)}};
  }
  return texts;
}
/// Assembly by function: from its label to its size.
llvm::json::Object functionsOf(StringRef assembly) {
  llvm::json::Object functions;
  for (StringRef rest = assembly; !rest.empty();) {
    StringRef line, name, kind;
    std::tie(line, rest) = rest.split('\n');
    line = line.trim();
    if (!line.consume_front(".type\t"))
      continue;
    std::tie(name, kind) = line.split(',');
    if (kind != "@function")
      continue;
    StringRef text = rest.take_front(rest.find((".size\t" + name + ",").str())).rtrim();
    functions[name.str()] = llvm::json::fixUTF8(text);
    rest = rest.drop_front(text.size());
  }
  return functions;
}

Exit viz(const Options &o) {
  StringRef ending = llvm::sys::path::extension(o.out);
  if (o.out.empty())
    return misuse("no output file: write -o " + modelName(o.build.model) + ".html or .svg");
  if (ending != ".html" && ending != ".svg")
    return misuse("-o " + o.out + ": expected a name that ends in .html or .svg");
  if (o.code && ending == ".svg")
    return misuse("-o " + o.out + ": --asm is for .html");
  if (isArtefact(o.build.model))
    return fail("'" + o.build.model + "' is compiled: only a model can be drawn; write dlc viz model.mlir -o FILE.html");
  Files files;
  files.read(o.build.model, "the model");
  files.read(o.profile, "the profile");
  files.write(o.out, "what -o writes");
  if (Exit e = files.check(); e != Done)
    return e;
  Model model;
  CompileOptions options;
  options.verdicts = true;
  if (!o.build.read(&model.context, o.build.target, options))
    return Usage;
  auto codes = llvm::make_first_range(options.target.backend->getCodeNames());
  if (o.code && !llvm::is_contained(codes, "asm"))
    return misuse("--asm: " + options.target.spelled() + " has " + llvm::join(codes, ", "));
  if (!model.read(o.build.model) || failed(runStages(*model.module, options)))
    return Fault;
  Programs programs(*model.module);
  std::string entry = !o.entry.empty() ? o.entry : o.build.train ? "train_step" : "run";
  dlx::ProgramOp program = programs.find(entry);
  if (!program)
    return fail(programs.missing(entry));
  llvm::StringMap<double> ms;
  if (!o.profile.empty())
    if (Exit e = readProfile(o.profile, programs, program, ms); e != Done)
      return e;
  Picture picture(programs, program, *model.module, ms);
  if (ending == ".svg")
    return write(o.out, picture.svg());
  llvm::json::Object data = picture.json();
  data["model"] = llvm::json::fixUTF8(modelName(o.build.model));
  data["kernels"] = textsOf(programs, picture, *model.module);
  if (o.code) {
    auto assembly = printCode(*model.module, options, "asm");
    if (failed(assembly))
      return Fault;
    data["functions"] = functionsOf(*assembly);
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(data));
  // In a page a script ends at "</script" whatever stands around it.
  std::string safe;
  for (char c : text)
    safe += c == '<' ? "\\u003c" : std::string(1, c);
  auto [before, after] = page.split("DLC_DATA");
  return write(o.out, (before + safe + after).str());
}
} // namespace

void addViz(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("viz", "an entry's kernels, what goes between them and its memory, as a page or SVG");
  o->build.add(*command, "model.mlir or -");
  command->add_option("-o,--output", o->out, "FILE.html, or FILE.svg");
  command->add_option("--entry", o->entry, "what to draw: run, or train_step with --train");
  command->add_option("--profile", o->profile, "what dlc profile --json wrote of it: boxes are as wide as their time")->type_name("FILE");
  command->add_flag("--asm", o->code, "the page has each kernel's assembly too");
  setAction(command, "dlc viz lenet.mlir --train -o lenet.html", [o] { return viz(*o); });
}
} // namespace dlc::tools
