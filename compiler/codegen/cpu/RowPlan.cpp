// The plan of a row program: what a block is, how many rows go at once, which rows are cut over the grid. Rows.cpp says what
// tile and block hold.
#include "compiler/codegen/RowProgram.h"
#include "compiler/codegen/cpu/Cpu.h"

namespace dlc::codegen::cpu {
using dl::CombineOpInterface;
using Values = SmallVector<Value>;
static constexpr int64_t blockElements = 8192, mostKept = 1 << 15, mostCode = 512;

/// A block of a cut row: as many chunks of terms as keep a row's blocks few, since their sums are combined again and again.
static constexpr int64_t mostParts = 64, mostChunks = 16;
/// Rows are cut where there are so few that cores would idle, and so long that no core keeps one between its passes.
static constexpr int64_t fewRows = 16, longColumns = 1 << 15, hugeColumns = 1 << 18;

/// Columns of a block where the rows of a reducing group are cut, else 0: a rule over bounds, never over threads.
static int64_t cutOf(func::FuncOp kernel, const RowGroup &g) {
  if (g.reductions.empty())
    return 0;
  int64_t rows = dl::getUpperBound(kernel, g.rows()), columns = dl::getUpperBound(kernel, g.columns());
  if (rows >= (columns > hugeColumns ? 4 * fewRows : fewRows) || columns <= longColumns)
    return 0;
  int64_t chunks = 1;
  while (chunks < mostChunks && llvm::divideCeil(columns, g.chunk() * chunks) > mostParts)
    chunks *= 2;
  return g.chunk() * chunks;
}
/// How many rows go through the passes together, so that no pass waits for one row's sum, and what all rows read is read once.
/// Several only where the caches hold them well: what comes from afar is fetched ahead while one row after another is summed.
static int64_t rowsAtOnce(func::FuncOp kernel, const RowGroup &g, int64_t lanes) {
  int64_t columns = dl::getConstant(g.columns()), rows = dl::getUpperBound(kernel, g.rows()), most = 1;
  if (!g.outer || !g.hasColumns())
    return 1;
  uint64_t elements = llvm::SaturatingMultiply<uint64_t>(rows, std::max<int64_t>(columns, 0));
  if (g.reductions.empty())
    most = columns < 0 || columns >= 2048 || elements <= 1 << 18 ? streams : 1;
  else if (columns >= 0 && columns <= registerColumns)
    most = std::min<int64_t>(lanes, columns <= 16 && g.cost(kernel) <= cheap ? 16 : 8);
  else if (columns >= 0 && columns <= 128)
    most = 4;
  if (int64_t bytes = g.keptAt({}))
    most = std::min(most, mostKept / bytes);
  // Code is there once for each row and, of a row in registers, each vector: what computes long waits for itself, not for a sum.
  int64_t copies = columns >= 0 && columns <= registerColumns ? llvm::divideCeil(std::max<int64_t>(columns, 1), lanes) : 1, cost = 1;
  for (unsigned pass = 0; pass < g.passes; ++pass)
    cost += g.costOf(g.roots(kernel, pass));
  most = std::min(most, mostCode / (copies * cost));
  return llvm::bit_floor<uint64_t>(std::clamp<int64_t>(rows, 1, std::max<int64_t>(most, 1)));
}
/// The widest vectors take two cycles each on some CPUs, and masks their time: not where a short row has less than half of one left
/// over, or less than one in all, as of 10 or 50 columns, and little to compute.
static bool leavesHalf(func::FuncOp kernel, const RowGroup &g) {
  int64_t columns = dl::getConstant(g.columns()), rest = columns % 16;
  return !g.reductions.empty() && columns <= registerColumns && rest > 0 && (rest <= 8 || columns < 16) && g.cost(kernel) <= cheap;
}
dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto groups = analyseRows(kernel, reason);
  if (!groups)
    return {};
  auto perRow = [&](Value v) { // such as an index: a scalar
    return llvm::all_of(*groups, [&](const RowGroup &g) { return ArrayRef(dl::getExtents(v)) == ArrayRef(g.space).take_front(g.outer); });
  };
  bool wide = false;
  kernel.walk([&](Operation *op) {
    for (Value v : op->getResults())
      wide |= getElementTypeOrSelf(v.getType()).getIntOrFloatBitWidth() == 64 && !perRow(v);
  });
  Machine machine = Machine::of(options.target);
  bool half = machine.lanes == 16 && llvm::all_of(*groups, [&](const RowGroup &g) { return leavesHalf(kernel, g); });
  int64_t lanes = std::min(16u, machine.lanes * 2) / (wide || half ? 2 : 1);
  SmallVector<int64_t> tile{lanes}, block;
  int64_t scratch = 0;
  unsigned last = 1; // launches
  for (RowGroup &g : *groups) {
    int64_t columns = dl::getConstant(g.columns()), atOnce = rowsAtOnce(kernel, g, lanes), rows = atOnce, cut = 0;
    if (columns >= 0)
      rows = std::max<int64_t>(rows, llvm::alignDown(blockElements / std::max<int64_t>(columns, 1), std::max<int64_t>(4, atOnce)));
    if (g.reductions.empty() && g.hasColumns() && (columns < 0 || columns > blockElements)) // 0: rows are not cut
      cut = blockElements / atOnce;
    if (options.stripRows)
      rows = 1;
    if (int64_t size = cutOf(kernel, g)) {
      atOnce = rows = 1, cut = size;
      g.cut();
      last = std::max(last, g.passes);
    }
    tile.push_back(atOnce);
    block.append({rows, cut});
    scratch = std::max(scratch, g.keptAt({}) * atOnce);
  }
  // Every group is done with the last launch, so that no result is stored where an argument is read yet.
  unsigned firstResult = kernel.getNumArguments(), temp = firstResult + kernel.getNumResults();
  SmallVector<dl::DimsAttr> temps;
  SmallVector<dlx::LaunchAttr> launches;
  for (auto [i, g] : llvm::enumerate(*groups))
    for (Operation *r : g.reductions)
      for (Type t : accumulatorTypes(r))
        if (block[2 * i + 1])
          temps.push_back(dl::DimsAttr::get(g.context, dl::normalize(g.rows() * g.parts(block[2 * i + 1]) * storageBytes(t))));
  auto tempsOf = [&](Operation *r, SmallVector<int64_t> &list) {
    for (unsigned k = 0; k < r->getNumResults(); ++k)
      list.push_back(temp + firstTemp(*groups, block, r) + k);
  };
  for (unsigned n = 0; n < last; ++n) {
    AffineExpr grid = getAffineConstantExpr(0, kernel.getContext());
    Values values;
    llvm::DenseSet<Operation *> given;
    SmallVector<int64_t> sums, writes;
    for (auto [i, g] : llvm::enumerate(*groups)) {
      int64_t columns = block[2 * i + 1], pass = n + g.passes - last;
      bool isCut = columns && !g.reductions.empty();
      if (isCut ? pass < 0 : n + 1 < last)
        continue;
      grid = grid + (isCut ? g.blocksOfPass(columns, pass) : g.blocks(block[2 * i], columns));
      if (!isCut || pass + 1 == g.passes)
        for (ArrayRef<unsigned> results : {ArrayRef(g.full), ArrayRef(g.perRow)})
          for (unsigned r : results)
            writes.push_back(firstResult + r);
      Values roots = g.roots(kernel, isCut ? pass : g.passes - 1);
      llvm::append_range(values, roots);
      if (!isCut)
        continue;
      for (Operation *r : g.earlier(roots, pass)) {
        given.insert(r);
        tempsOf(r, sums);
      }
      for (Operation *r : g.reductions)
        if (g.passOf(r) == pass)
          tempsOf(r, writes);
    }
    llvm::sort(writes);
    auto reads = argumentsOf(values, [&](Value v) { return given.contains(v.getDefiningOp()); });
    llvm::append_range(reads, sums);
    launches.push_back(launch(kernel, last == 1 ? "" : "." + std::to_string(n), reads, writes, dl::normalize(grid)));
  }
  return dlx::PlanAttr::get(kernel.getContext(), dlx::Emitter::rows, tile, block, launches, temps, scratch);
}
} // namespace dlc::codegen::cpu
