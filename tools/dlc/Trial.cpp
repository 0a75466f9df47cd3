// Made-up inputs for an entry, and the clock around its runs.
#include "tools/dlc/Trial.h"
#include <chrono>

namespace dlc::tools {
static int64_t bytesOf(dlrt_datatype type, llvm::ArrayRef<int64_t> shape) {
  int64_t n = type.bits / 8;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

void TrialFlags::add(CLI::App &command) {
  build.add(command, "model.mlir, - or an artefact");
  command.add_option("--entry", entry, "what to run: run, or train_step with --train");
  command.add_option("--weights", weights, "parameters, a safetensors file; else their initialisers");
  command.add_option("--batch", batch, "extent of the first input's first dimension; else its upper bound")->check(CLI::Range(1, 1 << 30));
  command.add_option("--seed", seed, "of inputs and initialisers")->check(checkSeed)->capture_default_str();
  command.add_option("--threads", threads, "0: one a processor")->capture_default_str()->check(CLI::Range(0, 4096));
  command.add_option("--repeat", repeat, "runs to time; else as many as take a second, at least five")->check(CLI::Range(1, 1 << 30));
}

Exit Trial::open(const TrialFlags &o) {
  if (Exit e = load(o.build, session); e != Done)
    return e;
  entry = session.model->entry(!o.entry.empty() ? o.entry : o.build.train ? "train_step" : "run");
  session.giveWeights(o.weights, o.seed);

  // The batch is the symbol of the first input's first dimension.
  if (o.batch) {
    const dlrt_tensor_info *first = dlrt_entry_inputs(model(), entry) ? dlrt_entry_input(model(), entry, 0) : nullptr;
    if (!first || !first->ndim || !first->symbols[0])
      return fail("--batch " + llvm::Twine(o.batch) + ": the first dimension of the first input is constant; leave --batch out");
    if (o.batch > first->max_dims[0])
      return fail("--batch " + llvm::Twine(o.batch) + " is above the bound of '" + first->symbols[0] + "', " +
                  llvm::Twine(first->max_dims[0]) + ": write --shape " + first->symbols[0] + "=1.." + llvm::Twine(o.batch));
    symbols[first->symbols[0]] = o.batch;
  }
  team = std::make_unique<dlrt::Team>(o.threads);
  running = std::make_unique<dlrt::Context>(*session.model, *session.params, *team);
  bytes = session.state->bytes() + dlrt_entry_arena(model(), entry) + dlrt_entry_scratch(model(), entry) * team->threads();
  for (size_t i = 0; i < dlrt_entry_inputs(model(), entry); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_input(model(), entry, i);
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
  if (Exit e = makeOutputs(model(), *running, entry, in, out); e != Done)
    return e;
  for (const data::Array &a : out)
    bytes += bytesOf(a.type, a.shape);
  inViews = viewsOf(in), outViews = viewsOf(out);
  for (size_t i = 0; i < dlrt_model_params(model()); ++i) {
    const dlrt_tensor_info *info = dlrt_model_param(model(), i);
    bytes += bytesOf(info->dtype, llvm::ArrayRef(info->dims, info->ndim));
  }
  return Done;
}

double Trial::once() {
  auto start = std::chrono::steady_clock::now();
  dlrt::check(dlrt_run(context(), entry, session.state->get(), inViews.data(), inViews.size(), outViews.data(), outViews.size()));
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}
std::vector<double> Trial::times(int repeat) {
  once();
  std::vector<double> ms;
  for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
       repeat ? (int)ms.size() < repeat : ms.size() < 5 || std::chrono::steady_clock::now() < end;)
    ms.push_back(once());
  llvm::sort(ms);
  return ms;
}
} // namespace dlc::tools
