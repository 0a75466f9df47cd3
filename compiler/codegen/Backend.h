// Who makes code of kernels: a backend for each kind of processor. It has targets, planners, emitters, and the way from emitted
// functions to code. What all of them share stands beside this file. docs/backends.md.
#pragma once
#include "dialects/dl/Dl.h"
#include "dialects/dlx/Dlx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace dlc::codegen {
using namespace mlir;
class Backend;

/// What code is made for: one of a backend's targets.
struct Target {
  const Backend *backend = nullptr;
  std::string name; ///< "x86-64-v3", one of the backend's

  /// The target of that name, of whichever backend, or so spelled; without one where there is none.
  static Target find(StringRef name);
  /// One that there is; "": this machine's.
  static Target get(StringRef name);
  /// As --target has it: "cpu:x86-64-v3"; of x86-64's levels "cpu:v3" will do.
  static Target parse(StringRef spelled);
  std::string spelled() const;
  /// All that there are, backend by backend, as --target has them: "cpu:x86-64-v2, ... or cpu:armv8.2-a".
  static std::string list();
  explicit operator bool() const { return backend; }
};
/// This machine's level: "x86-64-v2", "x86-64-v3" or "x86-64-v4".
StringRef hostLevel();

/// A kernel to be written: its dl function with its plan, where to, and for what.
struct Kernel {
  func::FuncOp fn; ///< has the attribute dlx.plan
  dlx::PlanAttr plan;
  SmallVector<StringRef> symbols; ///< the program's, in the order of the scalars
  Target target;
  ModuleOp out; ///< gets a function for each launch

  /// The kernel's values are numbered: arguments, results (what the function returns), temporaries.
  unsigned arguments() const { return func::FuncOp(fn).getNumArguments(); }
  unsigned results() const { return func::FuncOp(fn).getNumResults(); }
  unsigned temp(unsigned i) const { return arguments() + results() + i; }
  Operation *terminator() const { return func::FuncOp(fn).getBody().front().getTerminator(); }
};

/// How much a kernel may be tuned: what `dlc compile -O` and benches choose. No value changes a bit.
struct PlanOptions {
  Target target = Target::get("x86-64-v3");
  bool loopsOnly = false;        ///< -O0
  int64_t stripRows = 0;         ///< where it is part of a chain: rows of a block (docs/structures.md)
  bool inLoop = false;           ///< it runs in a loop, whose steps' buffers are views: aligned as their elements are, no more
  llvm::BitVector prepared = {}; ///< arguments that are parameters wherever the kernel runs: a launch that reads them alone runs once
};

enum class CodeKind { LLVM, Assembly, Object };

class Backend {
public:
  virtual ~Backend() = default;
  /// Of --target: "cpu".
  virtual StringRef getName() const = 0;
  /// Of its targets, the lesser ones first: a runtime takes the last that it can run.
  virtual ArrayRef<StringRef> getTargets() const = 0;
  /// --emit's names of the code that it writes.
  virtual ArrayRef<std::pair<StringRef, CodeKind>> getCodeNames() const = 0;

  /// An emitter's plan; null where it does not take the kernel, with the reason.
  using Planner = dlx::PlanAttr (*)(func::FuncOp kernel, const PlanOptions &options, std::string &reason);
  struct Emitter {
    dlx::Emitter name;
    Planner plan;                 ///< null: a pass of its own makes the plans (chain)
    void (*emit)(Kernel &kernel); ///< writes all launches of a kernel by its plan alone
  };
  /// In the order in which they are asked. The last is `loops`, for what no other takes.
  virtual ArrayRef<Emitter> getEmitters() const = 0;
  bool has(dlx::Emitter emitter) const {
    return llvm::any_of(getEmitters(), [&](const Emitter &e) { return e.name == emitter; });
  }

  /// What the emitted functions of a program's modules have in common is written once.
  virtual void share(ArrayRef<ModuleOp> /*modules*/) const {}
  /// Emitted functions (func, scf, arith, math, vector, pointers of the LLVM dialect) to the LLVM dialect, in place.
  virtual LogicalResult lower(ModuleOp module, const Target &target) const = 0;
  /// Optimises a lowered module and writes its code. level: 0 to 3, as -O; `prefix` goes before the launches' names.
  virtual llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                                      StringRef prefix) const = 0;

  /// What a runtime must find, and where (dlx_target's features and device).
  virtual uint64_t getFeatures(const Target &target) const = 0;
  virtual uint32_t getDevice() const = 0;
  /// The processor that a linker makes files for: "x86-64" or "AArch64"; "" where code is data to it.
  virtual StringRef getProcessor(const Target &target) const = 0;
  /// Of its functions in an artefact: "v3", "a82".
  virtual std::string getTag(const Target &target) const = 0;
};
ArrayRef<const Backend *> getBackends();

/// Chooses the emitter and sets `dlx.plan` on the kernel function; a note on why an emitter was refused goes to `reason`. Fails where
/// the backend has no emitter for the kernel.
LogicalResult planKernel(func::FuncOp kernel, const PlanOptions &options, std::string *reason = nullptr);
/// Why `asked` refuses the kernel if every emitter but plain loops does, whatever the options, or nothing.
std::string whyPlainLoops(func::FuncOp kernel, const Target &target, dlx::Emitter asked);
/// Writes all launches of a kernel by its plan alone.
void emitKernel(Kernel &kernel);

inline LogicalResult lowerToLLVM(ModuleOp module, const Target &target) { return target.backend->lower(module, target); }
inline llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(ModuleOp lowered, const Target &target, unsigned level, CodeKind kind,
                                                                   StringRef prefix = "") {
  return target.backend->compile(lowered, target, level, kind, prefix);
}
} // namespace dlc::codegen
