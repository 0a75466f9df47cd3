// The public face of the `dl` dialect.
#pragma once
#include "dialects/dl/Differentiator.h"
#include "dialects/dl/Scalars.h"
#include "dialects/dl/Structures.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc::dl {
/// A rank-0 input of the training step, or a number among a loss's attributes, and its usual value. It is at least 0 and below
/// `limit`, or any whole number.
struct Hyperparameter {
  llvm::StringRef name;
  double value, limit = INFINITY;
  bool whole = false;
};
struct UpdateRule; // ops/Optimizer.h
/// Refuses an op, in inference (where it does not exist yet, and `loc` may be missing) and in verification alike.
struct Refusal {
  std::optional<mlir::Location> loc;
  llvm::StringRef op;
  template <typename... Args> mlir::LogicalResult operator()(Args &&...what) const {
    return mlir::emitOptionalError(loc, "'", op, "' op ", std::forward<Args>(what)...);
  }
};

//===-- Attributes ------------------------------------------------------------------------------------------------===//
/// "write strides" where one of `known` is near, else "it has strides, padding": the end of a message about `name`.
std::string spell(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known);
/// The attribute of this dialect that `name`, of another or no dialect, is one slip away from: dl.param for d1.param; or empty.
llvm::StringRef misspelt(llvm::StringRef name);
/// Every attribute of the op is its own, or has a dialect's prefix: a diagnostic names the nearest of its own.
mlir::LogicalResult checkAttributes(mlir::Operation *op);
template <typename Op> struct KnownAttributes : mlir::OpTrait::TraitBase<Op, KnownAttributes> {
  static mlir::LogicalResult verifyTrait(mlir::Operation *op) { return checkAttributes(op); }
};
} // namespace dlc::dl

#include "dialects/dl/Dialect.h.inc"
#include "dialects/dl/Enums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dl/Attrs.h.inc"
#include "dialects/dl/Interfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/dl/Ops.h.inc"

namespace dlc::dl {
/// Flops of one execution, from the op's structure: element cost times elements; two a term for multiply-adds.
mlir::AffineExpr getFlops(mlir::Operation *op);
} // namespace dlc::dl
