// dlc run: runs an entry of a model or an artefact on arrays, writes or compares what comes out.
#include "runtime/data/Array.h"
#include "tools/dlc/Build.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <chrono>
#include <cmath>

namespace dlc::tools {
namespace {
struct Options {
  BuildFlags build;
  std::string entry = "run", weights, state, stateOut;
  std::vector<std::string> inputs, outputs, compares;
  uint64_t seed = 0;
  bool json = false;
  int threads = 1, repeat = 1;
  double rtol = 1e-5, atol = 0;
};

/// NAME=VALUE lists to a map; false after a message.
bool split(llvm::ArrayRef<std::string> list, const char *option, llvm::StringMap<std::string> &map) {
  for (llvm::StringRef text : list) {
    auto [name, value] = text.split('=');
    if (name.empty() || value.empty())
      return misuse(llvm::Twine(option) + " " + text + ": expected NAME=FILE") == Done;
    if (!map.try_emplace(name, value.str()).second)
      return misuse(llvm::Twine(option) + " " + name + " is given twice") == Done;
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
  case 8:
    return t.dtype.code == 0 ? static_cast<int8_t *>(t.data)[i] : static_cast<uint8_t *>(t.data)[i];
  case 32:
    return static_cast<int32_t *>(t.data)[i];
  default:
    return static_cast<int64_t *>(t.data)[i];
  }
}

/// Arrays for the inputs. Those from files come first: they say the symbols' values, which made ones take; other symbols get their
/// bound. Scalars that are not given have their usual value.
Exit makeInputs(const dlrt_model *model, size_t entry, const llvm::StringMap<std::string> &sources, uint64_t seed,
                std::vector<data::Array> &in) {
  llvm::StringMap<int64_t> symbols;
  in.resize(dlrt_entry_inputs(model, entry));
  for (bool made : {false, true})
    for (size_t i = 0; i < in.size(); ++i) {
      const dlrt_tensor_info *info = dlrt_entry_input(model, entry, i);
      std::string source = sources.lookup(info->name);
      if (source.empty() && info->has_usual) {
        auto array = data::Array::make(info->dtype, {});
        if (!array)
          return fail(array.error().message);
        in[i] = std::move(*array);
        fillScalar(in[i], info->usual);
        continue;
      }
      if (source.empty())
        return fail("input '" + llvm::Twine(info->name) + "' is not given: write --input " + info->name + "=FILE.npy, =@random or =@zeros");
      if ((source[0] == '@') != made)
        continue;
      if (made && source != "@random" && source != "@zeros")
        return misuse("--input " + llvm::Twine(info->name) + "=" + source + ": expected @random, @zeros or a file");
      auto array = made ? data::Array::make(info->dtype, extentsOf(*info, symbols)) : data::readNpy(source);
      if (!array)
        return fail(array.error().message);
      in[i] = std::move(*array);
      if (made && info->gives)
        fillScalar(in[i], double(symbolValue(*info, symbols)));
      else if (source == "@random")
        fillRandom(in[i], seed + i);
      else if (!made && info->gives && in[i].type == info->dtype && in[i].size() == 1)
        symbols[info->gives] = int64_t(element(in[i].view(), 0));
      for (int32_t d = 0; !made && d < info->ndim && d < (int32_t)in[i].shape.size(); ++d)
        if (info->symbols[d])
          symbols[info->symbols[d]] = in[i].shape[d];
    }
  return Done;
}

/// max |a - b| and max |b| over the tensor; NaN and infinity must stand in the same places.
std::pair<double, double> distance(const dlrt_tensor &ours, const dlrt_tensor &reference, int64_t elements) {
  double worst = 0, scale = 0;
  for (int64_t k = 0; k < elements; ++k) {
    double a = element(ours, k), b = element(reference, k);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      ;
    else if (!std::isfinite(a) || !std::isfinite(b))
      worst = INFINITY;
    else
      worst = std::max(worst, std::fabs(a - b));
    if (std::isfinite(b))
      scale = std::max(scale, std::fabs(b));
  }
  return {worst, scale};
}

/// An output against a file; its relative error goes to `errors`, Fault where it is too large.
Exit compare(const Options &o, llvm::StringRef name, data::Array &ours, const std::string &file, llvm::json::Object &errors) {
  auto reference = data::readNpy(file);
  if (!reference)
    return fail(reference.error().message);
  if (reference->shape != ours.shape)
    return fail(file + " has shape " + data::toString(reference->shape) + ", output '" + name + "' has " + data::toString(ours.shape));
  auto [worst, scale] = distance(ours.view(), reference->view(), ours.size());
  bool equal = worst <= o.atol + o.rtol * scale;
  double relative = scale > 0 ? worst / scale : worst;
  errors[name] = std::isfinite(relative) ? llvm::json::Value(relative) : llvm::json::Value("infinite");
  if (!o.json)
    llvm::outs() << name << ": " << (equal ? "equal" : "differs") << ", relative error " << llvm::format("%.3g", relative) << " (rtol "
                 << llvm::format("%g", o.rtol) << ", atol " << llvm::format("%g", o.atol) << ")\n";
  return equal ? Done : Fault;
}

void print(llvm::StringRef name, data::Array &array) {
  llvm::outs() << name << " " << data::toString(array.type) << data::toString(array.shape) << ":";
  for (int64_t k = 0; k < std::min<int64_t>(array.size(), 10); ++k) {
    double x = element(array.view(), k);
    llvm::outs() << llvm::format(" %.6g", std::isnan(x) ? std::fabs(x) : x); // a NaN's sign says nothing
  }
  llvm::outs() << (array.size() > 10 ? " ...\n" : "\n");
}

std::string checkTolerance(const std::string &text) {
  double value;
  return llvm::to_float(text, value) && value >= 0 && std::isfinite(value) ? "" : "expected a number from 0";
}

Exit run(const Options &o) {
  llvm::StringMap<std::string> inputs, outputs, compares;
  if (!split(o.inputs, "--input", inputs) || !split(o.outputs, "--output", outputs) || !split(o.compares, "--compare", compares))
    return Usage;
  Files files;
  files.read(o.build.model, "the model");
  files.read(o.weights, "the weights");
  files.read(o.state, "the state");
  for (auto &input : inputs)
    files.read(input.getValue(), "the input '" + input.getKey() + "'");
  for (auto &reference : compares)
    files.read(reference.getValue(), "what '" + reference.getKey() + "' is compared with");
  for (llvm::StringRef text : o.outputs) // in the order given
    files.write(text.split('=').second, "the output '" + text.split('=').first + "'");
  files.write(o.stateOut, "what --save-state writes");
  if (Exit e = files.check(); e != Done)
    return e;
  Session r;
  if (Exit e = load(o.build, r); e != Done)
    return e;
  const dlrt_model *model = r.model->get();
  size_t entry = r.model->entry(o.entry);
  r.giveWeights(o.weights, o.seed);
  if (o.weights.empty() && !dlrt_model_has_weights(model) && dlrt_model_params(model))
    llvm::errs() << "dlc: note: no --weights: parameters have their initialisers' values, of seed " << o.seed << "\n";
  if ((!o.state.empty() || !o.stateOut.empty()) && !dlrt_entry_carries(model, entry))
    return fail("entry '" + o.entry + "' carries nothing from run to run: leave out --state and --save-state");
  if (!o.state.empty())
    r.state->load(o.state);
  std::vector<const char *> inNames, outNames;
  for (size_t i = 0; i < dlrt_entry_inputs(model, entry); ++i)
    inNames.push_back(dlrt_entry_input(model, entry, i)->name);
  for (size_t i = 0; i < dlrt_entry_outputs(model, entry); ++i)
    outNames.push_back(dlrt_entry_output(model, entry, i)->name);
  if (!known(inputs, inNames, "input") || !known(outputs, outNames, "output") || !known(compares, outNames, "output"))
    return Fault;

  std::vector<data::Array> in, out;
  if (Exit e = makeInputs(model, entry, inputs, o.seed, in); e != Done)
    return e;
  dlrt::Team team(o.threads);
  dlrt::Context context(*r.model, *r.params, team);
  if (Exit e = makeOutputs(model, context, entry, in, out); e != Done)
    return e;
  auto inViews = viewsOf(in), outViews = viewsOf(out);
  std::vector<double> ms;
  for (int k = 0; k < o.repeat; ++k) {
    auto start = std::chrono::steady_clock::now();
    dlrt::check(dlrt_run(context.get(), entry, r.state->get(), inViews.data(), inViews.size(), outViews.data(), outViews.size()));
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  llvm::sort(ms);
  if (!o.stateOut.empty())
    r.state->save(o.stateOut);

  Exit status = Done;
  llvm::json::Object errors;
  for (auto [name, array] : llvm::zip(outNames, out)) {
    if (std::string file = outputs.lookup(name); !file.empty())
      if (data::Status s = data::writeNpy(file, array.view()); !s)
        return fail(s.error().message);
    if (std::string file = compares.lookup(name); !file.empty() && compare(o, name, array, file, errors) != Done)
      status = Fault;
    if (!o.json && outputs.empty() && compares.empty())
      print(name, array);
  }
  if (o.json) {
    llvm::json::Object report{
        {"median_ms", ms[ms.size() / 2]}, {"min_ms", ms.front()}, {"threads", team.threads()}, {"target", dlrt_model_target(model)}};
    if (!errors.empty())
      report["errors"] = std::move(errors);
    llvm::outs() << llvm::json::Value(std::move(report)) << "\n";
  }
  return status;
}
} // namespace

void addRun(CLI::App &app) {
  auto o = std::make_shared<Options>();
  CLI::App *command = app.add_subcommand("run", "runs a model or an artefact on arrays");
  o->build.add(*command, "model.mlir, - or an artefact");
  o->build.addCache(*command);
  command->add_option("--entry", o->entry, "what to run")->capture_default_str();
  command->add_option("--weights", o->weights, "parameters, a safetensors file; else those that are embedded, else their initialisers");
  command->add_option("--state", o->state, "what an earlier run carried, a safetensors file; else the initial values");
  command->add_option("--save-state", o->stateOut, "write what the last run carries");
  command->add_option("--seed", o->seed, "of initialisers and @random")->check(checkSeed);
  command->add_option("--input", o->inputs, "NAME=F.npy, NAME=@random or NAME=@zeros");
  command->add_option("--output", o->outputs, "NAME=F.npy: write it");
  command->add_option("--compare", o->compares, "NAME=F.npy: exit 1 where it differs");
  command->add_option("--rtol", o->rtol, "of max|a-b| against max|b|")->check(checkTolerance)->capture_default_str();
  command->add_option("--atol", o->atol, "added to it")->check(checkTolerance)->capture_default_str();
  command->add_option("--threads", o->threads, "0: one a processor")->capture_default_str()->check(CLI::Range(0, 4096));
  command->add_option("--repeat", o->repeat, "run so many times, each on the state that the last one left")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 30));
  command->add_flag("--json", o->json, "times and errors as JSON");
  addMissing(*command, {"--device"});
  setAction(command, "dlc run lenet.mlir --seed 1 --input image=@random", [o] { return run(*o); });
}
} // namespace dlc::tools
