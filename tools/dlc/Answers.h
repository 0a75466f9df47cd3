// What eval and predict share: a model with weights, the data, and its outputs.
#pragma once
#include "runtime/train/Metrics.h"
#include "tools/dlc/Build.h"

namespace dlc::tools {

/// Fills the parameters: from the file, or where none is named those that the artefact has. Refuses to go on without either.
Exit giveTrained(Session &session, const std::string &weights);
/// What the training of these weights learned of columns and classes; nothing where they say nothing.
llvm::Expected<data::Preparation> preparationOf(const std::string &weights);

} // namespace dlc::tools
