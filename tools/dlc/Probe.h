// Which op of a training step makes the first value that is no number.
#pragma once
#include "tools/dlc/Session.h"

namespace dlc::tools {

/// A step that says of each op's results how great they are, compiled at -O0 when it is asked for.
class Probe {
public:
  /// `module`: as it was read; it is copied. `options`: with the step's.
  Probe(mlir::ModuleOp module, CompileOptions options);
  /// Its train_step has an output "probe.N" for each op's float result besides, of rank 0: the greatest absolute element, NaN where one is
  /// NaN. Null after messages.
  dlrt_model *open();
  /// "dl.log at net.mlir:14:8"
  std::string nameOf(size_t n) const { return names[n]; }

private:
  mlir::OwningOpRef<mlir::ModuleOp> module;
  CompileOptions options;
  std::vector<std::string> names;
  Session session;
};

} // namespace dlc::tools
