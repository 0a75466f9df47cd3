// Sessions: stages, code, runtime objects, and arrays bound to entries.
#include "test/lib/Session.h"
#include "compiler/emit/Artefact.h"
#include "frontend/models/Zoo.h"
#include "mlir/Parser/Parser.h"
#include <bit>
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>

namespace dlc::test {

OwningOpRef<ModuleOp> zooModel(MLIRContext &context, StringRef net, bool f64, int64_t minBatch, int64_t maxBatch) {
  loadDialects(context);
  frontend::Graph g(&context);
  const frontend::ZooEntry *entry = frontend::findInZoo(net);
  if (!entry)
    return {};
  entry->build(g, {minBatch, maxBatch, f64 ? Type(g.builder.getF64Type()) : g.builder.getF32Type()});
  return g.build(UnknownLoc::get(&context));
}
OwningOpRef<ModuleOp> textModel(MLIRContext &context, StringRef text) {
  loadDialects(context);
  return parseSourceString<ModuleOp>(text, &context);
}
std::unique_ptr<Pass> gradientOf(StringRef function) {
  GradientPassOptions options;
  options.function = function.str();
  return createGradientPass(options);
}
TrainOptions training(MLIRContext &context, StringRef optimizer, ArrayRef<StringRef> flags) {
  Builder b(&context);
  TrainOptions options;
  options.optimizer = optimizer.str();
  options.optimizerAttributes =
      b.getDictionaryAttr(llvm::map_to_vector(flags, [&](StringRef f) { return b.getNamedAttr(f, b.getUnitAttr()); }));
  return options;
}

data::Array zeros(dlrt_datatype type, std::vector<int64_t> shape) {
  auto array = data::Array::make(type, std::move(shape));
  EXPECT_TRUE(array) << (array ? "" : array.error().message);
  return std::move(*array);
}
data::Array filled(dlrt_datatype type, std::vector<int64_t> shape, llvm::function_ref<double(int64_t)> value) {
  data::Array a = zeros(type, std::move(shape));
  for (int64_t i = 0, n = a.size(); i < n; ++i)
    if (type == data::F64)
      a.data<double>()[i] = value(i);
    else if (type == data::F32)
      a.data<float>()[i] = float(value(i));
    else if (type.code == 4) { // bf16, to nearest, ties to even
      uint32_t bits = std::bit_cast<uint32_t>(float(value(i)));
      a.data<uint16_t>()[i] = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    } else if (type.bits == 8)
      a.data<int8_t>()[i] = int8_t(value(i));
    else if (type.bits == 32)
      a.data<int32_t>()[i] = int32_t(value(i));
    else
      a.data<int64_t>()[i] = int64_t(value(i));
  return a;
}
double element(const data::Array &a, int64_t i) {
  if (a.type == data::F64)
    return a.data<double>()[i];
  if (a.type == data::F32)
    return a.data<float>()[i];
  if (a.type.code == 4)
    return std::bit_cast<float>(uint32_t(a.data<uint16_t>()[i]) << 16);
  if (a.type.bits == 8)
    return a.data<int8_t>()[i];
  return a.type.bits == 32 ? a.data<int32_t>()[i] : a.data<int64_t>()[i];
}
double relativeError(const data::Array &a, const data::Array &b) {
  if (a.shape != b.shape)
    return INFINITY;
  double worst = 0, scale = 0;
  for (int64_t i = 0, n = a.size(); i < n; ++i) {
    double x = element(a, i), y = element(b, i);
    if (!(x == y || (std::isnan(x) && std::isnan(y))))
      worst = std::max(worst, std::isfinite(x) && std::isfinite(y) ? std::fabs(x - y) : INFINITY);
    if (std::isfinite(y))
      scale = std::max(scale, std::fabs(y));
  }
  return worst == 0 ? 0 : worst / scale;
}
double noise(int64_t i, uint64_t seed) {
  uint64_t z = (seed << 32) + 0x9e3779b97f4a7c15ull * uint64_t(i + 1); // splitmix64
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull, z = (z ^ z >> 27) * 0x94d049bb133111ebull, z ^= z >> 31;
  return double(z >> 11) * 0x1p-52 - 1;
}

#define EXPECT_DLRT(call) EXPECT_EQ(call, DLRT_OK) << dlrt_error()

Session::Session(ModuleOp module, const CompileOptions &options, StringRef library) {
  std::string message = open(module, options, library);
  EXPECT_EQ(message, "");
}
std::string Session::open(ModuleOp module, const CompileOptions &options, StringRef library) {
  if (options.train) {
    auto all = getHyperparameters(module.getLoc(), *options.train);
    if (failed(all))
      return "no such optimiser";
    for (const dl::Hyperparameter &h : *all)
      hyperparameters[h.name.str()] = h.value;
  }
  if (failed(runStages(module, options)))
    return "a stage failed";
  auto compiled = compileScheduled(module, options, library.empty() ? "" : "test");
  if (failed(compiled))
    return "no code";
  if (!library.empty()) {
    ArtefactOptions artefact;
    artefact.model = "test";
    auto bytes = makeLibrary(*compiled, artefact);
    if (!bytes)
      return llvm::toString(bytes.takeError());
    std::ofstream(library.str(), std::ios::binary) << *bytes;
  } else {
    auto loaded = Loaded::create(std::move(*compiled), "test");
    if (!loaded)
      return llvm::toString(loaded.takeError());
    code = std::move(*loaded);
  }
  bool failed = (code ? dlrt_model_open(code->descriptor(), &model) : dlrt_model_load(library.str().c_str(), &model)) ||
                dlrt_params_new(model, &params) || dlrt_state_new(model, &state);
  if (failed)
    return dlrt_error();
  setThreads(1);
  return "";
}
void Session::setThreads(int threads) {
  dlrt_context_free(std::exchange(context, nullptr));
  dlrt_team_free(std::exchange(team, nullptr));
  EXPECT_DLRT(dlrt_team_new(threads, &team));
  EXPECT_DLRT(dlrt_context_new(model, params, team, &context));
}
Session::~Session() {
  dlrt_context_free(context);
  dlrt_team_free(team);
  dlrt_state_free(state);
  dlrt_params_free(params);
  dlrt_model_free(model);
}

Tensors Session::run(const char *entry, Tensors &inputs) {
  Tensors results, defaults;
  size_t e = 0;
  EXPECT_DLRT(dlrt_entry_find(model, entry, &e));
  std::vector<dlrt_tensor> in, out;
  for (size_t i = 0; i < dlrt_entry_inputs(model, e); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_input(model, e, i);
    auto given = inputs.find(info->name);
    if (given == inputs.end()) {
      auto usual = hyperparameters.find(info->name);
      if (usual == hyperparameters.end())
        return ADD_FAILURE() << "no input " << info->name, Tensors();
      given = defaults.emplace(info->name, filled(info->dtype, {}, [&](int64_t) { return usual->second; })).first;
    }
    in.push_back(given->second.view());
  }
  for (size_t i = 0; i < dlrt_entry_outputs(model, e); ++i) {
    const dlrt_tensor_info *info = dlrt_entry_output(model, e, i);
    std::vector<int64_t> shape(info->ndim);
    EXPECT_DLRT(dlrt_output_shape(context, e, in.data(), in.size(), i, shape.data()));
    out.push_back(results.emplace(info->name, zeros(info->dtype, shape)).first->second.view());
  }
  EXPECT_DLRT(dlrt_run(context, e, state, in.data(), in.size(), out.data(), out.size()));
  return results;
}
std::vector<const dlrt_tensor_info *> Session::parameters() const {
  std::vector<const dlrt_tensor_info *> all;
  for (size_t i = 0; i < dlrt_model_params(model); ++i)
    all.push_back(dlrt_model_param(model, i));
  return all;
}
data::Array Session::parameter(const char *name) const {
  dlrt_tensor view{};
  EXPECT_DLRT(dlrt_params_get(params, name, &view));
  data::Array copy = zeros(view.dtype, {view.shape, view.shape + view.ndim});
  memcpy(copy.data(), view.data, copy.bytes());
  return copy;
}
void Session::setParameter(const char *name, data::Array &value) {
  dlrt_tensor view = value.view();
  EXPECT_DLRT(dlrt_params_set(params, name, &view));
}
void Session::init(uint64_t seed) { EXPECT_DLRT(dlrt_params_init(params, seed)); }
} // namespace dlc::test
