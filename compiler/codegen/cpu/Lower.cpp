// What CPUs have of their own in lowering: functions of f64 by libm, multiply-adds without FMA.
#include "compiler/codegen/Lower.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "dialects/dl/Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::codegen::cpu {
/// Functions on f64, of math.powf and of the ops of these names; what LLVM has as an instruction or an exact sequence is not here.
static constexpr StringLiteral libm[] = {"exp",  "exp2", "expm1", "log",  "log2",  "log1p", "sin",   "cos", "tan",  "asin", "acos",
                                         "atan", "sinh", "cosh",  "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "cbrt", "pow"};
ArrayRef<StringLiteral> libmNames() { return libm; }
/// libm's name of an op, or null.
static StringRef libmName(Operation *op) {
  StringRef name = op->getName().stripDialect();
  name = name == "powf" ? "pow" : name;
  return llvm::is_contained(libm, name) ? name : "";
}
static void callLibm(ModuleOp module, Operation *op) {
  StringRef name = libmName(op);
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto callee = module.lookupSymbol<func::FuncOp>(name);
  if (!callee) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    SmallVector<Type> operands(op->getNumOperands(), b.getF64Type());
    callee = func::FuncOp::create(top, loc, name, b.getFunctionType(operands, b.getF64Type()));
    callee.setPrivate();
  }
  auto call = [&](ValueRange x) { return func::CallOp::create(b, loc, callee, x).getResult(0); };
  auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
  Value y;
  if (!vector) {
    y = call(op->getOperands());
  } else {
    y = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
    for (int64_t i = 0; i < vector.getNumElements(); ++i) {
      auto lanes = llvm::map_to_vector(op->getOperands(), [&](Value x) -> Value { return vector::ExtractOp::create(b, loc, x, i); });
      y = vector::InsertOp::create(b, loc, call(lanes), y, i);
    }
  }
  op->getResult(0).replaceAllUsesWith(y);
  op->erase();
}
static void callLibm(ModuleOp module) {
  SmallVector<Operation *> calls;
  module.walk([&](Operation *op) {
    if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && !libmName(op).empty())
      calls.push_back(op);
  });
  for (Operation *op : calls)
    callLibm(module, op);
}

/// Scalars as vectors, whose vector.fma is lowered so: one FMA, or multiply and add where the target has none, never fmaf. There
/// a math.fma of f32 that must round once goes through f64, where the product is exact.
static void lowerFma(ModuleOp module, bool fma) {
  module.walk([&](math::FmaOp op) {
    OpBuilder b(op);
    Location loc = op.getLoc();
    Value y;
    if (fma || bitEnumContainsAny(op.getFastmath(), arith::FastMathFlags::contract)) {
      y = LLVM::FMulAddOp::create(b, loc, op.getA(), op.getB(), op.getC());
    } else {
      assert(getElementTypeOrSelf(op.getType()).isF32() && "no wider type");
      dl::Scalars s{b, loc};
      auto wide = [&](Value v) { return s.cast(v, b.getF64Type()); };
      y = s.cast(s.add(s.mul(wide(op.getA()), wide(op.getB())), wide(op.getC())), b.getF32Type());
    }
    op.getResult().replaceAllUsesWith(y);
    op.erase();
  });
}

LogicalResult lowerToLLVM(ModuleOp module, const Machine &machine) {
  callLibm(module);
  lowerFma(module, machine.fma);
  return convertToLLVM(module);
}
} // namespace dlc::codegen::cpu
