// dlc bench: how long an entry takes on made-up inputs, against the machine's peak.
#include "tools/dlc/Peak.h"
#include "tools/dlc/Program.h"
#include "tools/dlc/Trial.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace dlc::tools {
namespace {
struct Options : TrialFlags {
  bool json = false;
};

Exit bench(const Options &o) {
  Trial trial;
  if (Exit e = trial.open(o); e != Done)
    return e;
  std::vector<double> ms = trial.times(o.repeat);
  const dlrt_model *model = trial.model();
  size_t entry = trial.entry;
  const Session &r = trial.session;
  double median = ms[ms.size() / 2], p99 = ms[(ms.size() * 99 + 99) / 100 - 1];

  llvm::json::Object report{{"entry", dlrt_entry_name(model, entry)},
                            {"median_ms", median},
                            {"min_ms", ms.front()},
                            {"p99_ms", p99},
                            {"runs", int64_t(ms.size())},
                            {"threads", trial.threads()},
                            {"compile_s", r.compileSeconds},
                            {"peak_bytes", trial.bytes},
                            {"target", dlrt_model_target(model)},
                            {"gflops", nullptr},
                            {"roofline_pct", nullptr}};
  double gflops = 0, percent = 0;
  if (r.source) { // an artefact does not say what its entries cost
    Programs programs(*r.source->module);
    if (dlx::ProgramOp program = programs.find(dlrt_entry_name(model, entry)))
      gflops = double(programs.at(programs.cost(program).flops, trial.symbols)) / median / 1e6;
    double peak = peakGflops(trial.bits) * trial.threads();
    percent = peak > 0 ? 100 * gflops / peak : 0;
    report["gflops"] = gflops;
    if (peak > 0)
      report["roofline_pct"] = percent;
  }
  if (o.json) {
    llvm::outs() << llvm::json::Value(std::move(report)) << "\n";
    return Done;
  }
  llvm::outs() << llvm::format("median %.4g ms, least %.4g ms, 99th percentile %.4g ms of %zu runs on %d thread%s\n", median, ms.front(),
                               p99, ms.size(), trial.threads(), trial.threads() == 1 ? "" : "s");
  if (r.source)
    llvm::outs() << llvm::format("%.4g Gflop/s, %.1f %% of the peak; compiled in %.3f s\n", gflops, percent, r.compileSeconds);
  llvm::outs() << amount(double(trial.bytes), "B") << " of arena, scratch, parameters, inputs and outputs; " << dlrt_model_target(model)
               << "\n";
  return Done;
}
} // namespace

void addBench(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("bench", "times an entry on seeded random inputs");
  o->add(*command);
  command->add_flag("--json", o->json, "as JSON");
  setAction(command, "dlc bench lenet.mlir --batch 64 --threads 1 --json", [o] { return bench(*o); });
}
} // namespace dlc::tools
