// Sums at indices, with the pointwise ops that follow. The first launch lists, for each index of the result, where it stands among the
// indices, ascending (a block a batch); the second sums what each list names, rows of the result to a block, vectors along the last
// dimension. So the work is that of reading every element once and writing every sum once. tile: [lanes, vectors]; block: [rows].
#include "compiler/codegen/Plan.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::codegen::cpu {
using dl::CombineOpInterface;
using dl::Scalars;
using Values = SmallVector<Value>;
static constexpr int64_t blockElements = 8192, mostVectors = 4;

namespace {
/// The dimensions of the nest.
struct Space {
  CombineOpInterface op;
  dl::Nest nest = op.getNest();
  MLIRContext *context = op->getContext();
  unsigned axis = nest.match->dim;
  AffineMap listed = nest.operands[nest.match->operand];
  unsigned batch = listed.getNumResults() - nest.reduced(); ///< leading dimensions, for each of which there are lists
  unsigned before =
      axis + 1 < nest.parallel ? nest.parallel - 1 : nest.parallel; ///< dimensions of a row's number; one of vectors behind them

  Value indices() const { return op->getOperand(nest.match->operand); }
  AffineExpr over(unsigned lo, unsigned hi) const { return dl::product(ArrayRef(nest.extents).slice(lo, hi - lo), context); }
  AffineExpr batches() const { return over(0, batch); }
  AffineExpr terms() const { return over(nest.parallel, nest.extents.size()); }
  /// Where a list begins, by index; two more, since counts become beginnings in place.
  AffineExpr heads() const { return nest.extents[axis] + 2; }
  AffineExpr rows() const { return over(0, before); }
  bool vectors() const { return before < nest.parallel; }
};
} // namespace

dlx::PlanAttr planScatter(func::FuncOp kernel, const PlanOptions &options, std::string &reason) {
  CombineOpInterface op = scatterOf(kernel);
  auto fail = [&](const Twine &why) { return reason = why.str(), dlx::PlanAttr(); };
  if (!op)
    return fail("no terms are matched by an index");
  if (!llvm::hasSingleElement(kernel.getBody().front().getOps<CombineOpInterface>()))
    return fail("something else is combined");
  Space s{op};
  Values results, read{op->getOperand(0)};
  SmallVector<int64_t> writes;
  for (auto [i, v] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands())) {
    if (dl::getExtents(strip(v)) != ArrayRef(s.nest.extents).take_front(s.nest.parallel))
      return fail("result " + Twine(i) + " has not the shape of the sums");
    results.push_back(v);
    writes.push_back(kernel.getNumArguments() + i);
  }
  if (!followPointwise(kernel, op.getOperation(), reason))
    return {};
  llvm::append_range(read, results);
  auto reads = argumentsOf(read, [&](Value v) { return v.getDefiningOp() == op; });
  int64_t width = s.vectors() ? dl::getConstant(s.nest.extents[s.before]) : 1, lanes = s.vectors() ? Machine::of(options.target).lanes : 1;
  int64_t vectors = width < 0 ? mostVectors : std::clamp<int64_t>(width / lanes, 1, mostVectors);
  int64_t rows = std::max<int64_t>(1, blockElements / std::max<int64_t>(1, width < 0 ? 64 : width));
  SmallVector<int64_t> temps;
  SmallVector<dl::DimsAttr> bytes;
  for (AffineExpr each : {s.heads(), s.terms()}) {
    temps.push_back(kernel.getNumArguments() + kernel.getNumResults() + temps.size());
    bytes.push_back(dl::DimsAttr::get(s.context, dl::normalize(s.batches() * each * 8)));
  }
  llvm::append_range(reads, temps);
  dlx::LaunchAttr launches[] = {launch(kernel, ".list", argumentsOf(s.indices()), temps, dl::normalize(s.batches())),
                                launch(kernel, ".sum", reads, writes, dl::normalize(s.rows().ceilDiv(rows)))};
  return dlx::PlanAttr::get(s.context, dlx::Emitter::scatter, {lanes, vectors}, {rows}, launches, bytes, 0);
}

namespace {
struct ScatterEmitter {
  Frame &f;
  Space s{scatterOf(f.kernel.fn)};
  unsigned lanes = f.kernel.plan.getTile()[0];
  Operation *terminator = f.kernel.terminator();
  Type i64 = f.b.getI64Type();

  /// Element `at` of the list numbered `batch` in one of the temporaries: 0 has the heads, 1 the numbers of terms.
  Value place(unsigned temp, Value batch, Value at) {
    Value each = f.expr(temp ? s.terms() : s.heads());
    return f.gep(i64, f.pointer(f.kernel.temp(temp)), f.add(f.mul(batch, each), at));
  }
  Value head(Value batch, Value index) { return f.load(i64, place(0, batch, index), 1); }
  /// Coordinates of dimensions [lo, hi) of the nest from a row-major number over them.
  void locate(Evaluator &ev, unsigned lo, unsigned hi, Value number, Coords &at) {
    AffineExpr rest = getAffineDimExpr(0, s.context);
    for (unsigned d = hi; d-- > lo;) {
      at[d] = ev.map(d > lo ? rest % s.nest.extents[d] : rest, Coord{number});
      rest = rest.floorDiv(s.nest.extents[d]);
    }
  }

  void list() {
    f.loop(f.begin, f.end, [&](Value batch) {
      Value one = f.c(1), count = f.expr(s.nest.extents[s.axis]);
      f.loop(f.c(0), f.expr(s.heads()), [&](Value i) { f.store(i64, f.c(0), place(0, batch, i)); });
      // Calls fn with the number of each term that has an index of the result, and with that.
      auto each = [&](function_ref<void(Value, Value)> fn) {
        f.loop(f.c(0), f.expr(s.terms()), [&](Value number) {
          Evaluator ev{f, 1};
          Coords at(s.nest.extents.size(), Coord{f.c(0)});
          locate(ev, 0, s.batch, batch, at);
          locate(ev, s.nest.parallel, s.nest.extents.size(), number, at);
          Value index = ev.follow(s.indices(), ev.map(s.listed, at)).base;
          Value in = arith::CmpIOp::create(f.b, arith::CmpIPredicate::ult, index, count);
          ev.guard(in, {}, [&](Evaluator &) { return fn(number, index), Values(); });
        });
      };
      each([&](Value, Value index) { // how many, two places on
        Value at = place(0, batch, f.add(index, f.c(2)));
        f.store(i64, f.add(f.load(i64, at, 1), one), at);
      });
      f.loop(f.c(2), f.expr(s.heads()), [&](Value i) {
        Value at = place(0, batch, i);
        f.store(i64, f.add(f.load(i64, at, 1), head(batch, f.sub(i, one))), at);
      });
      each([&](Value number, Value index) { // what was the beginning, one place on, ends as the end
        Value at = place(0, batch, f.add(index, one)), next = f.load(i64, at, 1);
        f.store(i64, number, place(1, batch, next));
        f.store(i64, f.add(next, one), at);
      });
    });
  }

  /// The sums at these elements of one row: the terms numbered [lo, hi) of its list.
  Values sums(Evaluator &ev, ArrayRef<Coords> elements, Value batch, Value lo, Value hi) {
    Location loc = s.op->getLoc();
    Type like = lanes == 1 ? Type(f.b.getF32Type()) : VectorType::get({(int64_t)lanes}, f.b.getF32Type());
    Values identity;
    for (size_t i = 0; i < elements.size(); ++i)
      llvm::append_range(identity, s.op.emitIdentity(f.b, loc, like));
    auto merge = [&](ValueRange x, ValueRange y) {
      Values out;
      for (auto [a, b] : llvm::zip(x, y))
        llvm::append_range(out, s.op.emitMerge(f.b, loc, a, b));
      return out;
    };
    return combineChains(
        ev, cast<dl::ChainAttr>(dl::getRecipe(s.op)), Box{{lo}, {hi}}, identity, merge, [&](Evaluator &, const Box &panel) {
          auto l = f.loop(panel.lo[0], panel.hi[0], f.c(1), identity, [&](Value k, ValueRange in, SmallVectorImpl<Value> &next) {
            Value number = f.load(i64, place(1, batch, k), 1);
            Coords term(s.nest.extents.size());
            Evaluator inner{f, lanes, ev.mask, &ev, true};
            locate(inner, s.nest.parallel, s.nest.extents.size(), number, term);
            for (auto [element, acc] : llvm::zip(elements, in)) {
              llvm::copy(element, term.begin());
              Value x = inner.eval(s.op->getOperand(0), inner.map(s.nest.operands[0], term));
              if (lanes > 1)
                x = Scalars{f.b, loc}.spread(x, lanes);
              llvm::append_range(next, s.op.emitTerm(f.b, loc, acc, {x, Value()}, [&](unsigned) { return Value(); }));
            }
          });
          return Values(l.getResults());
        });
  }
  void store(Evaluator &ev, ArrayRef<Coords> elements, Value batch, Value lo, Value hi) {
    Value y = s.op->getResult(0);
    Values x, acc = sums(ev, elements, batch, lo, hi);
    for (auto [at, a] : llvm::zip(elements, acc)) {
      ev.know(y, at, finish(f, a, cast<RankedTensorType>(y.getType()).getElementType()));
      for (Value v : terminator->getOperands())
        x.push_back(ev.eval(strip(v), at));
    }
    size_t next = 0; // all before any is stored: a result may lie in an argument's place
    for (ArrayRef<Coord> at : elements)
      for (auto [r, v] : llvm::enumerate(terminator->getOperands()))
        ev.store(f.kernel.arguments() + r, strip(v), at, x[next++]);
  }
  void row(Evaluator &ev, const Coords &at) {
    Coords from(at.begin(), at.begin() + s.batch);
    Value batch = f.c(0), index = at[s.axis].base;
    for (unsigned d = 0; d < s.batch; ++d)
      batch = f.add(f.mul(batch, f.expr(s.nest.extents[d])), at[d].base);
    Value lo = head(batch, index), hi = head(batch, f.add(index, f.c(1)));
    if (!s.vectors())
      return store(ev, at, batch, lo, hi);
    auto vectors = [&](Evaluator &inner, Value first, int64_t count) {
      SmallVector<Coords> elements(count, at);
      for (auto [i, element] : llvm::enumerate(elements))
        element.push_back({f.add(first, f.c(i * lanes)), true});
      store(inner, elements, batch, lo, hi);
    };
    auto loop = [&](Value first, Value last, int64_t count, function_ref<Value(Value)> mask) {
      f.loop(first, last, f.c(count * lanes), {}, [&](Value c, ValueRange, SmallVectorImpl<Value> &) {
        auto saved = std::exchange(ev.at, f.before(f.b.getBlock()->getParentOp()));
        Evaluator inner{f, lanes, mask(c), &ev};
        vectors(inner, c, count);
        ev.at = saved;
      });
    };
    int64_t count = f.kernel.plan.getTile()[1], n = dl::getConstant(s.nest.extents[s.before]);
    Value width = f.expr(s.nest.extents[s.before]), full = f.sub(width, f.rem(width, count * lanes));
    if (n < 0 || n >= count * lanes)
      loop(f.c(0), full, count, [](Value) { return Value(); });
    if (n < 0 || n % (count * lanes))
      loop(full, width, 1, [&](Value c) { return f.prefixMask(f.sub(width, c), lanes); });
  }
  void sum() {
    int64_t rows = f.kernel.plan.getBlock()[0];
    Evaluator outer{f, lanes};
    f.loop(f.mul(f.begin, f.c(rows)), f.min(f.mul(f.end, f.c(rows)), f.expr(s.rows())), [&](Value number) {
      outer.at = f.before(f.b.getBlock()->getParentOp());
      Evaluator ev{f, lanes, {}, &outer};
      Coords at(s.before);
      locate(ev, 0, s.before, number, at);
      row(ev, at);
    });
  }
};
} // namespace

void emitScatter(Kernel &kernel) {
  {
    Frame f(kernel, 0);
    ScatterEmitter{f}.list();
  }
  Frame f(kernel, 1);
  ScatterEmitter{f}.sum();
}
} // namespace dlc::codegen::cpu
