// Any kernel, an element a thread: what no other emitter takes. A launch for each shape among the results. tile: [aligned].
#include "compiler/codegen/nvptx/Nvptx.h"

namespace dlc::codegen::nvptx {
dlx::PlanAttr planLoops(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  Operation *end = kernel.getBody().front().getTerminator();
  SmallVector<dlx::LaunchAttr> launches;
  auto groups = resultsByShape(kernel);
  for (auto &group : groups) {
    SmallVector<Value> values;
    SmallVector<int64_t> writes;
    for (unsigned i : group) {
      values.push_back(end->getOperand(i));
      writes.push_back(kernel.getNumArguments() + i);
    }
    AffineExpr grid = dl::product(dl::getExtents(values[0]), kernel.getContext()).ceilDiv(threadsOfBlock);
    if (!fitsGrid(kernel, grid, reason))
      return {};
    std::string name = groups.size() == 1 ? "" : "_" + std::to_string(launches.size());
    launches.push_back(launch(kernel, name, argumentsOf(values), writes, grid, threadsOfBlock));
  }
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::loops, {!options.inLoop}, {}, launches, {}, 0);
}

void emitLoops(Kernel &kernel) {
  Operation *end = kernel.terminator();
  for (auto [number, group] : llvm::enumerate(resultsByShape(kernel.fn))) {
    Frame f(kernel, number);
    Value like = end->getOperand(group[0]);
    AffineExpr count = dl::product(dl::getExtents(like), like.getContext());
    Value i = f.number(f.block, count);
    f.when(f.less(i, f.expr(count)), [&, &group = group] {
      Evaluator ev{f, 1};
      Coords at = ev.unflatten(like, Coord{i});
      SmallVector<Value> values; // all before any is stored: a result may lie in an argument's place
      for (unsigned r : group)
        values.push_back(ev.eval(end->getOperand(r), at));
      for (auto [r, x] : llvm::zip(group, values))
        ev.store(kernel.arguments() + r, end->getOperand(r), at, x);
    });
  }
}
} // namespace dlc::codegen::nvptx
