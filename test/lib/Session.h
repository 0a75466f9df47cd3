// Models through the whole compiler and the runtime in this process: a module and arrays by name in, arrays by name out.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/data/Array.h"
#include <map>

namespace dlc::test {
using namespace mlir;
using Tensors = std::map<std::string, data::Array>;

/// A net of the zoo, its batch a symbol unless the bounds are equal; null after diagnostics.
OwningOpRef<ModuleOp> zooModel(MLIRContext &context, StringRef net, bool f64, int64_t minBatch = 1, int64_t maxBatch = 64);
OwningOpRef<ModuleOp> textModel(MLIRContext &context, StringRef text);
/// dl-autodiff-gradient of one function.
std::unique_ptr<Pass> gradientOf(StringRef function);
/// Options with which train_step is built: `optimizer` with the unit attributes `flags`, the usual loss.
TrainOptions training(MLIRContext &context, StringRef optimizer, ArrayRef<StringRef> flags = {});

data::Array zeros(dlrt_datatype type, std::vector<int64_t> shape);
/// Element i is value(i), rounded to the type: f32, f64, bf16, bool or an integer of 8, 32 or 64 bits.
data::Array filled(dlrt_datatype type, std::vector<int64_t> shape, llvm::function_ref<double(int64_t)> value);
double element(const data::Array &array, int64_t i);
/// max |a - b| / max |b|; infinite where shapes differ or one of a pair is not finite and the other is another value.
double relativeError(const data::Array &a, const data::Array &b);
/// Steady pseudo-random numbers in [-1, 1).
double noise(int64_t i, uint64_t seed = 0);

/// A compiled model with parameters, a team and a context. Failures are test failures and leave ok() false.
class Session {
public:
  /// Compiles the module in place. `library`: writes a shared library there and loads that, instead of code in this process.
  Session(ModuleOp module, const CompileOptions &options = {}, StringRef library = "");
  ~Session();
  bool ok() const { return context != nullptr; }
  /// One at first.
  void setThreads(int threads);
  /// Runs an entry on inputs by name; hyper-parameters of a training step that are not among them have their usual values.
  Tensors run(const char *entry, Tensors &inputs);
  /// Names and shapes of parameters, in the model's order.
  std::vector<const dlrt_tensor_info *> parameters() const;
  data::Array parameter(const char *name) const;
  void setParameter(const char *name, data::Array &value);
  /// By the declared initialisers.
  void init(uint64_t seed);
  /// What was compiled in this process.
  const dlx_target &target() const { return code->descriptor()->targets[0]; }
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  dlrt_state *state = nullptr; ///< one sequence's

private:
  std::string open(ModuleOp module, const CompileOptions &options, StringRef library);
  std::unique_ptr<Loaded> code;
  std::map<std::string, double> hyperparameters;
  dlrt_team *team = nullptr;
  dlrt_context *context = nullptr;
};
} // namespace dlc::test
