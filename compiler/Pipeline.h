// The ordered stages and what drives them: a module of dl functions in, an artefact out. compiler/README.md draws them.
#pragma once
#include "compiler/Times.h"
#include "compiler/autodiff/Passes.h"
#include "compiler/codegen/Backend.h"
#include "compiler/emit/Flatten.h"
#include "compiler/emit/Jit.h"
#include <optional>

namespace dlc {
/// Stage = folder = --emit name = test folder.
enum class Stage { Dl, Autodiff, Simplify, Layout, Kernels, Plan, Schedule, Codegen };
std::optional<Stage> symbolizeStage(llvm::StringRef name);
llvm::ArrayRef<llvm::StringRef> stageNames();

struct CompileOptions {
  codegen::Target target = codegen::Target::get("");
  unsigned level = 2; ///< -O; 0: plain loops, no fusion
  std::optional<TrainOptions> train;
  std::vector<std::pair<std::string, std::pair<int64_t, int64_t>>> bounds; ///< of symbols, instead of the model's
  int64_t chainBytes = 1 << 20; ///< values between kernels stay in scratch from here on (docs/structures.md); no bit depends on it
  int64_t rematerialise = 0;    ///< where the forward pass's values are made again: but for the contractions of one in so many; 0: nowhere
  int64_t memoryBudget = 0;     ///< bytes of arena and prepared parameters that every entry must do with; 0: any number
  unsigned threads = 0;         ///< compiling; 0: one a CPU
  bool verdicts = false;        ///< say of each producer and consumer why they are one kernel or two (dlx.verdicts), for explain
  Times *times = nullptr;       ///< told what is being done, or null
  /// Called after a stage with the module as it then is.
  std::function<void(Stage, mlir::ModuleOp)> after;
};
/// Everything that the pipeline may meet or create, loaded before several threads work on it.
void loadDialects(mlir::MLIRContext &context);

/// The limits of runtime/dlx.h and the names of what a program shows; `train`: a train_step comes on top.
mlir::LogicalResult checkLimits(mlir::ModuleOp module, bool train);

/// Runs the stages up to `last` (not Codegen) in place. Failures are diagnostics.
mlir::LogicalResult runStages(mlir::ModuleOp module, const CompileOptions &options, Stage last = Stage::Schedule);

/// One target's code and program.
struct Compiled {
  codegen::Target target;
  FlatProgram program;
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects; ///< one a compiling thread
};
/// The code of a scheduled module's kernels. `model`: for an artefact, whose functions are called symbolPrefix(model, target) + name.
mlir::FailureOr<Compiled> compileScheduled(mlir::ModuleOp module, const CompileOptions &options, llvm::StringRef model = "");
/// The same as text: `codegen` (the LLVM dialect), or one of the backend's code names.
mlir::FailureOr<std::string> printCode(mlir::ModuleOp module, const CompileOptions &options, llvm::StringRef kind);

/// What names this build of the compiler.
const char *buildId();

/// A compiled model in this process: its descriptor, for dlrt_model_open.
class Loaded {
public:
  static llvm::Expected<std::unique_ptr<Loaded>> create(Compiled compiled, llvm::StringRef model);
  const dlx_descriptor *descriptor() const { return &description; }

private:
  Compiled compiled;
  std::string model, target;
  std::unique_ptr<Jit> jit;
  std::vector<dlx_kernel_fn> functions;
  dlx_target record;
  dlx_descriptor description;
};
} // namespace dlc
