// The generated op classes; their stories are in ops/*.td and ops/*.cpp.
#include "dialects/dl/Dl.h"
#include "dialects/dl/ops/Loss.h"
#include "dialects/dl/ops/Optimizer.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;
#define GET_OP_CLASSES
#include "dialects/dl/Ops.cpp.inc"
