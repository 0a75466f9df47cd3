// What dlc viz draws of an entry: its kernels' calls in layer order, the bytes that go between them, blocks, and the arena.
#pragma once
#include "tools/dlc/Program.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

namespace dlc::tools {

/// One call of a kernel.
struct Box {
  std::string kernel, what, part; ///< "k4", "conv2d of layer1.0.conv1", "forward"
  std::string block;              ///< "layer1.0": the path of its layer up to the first number; "" where there is none
  std::string ops;                ///< "conv2d add relu"
  int64_t flops = 0;
  double share = 0;   ///< of the entry's time or, without a profile, of its flops
  bool plain = false; ///< fell to plain loops
};
/// A tensor or more from one call to another.
struct Link {
  unsigned from, to;       ///< boxes
  int64_t bytes = 0;       ///< at the symbols' upper bounds
  std::string reason = {}; ///< why the kernels were not fused; "" where nobody asked
};
/// Boxes of one block; those of equal blocks that follow each other are one run, drawn once.
struct Run {
  std::string name, part;                    ///< "layer1.0-2"
  std::vector<std::vector<unsigned>> blocks; ///< the boxes of each
};
struct Slab {
  int64_t at, bytes, first, last; ///< offset in the arena, bytes at the bounds, stages
  std::string writer;
};

struct Picture {
  std::string entry;
  std::vector<Box> boxes; ///< in layer order within forward, backward, update
  std::vector<Link> links;
  std::vector<Run> runs;
  std::vector<Slab> slabs;
  int64_t flops = 0, arena = 0, stages = 0;
  double ms = 0; ///< of the profile; 0: shares are of flops

  /// `ms`: of each kernel in one run; empty without a profile.
  Picture(Programs &programs, dlx::ProgramOp program, mlir::ModuleOp module, const llvm::StringMap<double> &ms);
  llvm::json::Object json() const;
  /// A static drawing: runs folded.
  std::string svg() const;

private:
  void addBoxes(Programs &programs, dlx::ProgramOp program, mlir::ModuleOp module, const llvm::StringMap<double> &ms);
  void addLinks(mlir::func::FuncOp source);
  void addRuns();
  std::vector<mlir::Operation *> calls; ///< of the boxes
};
} // namespace dlc::tools
