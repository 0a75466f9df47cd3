// name(key=value,...): how losses, optimisers, schedules and data are written on the command line.
#pragma once
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cmath>
#include <string>
#include <vector>

namespace dlc::tools {

/// `sgd(lr=0.01,nesterov=true)`, `mnist:DIR`, `csv:FILE(label=target)`. Lookups note what is known; the first error of
/// any lookup, or a key that nobody looked up, comes out of finish().
class Spec {
public:
  static llvm::Expected<Spec> parse(llvm::StringRef text);
  /// The position of the name among those that are known.
  llvm::Expected<size_t> among(llvm::StringRef kind, llvm::ArrayRef<llvm::StringRef> names) const;

  double number(llvm::StringRef key, double otherwise);
  /// At least 0, and below the limit.
  double amount(llvm::StringRef key, double otherwise, double limit = INFINITY);
  /// A key that has to be given.
  void need(llvm::StringRef key);
  /// More than 0.
  double positive(llvm::StringRef key, double otherwise);
  int64_t whole(llvm::StringRef key, int64_t otherwise);
  int64_t requiredCount(llvm::StringRef key);
  /// At least 1.
  int64_t count(llvm::StringRef key, int64_t otherwise);
  bool flag(llvm::StringRef key, bool otherwise = false);
  /// One of these, or "" where none is given.
  std::string word(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> words);
  std::string text(llvm::StringRef key, llvm::StringRef otherwise = "");
  /// Texts between plus signs.
  std::vector<std::string> list(llvm::StringRef key);
  bool has(llvm::StringRef key) const;
  llvm::Error finish();

  std::string name, argument; ///< argument: what follows a colon

private:
  struct Pair {
    std::string key, value;
  };
  const std::string *find(llvm::StringRef key);
  void refuse(llvm::StringRef key, llvm::StringRef value, llvm::StringRef expected);

  llvm::SmallVector<Pair> pairs;
  llvm::SmallVector<std::string> known;
  std::string error;
};

} // namespace dlc::tools
