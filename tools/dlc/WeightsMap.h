// Another framework's weights for a model's parameters: which tensor goes where, and how it is laid out there.
#pragma once
#include "tools/dlc/Session.h"

namespace dlc::tools {

/// Fills the session's parameters from a safetensors file by the rules of a map (docs/parameters.md, "Weights of others"): a name that
/// is known, or a file; none: each tensor is for the parameter of its name. Values are cast between floating-point types. All or nothing.
Exit importWeights(Session &session, const std::string &weights, const std::string &map);

bool isKnownMap(const std::string &map);

} // namespace dlc::tools
