// The plan of a contraction: register tile by a cost model, whether b is packed, and the grid.
//   tile  = [rows, vectors, lanes] of accumulators; a panel is vectors * lanes columns
//   block = [outer indices, second rows, rows, panels] of one block; chunks of a cut sum come before them in the grid
// Launches: "pack" (b to [outer..., panel, reduced..., column], if b is packed), "tile", "combine" (sums of chunks, if cut).
#include "compiler/codegen/cpu/Contraction.h"

using namespace mlir;
namespace dlc::codegen::cpu {
using dl::getConstant;

namespace {
struct Tile {
  int64_t rows, vectors, lanes;
};
int64_t or_(int64_t n, int64_t unknown) { return n < 0 ? unknown : n; }
constexpr int64_t areaBytes = 1 << 16; ///< of sums of a block between panels of terms: they stay in the second-level cache

/// Cycles of one step of k on a core that starts two 256-bit or one 512-bit FMA and load a cycle. The latency is 4, but
/// eight chains do not reach the full rate; loads cost a little even where they are not the bound (lines that are split).
double step(int64_t rows, int64_t vectors, double perVector, bool aVector) {
  double fma = rows * vectors * perVector;
  double loads = aVector ? (rows * vectors + vectors) * perVector : vectors * perVector + rows * 0.5;
  double issue = (rows * vectors + vectors + rows + 3) / 6.0;
  return std::max({fma, loads, issue, 4.8}) + 0.15 * loads;
}

struct Planner {
  const Contraction &c;
  const PlanOptions &options;
  Machine machine = Machine::of(options.target);
  MLIRContext *context = c.op->getContext();

  int64_t k() const {
    int64_t k = 1;
    for (unsigned i : c.reduced)
      k *= or_(getConstant(c.loops[i].extent), 32);
    return k;
  }
  /// A symbolic extent counts as 64, here and in blocks.
  int64_t rows() const { return c.hasRow() ? or_(getConstant(c.loops[c.row].extent), 64) : 1; }

  double cost(Tile t, double perVector) const {
    int64_t m = rows(), n = or_(getConstant(c.loops[c.vector].extent), 1024), panel = t.vectors * t.lanes;
    double steps = std::max<int64_t>(k(), 1), total = 0;
    auto column = [&](int64_t vectors) {
      auto one = [&](int64_t r) { return step(r, vectors, perVector, c.aVector) + (20 + 1.5 * r * vectors) / steps; };
      return m / t.rows * one(t.rows) + (m % t.rows ? one(m % t.rows) : 0);
    };
    total = n / panel * column(t.vectors);
    if (n % panel)
      total += column(llvm::divideCeil(n % panel, t.lanes));
    if (m % t.rows)
      total *= 1.01; // one more function, and calls that do less
    if (n > panel && n <= 64)
      total *= 1.03; // a is read more than once, where one panel could do
    return total;
  }
  /// Rows of `a` that fall into one set of the first-level cache, which has eight ways or more: more rows would evict each other.
  bool sameSet() const {
    int64_t bytes = c.hasRow() ? getConstant(c.loops[c.row].a) * storageBytes(cast<RankedTensorType>(c.a.getType()).getElementType()) : 0;
    return bytes > 0 && bytes % 4096 == 0;
  }
  Tile choose() const {
    unsigned bytes = storageBytes(c.compute), full = machine.lanes * 4 / bytes;
    int64_t n = getConstant(c.loops[c.vector].extent), m = rows();
    bool farRows = c.hasRow() && getConstant(c.loops[c.row].a) < 0; // row steps are in registers, not in addresses
    Tile best{1, 1, full};
    double least = -1;
    for (unsigned lanes : {full, full / 2}) {
      if (lanes < full && machine.lanes != 16)
        continue;
      double perVector = lanes * bytes == 64 ? 1.0 : 0.5;
      for (int64_t vectors = 1; vectors <= 8; ++vectors) {
        if (n >= 0 && vectors > 1 && (vectors - 1) * lanes >= n)
          break;
        int64_t most = std::min<int64_t>((machine.registers - 1 - vectors) / vectors, farRows || sameSet() ? 8 : 14);
        for (int64_t r = 1; r <= std::min(m, most); ++r) {
          if (options.stripRows % r)
            continue;
          Tile t{r, vectors, lanes};
          double x = cost(t, perVector) * (lanes < full ? 1.03 : 1.0);
          // Ties to the larger tile: fewer loads, fewer calls.
          if (least < 0 || x < least * 0.999 || (x < least * 1.001 && r * vectors > best.rows * best.vectors))
            least = x, best = t;
        }
      }
    }
    return best;
  }

  /// Where b is not read in whole vectors as it lies, or lies a page or more apart from step to step and is read often. A
  /// parameter is packed once, unless it is one panel already: a panel is read through from end to end.
  bool mustPack(int64_t panel) const {
    Type element = cast<RankedTensorType>(c.b.getType()).getElementType();
    if (getConstant(c.loops[c.vector].b) != 1 && !c.loops[c.vector].isOne())
      return true;
    if (!isa<BlockArgument>(c.b))
      return true;
    unsigned number = cast<BlockArgument>(c.b).getArgNumber();
    if (number < options.prepared.size() && options.prepared[number] && getConstant(c.loops[c.vector].extent) > panel)
      return true;
    int64_t m = rows();
    for (unsigned i : c.outer)
      if (!c.has(i, &Contraction::Loop::b))
        m *= or_(getConstant(c.loops[i].extent), 8);
    if (split() || m < 32)
      return false;
    int64_t stride = c.reduced.empty() ? 0 : or_(getConstant(c.loops[c.reduced.back()].b), 0);
    int64_t bytes = std::abs(stride) * storageBytes(element);
    // Narrow panels of rows that fall into few sets of the first-level cache: 512 x 512 by AVX2 runs at 60 GFLOP/s so, packed at 103.
    bool fewSets = machine.lanes < 16 && m >= 128 && bytes >= 1024 && bytes % 1024 == 0;
    // Vectors that cross cache lines: 64 x 10 x 500 by AVX2 runs at 62 GFLOP/s so, packed at 66.
    bool split = machine.lanes < 16 && bytes % 32 != 0 && m >= (bytes <= 64 ? 64 : 128);
    return element != c.compute || bytes >= 4096 || fewSets || split;
  }
  /// Chunks of a small result are blocks of their own, added by a launch that follows; else one block does all of them.
  bool split() const {
    int64_t elements = getConstant(dl::product(dl::getExtents(c.y), context));
    return c.chunks && elements >= 0 && elements <= combineMost && !c.chunkSteps().empty();
  }
  /// Copies of the area for sums of chunks that wait for their partner: one for each bit of the number of chunks. A chunk holds
  /// more than a quarter of its most terms on the average.
  int64_t waiting() const {
    AffineExpr terms = getAffineConstantExpr(1, context);
    for (unsigned i : c.reduced)
      terms = terms * c.loops[i].extent;
    return c.chunks && !split() ? 64 - llvm::countl_zero(uint64_t(dl::getUpperBound(c.op, terms) / (c.recipe.getChunk() / 4)) + 1) : 0;
  }
  AffineExpr ceilDiv(AffineExpr e, int64_t by) const { return by == 1 ? e : e.ceilDiv(by); }

  static SmallVector<int64_t> distinct(SmallVector<int64_t> numbers) {
    llvm::sort(numbers);
    numbers.erase(llvm::unique(numbers), numbers.end());
    return numbers;
  }
  SmallVector<int64_t> inputs(ArrayRef<Value> values) const {
    return argumentsOf(values, [&](Value v) { return v == c.y; });
  }
  dlx::PlanAttr plan(func::FuncOp kernel) {
    Tile t = choose();
    int64_t panel = t.vectors * t.lanes, elementBytes = storageBytes(c.compute);
    auto constant = [&](int64_t x) { return getAffineConstantExpr(x, context); };
    AffineExpr panels = ceilDiv(c.loops[c.vector].extent, panel), one = constant(1);
    unsigned temps = 0;
    SmallVector<dl::DimsAttr> tempBytes;
    SmallVector<dlx::LaunchAttr> launches;
    int64_t firstTemp = kernel.getNumArguments() + kernel.getNumResults();
    SmallVector<int64_t> reads = inputs(c.a), results;
    for (unsigned i = 0; i < kernel.getNumResults(); ++i)
      results.push_back(kernel.getNumArguments() + i);
    SmallVector<Value> outputs(kernel.getBody().front().getTerminator()->getOperands());

    const bool packs = mustPack(panel);
    if (packs) {
      AffineExpr size = constant(panel * elementBytes) * panels, grid = panels;
      for (unsigned i : c.packed) {
        size = size * c.loops[i].extent;
        if (!c.loops[i].reduced)
          grid = grid * c.loops[i].extent;
      }
      launches.push_back(launch(kernel, "pack", inputs(c.b), {firstTemp + temps}, grid));
      reads.push_back(firstTemp + temps++);
      tempBytes.push_back(dl::DimsAttr::get(context, size));
    } else {
      llvm::append_range(reads, inputs(c.b));
    }

    // Blocks: of 1/16 of the work, but between 2 and 160 us of it at 100 GFLOP/s; a symbolic extent counts as 64. At most 96
    // rows, so that they stay in the second-level cache from one panel to the next.
    auto size = [&](int i) { return i < 0 ? 1 : std::max<int64_t>(1, or_(getConstant(c.loops[i].extent), 64)); };
    int64_t outer = 1, row = c.hasRow() ? size(c.row) : 1, plane = size(c.plane);
    for (unsigned i : c.outer)
      outer *= size(i);
    int64_t depth = std::max<int64_t>(1, k()), chunks = 1;
    SmallVector<int64_t> steps = split() ? c.chunkSteps() : SmallVector<int64_t>();
    for (auto [i, s] : llvm::enumerate(steps))
      chunks *= llvm::divideCeil(size(c.reduced[i]), s);
    depth = llvm::divideCeil(depth, chunks);
    double cell = 2.0 * panel * depth; // flops of a row of a panel
    int64_t panelCount = llvm::divideCeil(size(c.vector), panel);
    double target = std::clamp(cell * row * plane * outer * panelCount * chunks / 16, 2.5e5, 1.6e7);
    auto upTo = [&](int64_t all, double cells) { return std::clamp<int64_t>((int64_t)(cells + 0.5), 1, all); };
    int64_t blockRows = upTo(std::min<int64_t>(row, 96), target / cell);
    blockRows = llvm::divideCeil(row, llvm::divideCeil(row, blockRows)); // blocks of one size
    blockRows = c.hasRow() ? llvm::divideCeil(blockRows, t.rows) * t.rows : 1;
    int64_t covered = std::min(blockRows, row), blockPanels = upTo(panelCount, target / (cell * covered)), blockPlane = 1;
    if (covered == row && packs &&
        c.packedBytes() > secondLevelBytes) { // all rows of an image that fit read a panel of b before the next one comes
      blockPlane = upTo(plane, target / (cell * covered));
      blockPlane = llvm::divideCeil(plane, llvm::divideCeil(plane, blockPlane));
      blockPanels = upTo(panelCount, target / (cell * covered * blockPlane));
    } else if (covered == row) {
      blockPlane = upTo(plane, target / (cell * covered * blockPanels));
    }
    if (options.stripRows)
      blockRows = options.stripRows, blockPanels = panelCount;
    const After after = afterTile(kernel, c);
    if (c.panels || after == After::byScratch)
      blockPlane = std::clamp<int64_t>(areaBytes / (blockRows * panel * elementBytes), 1, blockPlane);
    int64_t blockOuter =
        options.stripRows ? 1 : upTo(outer, covered < row || blockPlane < plane ? 1 : target / (cell * covered * blockPanels * blockPlane));
    AffineExpr grid = ceilDiv(panels, blockPanels), outerCount = one;
    for (unsigned i : c.outer)
      outerCount = outerCount * c.loops[i].extent;
    if (c.hasRow())
      grid = grid * ceilDiv(c.loops[c.row].extent, blockRows);
    if (c.plane >= 0)
      grid = grid * ceilDiv(c.loops[c.plane].extent, blockPlane);
    grid = grid * ceilDiv(outerCount, blockOuter);

    int64_t scratch = 0;
    if (!steps.empty()) {
      AffineExpr chunks = one, elements = dl::product(dl::getExtents(c.y), context);
      for (unsigned i = 0; i < steps.size(); ++i)
        chunks = chunks * c.chunkCount(i);
      tempBytes.push_back(dl::DimsAttr::get(context, dl::normalize(chunks * elements * elementBytes)));
      int64_t sums = firstTemp + temps++;
      launches.push_back(launch(kernel, "tile", distinct(reads), {sums}, dl::normalize(grid * chunks)));
      SmallVector<int64_t> writes = results;
      writes.push_back(sums); // summed up in place
      launches.push_back(launch(kernel, "combine", inputs(outputs), writes, ceilDiv(elements, combineElements)));
    } else {
      llvm::append_range(reads, inputs(outputs));
      launches.push_back(launch(kernel, "tile", distinct(reads), results, grid));
      if (after == After::mostly)
        scratch = std::max({blockRows, blockPlane, t.rows}) * panel * elementBytes;
    }
    if (c.panels || (steps.empty() && after == After::byScratch))
      scratch = blockPlane * blockRows * panel * elementBytes * (1 + waiting());
    return dlx::PlanAttr::get(context, dlx::Emitter::contraction, {t.rows, t.vectors, t.lanes},
                              {blockOuter, blockPlane, blockRows, blockPanels}, launches, tempBytes, scratch);
  }
};
} // namespace

/// Epilogues of hundreds of terms, or long ones, go by memory: their code would be there once an accumulator. So do those of incomplete
/// tiles, unless few terms make the way there and back count.
After afterTile(func::FuncOp kernel, const Contraction &c) {
  auto results = kernel.getBody().front().getTerminator()->getOperands();
  if (results.size() == 1 && results[0] == c.y && cast<RankedTensorType>(c.y.getType()).getElementType() == c.compute)
    return After::stored;
  int64_t cost = 0, terms = 1;
  for (Operation &op : kernel.getBody().front())
    for (Value v : op.getResults())
      cost += elementCost(v);
  if (c.panels || cost > 8)
    return After::byScratch;
  for (unsigned i : c.reduced)
    terms *= or_(getConstant(c.loops[i].extent), 1);
  return terms < 64 || c.aVector ? After::inRegisters : After::mostly;
}

dlx::PlanAttr planContraction(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  auto c = analyseContraction(kernel, reason);
  return c ? Planner{*c, options}.plan(kernel) : dlx::PlanAttr();
}
} // namespace dlc::codegen::cpu
