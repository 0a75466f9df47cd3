// One entry while it is being scheduled. Its calls are collected as nodes over storages (Collect.cpp); results find their places
// and what depends on parameters alone leaves for prepare (Results.cpp); nodes get stages and times, and become a program (Emit.cpp).
#pragma once
#include "compiler/schedule/Program.h"
#include "dialects/dl/Dl.h"

namespace dlc {
using dlx::BufferKind;

class EntrySchedule {
public:
  /// `homes`: of the model's parameters and states, by name.
  EntrySchedule(func::FuncOp entry, const dl::SymbolRanges &ranges, const llvm::StringMap<func::FuncOp> &kernels,
                const llvm::StringMap<Home> &homes)
      : entry(entry), ranges(ranges), kernels(kernels), homes(homes) {}
  /// Appends the entry's programs to the module. Failures are diagnostics.
  LogicalResult run(ModuleOp module);

private:
  using Writers = std::map<unsigned, SmallVector<unsigned, 2>>; ///< nodes by the storage they write

  func::FuncOp entry;
  const dl::SymbolRanges &ranges;
  const llvm::StringMap<func::FuncOp> &kernels; ///< by name
  const llvm::StringMap<Home> &homes;
  std::vector<Storage> storages;
  std::vector<Node> nodes, prepare;
  llvm::DenseMap<Value, unsigned> storageOf;
  Writers writersOf;
  SmallVector<int64_t> writes; ///< parameters that get new values
  int64_t scratch = 0, preparedBytes = 0;

  unsigned newStorage(BufferKind kind, int64_t at, AffineExpr bytes, int64_t bound);
  unsigned newStorage(BufferKind kind, int64_t at, Value of) {
    unsigned s = newStorage(kind, at, bytesOf(of.getType()), dl::getUpperBytes(of.getType(), ranges));
    storages[s].place = of.getLoc();
    return s;
  }
  /// Of the same size as another.
  unsigned newStorage(BufferKind kind, int64_t at, unsigned like) {
    return newStorage(kind, at, storages[like].bytes, storages[like].bound);
  }
  /// Of a parameter or state.
  bool hasHome(unsigned storage) { return storages[storage].kind == BufferKind::param || storages[storage].kind == BufferKind::state; }
  Home homeOf(unsigned storage) { return {storages[storage].kind, storages[storage].at}; }
  dl::DimsAttr extent(AffineExpr e) { return dl::DimsAttr::get(entry.getContext(), e); }

  // Collect.cpp
  void bindArguments();
  /// Dependences by storage: writers before readers, and writers in their order.
  static void connect(std::vector<Node> &list, Writers &writers);
  LogicalResult collect(Block &block, std::vector<Node> &list);
  LogicalResult collectCall(func::CallOp call, std::vector<Node> &list);
  Node copyNode(unsigned to, unsigned from);
  /// A movement that dl-kernels-form left to copies.
  void collectPieces(dl::MovementOpInterface op, std::vector<Node> &list);
  /// Carried values have two storages, exchanged after each step; steps of inputs and stacks are views that move.
  LogicalResult collectScan(dl::ScanOp scan, std::vector<Node> &list);
  /// Launches that do the same in every step (packing a captured weight) run once, before the loop.
  void hoist(Node &loop, std::vector<Node> &list, unsigned firstInside, unsigned firstBody);

  // Results.cpp
  std::vector<SmallVector<unsigned, 4>> next;         ///< nodes that wait for a node
  std::map<unsigned, unsigned> spans;                 ///< first to last, apart: crossed by an edge to a smaller number
  std::map<Home, SmallVector<unsigned, 4>> readersOf; ///< nodes by the parameter or state they read
  void addCopy(unsigned to, unsigned from);
  void noteEdge(unsigned from, unsigned to);
  /// Notes what node `i` waits for and which parameters and states it reads.
  void follow(unsigned i);
  /// Nodes that run after `from`: all those numbered up to `last`. From behind the span that holds it no edge leads back.
  llvm::DenseSet<unsigned> after(unsigned from, unsigned last);
  /// The result lies where the old value does, if no reader of that is left for later.
  bool donate(unsigned storage, Home home);
  /// Outputs first, then new values: a copy that reads an old value is a reader that the new one waits for.
  void bindResults();
  /// The kernel's code or grid asks for a symbol, which prepare does not know.
  bool usesSymbols(const Node &n);
  /// What depends on parameters alone runs once after they change.
  void splitPrepare();

  // Emit.cpp
  SmallVector<std::pair<unsigned, unsigned>> swapped;
  static void stageAll(std::vector<Node> &list);
  /// Launches that may wait do, where what they make is more than what has to live longer for it: packs, what a gradient makes again.
  void delay(std::vector<Node> &list);
  void use(unsigned s, int first, int last);
  /// Stages take a time each; a loop takes those of its body, and what it touches lives through all of them.
  void setTimes(std::vector<Node> &list, int &time);
  /// Either memory may hold the value after the loop.
  void joinSwapped();
  Value buffer(OpBuilder &top, unsigned s);
  void emit(std::vector<Node> &list, OpBuilder &top, OpBuilder &b);
  dlx::ProgramOp program(ModuleOp module, StringRef name, std::vector<Node> &list, int64_t arena);
  LogicalResult build(ModuleOp module);
};
} // namespace dlc
