// Philox 4x32-10 on scalars and vectors of i32: four random words from a counter and a key.
#pragma once
#include "dialects/dl/Scalars.h"
#include <array>

namespace dlc::dl {
std::array<mlir::Value, 4> emitPhilox(Scalars &e, std::array<mlir::Value, 4> counter, std::array<mlir::Value, 2> key);
} // namespace dlc::dl
