// The confusion matrix as text and as a picture.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace dlc::tools {
/// Rows are labels, columns answers.
void printConfusion(llvm::raw_ostream &os, llvm::ArrayRef<int64_t> matrix, llvm::ArrayRef<std::string> classes);
std::string drawConfusion(llvm::ArrayRef<int64_t> matrix, llvm::ArrayRef<std::string> classes);
} // namespace dlc::tools
