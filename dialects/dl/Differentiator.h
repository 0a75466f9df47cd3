// What an op's derivative and its training form may ask of the pass that builds them (docs/autodiff.md).
#pragma once
#include "dialects/dl/Tensor.h"

namespace dlc::dl {
/// Reverse mode over one block: cotangents by value, summed where a value has several uses.
class Differentiator {
public:
  virtual ~Differentiator() = default;
  /// Where the derivative's ops go; its location is that of the op being differentiated.
  virtual mlir::OpBuilder &builder() = 0;
  /// The sum of the cotangents handed back for `result`, or null where none flows.
  virtual mlir::Value cotangent(mlir::Value result) = 0;
  /// Something that is asked for depends on this operand through floating-point values.
  virtual bool needs(mlir::Value operand) = 0;
  /// Adds to the operand's cotangent; ignored where it is not needed.
  virtual void add(mlir::Value operand, mlir::Value gradient) = 0;
  /// Reverse mode over a region's block, for ops with bodies: cotangents of the terminator's operands in, cotangents of
  /// `wanted` (block arguments, values captured from above) out, null where none flows. Ops go to `b`, which must be
  /// where the body's values (or copies of them, by `map`) are visible.
  virtual llvm::SmallVector<mlir::Value> block(mlir::OpBuilder &b, mlir::Block &body, mlir::IRMapping &map, mlir::ValueRange cotangents,
                                               llvm::ArrayRef<mlir::Value> wanted) = 0;
};

/// The training form of a function.
class Training {
public:
  virtual ~Training() = default;
  virtual mlir::OpBuilder &builder() = 0;
  /// A rank-0 i64 that differs from step to step and from call to call: the key of a Philox op.
  virtual mlir::Value key(mlir::Location loc) = 0;
  /// The carried state that `argument` (a parameter of the function) holds becomes `value` after this step.
  virtual void setState(mlir::Value argument, mlir::Value value) = 0;
  /// Adds `term`, of rank 0, to the loss.
  virtual void addPenalty(mlir::Value term) = 0;
};
} // namespace dlc::dl
