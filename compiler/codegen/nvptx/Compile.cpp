// LLVM dialect to PTX by LLVM's NVPTX code generator, and PTX to a binary by ptxas.
#include "compiler/codegen/Llvm.h"
#include "compiler/codegen/nvptx/Nvptx.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace dlc::codegen::nvptx {
using namespace llvm;

static std::unique_ptr<TargetMachine> makeMachine(const Target &target, unsigned level) {
  static const bool once =
      (LLVMInitializeNVPTXTargetInfo(), LLVMInitializeNVPTXTarget(), LLVMInitializeNVPTXTargetMC(), LLVMInitializeNVPTXAsmPrinter(), true);
  (void)once;
  std::string error;
  Triple triple("nvptx64-nvidia-cuda");
  const auto *description = TargetRegistry::lookupTarget(triple, error);
  assert(description && "the code generator is linked in");
  // The oldest PTX that knows the architecture: every driver since then takes it.
  StringRef features = target.name == "sm_80" ? "+ptx70" : target.name == "sm_89" ? "+ptx78" : "+ptx80";
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict; // a multiplication and an addition round twice
  auto codegen = level == 3 ? CodeGenOptLevel::Default : CodeGenOptLevel::Less;
  return std::unique_ptr<TargetMachine>(
      description->createTargetMachine(triple, target.name, features, options, std::nullopt, std::nullopt, codegen));
}

static void optimize(Module &module, TargetMachine &machine, unsigned level) {
  // Vectors become scalars but in memory, where what is aligned is read at once.
  runPasses(module, machine,
            level == 0 ? "function(early-cse,infer-alignment)"
                       : "function(early-cse<memssa>,simplifycfg,scalarizer,sroa,loop-simplify,lcssa,loop-mssa(loop-rotate,licm),"
                         "instcombine<no-verify-fixpoint>,early-cse<memssa>,simplifycfg,infer-alignment)");
}

Expected<std::unique_ptr<MemoryBuffer>> compile(mlir::ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                StringRef prefix) {
  LLVMContext context;
  auto module = mlir::translateModuleToLLVMIR(lowered, context, "dlc");
  if (!module)
    return createStringError("translation to LLVM IR failed");
  auto machine = makeMachine(target, level);
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  for (Function &f : *module) {
    if (f.isDeclaration())
      continue;
    f.addFnAttr(llvm::Attribute::NoUnwind);
    f.setCallingConv(CallingConv::PTX_Kernel);
    if (!prefix.empty())
      f.setName(prefix + f.getName());
  }
  optimize(*module, *machine, level);
  SmallVector<char, 0> buffer;
  raw_svector_ostream os(buffer);
  if (kind == CodeKind::LLVM) {
    module->print(os, nullptr);
  } else {
    legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, os, nullptr, CodeGenFileType::AssemblyFile))
      return createStringError("the code generator cannot write PTX");
    passes.run(*module);
  }
  auto text = std::make_unique<SmallVectorMemoryBuffer>(std::move(buffer), false);
  if (kind == CodeKind::Object)
    return assemble(*text, target);
  return text;
}

/// ptxas in PATH, or in the toolkit that CUDA_HOME names, else in the one that lies where toolkits do.
static Expected<std::string> findPtxas() {
  if (auto found = sys::findProgramByName("ptxas"))
    return *found;
  const char *home = getenv("CUDA_HOME");
  if (std::string path = std::string(home ? home : "/usr/local/cuda") + "/bin/ptxas"; sys::fs::can_execute(path))
    return path;
  return createStringError("a cubin needs ptxas, which is neither in PATH nor in $CUDA_HOME/bin: install NVIDIA's package cuda-nvcc, or "
                           "nvidia-cuda-nvcc of PyPI, and put its bin folder into PATH; --emit ptx does without");
}
Expected<std::unique_ptr<MemoryBuffer>> assemble(const MemoryBuffer &ptx, const Target &target) {
  auto ptxas = findPtxas();
  if (!ptxas)
    return ptxas.takeError();
  SmallString<128> folder;
  if (std::error_code ec = sys::fs::createUniqueDirectory("dlc", folder))
    return createStringError(ec, "cannot make a folder for PTX: " + ec.message());
  llvm::scope_exit remove([&] { sys::fs::remove_directories(folder); });
  std::string in = (folder + "/in.ptx").str(), out = (folder + "/out.cubin").str(), log = (folder + "/log").str();
  {
    std::error_code ec;
    raw_fd_ostream os(in, ec);
    if (!ec)
      os << ptx.getBuffer();
    os.close();
    if (ec || os.has_error())
      return createStringError("cannot write " + in);
  }
  std::string architecture = "-arch=" + target.name;
  StringRef arguments[] = {*ptxas, architecture, "-O3", "-o", out, in};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log), StringRef(log)};
  int status = sys::ExecuteAndWait(*ptxas, arguments, std::nullopt, redirects);
  auto messages = MemoryBuffer::getFile(log);
  if (status != 0)
    return createStringError("ptxas failed: " + (messages ? (*messages)->getBuffer() : "no message"));
  auto cubin = MemoryBuffer::getFile(out, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!cubin)
    return createStringError("cannot read " + out);
  return std::move(*cubin);
}
} // namespace dlc::codegen::nvptx
