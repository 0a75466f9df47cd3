// A model through the compiler and the runtime: one build, run on arguments by name.
#pragma once
#include "compiler/Pipeline.h"
#include "runtime/dlrt.h"
#include "tools/fuzz/Reference.h"

namespace dlc::fuzz {
/// How a model is built.
struct Build {
  std::string name; ///< "-O2 v3"
  unsigned level = 2;
  std::string target = "x86-64-v3";
  bool library = false;  ///< by a shared library rather than in this process
  bool constant = false; ///< symbols replaced by their values
  bool chains = false;   ///< however small what lies in scratch is
  CompileOptions options() const;
};
/// Bytes of a tensor, as the runtime keeps them.
using Bytes = std::vector<char>;
Bytes toBytes(const Values &values, Type element);
Num element(const char *bytes, size_t i, Type element);
unsigned storageBytes(Type element);

/// A function of a module as a caller sees it. Parameters and inputs stand in the order of arguments.
struct Surface {
  struct Tensor {
    std::string name;
    Type type;
    bool param = false; ///< a parameter or state or, of a result, its new value
    bool state = false; ///< a state
  };
  std::string entry;
  SmallVector<Tensor> arguments, results;
  static Surface of(func::FuncOp function);
};

class Session {
public:
  /// Null, and why, where the compiler or the runtime refuses the module. `module` is changed.
  static std::unique_ptr<Session> open(ModuleOp module, const Build &build, std::string &why);
  ~Session();
  std::string setThreads(int threads);
  static constexpr const char *overrun = "bytes beside a tensor were overwritten";
  /// Results of an entry, or why there are none. Arguments that are parameters or states are set first.
  std::string run(const Surface &surface, ArrayRef<Bytes> arguments, const Symbols &symbols, std::vector<Bytes> &results);

private:
  std::unique_ptr<Loaded> code;
  dlrt_model *model = nullptr;
  dlrt_params *params = nullptr;
  dlrt_state *state = nullptr;
  dlrt_team *team = nullptr;
  dlrt_context *context = nullptr;
};
/// Extents of a type.
SmallVector<int64_t> shapeOf(Type type, const Symbols &symbols);
/// The module with its symbols replaced by these values.
OwningOpRef<ModuleOp> withConstants(ModuleOp module, const Symbols &symbols);
} // namespace dlc::fuzz
