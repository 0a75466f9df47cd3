// What GPUs have of their own in lowering: FMA is an instruction, and functions of f64 are not there.
#include "compiler/codegen/Lower.h"
#include "compiler/codegen/nvptx/Nvptx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::codegen::nvptx {
/// What PTX has as an instruction, or LLVM as an exact sequence of them.
static bool isExact(Operation *op) {
  return isa<math::FmaOp, math::SqrtOp, math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp, math::TruncOp, math::RoundEvenOp,
             math::CopySignOp, math::CountTrailingZerosOp, math::CountLeadingZerosOp, math::CtPopOp>(op);
}

LogicalResult lowerToLLVM(ModuleOp module, const Target &target) {
  WalkResult walked = module.walk([&](Operation *op) -> WalkResult {
    if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && !isExact(op))
      return emitError(op->getLoc()) << target.spelled() << " has no " << op->getName().stripDialect() << " of "
                                     << getElementTypeOrSelf(op->getResult(0).getType()) << ": use f32, whose functions are dlc's own";
    if (isa<arith::RemFOp>(op))
      return emitError(op->getLoc()) << target.spelled() << " has no exact remainder of floats";
    OpBuilder b(op);
    Value x, y, z;
    if (auto fma = dyn_cast<math::FmaOp>(op))
      x = fma.getA(), y = fma.getB(), z = fma.getC();
    else if (auto fma = dyn_cast<vector::FMAOp>(op))
      x = fma.getLhs(), y = fma.getRhs(), z = fma.getAcc();
    else
      return WalkResult::advance();
    op->getResult(0).replaceAllUsesWith(LLVM::FMAOp::create(b, op->getLoc(), x, y, z).getResult());
    op->erase();
    return WalkResult::skip();
  });
  return failure(walked.wasInterrupted() || failed(convertToLLVM(module)));
}
} // namespace dlc::codegen::nvptx
