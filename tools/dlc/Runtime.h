// A model compiled in this process and handed to the runtime, with owners for the runtime's objects.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/dlrt.h"

namespace dlc::tools {

struct Release {
  void operator()(dlrt_model *p) const { dlrt_model_free(p); }
  void operator()(dlrt_params *p) const { dlrt_params_free(p); }
  void operator()(dlrt_team *p) const { dlrt_team_free(p); }
  void operator()(dlrt_context *p) const { dlrt_context_free(p); }
};
template <typename T> using Owned = std::unique_ptr<T, Release>;

/// Code, model and parameters, freed in the right order. Both ways give false after messages.
struct Session {
  std::unique_ptr<Loaded> code;
  Owned<dlrt_model> model;
  Owned<dlrt_params> params; ///< zeroed at first
  /// Runs the stages on the module, in place.
  bool compile(mlir::ModuleOp module, const CompileOptions &options);
  /// The parameters of @main alone: for initialisers and weights. Leaves the module as it is.
  bool openParameters(mlir::ModuleOp module);

private:
  bool open(Compiled compiled);
};

/// True where the call went well; else reports libdlrt's message.
bool worked(dlrt_status status);

} // namespace dlc::tools
