// Models in f64 with bounds: a loop nest for each structure.
#include "tools/fuzz/Reference.h"
#include "mlir/IR/TypeUtilities.h"
#include "test/lib/Scalar.h"
#include <cmath>

using namespace mlir;
using namespace dlc::dl;
namespace dlc::fuzz {
/// The error of a zero that may as well have the other sign.
static constexpr double eitherZero = 0x1p-1074;
namespace {
constexpr double unknown = INFINITY;
using Index = SmallVector<int64_t>;
using test::Cell;
using test::ScalarProgram;

Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }
bool isFloat(Value v) { return isFloating(elementOf(v)); }
/// What the reference computes in: f64 for every floating-point type.
Type wide(Type element) { return isFloating(element) ? Float64Type::get(element.getContext()) : element; }
} // namespace

Format formatOf(Type t) {
  if (t.isF64())
    return {0x1p-53, 0x1p-1074, std::numeric_limits<double>::max(), 53};
  return t.isBF16() ? Format{0x1p-8, 0x1p-133, 0x1.fep127, 8} : Format{0x1p-24, 0x1p-149, std::numeric_limits<float>::max(), 24};
}
Num nearest(Num v, Type t) {
  test::Cell c = test::rounded({v.f, v.i}, t);
  return {c.f, c.i, v.e};
}
/// As far as integers are moved within their bound; one that is larger is none.
static constexpr double mostMoved = 1e9;
Num stored(Num v, Type t, double half) {
  if (!isFloating(t)) {
    v.i = nearest(v, t).i;
    v.e = v.e > mostMoved ? unknown : v.e;
    return v;
  }
  if (v.e == unknown || std::isnan(v.f) || std::isinf(v.f))
    return v;
  Format x = formatOf(t);
  if (v.e == 0 && half <= 1)
    return t.isF64() && half ? Num{v.f, 0, 2 * x.u * std::fabs(v.f) + x.tiny} : nearest(v, t);
  double size = std::fabs(v.f), margin = v.e + half * x.u * (size + v.e) + (half + 1) * x.tiny;
  if (t.isF64())
    margin *= 2; // the reference's own error
  if (size + margin < x.max)
    return {v.f, 0, margin};
  return size - margin > x.max * (1 + 2 * x.u) ? Num{std::copysign(INFINITY, v.f), 0, 0} : Num{v.f, 0, unknown};
}

namespace {
/// An expression over dimensions with the symbols' values in it: coefficients where it is linear.
struct Affine {
  SmallVector<int64_t, 8> by;
  int64_t constant = 0;
  AffineExpr other; ///< null: linear
  const Symbols *symbols = nullptr;

  int64_t operator()(ArrayRef<int64_t> at) const {
    if (other)
      return dl::evaluate(other, [&](StringRef name) { return symbols->find(name)->second; }, at);
    int64_t sum = constant;
    for (size_t d = 0; d < by.size(); ++d)
      sum += by[d] * at[d];
    return sum;
  }
};
bool linear(AffineExpr e, int64_t scale, Affine &to) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return to.constant += scale * c.getValue(), true;
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return to.by[d.getPosition()] += scale, true;
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return to.constant += scale * to.symbols->find(getSymbolName(s))->second, true;
  auto pair = cast<AffineBinaryOpExpr>(e);
  if (e.getKind() == AffineExprKind::Add)
    return linear(pair.getLHS(), scale, to) && linear(pair.getRHS(), scale, to);
  auto factor = dyn_cast<AffineConstantExpr>(pair.getRHS());
  return e.getKind() == AffineExprKind::Mul && factor && linear(pair.getLHS(), scale * factor.getValue(), to);
}

/// Sums of terms with what is known about their error whatever the order.
struct Sum {
  double sum = 0, size = 0, error = 0, quantum = INFINITY;
  double against[2] = {0, 0}; ///< the sizes of negative and of positive terms
  int64_t terms = 0, i = 0;
  bool nan = false, above = false, below = false, unsure = false;

  void add(double f, double e) {
    ++terms;
    if (e == unknown)
      unsure = true;
    else if (std::isnan(f))
      nan = true;
    else if (std::isinf(f))
      (f > 0 ? above : below) = true;
    else {
      sum += f, size += std::fabs(f), error += e, against[f > 0] += std::fabs(f);
      if (f != 0) { // the last bit of f
        int exponent;
        auto bits = uint64_t(std::fabs(std::frexp(f, &exponent)) * 0x1p53);
        quantum = std::min(quantum, std::ldexp(1.0, exponent - 53 + llvm::countr_zero(bits)));
      }
    }
  }
  Num finish(Type element, bool exact) const {
    if (!isFloating(element))
      return stored({0, i, unsure ? unknown : 0}, element, 0);
    if (nan || (above && below && !unsure))
      return {NAN, 0, 0};
    if (unsure)
      return {sum, 0, unknown};
    Type accumulator = computeType(element);
    Format x = formatOf(accumulator);
    double inf = above ? INFINITY : -INFINITY;
    if (exact)
      return {above || below ? inf : sum, 0, 0};
    double n = 2.0 * terms + 4, margin = error + n * x.u * (size + error) + n * x.tiny;
    if (above || below)
      return {inf, 0, size + margin < x.max ? 0 : unknown};
    if (size + margin >= x.max) {
      // Some orders reach the other infinity first where terms of the other sign suffice for it, and stay there.
      bool sure = std::fabs(sum) - margin > x.max * (1 + 2 * x.u) && against[sum < 0] + margin < x.max;
      return {sure ? std::copysign(INFINITY, sum) : sum, 0, sure ? 0 : unknown};
    }
    bool whole = error == 0 && size <= std::ldexp(quantum, x.digits) && quantum >= x.tiny;
    if (sum == 0 && size == 0 && error == 0)
      whole = true;
    return stored({sum, 0, whole ? 0 : margin}, element, accumulator == element ? 0 : 1);
  }
};

class Frame {
public:
  Frame(const Symbols &symbols, Evaluation &how) : symbols(symbols), extents{symbols}, how(how) {}
  LogicalResult run(Operation &op);
  void set(Value v, Values a) { map.insert_or_assign(v, std::move(a)); }
  const Values &at(Value v) { return map.find(v)->second; }
  Index shapeOf(Value v) { return extents.shapeOf(v); }

private:
  LogicalResult pointwise(PointwiseOpInterface op);
  LogicalResult positional(PositionalOpInterface op);
  LogicalResult movement(MovementOpInterface op);
  LogicalResult combine(CombineOpInterface op);
  LogicalResult emitted(CombineOpInterface op, const Nest &nest, ArrayRef<int64_t> extents);
  LogicalResult decompose(DecomposableOpInterface op);
  LogicalResult scan(ScanOp op);
  Num keep(Num v, Type element, double half) { return how.exact && isFloating(element) ? Num{v.f, 0, 0} : stored(v, element, half); }
  /// The bound on f's change where each input moves within its own; `x` is left as it was.
  double moved(MutableArrayRef<Num> x, llvm::function_ref<Num(ArrayRef<Num>)> f, bool floats);

  int64_t evaluate(AffineExpr e) { return extents.evaluate(e); }
  Affine compile(AffineExpr e, unsigned dims) {
    Affine a{SmallVector<int64_t, 8>(dims), 0, {}, &symbols};
    if (!linear(e, 1, a))
      a.other = e;
    return a;
  }
  /// The row-major number of the element of `v` at `map`.
  Affine offset(AffineMap map, Value v) {
    MLIRContext *c = map.getContext();
    AffineExpr sum = getAffineConstantExpr(0, c);
    for (auto [e, n] : llvm::zip_equal(map.getResults(), at(v).shape))
      sum = sum * n + e;
    return compile(sum, map.getNumDims());
  }
  struct Check {
    Affine value;
    int64_t extent;
  };
  SmallVector<Check> compile(ArrayRef<Bound> bounds, unsigned dims) {
    return llvm::map_to_vector(bounds, [&](const Bound &b) { return Check{compile(b.expr, dims), evaluate(b.extent)}; });
  }
  static bool holds(ArrayRef<Check> checks, ArrayRef<int64_t> at) {
    return llvm::all_of(checks, [&](const Check &c) {
      int64_t v = c.value(at);
      return v >= 0 && v < c.extent;
    });
  }
  LogicalResult check(Operation *op, ScalarProgram &program) {
    how.emitted.insert(op->getName().getStringRef().str());
    return program.problem().empty() ? success() : LogicalResult(op->emitOpError("emits '") << program.problem() << "', unknown here");
  }
  const Symbols &symbols;
  Extents extents;
  Evaluation &how;
  DenseMap<Value, Values> map;
};

void forEach(ArrayRef<int64_t> extents, size_t fixed, MutableArrayRef<int64_t> at, llvm::function_ref<void()> body) {
  auto rest = at.drop_front(fixed);
  std::fill(rest.begin(), rest.end(), 0);
  for (int64_t n = llvm::product_of(extents); n > 0; --n) {
    body();
    for (size_t d = extents.size(); d-- > 0 && ++rest[d] == extents[d];)
      rest[d] = 0;
  }
}

double distance(const Num &a, const Num &b, bool floats) {
  if (!floats)
    return a.i == b.i ? 0 : std::fabs(double(a.i) - double(b.i));
  if (a.f == b.f) // a zero of the other sign is none to a division
    return a.f == 0 && std::signbit(a.f) != std::signbit(b.f) ? eitherZero : 0;
  if (std::isnan(a.f) && std::isnan(b.f))
    return 0;
  double d = std::fabs(a.f - b.f);
  return std::isfinite(d) ? d : unknown;
}
double Frame::moved(MutableArrayRef<Num> x, llvm::function_ref<Num(ArrayRef<Num>)> f, bool floats) {
  Num center = f(x);
  SmallVector<unsigned> loose, any; // operands that move, those that may be anything
  double sum = 0, corner = 0;
  static const std::pair<double, int64_t> anything[] = {{INFINITY, INT64_MAX}, {-INFINITY, INT64_MIN}, {NAN, 2}, {0.0, 0}, {1.0, 1}};
  for (unsigned j = 0; j < x.size(); ++j) {
    if (x[j].e == 0)
      continue;
    loose.push_back(j);
    Num was = x[j];
    double worst = 0;
    auto sample = [&](double v, int64_t i) {
      x[j].f = v, x[j].i = i;
      worst = std::max(worst, distance(f(x), center, floats));
    };
    double e = was.e;
    if (e == unknown) {
      any.push_back(j);
      for (auto [v, i] : anything)
        sample(v, i);
    } else {
      int64_t d = int64_t(std::min(e, mostMoved));
      for (double s : {-1.0, 1.0, -0.5, 0.5})
        sample(was.f + s * e, was.i + int64_t(s * d));
      if (std::fabs(was.f) <= e)
        sample(0, was.i), sample(-0.0, was.i), sample(0x1p-1074, was.i), sample(-0x1p-1074, was.i);
      if (double pole = std::rint(was.f); std::fabs(was.f - pole) <= e) // of lgamma and digamma
        sample(pole, was.i);
    }
    sample(was.f, !was.i); // an i1
    x[j] = was;
    sum += worst;
  }
  SmallVector<Num> was(x);
  for (auto [v, i] : any.size() > 1 ? ArrayRef(anything) : ArrayRef<std::pair<double, int64_t>>()) { // a NaN hides the others
    for (unsigned j : any)
      x[j].f = v, x[j].i = i;
    corner = std::max(corner, distance(f(x), center, floats));
    llvm::copy(was, x.begin());
  }
  if (loose.size() > 1 && loose.size() <= 4 && sum != unknown) {
    for (auto [v, i] : any.empty() ? ArrayRef(anything).take_front() : ArrayRef(anything))
      for (unsigned bits = 0; bits < 1u << loose.size(); ++bits) {
        for (auto [k, j] : llvm::enumerate(loose)) {
          bool up = bits >> k & 1, bit = was[j].e == 1 && (was[j].i == 0 || was[j].i == 1);
          auto d = int64_t(std::min(was[j].e, mostMoved));
          x[j].f = was[j].f + (up ? was[j].e : -was[j].e);
          x[j].i = bit ? up : was[j].i + (up ? d : -d);
          if (was[j].e == unknown)
            x[j].f = v, x[j].i = i;
        }
        corner = std::max(corner, distance(f(x), center, floats));
      }
    llvm::copy(was, x.begin());
  }
  return 1.05 * std::max(sum, corner);
}

LogicalResult Frame::pointwise(PointwiseOpInterface op) {
  Meaning meaning = meaningOf(op);
  if (auto constant = dyn_cast<ConstantOp>(op.getOperation()); constant && how.exact)
    meaning.apply = [v = constant.getValue().convertToDouble()](ArrayRef<Num>) { return Num{v, int64_t(v)}; };
  unsigned results = op->getNumResults(), operands = op->getNumOperands();
  std::optional<ScalarProgram> program;
  if (!meaning.apply) {
    auto types = llvm::map_to_vector(op->getOperands(), [](Value v) { return wide(elementOf(v)); });
    program.emplace(op.getContext(), types, [&](OpBuilder &b, ValueRange s) { return op.emitPointwise(b, op.getLoc(), s); });
    if (failed(check(op, *program)))
      return failure();
    meaning.half = 16;
  }
  SmallVector<const Values *> in;
  for (Value v : op->getOperands())
    in.push_back(&at(v));
  std::vector<Values> out(results, Values::zeros(shapeOf(op->getResult(0))));
  SmallVector<Num> x(operands);
  SmallVector<Cell> cells(operands);
  Operation *o = op;
  bool compare = isa<CompareOp>(o), compareFloats = compare && isFloat(o->getOperand(0)), choosesZero = isa<MaximumOp, MinimumOp>(o);
  bool lgamma = isa<LgammaOp>(o), tan = isa<TanOp>(o), wave = isa<SinOp, CosOp>(o), gelu = isa<GeluOp>(o), fma = isa<FmaOp>(o);
  for (unsigned r = 0; r < results; ++r) {
    Type element = elementOf(op->getResult(r)), computed = computeType(element);
    bool floats = isFloating(element), twice = element.isBF16() && meaning.half > 0 && !isa<CastOp>(o); // f32's rounding, then its own
    auto f = [&](ArrayRef<Num> x) -> Num {
      if (!program)
        return meaning.apply(x);
      for (auto [cell, num] : llvm::zip_equal(cells, x))
        cell = {num.f, num.i};
      Cell y = program->run(cells)[r];
      return {y.f, y.i, 0};
    };
    for (size_t i = 0; i < out[r].cells.size(); ++i) {
      bool loose = false;
      for (auto [num, array] : llvm::zip_equal(x, in))
        num = array->cells[i], loose |= num.e != 0;
      Num y = f(x);
      y.e = 0;
      how.swings |= lgamma && x[0].f < -1000;                  // poles at whole numbers, each as narrow as a step of x is long
      how.swings |= (wave || tan) && std::fabs(x[0].f) > 1000; // what is so large has mostly grown fast
      if (loose && compare) {
        double e = x[0].e + x[1].e, d = std::fabs(compareFloats ? x[0].f - x[1].f : double(x[0].i) - double(x[1].i));
        bool nan = (std::isnan(x[0].f) && x[0].e == 0) || (std::isnan(x[1].f) && x[1].e == 0);
        bool same = op->getOperand(0) == op->getOperand(1) && std::isfinite(e); // moved together, equal stays equal
        y.e = nan || same || d > e ? 0 : 1;
      } else if (loose) {
        y.e = moved(x, f, floats);
        if (isa<LgammaOp, DigammaOp>(o) && x[0].f < 0 && std::isfinite(x[0].f) && !std::isfinite(y.f)) // at a pole, and most are none
          y.e = unknown;
        if (tan) { // a pole within the bound, or not to be told apart from x
          double pole = (std::floor(x[0].f / M_PI) + 0.5) * M_PI;
          y.e = std::fabs(x[0].f - pole) <= x[0].e + 0x1p-50 * std::fabs(x[0].f) || x[0].e > 1.5 ? unknown : y.e;
        }
        if (wave)
          y.e = std::isfinite(x[0].e) && std::isfinite(x[0].f) ? std::min(x[0].e, 2.0) : unknown;
      }
      if (choosesZero && x[0].f == 0 && x[1].f == 0 && std::signbit(x[0].f) != std::signbit(x[1].f))
        y.e = std::max(y.e, eitherZero);
      // The tail of gelu is an exponential, whose exponent f64 holds no more exactly than anything else.
      if (gelu && element.isF64() && !how.exact && x[0].f < 0 && y.f != 0)
        y.e += 4 * 0x1p-53 * std::fabs(y.f * std::log(y.f / x[0].f));
      if (fma && !how.exact && std::isfinite(y.f)) { // a target without FMA rounds the product too
        Format format = formatOf(computed);
        double product = (std::fabs(x[0].f) + x[0].e) * (std::fabs(x[1].f) + x[1].e);
        y.e += product > format.max ? unknown : format.u * product + format.tiny;
      }
      y.e += how.exact || !std::isfinite(y.f) ? 0 : meaning.absolute;
      y = keep(y, twice ? computed : element, meaning.half);
      out[r].cells[i] = twice ? keep(y, element, 1) : y;
    }
  }
  for (auto [result, array] : llvm::zip_equal(op->getResults(), out))
    set(result, std::move(array));
  return success();
}

LogicalResult Frame::positional(PositionalOpInterface op) {
  Value y = op->getResult(0);
  Values out = Values::zeros(shapeOf(y));
  Builder builder(op.getContext());
  auto types = llvm::map_to_vector(op->getOperands(), [](Value v) { return computeType(elementOf(v)); });
  SmallVector<Cell> in;
  bool loose = false;
  for (Value v : op->getOperands())
    in.push_back({at(v).cells[0].f, at(v).cells[0].i}), loose |= at(v).cells[0].e != 0;
  types.append(out.shape.size(), builder.getI64Type());
  unsigned n = in.size();
  ScalarProgram program(op.getContext(), types, [&](OpBuilder &b, ValueRange s) {
    auto extent = [&](AffineExpr e) { return Scalars{b, op.getLoc()}.icst(b.getI64Type(), evaluate(e)); };
    return SmallVector<Value>{op.emitAt(b, op.getLoc(), s.take_front(n), s.drop_front(n), extent)};
  });
  if (failed(check(op, program)))
    return failure();
  Index index(out.shape.size());
  size_t k = 0;
  forEach(out.shape, 0, index, [&] {
    in.resize(n);
    for (int64_t i : index)
      in.push_back({0, i});
    Cell c = test::rounded(program.run(in)[0], elementOf(y));
    out.cells[k++] = {c.f, c.i, loose ? unknown : 0};
  });
  set(y, std::move(out));
  return success();
}

LogicalResult Frame::movement(MovementOpInterface op) {
  Value y = op->getResult(0);
  Values out = Values::zeros(shapeOf(y));
  Num fill;
  if (TypedAttr attr = op.getFill()) {
    if (auto f = dyn_cast<FloatAttr>(attr))
      fill.f = f.getValueAsDouble();
    else
      fill.i = nearest({0, cast<IntegerAttr>(attr).getValue().getSExtValue()}, elementOf(y)).i;
  }
  size_t k = 0;
  bool loose = false; // who knows which element
  auto number = [&](int64_t i) {
    const Num &index = at(op->getOperand(1)).cells[i];
    loose = index.e != 0;
    return index.i;
  };
  auto place = [&](int operand, int64_t number) {
    out.cells[k] = operand < 0 ? fill : at(op->getOperand(operand)).cells[number];
    out.cells[k++].e = loose ? unknown : out.cells[k].e;
  };
  if (!forEachPlace(op, extents, number, place)) { // as its structure says
    how.emitted.insert(op->getName().getStringRef().str());
    unsigned rank = out.shape.size();
    struct From {
      SmallVector<Check> where;
      Affine offset;
      int operand;
    };
    std::vector<From> sources;
    for (const Source &s : op.getSources())
      sources.push_back({compile(s.where, rank), offset(s.map, op->getOperand(s.operand)), int(s.operand)});
    Index index(rank);
    forEach(out.shape, 0, index, [&] {
      auto source = llvm::find_if(sources, [&](const From &s) { return holds(s.where, index); });
      source == sources.end() ? place(-1, 0) : place(source->operand, source->offset(index));
    });
  }
  set(y, std::move(out));
  return success();
}

/// The greatest of elements within their bounds, and where the first of them is.
struct Greatest {
  bool floats, least = false, first = true;
  double f = 0, high = 0, low = 0;
  int64_t i = 0, at = -1;
  bool nan = false, unsure = false;
  SmallVector<std::pair<Num, int64_t>> all = {};

  void add(const Num &x, int64_t place) {
    all.push_back({x, place});
    if (!floats) {
      unsure |= x.e != 0;
      if (first || (least ? x.i < i : x.i > i))
        i = x.i, at = place;
    } else if (x.e == unknown) {
      unsure = true;
    } else if (std::isnan(x.f)) {
      at = nan ? at : place, nan = true;
    } else {
      double v = least ? -x.f : x.f;
      if (first || v > f)
        f = v, at = nan ? at : place;
      high = first ? v + x.e : std::max(high, v + x.e), low = first ? v - x.e : std::max(low, v - x.e);
      first = false;
      return;
    }
    first = floats && first;
  }
  Num value() const {
    if (!floats)
      return {0, i, unsure ? unknown : 0};
    if (nan)
      return {NAN, 0, 0};
    double e = std::isinf(f) ? (high == low ? 0 : unknown) : std::max(high - f, f - low);
    bool zeros[2] = {}; // of two zeros either may win
    for (auto &[x, p] : all)
      zeros[std::signbit(x.f)] |= x.f == 0;
    return {least ? -f : f, 0, unsure ? unknown : f == 0 && zeros[0] && zeros[1] ? std::max(e, eitherZero) : e};
  }
  Num place() const {
    bool sure = !unsure;
    if (floats && !nan)
      for (auto &[x, p] : all) // another may be as great
        sure &= p == at || x.e + (high - f) == 0 || x.f + x.e < low;
    return {0, at, sure ? 0 : unknown};
  }
};

LogicalResult Frame::combine(CombineOpInterface op) {
  Type element = elementOf(op->getResult(0));
  bool floats = isFloating(element);
  std::vector<Values> out;
  for (Value v : op->getResults())
    out.push_back(Values::zeros(shapeOf(v)));
  size_t n = out[0].cells.size();
  std::vector<Sum> sums(n);
  std::vector<Greatest> tops(n, Greatest{floats, isa<MinOp>(op)});
  auto x = ArrayRef(at(op->getOperand(0)).cells), y = op->getNumOperands() > 1 ? ArrayRef(at(op->getOperand(1)).cells) : ArrayRef<Num>();
  bool products = op.isMultiplyAdd() || isa<SumProductsOp>(op), greatest = isa<MaxOp, MinOp, ArgmaxOp, MaxPool2dOp>(op);
  auto kind = forEachTerm(op, extents, [&](int64_t to, int64_t i, int64_t j, int64_t place) {
    const Num &a = x[i];
    if (greatest)
      return tops[to].add(a, place);
    Sum &sum = sums[to];
    if (products) {
      const Num &b = y[j];
      double e = a.e == 0 && b.e == 0 ? 0 : std::fabs(a.f) * b.e + std::fabs(b.f) * a.e + a.e * b.e;
      if (element.isF64() && !how.exact && std::isfinite(a.f * b.f)) // whose products are rounded here too
        e += 0x1p-53 * std::fabs(a.f * b.f);
      sum.add(a.f * b.f, std::isnan(e) || a.e == unknown || b.e == unknown ? unknown : e);
      sum.i += uint64_t(a.i) * uint64_t(b.i);
    } else if (y.empty()) {
      sum.add(a.f, a.e);
      sum.i += uint64_t(a.i);
    } else if (y[j].e != 0) {
      sum.unsure = true;
    } else if (y[j].i == place) {
      sum.add(a.f, a.e);
      sum.i += uint64_t(a.i);
    }
  });
  if (!kind) {
    Nest nest = op.getNest();
    return emitted(op, nest, llvm::map_to_vector(nest.extents, [&](AffineExpr e) { return evaluate(e); }));
  }
  for (size_t k = 0; k < n; ++k)
    if (!greatest) {
      out[0].cells[k] = sums[k].finish(element, how.exact);
    } else if (tops[k].all.empty()) {
      double none = *kind == Combining::Min ? INFINITY : -INFINITY;
      unsigned bits = element.getIntOrFloatBitWidth();
      int64_t lowest = bits == 1 ? 0 : -int64_t(uint64_t(1) << (bits - 1));
      out[0].cells[k] = floats ? Num{none} : Num{0, *kind == Combining::Min ? (bits == 1 ? 1 : -(lowest + 1)) : lowest};
      if (out.size() > 1)
        out[1].cells[k] = {0, -1, *kind == Combining::Argmax ? unknown : 0}; // the greatest of nothing: a symbol may do that
    } else {
      out[0].cells[k] = tops[k].value();
      if (out.size() > 1)
        out[1].cells[k] = tops[k].place();
    }
  for (auto [result, array] : llvm::zip_equal(op->getResults(), out))
    set(result, std::move(array));
  return success();
}

/// A combination that the table lacks: by the terms that the dialect emits, each element's error carried by moving it.
LogicalResult Frame::emitted(CombineOpInterface op, const Nest &nest, ArrayRef<int64_t> extents) {
  MLIRContext *context = op.getContext();
  unsigned dims = extents.size(), n = op->getNumOperands();
  SmallVector<Type> types;
  ScalarProgram identity(context, {}, [&](OpBuilder &b, ValueRange) {
    auto values = op.emitIdentity(b, op.getLoc(), wide(elementOf(op->getResult(0))));
    for (Value v : values)
      types.push_back(wide(v.getType()));
    return values;
  });
  unsigned a = types.size();
  for (Value v : op->getOperands())
    types.push_back(wide(elementOf(v)));
  types.append(dims, IntegerType::get(context, 64));
  ScalarProgram term(context, types, [&](OpBuilder &b, ValueRange s) {
    return op.emitTerm(b, op.getLoc(), s.take_front(a), s.slice(a, n), [&](unsigned i) { return s[a + n + i]; });
  });
  if (failed(check(op, identity)) || failed(check(op, term)))
    return failure();
  auto bounds = compile(nest.bounds, dims);
  SmallVector<Affine> offsets;
  for (auto [v, m] : llvm::zip_equal(op->getOperands(), nest.operands))
    offsets.push_back(offset(m, v));
  auto parallel = extents.take_front(nest.parallel), reduced = extents.drop_front(nest.parallel);
  std::vector<Values> out(op->getNumResults(), Values::zeros(parallel));
  Index index(dims);
  SmallVector<Num> x(n);
  SmallVector<Cell> in;
  size_t k = 0;
  forEach(parallel, 0, MutableArrayRef(index).take_front(nest.parallel), [&] {
    SmallVector<Cell> sums = identity.run({});
    SmallVector<double> error(a, 0), size(a, 0);
    int64_t terms = 0;
    forEach(reduced, nest.parallel, index, [&] {
      if (!holds(bounds, index))
        return;
      ++terms;
      bool loose = false;
      for (unsigned i = 0; i < n; ++i)
        x[i] = at(op->getOperand(i)).cells[offsets[i](index)], loose |= x[i].e != 0;
      for (unsigned r = 0; r < a; ++r) {
        auto f = [&](ArrayRef<Num> x) {
          in = sums;
          for (const Num &v : x)
            in.push_back({v.f, v.i});
          for (int64_t i : index)
            in.push_back({0, i});
          Cell c = term.run(in)[r];
          return Num{c.f, c.i};
        };
        if (loose)
          error[r] += moved(x, f, isFloat(op->getResult(r)));
      }
      in = sums;
      for (const Num &v : x)
        in.push_back({v.f, v.i});
      for (int64_t i : index)
        in.push_back({0, i});
      auto next = term.run(in);
      for (unsigned r = 0; r < a; ++r)
        if (double d = std::fabs(next[r].f - sums[r].f); std::isfinite(d))
          size[r] += d;
      sums = next;
    });
    for (unsigned r = 0; r < a; ++r) {
      Type element = elementOf(op->getResult(r));
      Num y{sums[r].f, sums[r].i, error[r]};
      if (isFloat(op->getResult(r)) && !how.exact && terms > 1)
        y.e += 2 * terms * formatOf(computeType(element)).u * size[r];
      out[r].cells[k] = keep(y, element, 1);
    }
    ++k;
  });
  for (auto [result, array] : llvm::zip_equal(op->getResults(), out))
    set(result, std::move(array));
  return success();
}

LogicalResult Frame::decompose(DecomposableOpInterface op) {
  Operation *before = op->getPrevNode();
  OpBuilder b(op);
  SmallVector<Value> results = op.decompose(b);
  Block::iterator first = before ? std::next(before->getIterator()) : op->getBlock()->begin();
  auto parts = llvm::map_to_vector(llvm::make_range(first, op->getIterator()), [](Operation &part) { return &part; });
  LogicalResult ok = success();
  for (Operation *part : parts)
    ok = succeeded(ok) ? run(*part) : ok;
  if (succeeded(ok))
    for (auto [result, value] : llvm::zip_equal(op->getResults(), results))
      set(result, Values(at(value)));
  for (Operation *part : llvm::reverse(parts)) {
    for (Value v : part->getResults())
      map.erase(v);
    part->erase();
  }
  return ok;
}

LogicalResult Frame::scan(ScanOp op) {
  int64_t trip = evaluate(op.getTripCount());
  std::vector<Values> carried, stacks;
  for (Value v : op.getInit())
    carried.push_back(at(v));
  for (Value v : op.getStacks())
    stacks.push_back(Values::zeros(shapeOf(v)));
  for (auto [argument, v] : llvm::zip_equal(op.getCaptureArguments(), op.getCaptures()))
    set(argument, Values(at(v)));
  for (int64_t i = 0; i < trip; ++i) {
    int64_t t = op.getReverse() ? trip - 1 - i : i;
    for (auto [argument, a] : llvm::zip_equal(op.getCarriedArguments(), carried))
      set(argument, a);
    for (auto [argument, v] : llvm::zip_equal(op.getInputArguments(), op.getInputs())) {
      Values step = Values::zeros(shapeOf(argument));
      auto from = at(v).cells.begin() + t * step.cells.size();
      std::copy(from, from + step.cells.size(), step.cells.begin());
      set(argument, std::move(step));
    }
    Block &body = op.getBody().front();
    for (Operation &inner : llvm::make_early_inc_range(body.without_terminator()))
      if (failed(run(inner)))
        return failure();
    std::vector<Values> next;
    for (Value v : body.getTerminator()->getOperands())
      next.push_back(at(v));
    for (auto [k, step] : llvm::enumerate(next))
      if (k < carried.size())
        carried[k] = std::move(step);
      else
        llvm::copy(step.cells, stacks[k - carried.size()].cells.begin() + t * step.cells.size());
  }
  std::move(stacks.begin(), stacks.end(), std::back_inserter(carried));
  for (auto [result, a] : llvm::zip_equal(op.getResults(), carried))
    set(result, a);
  return success();
}

LogicalResult Frame::run(Operation &op) {
  if (auto loop = dyn_cast<ScanOp>(op))
    return scan(loop);
  if (auto pointwiseOp = dyn_cast<PointwiseOpInterface>(op))
    return pointwise(pointwiseOp);
  if (auto positionalOp = dyn_cast<PositionalOpInterface>(op))
    return positional(positionalOp);
  if (auto movementOp = dyn_cast<MovementOpInterface>(op))
    return movement(movementOp);
  if (auto combineOp = dyn_cast<CombineOpInterface>(op))
    return combine(combineOp);
  if (auto composite = dyn_cast<DecomposableOpInterface>(op))
    return decompose(composite);
  return op.emitOpError("has no structure that the reference knows");
}
} // namespace

FailureOr<std::vector<Values>> evaluate(func::FuncOp function, ArrayRef<Values> arguments, const Symbols &symbols, Evaluation &how) {
  Frame frame(symbols, how);
  Block &block = function.front();
  for (auto [value, array] : llvm::zip_equal(block.getArguments(), arguments)) {
    assert(frame.shapeOf(value) == array.shape && "an argument of another shape");
    frame.set(value, array);
  }
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (failed(frame.run(op)))
      return failure();
  std::vector<Values> results;
  for (Value v : block.getTerminator()->getOperands())
    results.push_back(frame.at(v));
  return results;
}
} // namespace dlc::fuzz
