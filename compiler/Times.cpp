// A stopwatch by the clock and by what processors did for this process.
#include "compiler/Times.h"
#include "llvm/Support/Format.h"
#include <chrono>
#include <sys/resource.h>

namespace dlc {
Times::Spent Times::now() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval &t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          seconds(used.ru_utime) + seconds(used.ru_stime)};
}
Times::Times() : since(now()) {}
void Times::enter(llvm::StringRef part) {
  Spent at = now();
  if (!current.empty()) {
    Spent &spent = parts[current];
    spent.wall += at.wall - since.wall;
    spent.processor += at.processor - since.processor;
  }
  current = part.str();
  since = at;
  if (!current.empty())
    parts[current];
}
void Times::print(llvm::raw_ostream &os) {
  enter("");
  Spent all;
  for (auto &[part, spent] : parts)
    all.wall += spent.wall, all.processor += spent.processor;
  auto row = [&](llvm::StringRef part, const Spent &spent) {
    os << llvm::format("%8.4f s  %5.1f %%  %8.4f s  ", spent.wall, 100 * spent.wall / all.wall, spent.processor) << part << "\n";
  };
  os << "      wall    share   processor  part\n";
  for (auto &[part, spent] : parts)
    row(part, spent);
  row("all", all);
}
} // namespace dlc
