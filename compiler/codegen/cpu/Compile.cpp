// LLVM dialect to code: the short pass list that the emitters' output needs, and the code generator. docs/rationale.md has
// the measurements: unrolling, SLP and loop vectorisation spill the accumulators that emitters laid out.
#include "compiler/codegen/Llvm.h"
#include "compiler/codegen/Notes.h"
#include "compiler/codegen/cpu/Share.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/CodeGen/AsmPrinter.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Pass.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar.h"
#include "llvm/Transforms/Utils.h"

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
void LLVMInitializeAArch64TargetInfo();
void LLVMInitializeAArch64Target();
void LLVMInitializeAArch64TargetMC();
void LLVMInitializeAArch64AsmPrinter();
}

namespace dlc::codegen::cpu {
using namespace llvm;

void registerTargets() {
  static const bool once = (LLVMInitializeX86TargetInfo(), LLVMInitializeX86Target(), LLVMInitializeX86TargetMC(),
                            LLVMInitializeX86AsmPrinter(), LLVMInitializeAArch64TargetInfo(), LLVMInitializeAArch64Target(),
                            LLVMInitializeAArch64TargetMC(), LLVMInitializeAArch64AsmPrinter(), true);
  (void)once;
}

/// LLVM's -mcpu and -mattr.
static StringRef cpuOf(const Target &target) { return Machine::of(target).arm ? StringRef("generic") : StringRef(target.name); }
static StringRef featuresOf(const Target &target) { return Machine::of(target).arm ? "+v8.2a" : ""; }

std::unique_ptr<TargetMachine> makeMachine(const Target &target, unsigned level) {
  registerTargets();
  std::string error;
  Triple triple(Machine::of(target).arm ? "aarch64-unknown-linux-gnu" : "x86_64-unknown-linux-gnu");
  const auto *description = TargetRegistry::lookupTarget(triple, error);
  assert(description && "both code generators are linked in");
  // Never None, not at level 0 either: LLVM 22's fast selector folds the load of one float into a 16-byte operand of a blend where the
  // select of a comparison is the load's only use, which is a read beyond the tensor.
  auto codegen = level == 3 ? CodeGenOptLevel::Default : CodeGenOptLevel::Less;
  return std::unique_ptr<TargetMachine>(description->createTargetMachine(triple, cpuOf(target), featuresOf(target), TargetOptions(),
                                                                         Reloc::PIC_, std::nullopt, codegen, true));
}

static void optimize(Module &module, TargetMachine &machine, unsigned level) {
  runPasses(module, machine,
            level == 0
                ? "function(early-cse)"
                : "function(early-cse<memssa>,simplifycfg,loop-simplify,lcssa,loop-mssa(loop-rotate,licm),early-cse<memssa>,simplifycfg)");
}

/// fmuladd(x, y, z) -> x * y + z, for a target without FMA
/// That is what such a target runs, but LLVM would compute known operands by one rounding: other bits than the same at run time.
static void splitMultiplyAdds(Module &module) {
  for (Function &f : module)
    for (Instruction &i : make_early_inc_range(instructions(f))) {
      auto *call = dyn_cast<IntrinsicInst>(&i);
      if (!call || call->getIntrinsicID() != Intrinsic::fmuladd)
        continue;
      IRBuilder<> b(call);
      call->replaceAllUsesWith(b.CreateFAdd(b.CreateFMul(call->getArgOperand(0), call->getArgOperand(1)), call->getArgOperand(2)));
      call->eraseFromParent();
    }
}

/// A bit for each lane of a constant mask that is on.
static uint32_t lanesOn(Constant *mask) {
  uint32_t bits = 0;
  for (unsigned n = 0; n < cast<llvm::FixedVectorType>(mask->getType())->getNumElements(); ++n)
    if (Constant *lane = mask->getAggregateElement(n); lane && lane->isOneValue())
      bits |= uint32_t(1) << n;
  return bits;
}
/// A mask of the same value as a constant one, but nobody can tell.
static llvm::Value *hide(IRBuilder<> &b, Constant *mask) {
  unsigned lanes = cast<llvm::FixedVectorType>(mask->getType())->getNumElements();
  SmallVector<uint32_t> each;
  for (unsigned n = 0; n < lanes; ++n)
    each.push_back(uint32_t(1) << n);
  auto *type = llvm::FunctionType::get(b.getInt32Ty(), {b.getInt32Ty()}, false);
  llvm::Value *opaque = b.CreateCall(InlineAsm::get(type, "", "=r,0", /*hasSideEffects=*/false), {b.getInt32(lanesOn(mask))});
  return b.CreateIsNotNull(b.CreateAnd(b.CreateVectorSplat(lanes, opaque), ConstantDataVector::get(b.getContext(), each)));
}
/// A conjunction with its constants hidden; another mask as it is.
static llvm::Value *hideConstants(IRBuilder<> &b, llvm::Value *mask) {
  auto *both = dyn_cast<BinaryOperator>(mask);
  if (!both || both->getOpcode() != Instruction::And)
    return mask;
  llvm::Value *parts[2];
  for (auto [part, operand] : llvm::zip_equal(parts, both->operands())) {
    auto *constant = dyn_cast<Constant>(operand.get());
    part = constant ? hide(b, constant) : hideConstants(b, operand.get());
  }
  return parts[0] == both->getOperand(0) && parts[1] == both->getOperand(1) ? mask : b.CreateAnd(parts[0], parts[1]);
}
/// masked.load(p, c and <1, 1, 1, 0>) -> masked.load(p, c and m), where m is that constant in hiding
/// LLVM 22 forgets lanes of the constant that no result needs, takes what it forgot for true, and reads beyond the tensor.
static void hideConstantMasks(Module &module) {
  for (Function &f : module)
    for (Instruction &i : make_early_inc_range(instructions(f))) {
      auto *access = dyn_cast<IntrinsicInst>(&i);
      bool loads = access && access->getIntrinsicID() == Intrinsic::masked_load;
      if (!loads && !(access && access->getIntrinsicID() == Intrinsic::masked_store))
        continue;
      IRBuilder<> b(access);
      Use &mask = access->getArgOperandUse(loads ? 1 : 2);
      mask.set(hideConstants(b, mask));
    }
}

/// masked.store(x, p + i, only lane i) -> store(extractelement(x, i), p + i)
/// LLVM 22 does so itself while it selects instructions, but where x is a truncation it stores the wide element: over what follows.
static void storeSingleLanes(Module &module) {
  for (Function &f : module)
    for (Instruction &i : make_early_inc_range(instructions(f))) {
      auto *store = dyn_cast<IntrinsicInst>(&i);
      if (!store || store->getIntrinsicID() != Intrinsic::masked_store)
        continue;
      auto *mask = dyn_cast<Constant>(store->getArgOperand(2));
      if (!mask)
        continue;
      uint32_t on = lanesOn(mask);
      if (!llvm::isPowerOf2_32(on))
        continue;
      unsigned lane = llvm::Log2_32(on);
      auto *type = cast<llvm::FixedVectorType>(store->getArgOperand(0)->getType());
      IRBuilder<> b(store);
      llvm::Value *at = b.CreateConstInBoundsGEP1_64(type->getElementType(), store->getArgOperand(1), lane);
      Align align = store->getParamAlign(1).valueOrOne();
      b.CreateAlignedStore(b.CreateExtractElement(store->getArgOperand(0), lane), at,
                           lane ? commonAlignment(align, lane * type->getScalarSizeInBits() / 8) : align);
      store->eraseFromParent();
    }
}

/// The code generator's passes; below -O3 without loop strength reduction, which takes a third of their time, while the emitters'
/// addresses are a base and constants already, without what prepares for it, and without two that find nothing in emitted code.
struct CodegenPasses : legacy::PassManager {
  CodegenPasses(unsigned level, const Notes *notes) : level(level), notes(notes) {}
  void add(llvm::Pass *pass) override {
    if (auto *printer = dynamic_cast<llvm::AsmPrinter *>(pass); printer && notes)
      notes->attach(*printer);
    static const AnalysisID without[] = {idOf(createLoopStrengthReducePass()), idOf(createCanonicalizeFreezeInLoopsPass()),
                                         idOf(createConstantHoistingPass()), &MachineCombinerID};
    if (level < 3 && is_contained(without, pass->getPassID()))
      delete pass;
    else
      legacy::PassManager::add(pass);
  }
  static AnalysisID idOf(llvm::Pass *pass) { return std::unique_ptr<llvm::Pass>(pass)->getPassID(); }
  unsigned level;
  const Notes *notes; ///< for assembly, else null
};

Expected<std::unique_ptr<MemoryBuffer>> compile(mlir::ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                StringRef prefix) {
  LLVMContext context;
  std::optional<Notes> notes;
  if (kind == CodeKind::Assembly)
    notes.emplace(lowered);
  auto module = mlir::translateModuleToLLVMIR(lowered, context, "dlc");
  if (!module)
    return createStringError("translation to LLVM IR failed");
  Machine traits = Machine::of(target);
  auto machine = makeMachine(target, level);
  machine->Options.MCOptions.AsmVerbose = notes.has_value();
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  for (Function &f : *module) {
    bool micro = isMicroKernel(f.getName());
    if (!prefix.empty() && !f.hasInternalLinkage() && (isShared(f.getName()) || !f.isDeclaration())) { // an artefact's symbols are its own
      f.setName(prefix + f.getName());
      f.setVisibility(GlobalValue::HiddenVisibility);
    }
    if (f.isDeclaration())
      continue;
    f.addFnAttr("target-cpu", cpuOf(target));
    f.addFnAttr("target-features", featuresOf(target));
    f.addFnAttr(llvm::Attribute::NoUnwind);
    if (traits.lanes == 16)
      f.addFnAttr("prefer-vector-width", "512");
    if (micro || f.hasInternalLinkage()) { // spills nothing: its tile is what the registers hold
      f.addFnAttr(llvm::Attribute::NoInline);
      continue;
    }
    // Vectors that don't fit into registers go to the stack, and LLVM finds out too late that it must be aligned for them: half of all
    // loads of 64 bytes, or each, would lie in two lines.
    f.addFnAttr(llvm::Attribute::getWithStackAlignment(context, Align(4 * traits.lanes)));
  }
  if (!traits.fma)
    splitMultiplyAdds(*module);
  hideConstantMasks(*module);
  optimize(*module, *machine, level);
  storeSingleLanes(*module);
  SmallVector<char, 0> buffer;
  raw_svector_ostream os(buffer);
  if (kind == CodeKind::LLVM) {
    module->print(os, nullptr);
  } else {
    CodegenPasses passes(level, notes ? &*notes : nullptr);
    auto file = kind == CodeKind::Assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
    if (machine->addPassesToEmitFile(passes, os, nullptr, file))
      return createStringError("the code generator cannot write this kind of file");
    passes.run(*module);
  }
  return std::make_unique<SmallVectorMemoryBuffer>(std::move(buffer), false);
}
} // namespace dlc::codegen::cpu
