// What the generated classes of the optimisers call: the text form of their types, and their verifier.
#pragma once
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
} // namespace dlc::dl
