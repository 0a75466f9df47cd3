// What an op's structure is made of: extents over named symbols, access maps, iteration spaces. docs/structures.md.
#pragma once
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::dl {

/// 0 <= expr < extent. Where a bound fails, the access does not take place.
struct Bound {
  mlir::AffineExpr expr, extent;
};

/// A coordinate that is the element of an integer operand, read at `map`.
struct Index {
  unsigned operand;
  mlir::AffineMap map;
  bool within = true; ///< the model has none outside of its operand: an input that is one is checked when it is bound
};
/// Where an element of a movement's result comes from: operand `operand` at `map` of the result's coordinates, provided
/// that every bound in `where` (over the result's coordinates) holds. Behind the result's dimensions `map` and `where` have one for
/// each of `indices`, whose maps are over the result's coordinates alone; a bound keeps it within the operand.
struct Source {
  unsigned operand = 0;
  mlir::AffineMap map;
  llvm::SmallVector<Bound> where;
  llvm::SmallVector<Index, 1> indices = {};
};

/// Only where the element of operand `operand`, an integer, is the index along dimension `dim` of the result is there a term.
struct Match {
  unsigned operand, dim;
};
/// The iteration space of an op that combines terms: one dimension for each dimension of the result, then the reduced
/// ones, in the order of summation (the last runs fastest). Operand i is read at operands[i] of all dimensions; where one
/// of `bounds` fails there is no term (padding). Accesses that no bound guards are always within their operand. With `match` the terms
/// that there are, whose number the data decide, are numbered in that order for the recipe.
struct Nest {
  llvm::SmallVector<mlir::AffineExpr> extents;
  unsigned parallel = 0; ///< number of result dimensions
  llvm::SmallVector<mlir::AffineMap> operands;
  llvm::SmallVector<Bound> bounds;
  std::optional<Match> match = {};
  unsigned reduced() const { return extents.size() - parallel; }
};

//===-- Recipes ---------------------------------------------------------------------------------------------------===//

/// How the terms of a Combine op are combined, #dl.chain or #dl.lanes: its `dl.recipe`, else its own rule's.
mlir::Attribute getRecipe(mlir::Operation *combine);
/// The rule of most ops: lanes where an operand is reduced in its own order of elements, else chains.
mlir::Attribute chooseRecipe(mlir::Operation *combine);

//===-- Extents ---------------------------------------------------------------------------------------------------===//
// A dimension is an AffineExpr: a constant, or an expression over symbols. Symbols are interned by name in the dialect, so
// expressions of different types mix freely and equal extents are equal pointers.

/// The symbol called `name`, e.g. "B".
mlir::AffineExpr getSymbol(mlir::MLIRContext *context, llvm::StringRef name);
llvm::StringRef getSymbolName(mlir::AffineSymbolExpr symbol);
/// The extents of a ranked tensor, constants where static.
llvm::SmallVector<mlir::AffineExpr> getExtents(mlir::Type tensor);
llvm::SmallVector<mlir::AffineExpr> getExtents(mlir::Value tensor);
/// A ranked tensor whose every `?` has its extent in #dl.dims: what getExtents may be asked about.
bool hasExtents(mlir::Type type);
/// hasExtents with a diagnostic: for type inference, which the parser runs before the verifier.
mlir::LogicalResult checkTensor(std::optional<mlir::Location> loc, mlir::Type type);
/// Dimensions that an op names: ascending, distinct and below `rank`.
mlir::LogicalResult checkDims(std::optional<mlir::Location> loc, llvm::ArrayRef<int64_t> dims, int64_t rank);
/// A tensor type with these extents: `?` and the #dl.dims encoding where one is not constant.
mlir::RankedTensorType getTensor(llvm::ArrayRef<mlir::AffineExpr> extents, mlir::Type element);
/// The same extents, another element type.
mlir::RankedTensorType withElement(mlir::Type tensor, mlir::Type element);
/// The same extents of i1; what is no ranked tensor stays itself (for the parser, which runs before the verifier).
mlir::Type withBool(mlir::Type type);
/// A constant extent, or -1.
int64_t getConstant(mlir::AffineExpr extent);
mlir::AffineExpr product(llvm::ArrayRef<mlir::AffineExpr> extents, mlir::MLIRContext *context);
/// "B", "(H - 4) floordiv 2", "28".
std::string toString(mlir::AffineExpr extent);
/// The value for these symbol values (upper bounds, or actual extents) and, for an expression of a map, dimensions; asserts that
/// every symbol is known.
int64_t evaluate(mlir::AffineExpr e, llvm::function_ref<int64_t(llvm::StringRef)> valueOf, llvm::ArrayRef<int64_t> dims = {});
/// The one form that equal extents have: sums of products, whole parts taken out of divisions. getTensor and the parser
/// of #dl.dims bring extents into it, so that equal extents are equal pointers however they were computed.
mlir::AffineExpr normalize(mlir::AffineExpr extent);
/// It is 0 or more for all values of its symbols within their bounds, by the dl.symbol ops that `at` sees (a symbol
/// without one is 0 or more).
bool isNonNegative(mlir::Operation *at, mlir::AffineExpr expr);
/// The most that it is for values of its symbols within their bounds; INT64_MAX where that is not known.
int64_t getUpperBound(mlir::Operation *at, mlir::AffineExpr expr);
/// An affine map over `dims` dimensions whose results may name symbols.
mlir::AffineMap getMap(unsigned dims, llvm::ArrayRef<mlir::AffineExpr> results, mlir::MLIRContext *context);

} // namespace dlc::dl
