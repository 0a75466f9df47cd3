// Where compiling spends its time.
#pragma once
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {
/// A stopwatch that is always in one part, so that the parts sum to the whole.
class Times {
public:
  Times();
  /// What follows belongs to `part`, which may come again.
  void enter(llvm::StringRef part);
  /// A row a part in the order of first entry: wall seconds, their share, seconds of processors.
  void print(llvm::raw_ostream &os);

private:
  struct Spent {
    double wall = 0, processor = 0;
  };
  static Spent now();
  Spent since;
  std::string current;
  llvm::MapVector<std::string, Spent, llvm::StringMap<unsigned>> parts;
};
} // namespace dlc
