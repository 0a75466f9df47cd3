// What a model means: its results in f64 and, beside each value, a bound on how far a right build may be from it (running error
// analysis). Ops have their meaning from a table (Meaning.cpp) that shares nothing with the dialect; an op that the table lacks is
// run from what the dialect emits for it.
#pragma once
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <map>
#include <set>

namespace dlc::fuzz {
using namespace mlir;

/// One element: `f` of floating-point types, `i` of integers (i1 is 0 or 1, others sign-extended), and the bound on the distance
/// of a right build's element from it. Infinite: any element is right (a condition exploded).
struct Num {
  double f = 0;
  int64_t i = 0;
  double e = 0;
};
struct Values {
  SmallVector<int64_t> shape;
  std::vector<Num> cells;
  static Values zeros(ArrayRef<int64_t> shape) { return {SmallVector<int64_t>(shape), std::vector<Num>(llvm::product_of(shape))}; }
};
using Symbols = std::map<std::string, int64_t, std::less<>>;

/// Whether it is a floating-point type of dl. (FloatType is an interface, and looking it up for each element took a tenth of the time.)
inline bool isFloating(Type t) { return t.isF32() || t.isF64() || t.isBF16(); }
/// What a floating-point type can hold.
struct Format {
  double u;    ///< relative error of one rounding
  double tiny; ///< the least subnormal
  double max;
  int digits; ///< of the significand
};
Format formatOf(Type element);
/// The nearest value of the type; integers wrap.
Num nearest(Num v, Type element);
/// After an operation that may be off by `half` half-ulps of the result's type: 0 is exact, 1 rounded to nearest. An exact value that
/// is rounded to nearest stays exact.
Num stored(Num v, Type element, double half);

/// How one element of a pointwise op follows from its operands' elements.
struct Meaning {
  std::function<Num(ArrayRef<Num>)> apply; ///< in exact arithmetic; `e` is ignored
  double half = 0;                         ///< see stored()
  double absolute = 0;                     ///< and as much beside
};
/// The table's row for the op, or one whose `apply` is empty.
Meaning meaningOf(Operation *op);

/// Extents where symbols have values.
struct Extents {
  const Symbols &symbols;
  int64_t evaluate(AffineExpr e) const {
    return dl::evaluate(e, [&](StringRef name) { return symbols.find(name)->second; });
  }
  SmallVector<int64_t> shapeOf(Value v) const {
    return llvm::map_to_vector(dl::getExtents(v), [&](AffineExpr e) { return evaluate(e); });
  }
};
/// For each element of a movement's result, in order, the operand (-1: the fill) and the number of the element in it; `index` gives
/// elements of the second operand. False for an op that the table lacks.
bool forEachPlace(Operation *op, const Extents &extents, llvm::function_ref<int64_t(int64_t number)> index,
                  llvm::function_ref<void(int operand, int64_t number)> body);
/// How terms become a result: products of two operands or the first one's elements are summed; the greatest, or least, is taken, with
/// its place along the axis or in the window; elements of the first operand count where the second one names the tap.
enum class Combining { Products, Sum, Max, Min, Argmax, Pool, Chosen };
using TermFn = llvm::function_ref<void(int64_t result, int64_t x, int64_t y, int64_t place)>;
/// Every term: numbers of the elements that meet; places ascend. Nothing for an op that the table lacks.
std::optional<Combining> forEachTerm(Operation *op, const Extents &extents, TermFn body);

struct Evaluation {
  bool exact = false;            ///< no rounding and no bounds: for differences
  std::set<std::string> emitted; ///< ops that were run from what the dialect emits
  bool swings = false;           ///< set where a function swings so fast that differences see the mean of its slope
};
/// The results of `function`. Composites are decomposed for a moment.
FailureOr<std::vector<Values>> evaluate(func::FuncOp function, ArrayRef<Values> arguments, const Symbols &symbols, Evaluation &how);
} // namespace dlc::fuzz
