// Which ops of a block become one kernel, and why: decided by structures, recorded for every producer-consumer pair.
#pragma once
#include "compiler/kernels/Layers.h"
#include "dialects/dl/Bounds.h"
#include "dialects/dlx/Dlx.h"
#include <map>

namespace dlc {
using namespace mlir;

/// What joins the ops of a group. The anchor of a contraction, window, scatter or columns group is its Combine op; pointwise ops
/// follow it on the elements that it gives.
/// Control ops (scan) stand alone, and so do movements of many parts, which the runtime copies in pieces without a kernel.
enum class GroupKind { Pointwise, Rows, Columns, Window, Scatter, Contraction, Control, Pieces };

struct Group {
  GroupKind kind;
  SmallVector<Operation *> ops;  ///< in block order
  SmallVector<AffineExpr> space; ///< rows and columns: the reduced operand's extents; else the results' extents
  unsigned rows = 0;             ///< rows: leading dimensions that are not reduced
  Operation *anchor = nullptr;
  std::optional<bool> taken = {}; ///< whether an emitter takes it, once that was asked
};

class Grouping {
public:
  /// `unfit` says why no emitter would take a group, or nothing.
  using Unfit = llvm::function_ref<std::string(const Grouping &, const Group &)>;
  /// Groups are numbered from `first` on. Verdicts are made where they are `asked` for: their texts take a third of the time.
  Grouping(Block &block, const Layers &layers, bool fuse, bool asked, int64_t first, Unfit unfit);
  /// In an order in which every group stands behind what it reads.
  SmallVector<const Group *> ordered() const;
  bool isMaterialized(Operation *op) const { return index.count(op); }
  /// Ops that are repeated in every kernel that reads them, since they cost less than a load: constants, broadcasts, index
  /// arithmetic, scalar arithmetic on scalars.
  bool isFree(Operation *op) const;
  ArrayRef<dlx::VerdictAttr> verdicts() const { return list; }
  int64_t number(const Group &group) const { return first + (&group - groups.data()); }
  int64_t end() const { return first + int64_t(groups.size()); }

private:
  /// How a consumer sees a producer's value, through free ops and views in between.
  enum class Relation { Same, RowBroadcast, Broadcast, Moved, View };
  struct Edge {
    unsigned producer, consumer; // op numbers
    Value value;
    Relation relation;
  };
  void collect(Block &block);
  void trace(Value v, Relation relation, unsigned consumer);
  Group single(Operation *op) const;
  bool join(unsigned p, unsigned c, Unfit unfit);
  void joinSiblings(unsigned c, Unfit unfit);
  std::string refusal(const Group &p, const Group &c, ArrayRef<const Edge *> between, Group &merged) const;
  std::string pathAround(unsigned p, unsigned c) const;
  int64_t bytes(Value v) const;

  const Layers &layers;
  bool asked;
  mutable llvm::DenseMap<Operation *, bool> free; // what isFree said
  SmallVector<Operation *> ops;                   // grouped ops in block order
  llvm::SmallPtrSet<Operation *, 8> inPieces;     // of them: movements of many parts
  llvm::DenseMap<Operation *, unsigned> index;
  SmallVector<Edge> edges;
  std::vector<SmallVector<unsigned, 4>> in, out; // edges by op
  std::vector<unsigned> groupOf;
  std::vector<Group> groups;
  llvm::DenseMap<Value, unsigned> summed;                       ///< by what column reductions read: the last one
  std::map<std::pair<unsigned, unsigned>, std::string> refused; // by edge's ops
  SmallVector<dlx::VerdictAttr> list;
  int64_t first;
  dl::SymbolRanges ranges;
};
} // namespace dlc
