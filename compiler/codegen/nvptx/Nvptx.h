// Kernels as PTX entries: a pointer for each of the launch's buffers, its reads, then its writes, then an i64 for each symbol. A block of
// the grid is a thread block, by its number along x. docs/backends.md.
#pragma once
#include "compiler/codegen/Evaluator.h"
#include "compiler/codegen/Plan.h"

namespace dlc::codegen::nvptx {
constexpr int64_t warp = 32, threadsOfBlock = 256;
constexpr int64_t mostShared = 48 << 10;        ///< bytes of a block that every architecture has without asking
constexpr int64_t mostBlocks = (1ll << 31) - 1; ///< of a grid along x

/// The function of one launch.
class Frame : public codegen::Frame {
public:
  /// The launch numbered `launch` of the kernel's plan. Buffers are aligned to 16 bytes where the plan's tile begins with 1.
  Frame(Kernel &kernel, unsigned launch);

  const int64_t threads; ///< of a block
  Value block, thread;   ///< numbers in the grid and in the block

  /// A number of its own for each thread of the blocks, which `block` numbers, `step` apart; what is not below `count` is of no use.
  Value number(Value block, AffineExpr count, int64_t step = 1);
  /// The block's shared memory from a byte on, as a pointer to elements.
  Value shared(int64_t byte);
  void barrier();
  /// The value that the thread `by` further on in the warp has: what it gives the last ones is undefined.
  Value fromFurther(Value v, int64_t by);
  /// The value that the warp's first thread has.
  Value fromFirst(Value v);
  void when(Value condition, function_ref<void()> body);
  /// `inside`, or the values `otherwise` where the condition is false.
  SmallVector<Value> choose(Value condition, ValueRange otherwise, function_ref<SmallVector<Value>()> inside);

protected:
  Value findPointer(unsigned number) override;
  Value symbol(unsigned index) override;

private:
  unsigned launch;
  Value memory; ///< the block's shared memory
  Value call(StringRef intrinsic, Type type, ValueRange arguments);
  Value shuffle(StringRef kind, Value v, int64_t by);
};

const Backend &getBackend();

dlx::PlanAttr planContraction(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planColumns(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
dlx::PlanAttr planRows(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
/// Refuses nothing but grids that no GPU has.
dlx::PlanAttr planLoops(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
void emitContraction(Kernel &kernel);
void emitColumns(Kernel &kernel);
void emitRows(Kernel &kernel);
void emitLoops(Kernel &kernel);
/// All of the grid's blocks can be numbered; else a reason.
bool fitsGrid(func::FuncOp kernel, AffineExpr blocks, std::string &reason);

LogicalResult lowerToLLVM(ModuleOp module, const Target &target);
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                            StringRef prefix);
/// The binary of a PTX text, by NVIDIA's ptxas.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> assemble(const llvm::MemoryBuffer &ptx, const Target &target);
} // namespace dlc::codegen::nvptx
