// Any kernel, one element at a time: the oracle at -O0 and what is left when no other emitter takes a kernel.
// A launch for each shape among the results; a block is 1024 elements of them.
#include "compiler/codegen/Plan.h"
#include "compiler/codegen/cpu/Cpu.h"

namespace dlc::codegen::cpu {
static constexpr int64_t blockElements = 1024;

dlx::PlanAttr planLoops(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  if (scatterOf(kernel))
    return planScatter(kernel, options, reason);
  Operation *end = kernel.getBody().front().getTerminator();
  SmallVector<dlx::LaunchAttr> launches;
  auto groups = resultsByShape(kernel);
  for (auto &group : groups) {
    SmallVector<Value> values;
    for (unsigned i : group)
      values.push_back(end->getOperand(i));
    AffineExpr n = dl::product(dl::getExtents(values[0]), kernel.getContext());
    SmallVector<int64_t> writes;
    for (unsigned i : group)
      writes.push_back(kernel.getNumArguments() + i);
    std::string name = groups.size() == 1 ? "" : "." + std::to_string(launches.size());
    launches.push_back(launch(kernel, name, argumentsOf(values), writes, n.ceilDiv(blockElements)));
  }
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::loops, {}, {blockElements}, launches, {}, 0);
}

void emitLoops(Kernel &kernel) {
  Operation *end = kernel.terminator();
  for (auto [number, group] : llvm::enumerate(resultsByShape(kernel.fn))) {
    Frame f(kernel, number);
    Value like = end->getOperand(group[0]);
    int64_t block = kernel.plan.getBlock()[0];
    Value lo = f.mul(f.begin, f.c(block));
    Value hi = f.min(f.mul(f.end, f.c(block)), f.expr(dl::product(dl::getExtents(like), like.getContext())));
    Evaluator outer{f, 1};
    f.loop(lo, hi, [&](Value i) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator ev{f, 1, {}, &outer};
      Coords at = ev.unflatten(like, Coord{i});
      SmallVector<Value> values; // all before any is stored: a result may lie in an argument's place
      for (unsigned r : group)
        values.push_back(ev.eval(end->getOperand(r), at));
      for (auto [r, x] : llvm::zip(group, values))
        ev.store(kernel.arguments() + r, end->getOperand(r), at, x);
    });
  }
}
} // namespace dlc::codegen::cpu
