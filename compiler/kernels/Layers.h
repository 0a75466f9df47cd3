// The names that a model has for the places of its ops: the paths of the parameters that its layers read.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc {
using namespace mlir;

/// A parameter "layer1.0.conv1.weight" makes "layer1.0.conv1" the layer of the ops that read it, of those that were made from the same op
/// of the model (by decomposition, as its gradient), and the layer "after" which others stand that read what it gives.
class Layers {
public:
  /// Of an entry before its kernels are formed.
  explicit Layers(func::FuncOp fn);
  /// "" where none is known.
  StringRef of(Operation *op) const { return names.lookup(op).layer; }
  /// "of layer1.0.conv1", "after layer1.0.conv1", "at line 12", or "".
  std::string place(Operation *op) const;
  /// "dl.matmul of fc1", as verdicts call an op.
  std::string describe(Operation *op) const;
  /// The layer of a place or of a described op, or "".
  static StringRef named(StringRef described);
  /// The op whose place a group's kernel is given: the anchor, else one of a layer's own, else the last.
  Operation *mainOf(ArrayRef<Operation *> ops, Operation *anchor) const;

private:
  struct Name {
    StringRef layer; ///< kept by the context
    bool own = false;
  };
  DenseMap<Operation *, Name> names;
};
} // namespace dlc
