// From what the emitters write (func, scf, arith, math, vector, pointers of the LLVM dialect) to object code.
#pragma once
#include "compiler/codegen/cpu/Kernel.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace llvm {
class TargetMachine;
}
namespace dlc::codegen {
/// Every dialect that emitting and lowering create.
void registerCodegenDialects(DialectRegistry &registry);
/// Loads them; call once before lowering in several threads.
void loadCodegenDialects(MLIRContext &context);
/// In place, to the LLVM dialect. Functions of f64 become calls of libm. Private functions get internal linkage.
LogicalResult lowerToLLVM(ModuleOp module, const Target &target);

/// The functions of libm that code may call.
llvm::ArrayRef<llvm::StringLiteral> libmNames();

enum class CodeKind { LLVM, Assembly, Object };
/// Optimises a lowered module and writes its code. level: 0 to 3, as -O; `prefix` goes before the launches' names.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                            StringRef prefix = "");
/// Makes the code generators known to LLVM; any number of times, from any thread.
void registerTargets();
/// LLVM's code generator for a target.
std::unique_ptr<llvm::TargetMachine> makeMachine(const Target &target, unsigned level);
/// This machine's level: "x86-64-v2", "x86-64-v3" or "x86-64-v4".
StringRef hostLevel();
} // namespace dlc::codegen
