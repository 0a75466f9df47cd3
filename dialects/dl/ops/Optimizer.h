// What the generated classes of the optimisers call: the text form of their types, their verifier, and the rule that each is.
#pragma once
#include "dialects/dl/Dl.h"
#include "mlir/IR/OpImplementation.h"

namespace dlc::dl {
mlir::LogicalResult verifyUpdate(mlir::Operation *op);
/// One type is written, w's; the scalars are of rank 0.
mlir::ParseResult parseUpdateTypes(mlir::OpAsmParser &p, mlir::Type &w, mlir::Type &g, llvm::SmallVectorImpl<mlir::Type> &slots,
                                   llvm::SmallVectorImpl<mlir::Type> &scalars,
                                   llvm::ArrayRef<mlir::OpAsmParser::UnresolvedOperand> slotOperands,
                                   llvm::ArrayRef<mlir::OpAsmParser::UnresolvedOperand> scalarOperands);
void printUpdateTypes(mlir::OpAsmPrinter &p, mlir::Operation *op, mlir::Type w, mlir::Type g, mlir::TypeRange slots,
                      mlir::TypeRange scalars, mlir::OperandRange, mlir::OperandRange);

/// The operands of one update by name, as a formula reads them.
class Update {
public:
  Update(mlir::Operation *op, mlir::OpBuilder &b) : op(op), b(b), w(at(op->getOperand(0))), g(at(op->getOperand(1))) {}
  bool has(llvm::StringRef flag) const { return op->hasAttr(flag); }
  Tensor slot(llvm::StringRef name) const;
  /// A hyper-parameter or counter; the same for each element of w.
  Tensor scalar(llvm::StringRef name) const;
  Tensor each(const Tensor &s) const { return s.broadcast(w.type(), {}); }
  Tensor each(llvm::StringRef name) const { return each(scalar(name)); }

private:
  Tensor at(mlir::Value v) const { return {b, op->getLoc(), v}; }
  mlir::Operation *op;
  mlir::OpBuilder &b;

public:
  Tensor w, g;
};

/// An optimiser. What has a flag is there where the op has it.
struct UpdateRule {
  struct Number : Hyperparameter {
    Number(llvm::StringRef name, double value, double limit = INFINITY, llvm::StringRef flag = "")
        : Hyperparameter{name, value, limit}, flag(flag) {}
    llvm::StringRef flag;
  };
  struct Slot {
    llvm::StringRef name, flag = "";
  };
  /// 1 - beta^t in step t, carried as c' = beta c + (1 - beta): relative precision stays where beta^t is near 1.
  struct Counter {
    llvm::StringRef name, beta;
  };
  llvm::SmallVector<Number> numbers;
  llvm::SmallVector<Slot> slots;
  llvm::SmallVector<Counter> counters;
  /// w, then the slots, after the step.
  llvm::SmallVector<mlir::Value> (*step)(const Update &);

  llvm::SmallVector<llvm::StringRef> slotNames(mlir::DictionaryAttr flags) const;
  llvm::SmallVector<Hyperparameter> hyperparameters(mlir::DictionaryAttr flags) const;
  llvm::SmallVector<llvm::StringRef> counterNames() const;
  llvm::SmallVector<mlir::Value> advance(mlir::OpBuilder &b, mlir::Location loc, mlir::DictionaryAttr flags,
                                         mlir::ValueRange scalars) const;
  llvm::SmallVector<mlir::Value> apply(mlir::Operation *op, mlir::OpBuilder &b) const { return step(Update(op, b)); }
};
} // namespace dlc::dl
