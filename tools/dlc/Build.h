// What compile, run, bench, explain and info share: the options that say how a model is built, and the build.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/data/Array.h"
#include "tools/dlc/Cache.h"
#include "tools/dlc/Session.h"
#include "tools/dlc/Support.h"
#include "tools/dlc/Training.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::tools {

/// The options as they were given.
struct BuildFlags {
  std::string model, target = "cpu", printAfter;
  unsigned level = 2;
  uint64_t budget = 0; ///< of bytes; 0: none
  std::vector<std::string> shapes;
  TrainingSpecs training;
  bool train = false;
  std::shared_ptr<Times> times; ///< for --time-passes
  std::string cache;            ///< a folder; empty: every build is made anew
  /// Declare them on a subcommand: all have the model and how it is built, some a cache.
  void add(CLI::App &command, const char *model);
  void addCache(CLI::App &command);
  /// Their meaning for one of the targets, in the context that the model was read into; false after a message about wrong usage.
  bool read(mlir::MLIRContext *context, llvm::StringRef target, CompileOptions &options) const;
};

/// Compiles a model's text for each of `flags`' targets, or takes it from the cache; then `source` stays empty. `name`: the prefix of an
/// artefact's symbols; empty for code that runs in this process. Reports what fails.
Exit build(const BuildFlags &flags, const llvm::MemoryBuffer &text, llvm::StringRef name, Built &built, std::unique_ptr<Model> &source);
/// Opens a model, compiled for this machine, or an artefact. Reports what fails.
Exit load(const BuildFlags &flags, Session &session);

/// Options of the contract that this version lacks: refused by name, with status 2.
void addMissing(CLI::App &command, llvm::ArrayRef<const char *> names);

/// The extents of an input, symbols as given, else at their upper bounds.
std::vector<int64_t> extentsOf(const dlrt_tensor_info &info, const llvm::StringMap<int64_t> &symbols);
/// The value of the symbol that the scalar gives: as `symbols` say, else its bound.
int64_t symbolValue(const dlrt_tensor_info &info, const llvm::StringMap<int64_t> &symbols);
/// The one element of f32, f64, i32 or i64.
void fillScalar(data::Array &array, double value);
/// An entry's outputs for these inputs, zeroed. Reports what fails.
Exit makeOutputs(const dlrt_model *model, dlrt::Context &context, size_t entry, llvm::MutableArrayRef<data::Array> inputs,
                 std::vector<data::Array> &outputs);
std::vector<dlrt_tensor> viewsOf(llvm::MutableArrayRef<data::Array> arrays);
/// Uniform in [-1, 1), or 0 and 1 for integers (labels of two classes or more): by seed and index, the same everywhere.
void fillRandom(data::Array &array, uint64_t seed);

} // namespace dlc::tools
