// Models in processes of their own, so that a crash is one more find.
#pragma once
#include "tools/fuzz/Check.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::fuzz {
/// What `check` finds in a process of its own: also "crash" and "time".
Find checkApart(llvm::function_ref<Find()> check, unsigned seconds);

struct Campaign {
  uint64_t seed = 1;
  bool train = false;
  unsigned jobs = 1;
  bool first = false, reduce = true, table = false; ///< stop at the first find; make finds small; print every row of the coverage
  bool plans = false;                               ///< count the coverage of builds' plans, and run nothing
  std::string out;                                  ///< folder of finds
  std::string tally;                                ///< the file where counts of campaigns add up, or empty
  uint64_t begin = 0, end = UINT64_MAX, seconds = 60;

  /// The number of finds.
  unsigned run(MLIRContext &context);

private:
  void found(MLIRContext &context, uint64_t k, Find find);
  void report(MLIRContext &context, uint64_t models, double seconds);
  Counts total;
  unsigned finds = 0;
  double reducing = 0;             ///< seconds
  llvm::StringMap<unsigned> kinds; ///< finds alike, by what their reduced models hold
};
} // namespace dlc::fuzz
