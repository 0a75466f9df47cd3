// What compile, run, bench, explain and info share: the options that say how a model is built, and the build.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/data/Array.h"
#include "runtime/dlrt.hpp"
#include "tools/dlc/Support.h"
#include "tools/dlc/Training.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::tools {

/// The options as they were given.
struct BuildFlags {
  std::string model, target = "cpu";
  unsigned level = 2;
  std::vector<std::string> shapes;
  TrainingSpecs training;
  bool train = false;
  /// Declares them on a subcommand; addTraining: those of the entry train_step.
  void add(CLI::App &command);
  void addTraining(CLI::App &command);
  /// Their meaning, in the context that the model was read into; false after a message about wrong usage.
  bool read(mlir::MLIRContext *context, CompileOptions &options) const;
};

/// A model in this process, by JIT or from an artefact, with its parameters.
struct Running {
  std::unique_ptr<Model> source;          ///< null for an artefact
  std::unique_ptr<dlc::Loaded> code;      ///< null for an artefact
  std::unique_ptr<dlrt::Model> model;
  std::unique_ptr<dlrt::Params> params;
  double compileSeconds = 0;
};
/// Builds `flags.model`, or loads it if it is an artefact. Reports what fails.
Exit load(const BuildFlags &flags, Running &running);
/// An ELF file.
bool isArtefact(llvm::StringRef path);

/// Options of the contract that this version lacks: refused by name, with status 2.
void addMissing(CLI::App &command, llvm::ArrayRef<const char *> names);

/// The extents of an input, symbols as given, else at their upper bounds.
std::vector<int64_t> extentsOf(const dlrt_tensor_info &info, const llvm::StringMap<int64_t> &symbols);
/// Uniform in [-1, 1), or 0 and 1 for integers (labels of two classes or more): by seed and index, the same everywhere.
void fillRandom(data::Array &array, uint64_t seed);

} // namespace dlc::tools
