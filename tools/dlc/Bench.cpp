// dlc bench: how long an entry takes on made-up inputs, against the machine's peak.
#include "tools/dlc/Build.h"
#include "tools/dlc/Peak.h"
#include "tools/dlc/Program.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <chrono>

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string entry, weights;
  int threads = 1, repeat = 0;
  int64_t batch = 0;
  uint64_t seed = 0;
  bool json = false;
};

int64_t bytesOf(dlrt_datatype type, llvm::ArrayRef<int64_t> shape) {
  int64_t n = type.bits / 8;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

Exit bench(const Options &o) {
  using Clock = std::chrono::steady_clock;
  Session r;
  if (Exit e = load(o.build, r); e != Done)
    return e;
  const dlrt_model *model = r.model->get();
  size_t entry = r.model->entry(!o.entry.empty() ? o.entry : o.build.train ? "train_step" : "run");
  r.giveWeights(o.weights, o.seed);

  // The batch is the symbol of the first input's first dimension.
  llvm::StringMap<int64_t> symbols;
  if (o.batch) {
    const dlrt_tensor_info *first = dlrt_entry_inputs(model, entry) ? dlrt_entry_input(model, entry, 0) : nullptr;
    if (!first || !first->ndim || !first->symbols[0])
      return fail("--batch " + llvm::Twine(o.batch) + ": the first dimension of the first input is constant; leave --batch out");
    if (o.batch > first->max_dims[0])
      return fail("--batch " + llvm::Twine(o.batch) + " is above the bound of '" + first->symbols[0] + "', " +
                  llvm::Twine(first->max_dims[0]) + ": write --shape " + first->symbols[0] + "=1.." + llvm::Twine(o.batch));
    symbols[first->symbols[0]] = o.batch;
  }
  std::vector<data::Array> in, out;
  dlrt::Team team(o.threads);
  dlrt::Context context(*r.model, *r.params, team);
  int64_t bytes = r.state->bytes() + dlrt_entry_arena(model, entry) + dlrt_entry_scratch(model, entry) * team.threads();
  unsigned bits = 32;
  for (size_t i = 0; i < dlrt_entry_inputs(model, entry); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_input(model, entry, i);
    auto array = data::Array::make(info->dtype, extentsOf(*info, symbols));
    if (!array)
      return fail(array.error().message);
    fillRandom(*array, o.seed + i);
    if (info->gives)
      fillScalar(*array, double(symbolValue(*info, symbols)));
    if (info->ndim == 0 && info->dtype == data::F32) // hyper-parameters: training must not run away
      array->data<float>()[0] = 1e-3f;
    if (info->ndim == 0 && info->dtype == data::F64)
      array->data<double>()[0] = 1e-3;
    bits = info->dtype == data::F64 ? 64 : bits;
    bytes += bytesOf(info->dtype, array->shape);
    in.push_back(std::move(*array));
  }
  if (Exit e = makeOutputs(model, context, entry, in, out); e != Done)
    return e;
  for (const data::Array &a : out)
    bytes += bytesOf(a.type, a.shape);
  auto inViews = viewsOf(in), outViews = viewsOf(out);
  for (size_t i = 0; i < dlrt_model_params(model); ++i) {
    const dlrt_tensor_info *info = dlrt_model_param(model, i);
    bytes += bytesOf(info->dtype, llvm::ArrayRef(info->dims, info->ndim));
  }

  auto once = [&] {
    auto start = Clock::now();
    dlrt::check(dlrt_run(context.get(), entry, r.state->get(), inViews.data(), inViews.size(), outViews.data(), outViews.size()));
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  once(); // prepares, and maps pages
  std::vector<double> ms;
  for (auto end = Clock::now() + std::chrono::seconds(1); o.repeat ? (int)ms.size() < o.repeat : ms.size() < 5 || Clock::now() < end;)
    ms.push_back(once());
  llvm::sort(ms);
  double median = ms[ms.size() / 2], p99 = ms[(ms.size() * 99 + 99) / 100 - 1];

  llvm::json::Object report{{"entry", dlrt_entry_name(model, entry)},
                            {"median_ms", median},
                            {"min_ms", ms.front()},
                            {"p99_ms", p99},
                            {"runs", int64_t(ms.size())},
                            {"threads", team.threads()},
                            {"compile_s", r.compileSeconds},
                            {"peak_bytes", bytes},
                            {"target", dlrt_model_target(model)},
                            {"gflops", nullptr},
                            {"roofline_pct", nullptr}};
  double gflops = 0, percent = 0;
  if (r.source) { // an artefact does not say what its entries cost
    Programs programs(*r.source->module);
    if (dlx::ProgramOp program = programs.find(dlrt_entry_name(model, entry)))
      gflops = double(programs.at(programs.cost(program).flops, symbols)) / median / 1e6;
    double peak = peakGflops(bits) * team.threads();
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
                               p99, ms.size(), team.threads(), team.threads() == 1 ? "" : "s");
  if (r.source)
    llvm::outs() << llvm::format("%.4g Gflop/s, %.1f %% of the peak; compiled in %.3f s\n", gflops, percent, r.compileSeconds);
  llvm::outs() << amount(double(bytes), "B") << " of arena, scratch, parameters, inputs and outputs; " << dlrt_model_target(model) << "\n";
  return Done;
}
} // namespace

void addBench(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("bench", "times an entry on seeded random inputs");
  o->build.add(*command, "model.mlir, - or an artefact");
  command->add_option("--entry", o->entry, "what to run: run, or train_step with --train");
  command->add_option("--weights", o->weights, "parameters, a safetensors file; else their initialisers");
  command->add_option("--batch", o->batch, "extent of the first input's first dimension; else its upper bound")
      ->check(CLI::Range(1, 1 << 30));
  command->add_option("--seed", o->seed, "of inputs and initialisers")->check(checkSeed)->capture_default_str();
  command->add_option("--threads", o->threads, "0: one a processor")->capture_default_str()->check(CLI::Range(0, 4096));
  command->add_option("--repeat", o->repeat, "runs to time; else as many as take a second, at least five")->check(CLI::Range(1, 1 << 30));
  command->add_flag("--json", o->json, "as JSON");
  setAction(command, "dlc bench lenet.mlir --batch 64 --threads 1 --json", [o] { return bench(*o); });
}
} // namespace dlc::tools
