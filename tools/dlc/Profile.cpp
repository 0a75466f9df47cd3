// dlc profile: where an entry's time goes, kernel by kernel, against what the machine could do at best.
#include "dialects/dl/Dl.h"
#include "tools/dlc/Labels.h"
#include "tools/dlc/Peak.h"
#include "tools/dlc/Program.h"
#include "tools/dlc/Table.h"
#include "tools/dlc/Trial.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
namespace dlc::tools {
namespace {
struct Options : TrialFlags {
  bool json = false;
  std::string trace;
};
/// One function's launches in one run.
struct Line {
  std::string function;
  Label label;
  double ms = 0, flops = 0, bytes = 0, percent = 0; ///< percent of the roofline
  int64_t calls = 0;
  std::string bound; ///< "arithmetic", "memory", or why plain loops
};

std::string format(const char *how, double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(how, value);
  return text;
}

/// The machine at best: bytes a second by how much is read.
struct Roof {
  double gflops;
  std::pair<int64_t, double> levels[3] = {{1 << 18, 0}, {1 << 22, 0}, {1 << 27, 0}};
  Roof(unsigned bits, int threads) : gflops(peakGflops(bits) * threads) {
    for (auto &[bytes, rate] : levels)
      rate = readBandwidth(threads, bytes * (bytes < 1 << 20 ? threads : 1));
  }
  double bandwidth(double bytes) const {
    return bytes <= 1 << 19 ? levels[0].second : bytes <= 1 << 24 ? levels[1].second : levels[2].second;
  }
};

/// What was measured, and what the model and the machine say of it.
struct Report {
  const Trial &trial;
  const char *entry;
  std::vector<double> plain; ///< ms of runs without a profile
  double wall = 0;           ///< ms of one run, launch by launch
  Roof roof;
  std::vector<Line> lines = {}; ///< the longest first
  double inside = 0, flops = 0; ///< of all lines

  double median() const { return plain[plain.size() / 2]; }
  /// Ms that reaching the roofline would save.
  static double lost(const Line &line) { return line.ms * (1 - std::min(line.percent, 100.0) / 100); }
  /// Lines of `rows`, times of as many runs as `plain` has.
  void add(llvm::ArrayRef<dlrt_profile_row> rows);
  llvm::json::Value json() const;
  void print() const;
  void printFurthest() const;
};

void Report::add(llvm::ArrayRef<dlrt_profile_row> rows) {
  llvm::StringMap<Launches> launches;
  llvm::StringMap<Label> labels;
  std::optional<Programs> programs;
  if (trial.session.source) { // an artefact tells names and times alone
    ModuleOp module = *trial.session.source->module;
    programs.emplace(module);
    if (dlx::ProgramOp program = programs->find(entry)) {
      launches = programs->launches(program);
      labels = labelsOf(module.lookupSymbol<func::FuncOp>(program.getSource()), module);
    }
  }
  const double runs = double(plain.size());
  for (const dlrt_profile_row &row : rows) {
    Line line{row.function, {}, double(row.nanoseconds) / runs / 1e6, 0, 0, 0, int64_t(double(row.calls) / runs), ""};
    inside += line.ms;
    if (auto it = launches.find(row.function); it != launches.end() && it->second.kernel) {
      const Launches &all = it->second;
      func::FuncOp kernel = all.kernel->function;
      line.label = labels.lookup(kernel.getSymName());
      if (llvm::StringRef suffix = llvm::StringRef(row.function).substr(kernel.getSymName().size()); suffix == "pack")
        line.label.what = "pack for " + line.label.what;
      line.flops = double(programs->at(all.flops, trial.symbols)), line.bytes = double(programs->at(all.bytes, trial.symbols));
      flops += line.flops;
      double each = line.bytes / double(std::max<int64_t>(line.calls, 1));
      double arithmetic = roof.gflops > 0 ? line.flops / roof.gflops / 1e6 : 0, rate = roof.bandwidth(each);
      double memory = rate > 0 ? line.bytes / rate / 1e6 : 0;
      line.percent = line.ms > 0 ? 100 * std::max(arithmetic, memory) / line.ms : 0;
      auto fallback = kernel->getAttrOfType<StringAttr>("dlx.fallback");
      line.bound = fallback ? "plain loops: " + fallback.getValue().str() : arithmetic > memory ? "arithmetic" : "memory";
    }
    lines.push_back(std::move(line));
  }
  llvm::sort(lines, [](const Line &a, const Line &b) { return a.ms > b.ms; });
}

/// Launches one by one, as Perfetto and chrome://tracing read them.
std::string traceOf(const dlrt_context *context, llvm::ArrayRef<Line> lines) {
  std::vector<dlrt_profile_event> events(dlrt_profile_events(context, nullptr, 0));
  dlrt_profile_events(context, events.data(), events.size());
  llvm::StringMap<std::string> names;
  for (const Line &line : lines)
    names[line.function] = line.label.what;
  llvm::json::Array list;
  for (const dlrt_profile_event &e : events) {
    if (!e.function) // beyond what the runtime keeps
      break;
    std::string name = names.lookup(e.function); // what prepare launches has none
    list.push_back(llvm::json::Object{{"name", name.empty() ? e.function : name},
                                      {"ph", "X"},
                                      {"pid", 1},
                                      {"tid", 1},
                                      {"ts", double(e.begin) / 1e3},
                                      {"dur", double(e.nanoseconds) / 1e3},
                                      {"args", llvm::json::Object{{"kernel", e.function}}}});
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(llvm::json::Object{{"traceEvents", std::move(list)}, {"displayTimeUnit", "ms"}})
                                 << "\n";
  return text;
}

llvm::json::Value Report::json() const {
  llvm::json::Array list;
  for (const Line &line : lines)
    list.push_back(llvm::json::Object{{"function", line.function},
                                      {"what", line.label.what},
                                      {"part", line.label.part},
                                      {"ms", line.ms},
                                      {"calls", line.calls},
                                      {"flops", line.flops},
                                      {"bytes", line.bytes},
                                      {"roofline_pct", line.percent},
                                      {"bound", line.bound}});
  return llvm::json::Object{{"entry", entry},
                            {"median_ms", median()},
                            {"wall_ms", wall},
                            {"kernels_ms", inside},
                            {"threads", trial.threads()},
                            {"peak_gflops", roof.gflops},
                            {"runs", int64_t(plain.size())},
                            {"kernels", std::move(list)}};
}

void Report::print() const {
  llvm::outs() << llvm::format(
      "%s: median %.4g ms of %zu runs on %d thread%s, %.4g Gflop/s; launch by launch %.4g ms, %.1f %% of it in kernels\n", entry, median(),
      plain.size(), trial.threads(), trial.threads() == 1 ? "" : "s", flops / median() / 1e6, wall, 100 * inside / wall);
  llvm::outs() << llvm::format("the machine: %.4g Gflop/s, reads %.3g, %.3g and %.3g GB/s of 256 kB a thread, 4 MB and 128 MB\n\n",
                               roof.gflops, roof.levels[0].second, roof.levels[1].second, roof.levels[2].second);
  bool trains = llvm::any_of(lines, [](const Line &line) { return !line.label.part.empty(); });
  auto withPart = [&](Row row, const std::string &part) {
    if (trains)
      row.insert(row.begin() + 6, part);
    return row;
  };
  std::vector<Row> table{withPart({"ms", "share", "calls", "Gflop/s", "GB/s", "roofline", "kernel", "what"}, "part")};
  double shown = 0;
  for (const Line &line : lines) {
    if (table.size() > 25 && line.ms < wall / 100)
      break;
    shown += line.ms;
    table.push_back(withPart({format("%.3f", line.ms), format("%.1f %%", 100 * line.ms / wall), std::to_string(line.calls),
                              line.flops ? format("%.4g", line.flops / line.ms / 1e6) : "-",
                              line.bytes ? format("%.3g", line.bytes / line.ms / 1e6) : "-",
                              line.bound.empty() ? "-" : format("%.0f %%", line.percent), line.function, line.label.what},
                             line.label.part));
  }
  printTable(table);
  if (table.size() <= lines.size())
    llvm::outs() << llvm::format("  %.3f   %.1f %%  in %zu more\n", inside - shown, 100 * (inside - shown) / wall,
                                 lines.size() + 1 - table.size());
  printFurthest();
}

void Report::printFurthest() const {
  std::vector<const Line *> far;
  for (const Line &line : lines)
    if (!line.bound.empty() && line.calls)
      far.push_back(&line);
  llvm::sort(far, [](const Line *a, const Line *b) { return lost(*a) > lost(*b); });
  far.resize(std::min<size_t>(far.size(), 5));
  if (far.empty())
    return;
  llvm::outs() << "\nfurthest from the roofline, by the time that reaching it would save\n";
  std::vector<Row> saves;
  for (const Line *line : far)
    saves.push_back({format("%.3f ms", lost(*line)), line->function, format("%.1f us a call", 1e3 * line->ms / double(line->calls)),
                     "bound by " + line->bound, line->label.what});
  printTable(saves);
}

Exit profile(const Options &o) {
  Files files;
  files.read(o.build.model, "the model");
  files.read(o.weights, "the weights");
  files.write(o.trace, "what --trace writes");
  if (Exit e = files.check(); e != Done)
    return e;
  Trial trial;
  if (Exit e = trial.open(o); e != Done)
    return e;
  Report report{trial, dlrt_entry_name(trial.model(), trial.entry), trial.times(o.repeat), 0, Roof(trial.bits, trial.threads())};
  dlrt_profile(trial.context(), 1);
  for (size_t i = 0; i < report.plain.size(); ++i)
    report.wall += trial.once() / double(report.plain.size());
  dlrt_profile(trial.context(), 0);
  std::vector<dlrt_profile_row> rows(dlrt_profile_rows(trial.context(), trial.entry, nullptr, 0));
  dlrt_profile_rows(trial.context(), trial.entry, rows.data(), rows.size());
  report.add(rows);
  if (!o.trace.empty())
    if (Exit e = write(o.trace, traceOf(trial.context(), report.lines)); e != Done)
      return e;
  if (o.json)
    llvm::outs() << report.json() << "\n";
  else
    report.print();
  return Done;
}
} // namespace

void addProfile(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("profile", "where an entry's time goes, kernel by kernel");
  o->add(*command);
  command->add_option("--trace", o->trace, "writes launches one by one as JSON for Perfetto or chrome://tracing");
  command->add_flag("--json", o->json, "as JSON");
  setAction(command, "dlc profile lenet.mlir --train --batch 64 --trace step.json", [o] { return profile(*o); });
}
} // namespace dlc::tools
