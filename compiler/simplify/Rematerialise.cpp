// What a backward pass reads of the forward pass is kept, or made again from what is kept: the fewest bytes, as a minimum cut.
#include "compiler/simplify/Passes.h"
#include "dialects/dl/Bounds.h"
#include "dialects/dl/Dl.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

using namespace mlir;
namespace dlc {
#define GEN_PASS_DEF_REMATERIALISE
#include "compiler/simplify/Passes.h.inc"

namespace {
/// Ops in a row that may be made again from what is kept: a chain that runs back through all blocks of a residual net would bring
/// back all that it is to save.
constexpr int mostDeep = 12;

/// A flow network; its minimum cut nearest the sink. All that flows comes by one edge from the source, so that no sum of what arrives
/// somewhere exceeds `infinite`; the finite edges together stay below it up to two million of them, since `edge` takes none for more
/// than a tebibyte.
class Network {
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  struct Edge {
    int64_t capacity = 0, residual = 0;
    Traits::edge_descriptor reverse = {};
  };
  using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Edge>;
  Graph graph{3};
  static constexpr unsigned origin = 2;
  void add(unsigned from, unsigned to, int64_t capacity) {
    auto there = boost::add_edge(from, to, graph).first, back = boost::add_edge(to, from, graph).first;
    graph[there] = {capacity, 0, back}, graph[back] = {0, 0, there};
  }
  static constexpr int64_t infinite = int64_t(1) << 61, mostBytes = int64_t(1) << 40;

public:
  static constexpr unsigned source = 0, sink = 1;
  Network() { add(origin, source, infinite); }
  unsigned node() { return boost::add_vertex(graph); }
  void edge(unsigned from, unsigned to, int64_t bytes) { add(from, to, std::clamp<int64_t>(bytes, 1, mostBytes)); }
  void uncuttable(unsigned from, unsigned to) { add(from, to, infinite); }
  /// For each node whether it is on the sink's side.
  llvm::BitVector cut() {
    boost::push_relabel_max_flow(graph, origin, sink, boost::get(&Edge::capacity, graph), boost::get(&Edge::residual, graph),
                                 boost::get(&Edge::reverse, graph), boost::get(boost::vertex_index, graph));
    llvm::BitVector side(boost::num_vertices(graph));
    SmallVector<unsigned> work{sink};
    side.set(sink);
    while (!work.empty())
      for (auto out : llvm::make_range(boost::out_edges(work.pop_back_val(), graph))) {
        unsigned from = boost::target(out, graph); // of the edge back, which stands for one from there
        if (side.test(from) || graph[graph[out].reverse].residual == 0)
          continue;
        side.set(from);
        work.push_back(from);
      }
    return side;
  }
};

struct Maker {
  func::FuncOp fn;
  const dl::SymbolRanges &ranges;
  int64_t every; ///< contractions and windows of which all but one may be made again
  llvm::DenseSet<Operation *> forward;
  llvm::DenseMap<Operation *, int> depth; ///< of what may be made again
  llvm::DenseMap<Value, Value> again;
  Maker(func::FuncOp fn, const dl::SymbolRanges &ranges, int64_t every) : fn(fn), ranges(ranges), every(every) {}

  /// What the results need that are neither gradients nor new parameters.
  void findForward() {
    SmallVector<Value> work;
    for (auto [i, v] : llvm::enumerate(fn.getBody().front().getTerminator()->getOperands())) {
      auto name = fn.getResultAttrOfType<StringAttr>(i, "dl.name");
      if (name && !fn.getResultAttr(i, "dl.state") && !name.getValue().starts_with("gradient/"))
        work.push_back(v);
    }
    while (!work.empty())
      if (Operation *op = work.pop_back_val().getDefiningOp(); op && forward.insert(op).second) {
        llvm::append_range(work, op->getOperands());
        op->walk([&](Operation *inner) { // what a body captures
          for (Value v : inner->getOperands())
            if (v.getParentBlock() == &fn.getBody().front())
              work.push_back(v);
        });
      }
  }
  /// Costs no memory: repeated by whoever reads it.
  static bool isFree(Operation *op) { return isa<dl::BroadcastOp, dl::IotaOp>(op) || op->hasTrait<OpTrait::ConstantLike>(); }
  static bool isView(Operation *op) {
    auto move = dyn_cast<dl::MovementOpInterface>(op);
    return move && move.isView();
  }
  void findDepths() {
    int64_t heavy = 0;
    for (Operation &op : fn.getBody().front()) {
      if (!forward.contains(&op) || op.getNumRegions())
        continue;
      bool light = isa<dl::PointwiseOpInterface, dl::PositionalOpInterface, dl::MovementOpInterface>(op);
      auto combine = dyn_cast<dl::CombineOpInterface>(op);
      // A reduction's result is small, and what it reads is large.
      bool made = light || (combine && (combine.isMultiplyAdd() || !combine.getNest().bounds.empty()) && ++heavy % every != 0);
      int most = 0;
      for (Value v : op.getOperands())
        if (Operation *def = v.getDefiningOp(); def && !isFree(def))
          if (auto at = depth.find(def); at != depth.end())
            most = std::max(most, at->second);
      if (int own = !isFree(&op) && !isView(&op); made && most + own <= mostDeep * every)
        depth[&op] = most + own;
    }
  }
  Value make(OpBuilder &b, Value v, llvm::function_ref<bool(Value)> lost) {
    if (!lost(v))
      return v;
    if (Value known = again.lookup(v))
      return known;
    Operation *op = v.getDefiningOp();
    IRMapping map;
    for (Value x : op->getOperands())
      map.map(x, make(b, x, lost));
    Operation *copy = b.clone(*op, map);
    for (auto [x, y] : llvm::zip(op->getResults(), copy->getResults()))
      again[x] = y;
    return again[v];
  }
  void run() {
    findForward();
    findDepths();
    Block &block = fn.getBody().front();
    Network net;
    llvm::DenseMap<Value, std::pair<unsigned, unsigned>> nodes; // in, out: the edge between is what keeping it costs
    for (Operation &op : block)
      if (forward.contains(&op))
        for (Value v : op.getResults()) {
          auto [in, out] = nodes[v] = {net.node(), net.node()};
          bool kept = isFree(&op) || isView(&op);
          if (kept)
            net.uncuttable(in, out);
          else
            net.edge(in, out, dl::getUpperBytes(v.getType(), ranges));
          if (!depth.contains(&op) && !isFree(&op))
            net.uncuttable(Network::source, in);
          else
            for (Value x : op.getOperands())
              if (auto at = nodes.find(x); at != nodes.end())
                net.uncuttable(at->second.second, in);
        }
    for (auto &[v, node] : nodes)
      if (llvm::any_of(v.getUsers(), [&](Operation *user) { return user->getBlock() != &block || !forward.contains(user); }))
        net.uncuttable(node.second, Network::sink);
    llvm::BitVector side = net.cut();
    auto lost = [&](Value v) { // not kept, and not for nothing
      auto at = nodes.find(v);
      return at != nodes.end() && depth.contains(v.getDefiningOp()) && side.test(at->second.first);
    };
    SmallVector<Operation *> backward;
    for (Operation &op : block.without_terminator())
      if (!forward.contains(&op))
        backward.push_back(&op);
    for (Operation *op : backward) {
      OpBuilder b(op);
      op->walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          if (operand.get().getParentBlock() == &block)
            operand.set(make(b, operand.get(), lost));
      });
    }
    for (Operation &op : block.without_terminator())
      if (!forward.contains(&op) && !isFree(&op) && !isView(&op))
        op.setAttr("dlx.late", UnitAttr::get(fn.getContext()));
  }
};

struct Rematerialise : impl::RematerialiseBase<Rematerialise> {
  using RematerialiseBase::RematerialiseBase;
  void runOnOperation() override {
    dl::SymbolRanges ranges = dl::getSymbolRanges(getOperation());
    for (auto fn : getOperation().getOps<func::FuncOp>())
      if (!fn.isDeclaration())
        Maker(fn, ranges, every).run();
  }
};
} // namespace
} // namespace dlc
