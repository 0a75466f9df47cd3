// lld in this process, on files in a folder that goes when this does.
#pragma once
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dlc {
class Linker {
public:
  static llvm::Expected<Linker> create();
  Linker(Linker &&other) : folder(std::move(other.folder)), files(other.files) { other.folder.clear(); }
  ~Linker();
  /// Writes an object or a library; gives its path.
  llvm::Expected<std::string> put(llvm::StringRef bytes);
  /// What ld.lld makes with these arguments, which name the input files.
  llvm::Expected<std::string> link(llvm::ArrayRef<std::string> arguments);

private:
  Linker() = default;
  llvm::SmallString<128> folder;
  unsigned files = 0;
};
} // namespace dlc
