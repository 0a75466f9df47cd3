// What compile, run, bench, explain and info share: the options that say how a model is built, and the build.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/dlrt.hpp"
#include "tools/dlc/Support.h"

namespace dlc::tools {

/// The options as they were given.
struct BuildFlags {
  std::string model, target = "cpu", cache;
  unsigned level = 2;
  std::vector<std::string> shapes;
  bool noCache = false;
  /// Declares them on a subcommand.
  void add(CLI::App &command);
  /// Their meaning; false after a message. `model` must have been read: shapes may name its inputs.
  bool read(mlir::ModuleOp module, CompileOptions &options) const;
};

/// A model in this process, by JIT or from an artefact, with its parameters.
struct Running {
  std::unique_ptr<Model> source;          ///< null for an artefact
  std::unique_ptr<dlc::Loaded> code;      ///< null for an artefact
  std::unique_ptr<dlrt::Model> model;
  std::unique_ptr<dlrt::Params> params;
  double compileSeconds = 0;
};
/// Builds `flags.model`, or loads it if it is an artefact. False after messages.
bool load(const BuildFlags &flags, Running &running, const std::function<bool(CompileOptions &)> &configure = {});
/// An ELF file.
bool isArtefact(llvm::StringRef path);

} // namespace dlc::tools
