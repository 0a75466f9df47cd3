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
/// A rank-0 input of the training step and its usual value.
struct Hyperparameter {
  llvm::StringRef name;
  double value;
};
/// Refuses an op, in inference (where it does not exist yet, and `loc` may be missing) and in verification alike.
struct Refusal {
  std::optional<mlir::Location> loc;
  llvm::StringRef op;
  template <typename... Args> mlir::LogicalResult operator()(Args &&...what) const {
    return mlir::emitOptionalError(loc, "'", op, "' op ", std::forward<Args>(what)...);
  }
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
