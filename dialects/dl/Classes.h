// What the generated op classes of a family need: each family is compiled by itself (tools/cmake/Dlc.cmake); its story is in ops/*.cpp.
#pragma once
#include "dialects/dl/Dl.h"
#include "dialects/dl/ops/Loss.h"
#include "dialects/dl/ops/Optimizer.h"
#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace dlc::dl;
