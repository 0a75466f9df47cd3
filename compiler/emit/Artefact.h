// Compiled targets to files: an object, an archive, a shared library, a C header.
#pragma once
#include "compiler/Pipeline.h"

namespace dlc {
struct ArtefactOptions {
  std::string model;       ///< prefix of every global symbol: letters, digits and _
  std::string soname;      ///< of a library: what programs that link it ask the loader for
  std::string weights;     ///< bytes of a safetensors file to embed, or empty
  bool standalone = false; ///< link the runtime in
  std::string runtime;     ///< libdlrt.a, for standalone
};
/// "path/lenet.mlir", "liblenet.so" -> "lenet": a C identifier.
std::string modelName(llvm::StringRef path);
/// The prefix of a target's kernel functions in an artefact.
std::string symbolPrefix(llvm::StringRef model, const codegen::Target &target);
/// One object of all targets, best first, with the descriptor `<model>_descriptor` (and, weak, dlc_descriptor).
llvm::Expected<std::string> makeObject(llvm::ArrayRef<Compiled> targets, const ArtefactOptions &options);
/// The same object in an archive; the runtime's are members of their own.
llvm::Expected<std::string> makeArchive(llvm::ArrayRef<Compiled> targets, const ArtefactOptions &options);
/// The same as a shared library, with the trailer that the loader checks.
llvm::Expected<std::string> makeLibrary(llvm::ArrayRef<Compiled> targets, const ArtefactOptions &options);
/// Typed wrappers for every entry, over dlrt.h.
std::string makeHeader(mlir::ModuleOp scheduled, llvm::StringRef model);
} // namespace dlc
