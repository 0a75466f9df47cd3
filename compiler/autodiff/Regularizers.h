// What an update has besides its optimiser: on gradients before it, on parameters behind it.
#pragma once
#include "dialects/dl/Dl.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {
/// Its number is an input of @train_step, called like it. Steps are in the order of the table.
struct Regularizer {
  const char *name, *definition, *source;
  bool bound = false; ///< 0 would leave nothing
};
llvm::ArrayRef<Regularizer> getRegularizers();
const Regularizer *findRegularizer(llvm::StringRef name);

/// Builds those whose number is among `inputs`.
class Regularization {
public:
  Regularization(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc) {}
  llvm::StringMap<mlir::Value> inputs; ///< of rank 0
  mlir::Value rate;                    ///< lr
  /// What needs all gradients at once; fails, with a diagnostic, where a regulariser has nothing to act on.
  mlir::LogicalResult begin(llvm::ArrayRef<mlir::BlockArgument> parameters, llvm::ArrayRef<mlir::Value> gradients);
  /// What the optimiser takes as w's gradient.
  mlir::Value gradient(mlir::Value w, mlir::Value g);
  /// w's new value, from what the optimiser gave.
  mlir::Value parameter(mlir::Value w, mlir::Value updated);

private:
  dl::Tensor at(mlir::Value v) { return {b, loc, v}; }
  /// An input for each element of `x`; asked for where it is there.
  dl::Tensor each(llvm::StringRef name, const dl::Tensor &x) { return at(inputs.lookup(name)).broadcast(x.type(), {}); }
  dl::Tensor clipped(mlir::Value g);
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value scale; ///< of gradients, by their global norm; null: none
};
} // namespace dlc
