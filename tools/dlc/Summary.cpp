// dlc explain's first screen: totals, plain loops, the hottest kernels, the largest edges that stay in memory.
#include "tools/dlc/Summary.h"
#include "tools/dlc/Labels.h"
#include "tools/dlc/Table.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;
namespace dlc::tools {
static std::string percent(int64_t part, int64_t all) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f %%", all ? 100.0 * double(part) / double(all) : 0.0);
  return text;
}
static std::string counted(int64_t n, llvm::StringRef what) { return std::to_string(n) + " " + what.str() + (n == 1 ? "" : "s"); }
static std::string times(int64_t n) { return n == 1 ? "" : "x" + std::to_string(n); }
/// Refused edges by what they are, those of most bytes first.
static void printEdges(func::FuncOp source, size_t shown) {
  struct Edge {
    dlx::VerdictAttr first; // of the most bytes
    SmallVector<StringRef> producers, consumers;
    int64_t number = 0, bytes = 0;
  };
  llvm::MapVector<std::string, Edge, llvm::StringMap<unsigned>> edges;
  int64_t number = 0;
  if (auto verdicts = source->getAttrOfType<ArrayAttr>("dlx.verdicts"))
    for (auto v : verdicts.getAsRange<dlx::VerdictAttr>()) {
      if (v.getFused())
        continue;
      Edge &edge = edges[maskNumbers(v.getProducer()) + "\n" + maskNumbers(v.getConsumer()) + "\n" + maskNumbers(v.getReason())];
      if (!edge.first)
        edge.number = ++number;
      if (!edge.first || edge.first.getBytes() < v.getBytes())
        edge.first = v;
      edge.producers.push_back(v.getProducer());
      edge.consumers.push_back(v.getConsumer());
      edge.bytes += v.getBytes();
    }
  std::vector<Edge> order;
  int64_t all = 0;
  for (auto &[key, edge] : edges) {
    all += edge.producers.size();
    order.push_back(std::move(edge));
  }
  llvm::sort(order, [](const Edge &x, const Edge &y) { return std::pair(-x.bytes, x.number) < std::pair(-y.bytes, y.number); });
  std::vector<Row> rows;
  for (const Edge &e : llvm::ArrayRef(order).take_front(shown)) {
    std::string reason = e.first.getReason().str(), tail = ": " + std::to_string(e.first.getBytes()) + " bytes of traffic stay";
    if (llvm::StringRef(reason).ends_with(tail))
      reason.resize(reason.size() - tail.size());
    rows.push_back(
        {amount(double(e.bytes), "B"), times(e.producers.size()), foldNumbers(e.producers) + " -> " + foldNumbers(e.consumers), reason});
  }
  llvm::outs() << "largest of " << all << " edges that go through memory\n";
  printTable(rows);
}

void printSummary(Programs &programs, dlx::ProgramOp program, ModuleOp module, size_t shown) {
  auto source = module.lookupSymbol<func::FuncOp>(program.getSource());
  auto labels = labelsOf(source, module);
  auto kernels = programs.kernels(program);
  auto cost = [&](const Kernel &k) { return k.calls * programs.at(k.flops); };
  llvm::sort(kernels, [&](Kernel x, Kernel y) {
    return std::pair(-cost(x), x.function.getSymName()) < std::pair(-cost(y), y.function.getSymName());
  });
  int64_t calls = 0, flops = 0;
  for (const Kernel &k : kernels)
    calls += k.calls, flops += cost(k);
  int64_t arena = program.getArena(), least = Lives(program).least(program);
  llvm::outs() << "entry " << entryName(program.getSource()) << ": " << counted(kernels.size(), "kernel") << " in "
               << counted(calls, "call") << ", " << amount(double(flops), "flop") << ", "
               << amount(double(programs.at(programs.cost(program).bytes)), "B") << " read and written\nmemory: arena "
               << amount(double(arena), "B") << " (at one time live " << amount(double(least), "B") << "), prepared "
               << amount(double(program.getPrepared()), "B") << ", scratch " << amount(double(program.getScratch()), "B") << " a thread\n";
  auto row = [&](Kernel k, std::string last) {
    return Row{k.function.getSymName().str(), percent(cost(k), flops), amount(double(cost(k)), "flop"), times(k.calls), std::move(last)};
  };
  std::vector<Row> plain, hot;
  for (Kernel &k : kernels) {
    std::string what = labels[k.function.getSymName()].what;
    if (auto fallback = k.function->getAttrOfType<StringAttr>("dlx.fallback"))
      plain.push_back(row(k, what + ": " + fallback.getValue().str()));
    if (hot.size() < shown)
      hot.push_back(row(k, dlx::stringifyEmitter(k.plan.getEmitter()).str() + ", " + what));
  }
  if (!plain.empty()) {
    llvm::outs() << "fell to plain loops: " << counted(plain.size(), "kernel") << "\n";
    printTable(llvm::ArrayRef(plain).take_front(shown));
  }
  llvm::outs() << "hottest kernels\n";
  printTable(hot);
  printEdges(source, shown);
}
} // namespace dlc::tools
