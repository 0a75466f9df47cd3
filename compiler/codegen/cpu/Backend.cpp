// CPUs as a backend: their targets, and who writes their kernels.
#include "compiler/codegen/cpu/Share.h"
#include "runtime/dlx.h"
#include "llvm/TargetParser/Host.h"

namespace dlc::codegen {
StringRef hostLevel() {
  static const StringRef level = [] {
    llvm::StringMap<bool> has = llvm::sys::getHostCPUFeatures();
    for (const char *f : {"avx2", "fma", "bmi2"})
      if (!has.lookup(f))
        return "x86-64-v2";
    for (const char *f : {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
      if (!has.lookup(f))
        return "x86-64-v3";
    return "x86-64-v4";
  }();
  return level;
}

namespace cpu {
Machine Machine::of(const Target &target) {
  StringRef name = target.name;
  bool arm = name.starts_with("arm");
  return {.lanes = name == "x86-64-v4"   ? 16u
                   : name == "x86-64-v3" ? 8u
                                         : 4u,
          .registers = name == "x86-64-v4" || arm ? 32u : 16u,
          .fma = name != "x86-64-v2",
          .arm = arm};
}

namespace {
struct Cpu : Backend {
  StringRef getName() const override { return "cpu"; }
  ArrayRef<StringRef> getTargets() const override {
    static const StringRef names[] = {"x86-64-v2", "x86-64-v3", "x86-64-v4", "armv8.2-a"};
    return names;
  }
  ArrayRef<std::pair<StringRef, CodeKind>> getCodeNames() const override {
    static const std::pair<StringRef, CodeKind> names[] = {{"llvm", CodeKind::LLVM}, {"asm", CodeKind::Assembly}};
    return names;
  }
  ArrayRef<Emitter> getEmitters() const override {
    using E = dlx::Emitter;
    static const Emitter emitters[] = {{E::contraction, planContraction, emitContraction},
                                       {E::window, planWindow, emitWindow},
                                       {E::columns, planColumns, emitColumns},
                                       {E::scatter, planScatter, emitScatter},
                                       {E::rows, planRows, emitRows},
                                       {E::chain, nullptr, emitChain},
                                       {E::loops, planLoops, emitLoops}};
    return emitters;
  }
  void share(ArrayRef<ModuleOp> modules) const override {
    shareFunctions(modules);
    shareMicroKernels(modules);
  }
  LogicalResult lower(ModuleOp module, const Target &target) const override {
    writeMicroKernels(module, target);
    return lowerToLLVM(module, Machine::of(target));
  }
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                              StringRef prefix) const override {
    return cpu::compile(lowered, target, level, kind, prefix);
  }
  uint64_t getFeatures(const Target &target) const override {
    Machine machine = Machine::of(target);
    if (machine.arm)
      return DLX_CPU_ARM82;
    return DLX_CPU_V2 | (machine.lanes >= 8 ? DLX_CPU_V3 : 0) | (machine.lanes >= 16 ? DLX_CPU_V4 : 0);
  }
  uint32_t getDevice() const override { return DLX_DEVICE_CPU; }
  StringRef getProcessor(const Target &target) const override { return Machine::of(target).arm ? "AArch64" : "x86-64"; }
  std::string getTag(const Target &target) const override {
    return Machine::of(target).arm ? "a82" : StringRef(target.name).take_back(2).str();
  }
};
} // namespace

const Backend &getBackend() {
  static const Cpu backend;
  return backend;
}
} // namespace cpu
} // namespace dlc::codegen
