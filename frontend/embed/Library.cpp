// libdlc's C functions over Graph and the pipeline.
#include "compiler/Pipeline.h"
#include "frontend/embed/Collect.h"
#include "frontend/embed/Layers.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"
#include "tools/dlc/Support.h"
#include "tools/dlc/Training.h"
#include "llvm/ADT/StringExtras.h"

using namespace dlc;
using namespace dlc::embed;
using frontend::Graph;

struct dlc_code {
  std::vector<Note> notes;
  std::unique_ptr<Loaded> loaded;
};

namespace {
struct Context {
  Context() {
    loadDialects(context);
    context.printOpOnDiagnostic(false); // the layer's name says it
  }
  mlir::MLIRContext context;
};
} // namespace
struct dlc_graph : Context {
  Collector collector{&context};
  Graph graph{&context};
  llvm::StringMap<mlir::AffineExpr> symbols;
  mlir::Location at(llvm::StringRef name) { return mlir::NameLoc::get(graph.builder.getStringAttr(name)); }
  mlir::RankedTensorType type(llvm::StringRef name, llvm::StringRef text);
};

Collector::Collector(mlir::MLIRContext *context)
    : handler(context, [this](mlir::Diagnostic &d) {
        add(d);
        for (mlir::Diagnostic &note : d.getNotes())
          add(note);
      }) {}
void Collector::add(mlir::Diagnostic &d) {
  std::string place;
  mlir::Location loc = d.getLocation();
  if (auto file = loc->findInstanceOf<mlir::FileLineColLoc>())
    place = (file.getFilename().getValue() + ":" + llvm::Twine(file.getLine()) + ":" + llvm::Twine(file.getColumn())).str();
  else if (auto name = loc->findInstanceOf<mlir::NameLoc>())
    place = name.getName().str();
  dlc_severity severity = d.getSeverity() == mlir::DiagnosticSeverity::Error     ? DLC_ERROR
                          : d.getSeverity() == mlir::DiagnosticSeverity::Warning ? DLC_WARNING
                                                                                 : DLC_NOTE;
  notes.push_back({severity, place, d.str()});
}

/// "f32[B, 784]"; null after a diagnostic.
mlir::RankedTensorType dlc_graph::type(llvm::StringRef name, llvm::StringRef text) {
  auto refuse = [&](const llvm::Twine &why) {
    mlir::emitError(at(name), "type '" + text + "': " + why);
    return mlir::RankedTensorType();
  };
  auto [element, rest] = text.split('[');
  if (!llvm::is_contained({"f32", "f64", "bf16", "i1", "i8", "i32", "i64"}, element.trim()) || !rest.consume_back("]"))
    return refuse("expected an element type and extents, such as f32[B, 784]");
  llvm::SmallVector<mlir::AffineExpr> extents;
  llvm::SmallVector<llvm::StringRef> parts;
  if (!rest.trim().empty())
    rest.split(parts, ',');
  for (llvm::StringRef part : parts) {
    int64_t value = 0;
    part = part.trim();
    if (auto it = symbols.find(part); it != symbols.end())
      extents.push_back(it->second);
    else if (!part.getAsInteger(10, value) && value >= 0)
      extents.push_back(graph.builder.getAffineConstantExpr(value));
    else
      return refuse("'" + part + "' is neither a number nor a symbol: declare symbols first");
  }
  return dl::getTensor(extents, mlir::parseType(element.trim(), &context));
}

/// Code for the module, or notes why not.
static void build(mlir::ModuleOp module, const dlc_options *given, dlc_code &code) {
  static const dlc_options usual = {nullptr, nullptr, 2, 0, nullptr, nullptr, nullptr, 0};
  const dlc_options &o = given ? *given : usual;
  auto refuse = [&](const llvm::Twine &why) { code.notes.push_back({DLC_ERROR, "", why.str()}); };
  CompileOptions options;
  if (o.target) {
    llvm::StringRef target = o.target;
    options.target = codegen::Target::find(target);
    if (!options.target || options.target.backend->getProcessor(options.target) != "x86-64" || target > codegen::hostLevel())
      return refuse("target '" + target + "': this machine runs x86-64-v2 to " + codegen::hostLevel());
  }
  if (o.level > 3)
    return refuse("level " + llvm::Twine(o.level) + ": expected 0 to 3");
  options.level = o.level;
  for (const dlc_bound &b : llvm::ArrayRef(o.bounds, o.nbounds))
    if (b.min < 0 || b.min > b.max)
      return refuse(llvm::Twine("bounds of '") + b.symbol + "': expected 0 <= min <= max");
    else
      options.bounds.push_back({b.symbol, {b.min, b.max}});
  if (o.train) {
    tools::TrainingSpecs specs;
    specs.loss = o.loss ? o.loss : specs.loss, specs.optimizer = o.optimizer ? o.optimizer : specs.optimizer;
    auto plan = tools::planTraining(module.getContext(), specs);
    if (!plan)
      return refuse(llvm::toString(plan.takeError()));
    options.train = plan->options;
  }
  if (failed(runStages(module, options)))
    return;
  auto compiled = compileScheduled(module, options);
  if (failed(compiled))
    return;
  auto loaded = Loaded::create(std::move(*compiled), o.name ? o.name : "model");
  if (!loaded)
    return refuse(llvm::toString(loaded.takeError()));
  code.loaded = std::move(*loaded);
}

dlc_code *dlc_compile(const char *text, size_t bytes, const dlc_options *options) {
  auto *code = new dlc_code;
  std::string source(text, bytes), name = options && options->name ? options->name : "model";
  if (std::string deep = tools::findTooDeep(source); !deep.empty()) {
    code->notes.push_back({DLC_ERROR, name, deep});
    return code;
  }
  Context c;
  Collector collector(&c.context);
  if (mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(source, &c.context, name))
    build(*module, options, *code);
  code->notes.insert(code->notes.begin(), collector.notes.begin(), collector.notes.end());
  return code;
}

dlc_code *dlc_compile_graph(dlc_graph *graph, const dlc_options *options) {
  auto *code = new dlc_code;
  auto &notes = graph->collector.notes;
  size_t own = notes.size(); // of the graph; what compiling says comes anew each time
  if (mlir::OwningOpRef<mlir::ModuleOp> module = graph->graph.build(graph->at(options && options->name ? options->name : "model")))
    if (llvm::none_of(notes, [](const Note &n) { return n.severity == DLC_ERROR; }))
      build(*module, options, *code);
  code->notes.insert(code->notes.begin(), notes.begin(), notes.end());
  notes.resize(own);
  return code;
}
const void *dlc_code_descriptor(const dlc_code *code) { return code->loaded ? code->loaded->descriptor() : nullptr; }
size_t dlc_code_diagnostics(const dlc_code *code) { return code->notes.size(); }
dlc_diagnostic dlc_code_diagnostic(const dlc_code *code, size_t i) {
  const Note &n = code->notes[i];
  return {n.severity, n.place.c_str(), n.text.c_str()};
}
void dlc_code_free(dlc_code *code) { delete code; }

static dlc_value give(frontend::Value v) { return {v.node, v.result}; }
static llvm::SmallVector<frontend::Value> take(const dlc_value *values, size_t n) {
  return llvm::map_to_vector(llvm::ArrayRef(values, n), [](dlc_value v) { return frontend::Value{v.node, v.result}; });
}

dlc_graph *dlc_graph_new(void) { return new dlc_graph; }
void dlc_graph_free(dlc_graph *graph) { delete graph; }
void dlc_graph_symbol(dlc_graph *g, const char *name, int64_t min, int64_t max) {
  if (min < 0 || min > max)
    mlir::emitError(g->at(name), "symbol: expected 0 <= min <= max");
  else
    g->symbols[name] = g->graph.symbol(name, min, max);
}
dlc_value dlc_graph_input(dlc_graph *g, const char *name, const char *type) {
  auto t = g->type(name, type);
  return give(t ? g->graph.input(name, t) : g->graph.refused(name));
}
dlc_value dlc_graph_parameter(dlc_graph *g, const char *name, const char *type, const char *init, int trainable) {
  auto t = g->type(name, type);
  auto [kind, value] = llvm::StringRef(init).split('(');
  frontend::Init how;
  auto known = dl::symbolizeInitKind(kind.trim());
  if (t && (!known || !value.consume_back(")") || value.getAsDouble(how.value))) {
    mlir::emitError(g->at(name), llvm::Twine("initialiser '") + init + "': expected one such as he_uniform(1)");
    t = {};
  }
  how.kind = known.value_or(dl::InitKind::constant);
  return give(t ? g->graph.parameter(name, t, how, trainable) : g->graph.refused(name));
}
dlc_value dlc_graph_layer(dlc_graph *g, const char *layer, const char *name, const dlc_value *operands, size_t n) {
  return give(addLayer(g->graph, layer, name, take(operands, n)));
}
dlc_value dlc_graph_op(dlc_graph *g, const char *op, const char *name, const dlc_value *operands, size_t n, const char *attributes) {
  auto parsed = mlir::dyn_cast_or_null<mlir::DictionaryAttr>(mlir::parseAttribute(attributes ? attributes : "{}", &g->context));
  if (!parsed || !mlir::RegisteredOperationName::lookup(op, &g->context)) {
    mlir::emitError(g->at(name), parsed ? llvm::Twine("no op '") + op + "'" : llvm::Twine("attributes: expected such as {axis = 1 : i64}"));
    return give(g->graph.refused(name));
  }
  return give(g->graph.op(op, name, take(operands, n), parsed.getValue()));
}
void dlc_graph_output(dlc_graph *g, const char *name, dlc_value value) { g->graph.output(name, {value.node, value.result}); }
