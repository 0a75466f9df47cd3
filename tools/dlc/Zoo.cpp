// dlc zoo: lists the built-in nets; prints one as model.mlir.
#include "frontend/models/Zoo.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Support.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace dlc::frontend;
namespace dlc::tools {
namespace {
struct Options {
  std::string name, batch = "1..64", dtype = "f32", out = "-";
  bool dot = false;
};
} // namespace

static int64_t countParameters(const Graph &g) {
  int64_t n = 0;
  for (size_t i = 0; i < g.size(); ++i)
    if (g.node(i).kind == Graph::Kind::Parameter && g.node(i).role != dl::ParamRole::state)
      n += llvm::cast<mlir::RankedTensorType>(g.node(i).results[0].getType()).getNumElements();
  return n;
}

static Exit list() {
  mlir::MLIRContext context;
  for (const ZooEntry &entry : getZoo()) {
    Graph g(&context);
    entry.build(g, {.element = g.builder.getF32Type()});
    llvm::outs() << llvm::format("%-8s %8lld parameters  ", entry.name, (long long)countParameters(g)) << entry.description << "\n";
  }
  return Done;
}

static Exit print(const Options &o) {
  const ZooEntry *entry = findInZoo(o.name);
  if (!entry) {
    std::string known;
    for (const ZooEntry &e : getZoo())
      known += (known.empty() ? "" : ", ") + std::string(e.name);
    return misuse("no model '" + o.name + "' in the zoo: there are " + known);
  }
  ZooOptions options;
  auto [min, max] = llvm::StringRef(o.batch).split("..");
  if (!llvm::to_integer(min, options.minBatch, 10) || !llvm::to_integer(max.empty() ? min : max, options.maxBatch, 10) ||
      options.minBatch < 1 || options.maxBatch < options.minBatch || options.maxBatch > 1 << 20)
    return misuse("--batch '" + o.batch + "': expected a number, or bounds such as 1..256");
  Files files;
  files.write(o.out, "what -o writes");
  if (Exit e = files.check(); e != Done)
    return e;
  Model model;
  Graph g(&model.context);
  options.element = o.dtype == "f64" ? mlir::Type(g.builder.getF64Type()) : g.builder.getF32Type();
  entry->build(g, options);
  mlir::OwningOpRef<mlir::ModuleOp> module = g.build(mlir::NameLoc::get(g.builder.getStringAttr(o.name)));
  if (!module)
    return Fault;
  std::string text;
  llvm::raw_string_ostream os(text);
  if (o.dot)
    g.writeDot(os);
  else
    os << *module << "\n";
  return write(o.out, text);
}

void addZoo(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("zoo", "lists the model zoo; prints a model as model.mlir");
  command->add_option("NAME", o->name, "the model to print; without it, the list");
  command->add_option("--batch", o->batch, "a constant batch, or the bounds of the symbol B")->capture_default_str();
  command->add_option("--dtype", o->dtype, "type of activations and parameters")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  command->add_flag("--dot", o->dot, "prints Graphviz's dot language instead");
  command->add_option("-o,--output", o->out, "the file to write")->capture_default_str();
  setAction(command, "dlc zoo lenet --batch 8 -o lenet.mlir", [o] { return o->name.empty() ? list() : print(*o); });
}

} // namespace dlc::tools
