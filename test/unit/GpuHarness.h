// Kernels for GPUs without one: from text to PTX, run by test/lib/Ptx, against the CPU's plain loops.
#pragma once
#include "compiler/codegen/nvptx/Nvptx.h"
#include "test/lib/Ptx.h"
#include "test/unit/KernelHarness.h"

namespace dlc::test {
/// One kernel as PTX: the only function of `text`.
class GpuKernel {
public:
  /// `plan` null: planKernel; inLoop: buffers are aligned as their elements are. On failure error() says why.
  explicit GpuKernel(llvm::StringRef text, PlanFn plan = {}, llvm::StringRef target = "sm_80", bool inLoop = false);
  const std::string &error() const { return message; }
  dlx::PlanAttr plan() const { return fn->getAttrOfType<dlx::PlanAttr>("dlx.plan"); }
  func::FuncOp function() { return fn; }
  /// The code, and other code in its place.
  const std::string &ptx() const { return text; }
  void setPtx(std::string other) { text = std::move(other), module.emplace(text); }
  const PtxModule &parsed() const { return *module; }
  /// Results for these arguments; what went wrong is told by error().
  std::vector<Buffer> run(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents = {}, unsigned seed = 1);

private:
  int64_t evaluate(AffineExpr e, llvm::ArrayRef<int64_t> extents);
  MLIRContext context;
  OwningOpRef<ModuleOp> source;
  func::FuncOp fn;
  llvm::SmallVector<llvm::StringRef> symbols;
  std::string text, message;
  std::optional<PtxModule> module;
};
} // namespace dlc::test
