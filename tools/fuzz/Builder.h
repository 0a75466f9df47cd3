// What rows of the generator's table (Ops.cpp) are written in.
#pragma once
#include "mlir/IR/TypeUtilities.h"
#include "tools/fuzz/Generate.h"

namespace dlc::fuzz {
/// A function being made: values at hand, and operands found among them or made.
struct Gen {
  Gen(MLIRContext *c, Random &r) : r(r), c(c), b(c) {}
  Random &r;
  MLIRContext *c;
  OpBuilder b;
  mutable func::FuncOp fn;
  std::vector<Value> pool;
  SmallVector<AffineExpr> names;                 ///< symbols at hand
  Symbols most;                                  ///< the greatest of their values
  Type main;                                     ///< the floating-point type of most values
  bool train = false, body = false;              ///< differentiable ops alone; in a scan's body, which has no arguments
  bool windows = false;                          ///< products and convolutions in forms of which the window emitter makes kernels,
  bool symbolic = false;                         ///< were their terms not of a symbolic number
  Type own;                                      ///< what numbers() and any() are of, where it is asked for
  Value chain;                                   ///< what rows take first, where its type is the one wanted
  std::optional<SmallVector<AffineExpr>> target; ///< the shape of operands, where it is asked for
  int64_t limit = 3000;                          ///< elements of a tensor; more in few models, for blocks and chunks
  unsigned rejected = 0;

  AffineExpr n(int64_t v) { return getAffineConstantExpr(v, c); }
  int64_t size(AffineExpr e) const {
    return dl::evaluate(e, [&](StringRef name) { return most.find(name)->second; });
  }
  /// No extent is negative, whatever values the symbols have.
  bool isTensor(Type t) const {
    return dl::hasExtents(t) && llvm::all_of(dl::getExtents(t), [&](AffineExpr e) { return dl::isNonNegative(fn, e); });
  }
  int64_t elements(Type t) const {
    int64_t all = 1;
    for (AffineExpr e : dl::getExtents(t))
      all *= size(e);
    return all;
  }
  static Type elementOf(Value v) { return getElementTypeOrSelf(v.getType()); }
  static int64_t rank(Value v) { return cast<RankedTensorType>(v.getType()).getRank(); }
  static bool isFloat(Value v) { return isa<FloatType>(elementOf(v)); }
  Type withExtents(ArrayRef<AffineExpr> e, Type element) { return dl::getTensor(e, element); }

  int64_t dim();
  AffineExpr extent();
  /// Of at most `most` elements, and `limit`.
  SmallVector<AffineExpr> shape(int64_t rank, int64_t most = INT64_MAX);
  /// One dimension long enough for several chunks or panels of a sum, the others short.
  SmallVector<AffineExpr> longShape(int64_t rank);
  int64_t length();
  Type number(); ///< any number type, most often the main one
  Type integer();

  /// A new argument (in a body: a constant).
  Value argument(Type type);
  Value constant(Type type, double value);
  Value constant(Type type);
  /// A value at hand for which `fits` holds, or a new argument of `otherwise()`.
  Value find(llvm::function_ref<bool(Value)> fits, llvm::function_ref<Type()> otherwise);
  Value find(Type type) {
    return find([&](Value v) { return v.getType() == type; }, [&] { return type; });
  }
  Value floats(int64_t minRank = 0, int64_t maxRank = 4);
  Value numbers(int64_t minRank = 0, int64_t maxRank = 4);
  Value any(int64_t minRank = 0, int64_t maxRank = 4);
  /// Another value of the type: at hand, an argument, a broadcast of something smaller, a constant.
  Value like(Type type);
  Value broadcast(Type type);

  /// `dl.<name>`, its types inferred where none is given. Null where it is refused.
  Operation *make(StringRef name, ValueRange operands, ArrayRef<NamedAttribute> attributes = {}, TypeRange types = {});
  /// Half of the time, where the op has an attribute of this name: it.
  void maybe(StringRef op, StringRef name, SmallVectorImpl<NamedAttribute> &to) {
    auto registered = RegisteredOperationName::lookup(("dl." + op).str(), c);
    bool has = registered && llvm::any_of(registered->getAttributeNames(), [&](StringAttr n) { return n.getValue() == name; });
    if (has && r.chance(0.5))
      to.push_back(flag(name));
  }
  NamedAttribute attr(StringRef name, Attribute value) { return b.getNamedAttr(name, value); }
  NamedAttribute list(StringRef name, ArrayRef<int64_t> v) { return attr(name, b.getDenseI64ArrayAttr(v)); }
  NamedAttribute whole(StringRef name, int64_t v) { return attr(name, b.getI64IntegerAttr(v)); }
  NamedAttribute real(StringRef name, double v) { return attr(name, b.getF64FloatAttr(v)); }
  NamedAttribute flag(StringRef name) { return attr(name, b.getUnitAttr()); }
  NamedAttribute dims(StringRef name, ArrayRef<AffineExpr> v) { return attr(name, dl::DimsAttr::get(c, v)); }
  /// `count` distinct dimensions, ascending.
  SmallVector<int64_t> some(int64_t rank, int64_t count);
};
/// Element types of the operand by which a row's op is counted.
enum class Elements { Floats, Numbers, Any, Bools, Keys, Lengths };
/// What a row's op is beside others: in a kernel with anything, moved there, what its kernel's emitter goes by, or several ops.
enum class Place { Chain, Moved, Reduction, Window, Contraction, Scatter, Alone };
/// A row: makes its op, or says that it could not.
struct OpRow {
  StringRef name;
  bool (*make)(Gen &, StringRef name);
  int weight = 1; ///< how often it comes; forms of a movement
  Place place = Place::Chain;
  Elements elements = Elements::Floats;
};
ArrayRef<OpRow> opTable();
/// opTable() and what the interfaces of the other ops tell.
std::vector<OpRow> allRows(MLIRContext &context);
SmallVector<Type> typesOf(MLIRContext &context, Elements elements);
/// Number `number` of all sections: ops in turn, of one type in turn, placed so that the emitter in turn writes them.
struct Section {
  enum Structure { Rows, Columns, Window, Contraction, Scatter, Chain, Loops } structure;
  Type type;
  uint64_t turn; ///< among those of the type and structure
  static Section at(MLIRContext &context, uint64_t number);
  void make(Gen &g, ArrayRef<OpRow> rows, uint64_t seed) const;
};
/// dl.update_slice of x, in one dimension alone or in each; null where it was refused.
Operation *makeUpdate(Gen &g, Value x);
/// dl.gather of x by new indices of this shape, which lie within the axis unless `outside`; null where it was refused.
Operation *makeGather(Gen &g, Value x, ArrayRef<AffineExpr> shape, int64_t axis, int64_t batch, bool outside);
} // namespace dlc::fuzz
