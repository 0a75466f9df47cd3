// dlc run: runs an entry of a model or an artefact on arrays, writes or compares what comes out.
#include "runtime/data/Array.h"
#include "tools/dlc/Build.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <chrono>
#include <cmath>

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string entry = "run", weights;
  std::vector<std::string> inputs, outputs, compares;
  uint64_t seed = 0;
  bool seeded = false, json = false;
  int threads = 1, repeat = 1;
  double rtol = 1e-5, atol = 0;
};

/// NAME=VALUE lists to a map; false after a message.
bool split(llvm::ArrayRef<std::string> list, const char *option, llvm::StringMap<std::string> &map) {
  for (llvm::StringRef text : list) {
    auto [name, value] = text.split('=');
    if (name.empty() || value.empty())
      return misuse(llvm::Twine(option) + " " + text + ": expected NAME=FILE") == Done;
    map[name] = value.str();
  }
  return true;
}
bool known(const llvm::StringMap<std::string> &map, llvm::ArrayRef<const char *> names, llvm::StringRef what) {
  for (auto &entry : map)
    if (llvm::none_of(names, [&](const char *n) { return entry.getKey() == n; }))
      return fail("the entry has no " + what + " '" + entry.getKey() + "': it has " + llvm::join(names, ", ")) == Done;
  return true;
}

double element(const dlrt_tensor &t, int64_t i) {
  if (t.dtype.code == 2)
    return t.dtype.bits == 64 ? static_cast<double *>(t.data)[i] : static_cast<float *>(t.data)[i];
  if (t.dtype.code == 4)
    return std::bit_cast<float>(uint32_t(static_cast<uint16_t *>(t.data)[i]) << 16);
  switch (t.dtype.bits) {
  case 8: return t.dtype.code == 0 ? static_cast<int8_t *>(t.data)[i] : static_cast<uint8_t *>(t.data)[i];
  case 32: return static_cast<int32_t *>(t.data)[i];
  default: return static_cast<int64_t *>(t.data)[i];
  }
}

Exit run(const Options &o) {
  llvm::StringMap<std::string> inputs, outputs, compares;
  if (!split(o.inputs, "--input", inputs) || !split(o.outputs, "--output", outputs) || !split(o.compares, "--compare", compares))
    return Usage;
  Session r;
  if (Exit e = load(o.build, r); e != Done)
    return e;
  const dlrt_model *model = r.model->get();
  size_t entry = r.model->entry(o.entry);
  if (o.seeded || o.weights.empty())
    r.params->init(o.seed);
  if (!o.weights.empty())
    r.params->load(o.weights);
  std::vector<const char *> inNames, outNames;
  for (size_t i = 0; i < dlrt_entry_inputs(model, entry); ++i)
    inNames.push_back(dlrt_entry_input(model, entry, i)->name);
  for (size_t i = 0; i < dlrt_entry_outputs(model, entry); ++i)
    outNames.push_back(dlrt_entry_output(model, entry, i)->name);
  if (!known(inputs, inNames, "input") || !known(outputs, outNames, "output") || !known(compares, outNames, "output"))
    return Fault;

  // Inputs from files first: they say the symbols' values; made ones take them, or the lower bound's 1.
  std::vector<data::Array> in(inNames.size()), out(outNames.size());
  llvm::StringMap<int64_t> symbols;
  for (size_t i = 0; i < in.size(); ++i) {
    auto it = inputs.find(inNames[i]);
    if (it == inputs.end())
      return fail("input '" + llvm::Twine(inNames[i]) + "' is not given: write --input " + inNames[i] + "=FILE.npy, =@random or =@zeros");
    if (it->second[0] == '@')
      continue;
    auto array = data::readNpy(it->second);
    if (!array)
      return fail(array.error().message);
    in[i] = std::move(*array);
    const dlrt_tensor_info *info = dlrt_entry_input(model, entry, i);
    for (int32_t d = 0; d < info->ndim && d < (int32_t)in[i].shape.size(); ++d)
      if (info->symbols[d])
        symbols[info->symbols[d]] = in[i].shape[d];
  }
  for (size_t i = 0; i < in.size(); ++i) {
    const std::string &what = inputs[inNames[i]];
    if (what[0] != '@')
      continue;
    if (what != "@random" && what != "@zeros")
      return misuse("--input " + llvm::Twine(inNames[i]) + "=" + what + ": expected @random, @zeros or a file");
    const dlrt_tensor_info *info = dlrt_entry_input(model, entry, i);
    auto array = data::Array::make(info->dtype, extentsOf(*info, symbols));
    if (!array)
      return fail(array.error().message);
    in[i] = std::move(*array);
    if (what == "@random")
      fillRandom(in[i], o.seed + i);
  }
  std::vector<dlrt_tensor> inViews, outViews;
  for (auto &a : in)
    inViews.push_back(a.view());
  dlrt::Team team(o.threads);
  dlrt::Context context(*r.model, *r.params, team);
  for (size_t i = 0; i < out.size(); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_output(model, entry, i);
    std::vector<int64_t> shape(info->ndim);
    dlrt::check(dlrt_output_shape(context.get(), entry, inViews.data(), inViews.size(), i, shape.data()));
    auto array = data::Array::make(info->dtype, shape);
    if (!array)
      return fail(array.error().message);
    out[i] = std::move(*array);
  }
  for (auto &a : out)
    outViews.push_back(a.view());
  std::vector<double> ms;
  for (int k = 0; k < o.repeat; ++k) {
    auto start = std::chrono::steady_clock::now();
    dlrt::check(dlrt_run(context.get(), entry, inViews.data(), inViews.size(), outViews.data(), outViews.size()));
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  llvm::sort(ms);

  bool same = true;
  llvm::json::Object report, errors;
  for (size_t i = 0; i < out.size(); ++i) {
    if (auto it = outputs.find(outNames[i]); it != outputs.end())
      if (data::Status s = data::writeNpy(it->second, outViews[i]); !s)
        return fail(s.error().message);
    auto it = compares.find(outNames[i]);
    if (it == compares.end())
      continue;
    auto reference = data::readNpy(it->second);
    if (!reference)
      return fail(reference.error().message);
    if (reference->shape != out[i].shape)
      return fail(it->second + " has shape " + data::toString(reference->shape) + ", output '" + outNames[i] + "' has " + data::toString(out[i].shape));
    // max |a - b| / max |b| over the tensor; NaN and infinity must stand in the same places.
    double worst = 0, scale = 0;
    dlrt_tensor ref = reference->view();
    for (int64_t k = 0; k < out[i].size(); ++k) {
      double a = element(outViews[i], k), b = element(ref, k);
      if (a == b || (std::isnan(a) && std::isnan(b)))
        ;
      else if (!std::isfinite(a) || !std::isfinite(b))
        worst = INFINITY;
      else
        worst = std::max(worst, std::fabs(a - b));
      if (std::isfinite(b))
        scale = std::max(scale, std::fabs(b));
    }
    bool ok = worst <= o.atol + o.rtol * scale;
    double relative = scale > 0 ? worst / scale : worst;
    same &= ok;
    errors[outNames[i]] = std::isfinite(relative) ? llvm::json::Value(relative) : llvm::json::Value("infinite");
    if (!o.json)
      llvm::outs() << outNames[i] << ": " << (ok ? "equal" : "differs") << ", relative error " << llvm::format("%.3g", relative) << " (rtol "
                   << llvm::format("%g", o.rtol) << ", atol " << llvm::format("%g", o.atol) << ")\n";
  }
  if (o.json) {
    report["median_ms"] = ms[ms.size() / 2];
    report["min_ms"] = ms.front();
    report["threads"] = o.threads;
    report["target"] = dlrt_model_target(model);
    if (!errors.empty())
      report["errors"] = std::move(errors);
    llvm::outs() << llvm::json::Value(std::move(report)) << "\n";
  } else if (outputs.empty() && compares.empty()) {
    for (size_t i = 0; i < out.size(); ++i) {
      llvm::outs() << outNames[i] << " " << data::toString(out[i].type) << data::toString(out[i].shape) << ":";
      for (int64_t k = 0; k < std::min<int64_t>(out[i].size(), 10); ++k) {
        double x = element(outViews[i], k);
        llvm::outs() << llvm::format(" %.6g", std::isnan(x) ? std::fabs(x) : x); // a NaN's sign says nothing
      }
      llvm::outs() << (out[i].size() > 10 ? " ...\n" : "\n");
    }
  }
  return same ? Done : Fault;
}
} // namespace

void addRun(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("run", "runs a model or an artefact on arrays");
  o->build.add(*command, "model.mlir, - or an artefact");
  o->build.addCache(*command);
  command->add_option("--entry", o->entry, "what to run")->capture_default_str();
  command->add_option("--weights", o->weights, "parameters, a safetensors file; else their initialisers");
  command->add_option("--seed", o->seed, "of initialisers and @random")->each([o](const std::string &) { o->seeded = true; });
  command->add_option("--input", o->inputs, "NAME=F.npy, NAME=@random or NAME=@zeros");
  command->add_option("--output", o->outputs, "NAME=F.npy: write it");
  command->add_option("--compare", o->compares, "NAME=F.npy: exit 1 where it differs");
  command->add_option("--rtol", o->rtol, "of max|a-b| against max|b|")->capture_default_str();
  command->add_option("--atol", o->atol, "added to it")->capture_default_str();
  command->add_option("--threads", o->threads, "0: one a processor")->capture_default_str()->check(CLI::NonNegativeNumber);
  command->add_option("--repeat", o->repeat, "run so many times")->capture_default_str()->check(CLI::PositiveNumber);
  command->add_flag("--json", o->json, "times and errors as JSON");
  addMissing(*command, {"--device"});
  setAction(command, "dlc run lenet.mlir --seed 1 --input image=@random", [o] { return run(*o); });
}
} // namespace dlc::tools
