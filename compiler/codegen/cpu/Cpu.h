// Kernels as functions for CPUs: i32(ptr buffers, ptr scalars, i64 begin, i64 end, ptr scratch), docs/kernel-abi.md.
#pragma once
#include "compiler/codegen/Evaluator.h"

namespace llvm {
class TargetMachine;
}
namespace dlc::codegen::cpu {
/// What code for a target may use. Lanes are per 4-byte element; wider elements take as many lanes in more registers.
struct Machine {
  unsigned lanes, registers;
  bool fma, arm;
  static Machine of(const Target &target);
};

/// The function of one launch, or an internal helper of it.
class Frame : public codegen::Frame {
public:
  /// The launch numbered `launch` of the kernel's plan.
  Frame(Kernel &kernel, unsigned launch);
  /// An internal function `name` with these arguments and no result, to be called; it gets no buffers by itself.
  Frame(Kernel &kernel, StringRef name, ArrayRef<Type> arguments);

  Machine machine;
  Value begin, end, scratch; ///< of a launch
  Value scalars;             ///< pointer to the symbols' values; an internal function that needs them is given it

  Value prefixMask(Value count, unsigned lanes);   ///< lane < count
  Value staticMask(int64_t count, unsigned lanes); ///< becomes 8/4/2/1 pieces where masked accesses are slow

protected:
  Value findPointer(unsigned number) override;
  Value symbol(unsigned index) override;
  Value read(Type element, Type type, Value pointer, Value mask) override;
  void write(Type element, Value value, Value pointer, Value mask) override;

private:
  unsigned launch = ~0u;
  llvm::DenseMap<Value, int64_t> masks;
  Value buffers;
};

const Backend &getBackend();

dlx::PlanAttr planContraction(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planWindow(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planColumns(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planScatter(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
/// Never refuses; a kernel of planScatter's structure, which one element at a time would search all indices, gets that plan.
dlx::PlanAttr planLoops(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
void emitContraction(Kernel &kernel);
void emitWindow(Kernel &kernel);
void emitColumns(Kernel &kernel);
void emitRows(Kernel &kernel);
void emitScatter(Kernel &kernel);
void emitLoops(Kernel &kernel);
void emitChain(Kernel &kernel);

/// The functions of libm that code may call.
llvm::ArrayRef<llvm::StringLiteral> libmNames();
LogicalResult lowerToLLVM(ModuleOp module, const Machine &machine);
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                            StringRef prefix);
/// Makes the code generators known to LLVM; any number of times, from any thread.
void registerTargets();
/// LLVM's code generator for a target.
std::unique_ptr<llvm::TargetMachine> makeMachine(const Target &target, unsigned level);
} // namespace dlc::codegen::cpu
