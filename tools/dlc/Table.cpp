// Columns of text.
#include "tools/dlc/Table.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::tools {
void printTable(llvm::ArrayRef<Row> rows) {
  std::vector<size_t> width;
  for (const Row &row : rows)
    for (size_t i = 0; i + 1 < row.size(); ++i)
      width.resize(std::max(width.size(), i + 1)), width[i] = std::max(width[i], row[i].size());
  for (const Row &row : rows) {
    llvm::outs() << "  ";
    for (size_t i = 0; i + 1 < row.size(); ++i)
      llvm::outs() << llvm::left_justify(row[i], width[i] + 2);
    llvm::outs() << row.back() << "\n";
  }
}
} // namespace dlc::tools
