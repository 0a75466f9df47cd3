// Scheduled programs as people ask about them: what each kernel and entry costs.
#pragma once
#include "dialects/dlx/Dlx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::tools {

/// Expressions over the model's symbols.
struct Cost {
  mlir::AffineExpr flops; ///< of the ops' structures; two a multiply-add
  mlir::AffineExpr bytes; ///< what launches read and write, each buffer once a launch
};
struct Kernel {
  mlir::func::FuncOp function;
  dlx::PlanAttr plan;
  mlir::AffineExpr flops; ///< of one call
  int64_t calls = 0;      ///< in one program; in loops once for each place
};

/// The launches of one function in one run of a program.
struct Launches {
  const Kernel *kernel = nullptr;       ///< whose they are
  mlir::AffineExpr calls, flops, bytes; ///< of all; the kernel's flops count for its first launch behind packing
};

/// When buffers hold something.
struct Lives {
  struct Life {
    int64_t first = -1, last = -1; ///< stages; -1: unused
    llvm::StringRef writer;        ///< the first function that touches it
  };
  llvm::DenseMap<mlir::Operation *, Life> of;
  int64_t stages = 0;
  /// A stage is a stage, a copy or a loop's end, in program order; a view keeps its base alive.
  explicit Lives(dlx::ProgramOp program);
  /// Bytes of the arena that no placement could do without: the most that live at one time.
  int64_t least(dlx::ProgramOp program) const;
};

class Programs {
public:
  /// Of a module behind Stage::Schedule, which must outlive this.
  explicit Programs(mlir::ModuleOp scheduled);
  /// The program of an entry by the name that runtime and user know ("run" for @main); null if there is none.
  dlx::ProgramOp find(llvm::StringRef entry);
  std::vector<dlx::ProgramOp> all();
  /// "there is no entry 'x': it has run, train_step"
  std::string missing(llvm::StringRef entry);
  Cost cost(dlx::ProgramOp program);
  /// Kernels that the program launches, with their number of calls, in the order of first use.
  std::vector<Kernel> kernels(dlx::ProgramOp program);
  /// Of a function with a plan, wherever it is launched; of no program's calls.
  const Kernel &kernel(llvm::StringRef function) const { return *byName.at(function); }
  /// By function.
  llvm::StringMap<Launches> launches(dlx::ProgramOp program);
  /// The value at the symbols' upper bounds, or at these values where given.
  int64_t at(mlir::AffineExpr e, const llvm::StringMap<int64_t> &values = {});

private:
  /// The kernel whose first launch behind packing has this name, or null: a kernel of several launches counts once.
  const Kernel *firstLaunch(llvm::StringRef function) const;
  void add(mlir::Block &block, mlir::AffineExpr times, Cost &cost, llvm::StringMap<Launches> *launches = nullptr);
  mlir::ModuleOp module;
  llvm::StringMap<Kernel> byLaunch;            ///< by the first launch behind packing
  llvm::StringMap<const Kernel *> byAnyLaunch; ///< by every launch
  llvm::StringMap<const Kernel *> byName;
  llvm::StringMap<int64_t> bounds;
};

/// "run" for "main".
llvm::StringRef entryName(llvm::StringRef function);
/// "1.7 MB", "293 Mflop": three digits.
std::string amount(double value, llvm::StringRef unit);

} // namespace dlc::tools
