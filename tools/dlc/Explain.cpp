// dlc explain: why ops share a kernel or don't, who writes each kernel and how it is cut, where buffers lie and how long. In
// short by default (Summary.cpp).
#include "compiler/kernels/Layers.h"
#include "tools/dlc/Build.h"
#include "tools/dlc/Labels.h"
#include "tools/dlc/Program.h"
#include "tools/dlc/Summary.h"
#include "tools/dlc/Table.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <chrono>
#include <set>

using namespace mlir;
namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string entry, kernel, layer;
  bool json = false, all = false;
};
std::string numbers(llvm::ArrayRef<int64_t> list) {
  return llvm::join(llvm::map_range(list, [](int64_t n) { return std::to_string(n); }), "x");
}

Row rowOf(dlx::VerdictAttr v) {
  return {v.getFused() ? "fused" : "refused", v.getProducer().str(), "->", v.getConsumer().str(),
          amount(double(v.getBytes()), "B"),  v.getReason().str()};
}
llvm::json::Array explainPairs(func::FuncOp source, bool json) {
  llvm::json::Array list;
  std::vector<Row> rows;
  if (auto verdicts = source->getAttrOfType<ArrayAttr>("dlx.verdicts"))
    for (auto v : verdicts.getAsRange<dlx::VerdictAttr>()) {
      list.push_back(llvm::json::Object{{"producer", v.getProducer()},
                                        {"producer_layer", Layers::named(v.getProducer())},
                                        {"consumer", v.getConsumer()},
                                        {"consumer_layer", Layers::named(v.getConsumer())},
                                        {"fused", v.getFused()},
                                        {"reason", v.getReason()},
                                        {"bytes", v.getBytes()}});
      rows.push_back(rowOf(v));
    }
  if (!json) {
    llvm::outs() << "\nproducers and consumers: bytes that fusing saves or would save\n";
    printTable(rows);
  }
  return list;
}

/// "chain(256, 8192)", "lanes(64, 16, 4096)": docs/summation.md.
std::string shortName(Attribute recipe) {
  if (auto chain = dyn_cast<dl::ChainAttr>(recipe))
    return llvm::formatv("chain({0}, {1})", chain.getPanel(), chain.getChunk());
  auto lanes = cast<dl::LanesAttr>(recipe);
  return lanes.getColumns() ? llvm::formatv("columns({0}, {1}, {2})", lanes.getColumnLanes(), lanes.getRun(), lanes.getColumnChunk())
                            : llvm::formatv("lanes({0}, {1}, {2})", lanes.getRowLanes(), lanes.getRun(), lanes.getRowChunk());
}

llvm::json::Array explainKernels(Programs &programs, dlx::ProgramOp program, ModuleOp module, bool json) {
  auto labels = labelsOf(module.lookupSymbol<func::FuncOp>(program.getSource()), module);
  auto kernels = programs.kernels(program);
  auto cost = [&](const Kernel &k) { return k.calls * programs.at(k.flops); };
  std::vector<std::pair<int64_t, size_t>> order;
  for (auto [i, k] : llvm::enumerate(kernels))
    order.push_back({-cost(k), i});
  llvm::sort(order);
  int64_t total = 0;
  for (const Kernel &k : kernels)
    total += cost(k);
  llvm::json::Array list;
  std::vector<Row> rows{{"kernel", "emitter", "tile", "block", "calls", "flop", "share", "sums", "launches over blocks: ops"}}, plain;
  for (auto [unused, number] : order) {
    Kernel k = kernels[number];
    llvm::SetVector<llvm::StringRef> ops;
    std::set<std::string> recipes;
    for (Operation &op : k.function.getBody().front().without_terminator()) {
      ops.insert(op.getName().stripDialect());
      if (Attribute recipe = op.getAttr("dl.recipe"))
        recipes.insert(shortName(recipe));
    }
    auto fallback = k.function->getAttrOfType<StringAttr>("dlx.fallback");
    llvm::json::Array launches, opNames;
    std::string text;
    for (dlx::LaunchAttr launch : k.plan.getLaunches()) {
      std::string grid = dl::toString(launch.getGrid().getExtents()[0]);
      int64_t blocks = programs.at(launch.getGrid().getExtents()[0]);
      launches.push_back(llvm::json::Object{{"name", launch.getName()}, {"grid", grid}, {"blocks", blocks}});
      text += (text.empty() ? "" : ", ") + (launch.getName().empty() ? "all" : launch.getName().str()) + " " + std::to_string(blocks);
    }
    for (llvm::StringRef op : ops)
      opNames.push_back(op);
    double share = total ? 100.0 * double(cost(k)) / double(total) : 0;
    std::string percent;
    llvm::raw_string_ostream(percent) << llvm::format("%.1f %%", share);
    llvm::StringRef name = k.function.getSymName(), emitter = dlx::stringifyEmitter(k.plan.getEmitter());
    rows.push_back({name.str(), emitter.str(), numbers(k.plan.getTile()), numbers(k.plan.getBlock()), std::to_string(k.calls),
                    amount(double(cost(k)), ""), percent, recipes.empty() ? "-" : llvm::join(recipes, " "),
                    text + ": " + llvm::join(ops.getArrayRef(), " ")});
    if (fallback)
      plain.push_back({name.str(), fallback.getValue().str()});
    Label label = labels.lookup(name);
    list.push_back(llvm::json::Object{{"name", name},
                                      {"what", label.what},
                                      {"part", label.part},
                                      {"layers", llvm::json::Array(label.layers)},
                                      {"emitter", emitter},
                                      {"tile", llvm::json::Array(k.plan.getTile())},
                                      {"block", llvm::json::Array(k.plan.getBlock())},
                                      {"calls", k.calls},
                                      {"flops", cost(k)},
                                      {"share", share},
                                      {"recipes", llvm::json::Array(recipes)},
                                      {"launches", std::move(launches)},
                                      {"ops", std::move(opNames)},
                                      {"fallback", fallback ? llvm::json::Value(fallback.getValue()) : llvm::json::Value(nullptr)}});
  }
  if (!json && !kernels.empty()) {
    llvm::outs() << "\nkernels, hottest first\n";
    printTable(rows);
    if (!plain.empty()) {
      llvm::outs() << "\nplain loop nests, and why no other emitter takes them\n";
      printTable(plain);
    }
  }
  return list;
}

llvm::json::Object explainMemory(dlx::ProgramOp program, bool json) {
  Lives lives(program);
  llvm::json::Array buffers;
  std::vector<Row> rows{{"buffer", "at", "bytes", "at bounds", "stages", "first in"}};
  int64_t sum = 0;
  for (auto buffer : program.getBody().front().getOps<dlx::BufferOp>()) {
    Lives::Life life = lives.of.lookup(buffer);
    llvm::StringRef kind = dlx::stringifyBufferKind(buffer.getKind());
    std::string bytes = dl::toString(buffer.getBytes().getExtents()[0]);
    int64_t bound = buffer.getBound();
    sum += buffer.getKind() == dlx::BufferKind::arena ? bound : 0;
    buffers.push_back(llvm::json::Object{
        {"kind", kind}, {"at", (int64_t)buffer.getAt()}, {"bytes", bytes}, {"bound", bound}, {"first", life.first}, {"last", life.last}});
    rows.push_back({kind.str(), std::to_string(buffer.getAt()), bytes, amount(double(bound), "B"),
                    life.first < 0 ? "unused" : std::to_string(life.first) + "-" + std::to_string(life.last), life.writer.str()});
  }
  int64_t arena = program.getArena(), scratch = program.getScratch();
  if (!json) {
    llvm::outs() << "\nmemory: " << lives.stages << " stages, arena " << amount(double(arena), "B")
                 << " where the buffers side by side would take " << amount(double(sum), "B") << ", scratch "
                 << amount(double(scratch), "B") << " a thread\n";
    printTable(rows);
  }
  return llvm::json::Object{{"stages", lives.stages},       {"arena", arena},
                            {"arena_buffers", sum},         {"arena_least", lives.least(program)},
                            {"scratch", scratch},           {"prepared", (int64_t)program.getPrepared()},
                            {"buffers", std::move(buffers)}};
}

/// One kernel: how it is written, and its ops.
Exit explainKernel(const Options &o, Programs &programs, ModuleOp module) {
  auto kernel = module.lookupSymbol<func::FuncOp>(o.kernel);
  if (!kernel || !kernel->hasAttr("dlx.plan")) {
    std::vector<llvm::StringRef> names;
    for (auto fn : module.getOps<func::FuncOp>())
      if (fn->hasAttr("dlx.plan"))
        names.push_back(fn.getSymName());
    return fail("there is no kernel '" + o.kernel + "': it has " +
                (names.empty()       ? "none"
                 : names.size() == 1 ? names[0].str()
                                     : (names.front() + " to " + names.back()).str()));
  }
  auto plan = kernel->getAttrOfType<dlx::PlanAttr>("dlx.plan");
  llvm::outs() << "kernel " << o.kernel << ": " << dlx::stringifyEmitter(plan.getEmitter()) << ", tile " << numbers(plan.getTile())
               << ", block " << numbers(plan.getBlock()) << ", scratch " << amount(double(plan.getScratch()), "B") << " a thread\n";
  if (auto fallback = kernel->getAttrOfType<StringAttr>("dlx.fallback"))
    llvm::outs() << "plain loops, because: " << fallback.getValue() << "\n";
  for (dlx::ProgramOp program : programs.all()) {
    auto labels = labelsOf(module.lookupSymbol<func::FuncOp>(program.getSource()), module);
    for (const Kernel &k : programs.kernels(program))
      if (k.function == kernel)
        llvm::outs() << (program.getIsPrepare() ? "prepare of entry " : "entry ") << entryName(program.getSource()) << ": " << k.calls
                     << (k.calls == 1 ? " call, " : " calls, ") << amount(double(k.calls * programs.at(k.flops)), "flop") << ", "
                     << labels[o.kernel].what << "\n";
  }
  OpPrintingFlags flags;
  kernel->removeAttr("dlx.plan");
  kernel.print(llvm::outs(), flags.useLocalScope().printNameLocAsPrefix());
  llvm::outs() << "\n";
  return Done;
}

/// Whether a layer is the one that was asked for, or in it: "layer1.0.conv1" is in "layer1.0".
bool isIn(StringRef layer, StringRef asked) { return layer.consume_front(asked) && (layer.empty() || layer[0] == '.'); }

/// One layer, or all of a block: its kernels, and the edges of its ops.
Exit explainLayer(const Options &o, Programs &programs, ModuleOp module) {
  llvm::SetVector<StringRef> known;
  bool found = false;
  for (dlx::ProgramOp program : programs.all()) {
    if (program.getIsPrepare() || (!o.entry.empty() && entryName(program.getSource()) != o.entry))
      continue;
    auto source = module.lookupSymbol<func::FuncOp>(program.getSource());
    llvm::MapVector<StringRef, std::vector<func::CallOp>> calls; // by kernel
    source.walk([&](func::CallOp call) {
      auto layers = call->getAttrOfType<ArrayAttr>("dlx.layers");
      known.insert_range(layers.getAsValueRange<StringAttr>());
      if (llvm::any_of(layers.getAsValueRange<StringAttr>(), [&](StringRef layer) { return isIn(layer, o.layer); }))
        calls[call.getCallee()].push_back(call);
    });
    if (calls.empty())
      continue;
    auto parts = partsOf(source);
    std::vector<Row> rows, edges;
    for (auto &[name, list] : calls) {
      Kernel k = programs.kernel(name);
      llvm::SmallVector<StringRef> places;
      for (func::CallOp call : list)
        places.push_back(call->getAttrOfType<StringAttr>("dlx.place"));
      int64_t flops = int64_t(list.size()) * programs.at(k.flops);
      rows.push_back({name.str(), list.size() == 1 ? "" : "x" + std::to_string(list.size()), amount(double(flops), "flop"),
                      dlx::stringifyEmitter(k.plan.getEmitter()).str(), parts.lookup(list[0]).str(),
                      mainOp(k.function) + " " + foldNumbers(places)});
    }
    if (auto verdicts = source->getAttrOfType<ArrayAttr>("dlx.verdicts"))
      for (auto v : verdicts.getAsRange<dlx::VerdictAttr>())
        if (isIn(Layers::named(v.getProducer()), o.layer) || isIn(Layers::named(v.getConsumer()), o.layer))
          edges.push_back(rowOf(v));
    llvm::outs() << (found ? "\n" : "") << "entry " << entryName(program.getSource()) << ", " << o.layer << ": kernels\n";
    printTable(rows);
    llvm::outs() << "producers and consumers: bytes that fusing saves or would save\n";
    printTable(edges);
    found = true;
  }
  if (found)
    return Done;
  StringRef near;
  unsigned least = 1 + o.layer.size() / 4;
  for (StringRef layer : known)
    if (unsigned far = layer.edit_distance(o.layer); far <= least)
      near = layer, least = far - (far > 0);
  return fail("there is no layer '" + o.layer + "': " +
              (known.empty()  ? "the model names none"
               : near.empty() ? "it has " + known.front().str() + " to " + known.back().str()
                              : "there is " + near.str()));
}

Exit explain(const Options &o) {
  if (isArtefact(o.build.model))
    return fail("'" + o.build.model + "' is compiled: only a model can be explained; write dlc explain model.mlir");
  Model model;
  CompileOptions options;
  options.verdicts = true;
  if (!o.build.read(&model.context, o.build.target, options))
    return Usage;
  auto start = std::chrono::steady_clock::now();
  auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  if (!model.read(o.build.model) || failed(runStages(*model.module, options)))
    return Fault;
  double stages = seconds();
  Programs programs(*model.module);
  if (!o.entry.empty() && !programs.find(o.entry))
    return fail(programs.missing(o.entry));
  if (!o.kernel.empty())
    return explainKernel(o, programs, *model.module);
  if (!o.layer.empty())
    return explainLayer(o, programs, *model.module);
  if (!o.all && !o.json) {
    std::vector<dlx::ProgramOp> shown;
    for (dlx::ProgramOp program : programs.all())
      if (!program.getIsPrepare() && (o.entry.empty() || entryName(program.getSource()) == o.entry))
        shown.push_back(program);
    for (auto [i, program] : llvm::enumerate(shown)) {
      llvm::outs() << (i ? "\n" : "");
      printSummary(programs, program, *model.module, shown.size() == 1 ? 5 : 3);
    }
    llvm::outs().flush(); // what follows takes as long as compiling
    start = std::chrono::steady_clock::now();
    if (!options.target.backend->getProcessor(options.target).empty()) { // else code is another tool's to finish
      if (failed(compileScheduled(*model.module, options)))
        return Fault;
      double code = seconds();
      llvm::outs() << llvm::format("\ncompiles in %.2f s, of which code takes %.2f s", stages + code, code);
    }
    llvm::outs() << "\n--all: every edge, kernel and buffer; --kernel NAME, --layer NAME: one of them; --json: all of it for programs\n";
    return Done;
  }
  llvm::json::Array entries;
  for (dlx::ProgramOp program : programs.all()) {
    llvm::StringRef name = program.getIsPrepare() ? program.getSymName() : entryName(program.getSource());
    if (!o.entry.empty() && entryName(program.getSource()) != o.entry)
      continue;
    auto source = model.module->lookupSymbol<func::FuncOp>(program.getSource());
    if (!o.json)
      llvm::outs() << (entries.empty() ? "" : "\n") << (program.getIsPrepare() ? "prepare of entry " : "entry ")
                   << entryName(program.getSource()) << "\n";
    llvm::json::Object entry{{"name", name}};
    if (!program.getIsPrepare()) // its pairs are the entry's
      entry["pairs"] = explainPairs(source, o.json);
    entry["kernels"] = explainKernels(programs, program, *model.module, o.json);
    entry["memory"] = explainMemory(program, o.json);
    entries.push_back(std::move(entry));
  }
  if (o.json)
    llvm::outs() << llvm::json::Value(llvm::json::Object{{"entries", std::move(entries)}}) << "\n";
  return Done;
}
} // namespace

void addExplain(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("explain", "why ops were fused or not, the kernels, the memory plan");
  o->build.add(*command, "model.mlir or -");
  command->add_option("--entry", o->entry, "only this one");
  auto *kernel = command->add_option("--kernel", o->kernel, "one kernel and its ops");
  auto *layer = command->add_option("--layer", o->layer, "one layer, such as layer1.0.conv1, or block: layer1.0")->excludes(kernel);
  auto *all = command->add_flag("--all", o->all, "every edge, kernel and buffer")->excludes(kernel)->excludes(layer);
  command->add_flag("--json", o->json, "all of it as JSON")->excludes(kernel)->excludes(layer)->excludes(all);
  setAction(command, "dlc explain lenet.mlir --train --entry train_step", [o] { return explain(*o); });
}
} // namespace dlc::tools
