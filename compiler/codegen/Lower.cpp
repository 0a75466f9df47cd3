// Emitted kernels to the LLVM dialect: functions of f32 by polynomials, functions of f64 by libm, one conversion.
#include "compiler/codegen/Lower.h"
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
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

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

/// libm's name of a function on f64, or null: what LLVM has as an instruction or an exact sequence stays.
static StringRef libmName(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("math.exp", "exp")
      .Case("math.log", "log")
      .Case("math.log1p", "log1p")
      .Case("math.tanh", "tanh")
      .Case("math.erf", "erf")
      .Case("math.sin", "sin")
      .Case("math.cos", "cos")
      .Default("");
}
static void callLibm(ModuleOp module, Operation *op) {
  StringRef name = libmName(op);
  OpBuilder b(op);
  Location loc = op->getLoc();
  auto f64 = b.getF64Type();
  auto callee = module.lookupSymbol<func::FuncOp>(name);
  if (!callee) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    callee = func::FuncOp::create(top, loc, name, b.getFunctionType(f64, f64));
    callee.setPrivate();
  }
  auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
  Value x = op->getOperand(0), y;
  if (!vector) {
    y = func::CallOp::create(b, loc, callee, x).getResult(0);
  } else {
    y = arith::ConstantOp::create(b, loc, b.getZeroAttr(vector));
    for (int64_t i = 0; i < vector.getNumElements(); ++i) {
      Value lane = vector::ExtractOp::create(b, loc, x, i);
      y = vector::InsertOp::create(b, loc, func::CallOp::create(b, loc, callee, lane).getResult(0), y, i);
    }
  }
  op->getResult(0).replaceAllUsesWith(y);
  op->erase();
}

static LogicalResult lowerMath(ModuleOp module) {
  SmallVector<Operation *> polynomials, calls;
  module.walk([&](Operation *op) {
    if (!isa_and_nonnull<math::MathDialect>(op->getDialect()) || libmName(op).empty())
      return;
    (getElementTypeOrSelf(op->getResult(0).getType()).isF64() ? calls : polynomials).push_back(op);
  });
  for (Operation *op : calls)
    callLibm(module, op);
  if (polynomials.empty())
    return success();
  RewritePatternSet patterns(module.getContext());
  populateMathPolynomialApproximationPatterns(patterns, MathPolynomialApproximationOptions{});
  GreedyRewriteConfig config;
  config.enableFolding(false).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  return applyOpPatternsGreedily(polynomials, std::move(patterns), config);
}

/// Scalars as vectors, whose vector.fma is lowered so: one FMA, or multiply and add where the target has none, never fmaf.
static void lowerFma(ModuleOp module) {
  module.walk([](math::FmaOp op) {
    OpBuilder b(op);
    op.getResult().replaceAllUsesWith(LLVM::FMulAddOp::create(b, op.getLoc(), op.getA(), op.getB(), op.getC()));
    op.erase();
  });
}

LogicalResult lowerToLLVM(ModuleOp module) {
  MLIRContext *context = module.getContext();
  if (failed(lowerMath(module)))
    return failure();
  lowerFma(module);
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
  ConversionTarget target(*context);
  target.addLegalDialect<LLVM::LLVMDialect>();
  target.addLegalOp<ModuleOp>();
  return applyFullConversion(module, target, std::move(patterns));
}
} // namespace dlc::codegen
