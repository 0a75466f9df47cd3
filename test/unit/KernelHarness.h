// Kernels from text to code to numbers: compiled for a target by a chosen emitter, run on buffers.
#pragma once
#include "compiler/codegen/Evaluator.h"
#include "compiler/codegen/Lower.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "compiler/emit/Jit.h"
#include "test/lib/GuardedMemory.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::test {
using namespace mlir;
using Buffer = std::vector<char>;
using PlanFn = std::function<dlx::PlanAttr(func::FuncOp, const codegen::PlanOptions &, std::string &)>;

template <typename T> Buffer bytes(llvm::ArrayRef<T> values) {
  const char *p = reinterpret_cast<const char *>(values.data());
  return Buffer(p, p + values.size() * sizeof(T));
}
template <typename T> std::vector<T> values(const Buffer &buffer) {
  const T *p = reinterpret_cast<const T *>(buffer.data());
  return std::vector<T>(p, p + buffer.size() / sizeof(T));
}

/// One kernel, compiled: the only function of `text`, whose symbols are those that dl.symbol declares there, in order.
class CompiledKernel {
public:
  /// `level` is "x86-64-v2", "x86-64-v3" or "x86-64-v4"; `plan` null: planKernel; `optimize` is -O. On failure error() says why.
  CompiledKernel(llvm::StringRef text, llvm::StringRef level, PlanFn plan = {}, unsigned optimize = 2);
  ~CompiledKernel();
  const std::string &error() const { return message; }
  dlx::PlanAttr plan() const;
  /// Results for these arguments; `blocks` at a time (0: the whole grid in one call). `extents`: of the symbols. Every buffer lies
  /// between pages that may not be touched: flush right where the grid is one call, else flush left, so that a test that does
  /// both has tried both. Arguments may not be written; the others are NaN at first. A touch outside is told by error().
  std::vector<Buffer> run(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents = {}, int64_t blocks = 0);
  /// Seeded arguments of the right sizes: floats in [-2, 2), integers in [0, 4).
  std::vector<Buffer> randomArguments(unsigned seed, llvm::ArrayRef<int64_t> extents = {});
  func::FuncOp function() { return fn; }

  int64_t evaluate(AffineExpr e, llvm::ArrayRef<int64_t> extents);

private:
  int64_t bytesOf(unsigned number, llvm::ArrayRef<int64_t> extents); ///< of the kernel's value `number`
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp fn;
  llvm::SmallVector<llvm::StringRef> symbols;
  std::unique_ptr<Jit> jit;
  std::vector<dlx_kernel_fn> functions;
  std::string message;
};

/// `text` with every {NAME} replaced.
std::string fill(std::string text, std::initializer_list<std::pair<const char *, std::string>> values);
/// Checks that `plan` takes the kernel and that its code has the bits of plain loops: on 4, 8 and 16 lanes (without FMA on 4,
/// so against loops without FMA), for each list of extents, with the grid in one call and block by block.
void expectSameBits(llvm::StringRef text, PlanFn plan, llvm::ArrayRef<std::vector<int64_t>> extents = std::vector<int64_t>());
/// Checks that `plan` refuses the kernel with a reason that contains `why`.
void expectRefusal(llvm::StringRef text, PlanFn plan, llvm::StringRef why);

/// Over rows of {N} elements of type {E}; for fill.
inline const char *const symbolicSoftmax = R"(
  dl.symbol @B : 0 to 64
  func.func @k(%x: tensor<?x{N}x{E}, #dl.dims<B, {N}>>) -> tensor<?x{N}x{E}, #dl.dims<B, {N}>> {
    %m = dl.max %x dims [1] : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %mb = dl.broadcast %m dims [0] : tensor<?x{E}, #dl.dims<B>> -> tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %d = dl.sub %x, %mb : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %e = dl.exp %d : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %s = dl.sum %e dims [1] : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %sb = dl.broadcast %s dims [0] : tensor<?x{E}, #dl.dims<B>> -> tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    %y = dl.div %e, %sb : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
    return %y : tensor<?x{N}x{E}, #dl.dims<B, {N}>>
  })";
} // namespace dlc::test
