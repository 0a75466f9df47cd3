// Columns of text.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace dlc::tools {
using Row = std::vector<std::string>;
/// Prints left-aligned columns, two blanks apart; the last is free.
void printTable(llvm::ArrayRef<Row> rows);
} // namespace dlc::tools
