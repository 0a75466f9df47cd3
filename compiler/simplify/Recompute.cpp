// Large values of contractions (attention's scores and probabilities) are made again where a gradient reads them, from what is small:
// the operands, the rows' maxima and sums. Then each use has a chain of its own (docs/structures.md) and none of them lies in memory.
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Bounds.h"
#include "dialects/dl/Dl.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_RECOMPUTE
#include "compiler/simplify/Passes.h.inc"

namespace {
/// What a value is made of has a quarter of its bytes at most, and a term of a contraction costs 2 flops an element, against the 8 bytes
/// through memory that it saves.
constexpr int64_t smaller = 4, mostTerms = 256;

struct Maker {
  const dl::SymbolRanges &ranges;
  int64_t least;                        ///< bytes of a value that is made again
  llvm::DenseMap<Value, Value> made[2]; ///< as it is; with its last two dimensions exchanged

  Maker(const dl::SymbolRanges &ranges, int64_t least) : ranges(ranges), least(least) {}
  int64_t bytes(Value v) const { return dl::getUpperBytes(v.getType(), ranges); }
  bool isLarge(Value v) const { return bytes(v) >= least; }
  /// The shape with the last two dimensions exchanged.
  static SmallVector<int64_t> exchange(int64_t rank) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[rank - 1], order[rank - 2]);
    return order;
  }
  static RankedTensorType typeOf(Value v, bool turned) {
    auto type = cast<RankedTensorType>(v.getType());
    if (!turned)
      return type;
    auto extents = dl::getExtents(v);
    std::swap(extents[extents.size() - 1], extents[extents.size() - 2]);
    return dl::getTensor(extents, type.getElementType());
  }
  /// Whether all of `v` can be made again from what is small beside it.
  bool can(Value v, Value root) const {
    Operation *op = v.getDefiningOp();
    auto small = [&](Value x) { return bytes(x) <= bytes(root) / smaller; };
    if (!op || op->getNumResults() != 1)
      return false;
    if (auto matmul = dyn_cast<dl::MatmulOp>(op)) {
      int64_t k = dl::getUpperBound(dl::getExtents(matmul.getLhs()).end()[matmul.getTransposeLhs() ? -2 : -1], ranges);
      return small(matmul.getLhs()) && small(matmul.getRhs()) && k <= mostTerms &&
             dl::getExtents(matmul.getLhs()).size() == dl::getExtents(matmul.getRhs()).size();
    }
    if (isa<dl::BroadcastOp>(op))
      return small(op->getOperand(0));
    return isa<dl::IotaOp>(op) ||
           (isa<dl::PointwiseOpInterface>(op) && llvm::all_of(op->getOperands(), [&](Value x) { return can(x, root); }));
  }
  Value make(OpBuilder &b, Value v, bool turned) {
    if (Value known = made[turned].lookup(v); known && known.getDefiningOp()->isBeforeInBlock(&*b.getInsertionPoint()))
      return known;
    Operation *op = v.getDefiningOp();
    int64_t rank = dl::getExtents(v).size();
    Value result;
    if (auto matmul = dyn_cast<dl::MatmulOp>(op); matmul && turned) {
      Value lhs = matmul.getLhs(), rhs = matmul.getRhs();
      auto own = dl::getExtents(rhs), to = dl::getExtents(lhs);
      std::copy(own.end() - 2, own.end(), to.end() - 2);
      if (own != to) { // what all of a batch read, for each of them
        SmallVector<AffineExpr> kept;
        SmallVector<int64_t> dims;
        for (auto [d, extent] : llvm::enumerate(own))
          if (extent == to[d])
            kept.push_back(extent), dims.push_back(d);
        Type element = matmul.getY().getType().getElementType();
        dl::Tensor x{b, op->getLoc(), rhs};
        rhs = x.reshape(dl::getTensor(kept, element)).broadcast(dl::getTensor(to, element), dims);
      }
      result = dl::MatmulOp::create(b, op->getLoc(), rhs, lhs, !matmul.getTransposeRhs(), !matmul.getTransposeLhs());
    } else if (auto broadcast = dyn_cast<dl::BroadcastOp>(op); broadcast && turned) {
      SmallVector<int64_t> dims(broadcast.getDims());
      Value x = broadcast.getX();
      bool both = llvm::is_contained(dims, rank - 1) && llvm::is_contained(dims, rank - 2);
      if (both)
        x = can(x, v) ? make(b, x, true) : dl::TransposeOp::create(b, op->getLoc(), x, exchange(dims.size())).getResult();
      else
        for (int64_t &d : dims)
          d = d == rank - 1 ? rank - 2 : d == rank - 2 ? rank - 1 : d;
      result = dl::BroadcastOp::create(b, op->getLoc(), typeOf(v, true), x, dims);
    } else {
      IRMapping map;
      if (isa<dl::PointwiseOpInterface>(op))
        for (Value x : op->getOperands())
          map.map(x, make(b, x, turned));
      Operation *copy = b.clone(*op, map);
      copy->getResult(0).setType(typeOf(v, turned));
      if (auto iota = dyn_cast<dl::IotaOp>(copy); iota && turned)
        iota.setAxis(exchange(rank)[iota.getAxis()]);
      result = copy->getResult(0);
    }
    return made[turned][v] = result;
  }

  /// A contraction that sums over the rows of a large value wants it turned: then it has rows of its own.
  void turn(dl::MatmulOp matmul) {
    Value x = matmul.getLhs();
    if (!matmul.getTransposeLhs() || !isLarge(x) || bytes(matmul.getY()) > bytes(x) / smaller || !can(x, x))
      return;
    OpBuilder b(matmul);
    matmul.getLhsMutable().assign(make(b, x, true));
    matmul.setTransposeLhs(false);
  }
  /// Readers of `v` that need the result of another reader, the first contraction of it, get a value of their own.
  void split(Value v) {
    if (!isLarge(v) || v.hasOneUse() || !can(v, v))
      return;
    SmallVector<Operation *> users(v.getUsers());
    if (llvm::any_of(users, [&](Operation *op) { return op->getBlock() != v.getParentBlock(); }))
      return;
    llvm::sort(users, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    auto first = llvm::find_if(users, [&](Operation *op) { return isa<dl::MatmulOp>(op) && op->getOperand(0) == v; });
    if (first == users.end())
      return;
    llvm::SetVector<Operation *> after;
    after.insert(*first);
    for (size_t i = 0; i < after.size(); ++i)
      for (Operation *user : after[i]->getUsers())
        if (user->getBlock() == v.getParentBlock())
          after.insert(user);
    SmallVector<Operation *> late;
    for (Operation *user : users)
      if (user != *first && after.contains(user))
        late.push_back(user);
    if (late.empty())
      return;
    OpBuilder b(late.front());
    Value again = make(b, v, false);
    for (Operation *user : late)
      user->replaceUsesOfWith(v, again);
  }
};

struct Recompute : impl::RecomputeBase<Recompute> {
  using RecomputeBase::RecomputeBase;
  void runOnOperation() override {
    dl::SymbolRanges ranges = dl::getSymbolRanges(getOperation());
    for (auto fn : getOperation().getOps<func::FuncOp>()) {
      if (fn.isDeclaration())
        continue;
      Block &block = fn.getBody().front();
      Maker maker(ranges, least);
      for (auto matmul : llvm::to_vector(block.getOps<dl::MatmulOp>()))
        maker.turn(matmul);
      for (Operation &op : llvm::make_early_inc_range(block))
        if (op.getNumResults() == 1)
          maker.split(op.getResult(0));
    }
  }
};
} // namespace
} // namespace dlc
