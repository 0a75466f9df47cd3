// Diagnostics of MLIR as values.
#pragma once
#include "frontend/embed/dlc.h"
#include "mlir/IR/Diagnostics.h"
#include <string>
#include <vector>

namespace dlc::embed {

struct Note {
  dlc_severity severity;
  std::string place, text;
};

/// Keeps what is said in its context as long as it lives.
class Collector {
public:
  explicit Collector(mlir::MLIRContext *context);
  std::vector<Note> notes;

private:
  void add(mlir::Diagnostic &d);
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace dlc::embed
