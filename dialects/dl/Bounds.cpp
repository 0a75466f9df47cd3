// Extents as polynomials: one form for equal expressions, and what the bounds of symbols (dl.symbol) say of their values.
#include "dialects/dl/Bounds.h"
#include "dialects/dl/Dl.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include <map>
using namespace mlir;
using namespace dlc::dl;

namespace {
using Wide = __int128; // products of two int64_t

//===-- Normal form -----------------------------------------------------------------------------------------------===//
/// A sum of monomials: factors in order -> coefficient. A factor is a symbol, or `p floordiv c`, `p mod c` of a normal p.
/// The order is that of the text, since the numbers of symbols depend on which was seen first.
struct Factor {
  std::string text;
  AffineExpr expr;
  Factor(AffineExpr e) : text(toString(e)), expr(e) {}
  bool operator<(const Factor &other) const { return text < other.text; }
};
struct Polynomial {
  using Monomial = std::vector<Factor>;
  std::map<Monomial, int64_t> terms;

  static constexpr size_t most = 64; // terms, and factors of one; a longer expression stays as it was written
  LogicalResult add(const Monomial &m, Wide coefficient) {
    Wide sum = terms.count(m) ? terms[m] + coefficient : coefficient;
    if (sum != (int64_t)sum)
      return failure();
    if (sum)
      terms[m] = (int64_t)sum;
    else
      terms.erase(m);
    return success(terms.size() <= most);
  }
  bool isConstant() const { return terms.empty() || (terms.size() == 1 && terms.begin()->first.empty()); }
  int64_t constant() const { return terms.count({}) ? terms.at({}) : 0; }
  AffineExpr build(MLIRContext *c) const {
    AffineExpr sum = getAffineConstantExpr(0, c);
    for (auto &[factors, coefficient] : terms) {
      AffineExpr e = factors.empty() ? getAffineConstantExpr(coefficient, c) : factors.front().expr;
      for (const Factor &factor : ArrayRef(factors).drop_front(!factors.empty()))
        e = e * factor.expr;
      sum = sum + (factors.empty() ? e : e * coefficient);
    }
    return sum;
  }
};
using Result = FailureOr<Polynomial>;

Result parse(AffineExpr e) {
  Polynomial p;
  auto atom = [&](AffineExpr a) -> Result { return failed(p.add({a}, 1)) ? Result() : Result(p); };
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return failed(p.add({}, c.getValue())) ? Result() : Result(p);
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  if (!binary)
    return atom(e);
  Result x = parse(binary.getLHS()), y = parse(binary.getRHS());
  if (failed(x) || failed(y))
    return failure();
  if (e.getKind() == AffineExprKind::Add) {
    for (auto &[m, k] : y->terms)
      if (failed(x->add(m, k)))
        return failure();
    return x;
  }
  if (e.getKind() == AffineExprKind::Mul) {
    for (auto &[m, k] : x->terms)
      for (auto &[n, l] : y->terms) {
        Polynomial::Monomial both = m;
        both.insert(both.end(), n.begin(), n.end());
        if (both.size() > Polynomial::most)
          return failure();
        llvm::sort(both);
        if (failed(p.add(both, Wide(k) * l)))
          return failure();
      }
    return p;
  }
  int64_t c = y->constant();
  if (!y->isConstant() || c < 1)
    return failure();
  // x ceildiv c -> (x + c - 1) floordiv c; whole multiples of c come out of a floordiv, and vanish from a mod.
  if (e.getKind() == AffineExprKind::CeilDiv && failed(x->add({}, c - 1)))
    return failure();
  bool mod = e.getKind() == AffineExprKind::Mod;
  Polynomial rest;
  for (auto &[m, k] : x->terms)
    if (int64_t whole = llvm::divideFloorSigned(k, c); failed(rest.add(m, k - whole * c)) || (!mod && failed(p.add(m, whole))))
      return failure();
  if (rest.isConstant()) // below c
    return mod ? rest : p;
  AffineExpr inner = rest.build(e.getContext()), a = mod ? inner % c : inner.floorDiv(c);
  return failed(p.add({a}, 1)) ? Result() : Result(p);
}

//===-- Intervals -------------------------------------------------------------------------------------------------===//
constexpr int64_t infinity = INT64_MAX;
int64_t clamp(Wide x) { return int64_t(std::clamp<Wide>(x, -Wide(infinity), infinity)); }
bool finite(int64_t x) { return x < infinity && x > -infinity; }
using Range = SymbolRange;

/// The bounds of a symbol, from the nearest symbol table that declares it.
Range rangeOf(Operation *at, StringRef name) {
  for (Operation *table = at; table; table = table->getParentOp())
    if (table->hasTrait<OpTrait::SymbolTable>())
      if (auto symbol = dyn_cast_or_null<SymbolOp>(SymbolTable::lookupSymbolIn(table, name)))
        return {(int64_t)symbol.getMin(), (int64_t)symbol.getMax()};
  return {0, infinity};
}
Range rangeOf(AffineExpr e, function_ref<Range(StringRef)> of) {
  constexpr Range any = {-infinity, infinity};
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return {c.getValue(), c.getValue()};
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return of(getSymbolName(s));
  auto binary = dyn_cast<AffineBinaryOpExpr>(e);
  if (!binary)
    return any;
  Range x = rangeOf(binary.getLHS(), of), y = rangeOf(binary.getRHS(), of);
  if (e.getKind() == AffineExprKind::Add)
    return {finite(x.low) && finite(y.low) ? clamp(Wide(x.low) + y.low) : -infinity,
            finite(x.high) && finite(y.high) ? clamp(Wide(x.high) + y.high) : infinity};
  if (e.getKind() == AffineExprKind::Mul) {
    int64_t ends[] = {clamp(Wide(x.low) * y.low), clamp(Wide(x.low) * y.high), clamp(Wide(x.high) * y.low), clamp(Wide(x.high) * y.high)};
    return {*llvm::min_element(ends), *llvm::max_element(ends)};
  }
  if (y.low != y.high || y.low <= 0)
    return any;
  if (e.getKind() == AffineExprKind::Mod) { // where both ends lie between the same multiples nothing wraps
    int64_t c = y.low, below = finite(x.low) && finite(x.high) ? llvm::divideFloorSigned(x.low, c) : infinity;
    bool same = below != infinity && below == llvm::divideFloorSigned(x.high, c);
    return same ? Range{x.low - below * c, x.high - below * c} : Range{0, c - 1};
  }
  auto divide = [&](int64_t v) {
    return !finite(v) ? v : e.getKind() == AffineExprKind::FloorDiv ? llvm::divideFloorSigned(v, y.low) : llvm::divideCeilSigned(v, y.low);
  };
  return {divide(x.low), divide(x.high)};
}
} // namespace

AffineExpr dlc::dl::normalize(AffineExpr e) {
  if (!isa<AffineBinaryOpExpr>(e))
    return e;
  Result p = parse(e);
  return failed(p) ? e : p->build(e.getContext());
}
/// The extents of the function's arguments that are more than a symbol or a number: no tensor that is bound to one has fewer than 0
/// elements, whatever intervals say of `length - past`.
static SmallVector<AffineExpr> boundExtents(Operation *at) {
  SmallVector<AffineExpr> extents;
  auto function = dyn_cast<FunctionOpInterface>(at);
  function = function ? function : at->getParentOfType<FunctionOpInterface>();
  if (function)
    for (Type type : function.getArgumentTypes())
      if (hasExtents(type))
        llvm::copy_if(getExtents(type), std::back_inserter(extents), llvm::IsaPred<AffineBinaryOpExpr>);
  return extents;
}
bool dlc::dl::isNonNegative(Operation *at, AffineExpr e) {
  auto low = [&](AffineExpr x) { return rangeOf(normalize(x), [&](StringRef name) { return ::rangeOf(at, name); }).low; };
  return low(e) >= 0 || llvm::any_of(boundExtents(at), [&](AffineExpr extent) { return low(e - extent) >= 0; });
}
SymbolRanges dlc::dl::getSymbolRanges(ModuleOp module) {
  SymbolRanges ranges;
  for (auto symbol : module.getOps<SymbolOp>())
    ranges[symbol.getSymName()] = {(int64_t)symbol.getMin(), (int64_t)symbol.getMax()};
  return ranges;
}
int64_t dlc::dl::getUpperBound(AffineExpr e, const SymbolRanges &ranges) {
  return rangeOf(e,
                 [&](StringRef name) {
                   auto it = ranges.find(name);
                   return it == ranges.end() ? SymbolRange{0, 0} : it->second;
                 })
      .high;
}
int64_t dlc::dl::getUpperBytes(Type tensor, const SymbolRanges &ranges) {
  int64_t bytes = std::max<int64_t>(1, getElementTypeOrSelf(tensor).getIntOrFloatBitWidth() / 8);
  for (AffineExpr e : getExtents(tensor))
    bytes = clamp(Wide(bytes) * std::max<int64_t>(0, getUpperBound(e, ranges)));
  return bytes;
}
int64_t dlc::dl::getUpperBound(Operation *at, AffineExpr e) {
  return rangeOf(normalize(e), [&](StringRef name) { return ::rangeOf(at, name); }).high;
}
void dlc::dl::substituteSymbols(ModuleOp module, const llvm::StringMap<int64_t> &values) {
  auto value = [&](AffineExpr e) {
    llvm::DenseMap<AffineExpr, AffineExpr> known;
    e.walk([&](AffineExpr x) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(x))
        if (auto it = values.find(getSymbolName(symbol)); it != values.end())
          known[x] = getAffineConstantExpr(it->second, e.getContext());
    });
    return known.empty() ? e : normalize(e.replace(known));
  };
  AttrTypeReplacer replacer;
  replacer.addReplacement(
      [&](RankedTensorType t) -> std::optional<Type> { return getTensor(llvm::map_to_vector(getExtents(t), value), t.getElementType()); });
  replacer.addReplacement([&](DimsAttr dims) -> std::optional<Attribute> {
    return DimsAttr::get(dims.getContext(), llvm::map_to_vector(dims.getExtents(), value));
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  module.walk([&](FunctionOpInterface fn) { // a scalar that gave the symbol has to be its value
    for (unsigned i = 0; i < fn.getNumArguments(); ++i)
      if (auto symbol = fn.getArgAttrOfType<FlatSymbolRefAttr>(i, "dl.symbol"))
        if (auto it = values.find(symbol.getValue()); it != values.end()) {
          fn.removeArgAttr(i, "dl.symbol");
          fn.setArgAttr(i, "dl.range", DenseI64ArrayAttr::get(fn.getContext(), {it->second, it->second + 1}));
        }
  });
  for (auto symbol : llvm::make_early_inc_range(module.getOps<SymbolOp>()))
    if (values.contains(symbol.getSymName()))
      symbol.erase();
}
