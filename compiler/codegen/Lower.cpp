// Emitted kernels to the LLVM dialect: functions of f64 by libm, one conversion.
#include "compiler/codegen/Lower.h"
#include "dialects/dl/Scalars.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
namespace dlc::codegen {

void registerCodegenDialects(DialectRegistry &registry) {
  registry.insert<dl::DlDialect, dlx::DlxDialect, arith::ArithDialect, math::MathDialect, vector::VectorDialect, scf::SCFDialect,
                  cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect, ub::UBDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}
void loadCodegenDialects(MLIRContext &context) {
  DialectRegistry registry;
  registerCodegenDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
}

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

LogicalResult lowerToLLVM(ModuleOp module, const Target &target) {
  MLIRContext *context = module.getContext();
  callLibm(module);
  lowerFma(module, target.fma);
  IRRewriter rewriter(context);
  for (auto fn : module.getOps<func::FuncOp>()) {
    if (fn.isDeclaration())
      continue;
    DominanceInfo dominance(fn);
    eliminateCommonSubExpressions(rewriter, dominance, fn);
    if (fn.isPrivate())
      fn->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  }
  LLVMTypeConverter types(context);
  RewritePatternSet patterns(context);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  vector::populateVectorInsertExtractStridedSliceTransforms(patterns); // to shuffles
  populateVectorToLLVMConversionPatterns(types, patterns);
  ub::populateUBToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  ConversionTarget legal(*context);
  legal.addLegalDialect<LLVM::LLVMDialect>();
  legal.addLegalOp<ModuleOp>();
  return applyFullConversion(module, legal, std::move(patterns));
}
} // namespace dlc::codegen
