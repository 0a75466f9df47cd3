#include "tools/fuzz/Coverage.h"
#include "dialects/dlx/Dlx.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir;
namespace dlc::fuzz {

/// The op's name, with its form where it has several that are handled apart.
static std::string formOf(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  auto is = [](AffineExpr e, int64_t v) { return dl::getConstant(e) == v; };
  if (auto slice = dyn_cast<dl::SliceOp>(op)) {
    bool strided = llvm::any_of(slice.getStrides(), [](int64_t s) { return s != 1; });
    bool prefix = llvm::all_of(slice.getOffsets().getExtents(), [&](AffineExpr e) { return is(e, 0); });
    return name + (strided ? ".strided" : prefix ? ".prefix" : ".inner");
  }
  if (auto gather = dyn_cast<dl::GatherOp>(op))
    return name + (gather.getOutside() ? ".outside" : gather.getBatch() ? ".batch" : ".repeat");
  if (auto pad = dyn_cast<dl::PadOp>(op)) {
    auto none = [&](auto list) { return llvm::all_of(list.getExtents(), [&](AffineExpr e) { return is(e, 0); }); };
    bool low = !none(pad.getLow()), high = !none(pad.getHigh());
    bool interior = llvm::any_of(pad.getInterior(), [](int64_t n) { return n != 0; });
    return name + (interior ? ".interior" : low && high ? ".both" : low ? ".low" : high ? ".high" : ".none");
  }
  if (auto concat = dyn_cast<dl::ConcatOp>(op))
    return name + (llvm::all_equal(concat->getOperandTypes()) ? ".equal" : ".unequal");
  return name;
}
static std::string typeOf(Operation *op) {
  std::string s;
  llvm::raw_string_ostream(s) << getElementTypeOrSelf(op->getNumOperands() ? op->getOperand(0).getType() : op->getResult(0).getType());
  return s;
}

void countOps(ModuleOp module, Hits &hits) {
  bool planned = llvm::any_of(module.getOps<func::FuncOp>(), [](func::FuncOp fn) { return fn->hasAttr("dlx.plan"); });
  for (auto fn : module.getOps<func::FuncOp>()) {
    auto plan = fn->getAttrOfType<dlx::PlanAttr>("dlx.plan");
    if (planned != bool(plan))
      continue;
    fn.walk([&](Operation *op) {
      if (!isa<dl::DlDialect>(op->getDialect()) || !op->getNumResults())
        return;
      std::string key = formOf(op) + ' ' + typeOf(op) + ' ';
      ++hits[key + (plan ? dlx::stringifyEmitter(plan.getEmitter()).str() : "model")];
      if (plan && !fn->hasAttr("dlx.kernel"))
        ++hits[key + "chain"];
    });
  }
}

void printCoverage(llvm::raw_ostream &os, const Hits &hits, bool table) {
  static constexpr uint64_t enough = 100;
  static const StringRef columns[] = {"model", "rows", "columns", "window", "contraction", "scatter", "chain", "loops"};
  std::map<std::string, std::map<std::string, uint64_t>> rows; // by op and type
  std::vector<std::pair<uint64_t, StringRef>> least;
  for (auto &[key, n] : hits) {
    auto [row, column] = StringRef(key).rsplit(' ');
    rows[row.str()][column.str()] = n;
    least.push_back({n, key});
  }
  if (table) {
    os << llvm::left_justify("op and type", 40);
    for (StringRef column : columns)
      os << llvm::right_justify(column, 12);
    os << "\n";
    for (auto &[row, counts] : rows) {
      os << llvm::left_justify(row, 40);
      for (StringRef column : columns)
        os << llvm::right_justify(counts.count(column.str()) ? std::to_string(counts[column.str()]) : "", 12);
      os << "\n";
    }
  }
  llvm::sort(least);
  os << "coverage: " << least.size() << " cells of op, type and emitter met, "
     << llvm::count_if(least, [](auto &cell) { return cell.first >= enough; }) << " of them " << enough << " times or more; least: ";
  llvm::interleaveComma(ArrayRef(least).take_front(10), os, [&](auto &cell) { os << cell.second << ' ' << cell.first; });
  os << "\n";
}
} // namespace dlc::fuzz
