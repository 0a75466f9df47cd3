// A model in this process, by JIT or from an artefact, with its parameters and a state.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/dlrt.hpp"
#include "tools/dlc/Support.h"

namespace dlc::tools {

/// Code, model, parameters and state, freed in the right order. Opening throws dlrt::Error where the runtime refuses, which becomes the
/// command's message and status; `false` comes after messages.
struct Session {
  std::unique_ptr<Model> source; ///< behind its last stage; null for an artefact, and where the code came from the cache
  std::unique_ptr<Loaded> code;  ///< null for an artefact
  std::unique_ptr<dlrt::Model> model;
  std::unique_ptr<dlrt::Params> params; ///< zeroed at first
  std::unique_ptr<dlrt::State> state;   ///< one sequence's, at its initial values
  double compileSeconds = 0;

  /// `name`: the model's, for messages.
  bool open(Compiled compiled, llvm::StringRef name);
  void open(const std::string &artefact);
  /// Parameters from a file, where one is named; else those that the artefact has, else by their initialisers.
  void giveWeights(const std::string &file, uint64_t seed);
  /// The parameters of @main alone: for initialisers and weights. Leaves the module as it is.
  bool openParameters(mlir::ModuleOp module, llvm::StringRef name);
};
/// Tells what the loading of a file of weights skipped and cast, if anything.
void noteLoaded(llvm::StringRef file, const dlrt_loaded &loaded);
/// An ELF file.
bool isArtefact(llvm::StringRef path);

} // namespace dlc::tools
