// NVIDIA GPUs as a backend: their targets, and who writes their kernels.
#include "compiler/codegen/nvptx/Nvptx.h"
#include "runtime/dlx.h"

namespace dlc::codegen::nvptx {
namespace {
struct Nvptx : Backend {
  StringRef getName() const override { return "nvptx"; }
  ArrayRef<StringRef> getTargets() const override {
    static const StringRef names[] = {"sm_80", "sm_89", "sm_90a"};
    return names;
  }
  ArrayRef<std::pair<StringRef, CodeKind>> getCodeNames() const override {
    static const std::pair<StringRef, CodeKind> names[] = {
        {"llvm", CodeKind::LLVM}, {"ptx", CodeKind::Assembly}, {"cubin", CodeKind::Object}};
    return names;
  }
  ArrayRef<Emitter> getEmitters() const override {
    using E = dlx::Emitter;
    static const Emitter emitters[] = {{E::contraction, planContraction, emitContraction},
                                       {E::columns, planColumns, emitColumns},
                                       {E::rows, planRows, emitRows},
                                       {E::loops, planLoops, emitLoops}};
    return emitters;
  }
  LogicalResult lower(ModuleOp module, const Target &target) const override { return nvptx::lowerToLLVM(module, target); }
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                              StringRef prefix) const override {
    return nvptx::compile(lowered, target, level, kind, prefix);
  }
  uint64_t getFeatures(const Target &) const override { return 0; }
  uint32_t getDevice() const override { return DLX_DEVICE_CUDA; }
  StringRef getProcessor(const Target &) const override { return ""; }
  std::string getTag(const Target &target) const override { return target.name; }
};
} // namespace

const Backend &getBackend() {
  static const Nvptx backend;
  return backend;
}
} // namespace dlc::codegen::nvptx
