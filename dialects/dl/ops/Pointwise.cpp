// Pointwise ops: what their rows in Pointwise.td do not say.
#include "dialects/dl/Dl.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;
