// A net under construction: a directed multigraph of named dl operations, built by layers and importers. Knows no op: types
// come from the ops' own inference. Out comes an MLIR module with one function @main. docs/frontend.md.
#pragma once
#include "dialects/dl/Dl.h"
#include <boost/graph/adjacency_list.hpp>

namespace dlc::frontend {

/// One result of a node, of the graph that gave it.
struct Value {
  unsigned node = ~0u, result = 0;
};

/// How a parameter starts.
struct Init {
  dl::InitKind kind = dl::InitKind::constant;
  double value = 0;
};

/// Errors are emitted as MLIR diagnostics at the node's location when they are found; what depends on a failed node is then
/// passed over in silence, and build() gives null.
class Graph {
public:
  enum class Kind { Input, Parameter, Op };
  struct Node {
    Kind kind = Kind::Op;
    std::string op;   ///< "dl.matmul"; inputs and parameters have none
    std::string name; ///< of the layer, input or parameter; several nodes of a layer share one
    mlir::LocationAttr loc = {};
    mlir::NamedAttrList attributes = {};
    unsigned arity = 0;
    std::shared_ptr<Graph> body = nullptr;             ///< of an op with a region; its outputs are what it yields
    llvm::SmallVector<mlir::Type, 1> resultTypes = {}; ///< as given; empty: inferred
    llvm::SmallVector<mlir::Value, 1> results = {};    ///< carriers of the result types, once known
    enum { Untyped, Typed, Refused } state = Untyped;
    Init init = {};
    dl::ParamRole role = dl::ParamRole::trainable; ///< of a parameter or state
    bool gives = false;                            ///< an input that gives the symbol of its name
  };
  struct Edge {
    unsigned result, operand;
  };

  /// A function body, or with another terminator (by name) the body of an op.
  explicit Graph(mlir::MLIRContext *context, llvm::StringRef terminator = "func.return");

  /// The location of what is added from now on; unset, it is the node's name.
  void setLocation(std::optional<mlir::Location> loc) { location = loc; }
  /// Declares a symbolic extent within min..max, both included, and gives it.
  mlir::AffineExpr symbol(llvm::StringRef name, int64_t min, int64_t max);
  Value input(llvm::StringRef name, mlir::RankedTensorType type);
  /// Declares a symbol, and an i64 input of rank 0 of that name whose element is its value: how much of a cache is full.
  mlir::AffineExpr scalar(llvm::StringRef name, int64_t min, int64_t max);
  /// A parameter starts by `init`; one that is not trainable is written by training or by nobody.
  Value parameter(llvm::StringRef name, mlir::RankedTensorType type, Init init, bool trainable = true);
  /// What one run hands to the next (docs/state.md); starts as `value` everywhere.
  Value state(llvm::StringRef name, mlir::RankedTensorType type, double value = 0);
  /// What a state, or a parameter, is after a run.
  void next(Value state, Value value) { outputs.push_back({node(state.node).name, value, true}); }
  /// An operation. Its types are inferred unless given, as soon as those of its operands are known; `body` becomes the region
  /// of an op that has one. An operand left at Value{} is connected later, by importers that meet uses before definitions.
  Value op(llvm::StringRef op, llvm::StringRef name, llvm::ArrayRef<Value> operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
           llvm::ArrayRef<mlir::Type> types = {}, std::shared_ptr<Graph> body = nullptr);
  /// Stands for a layer whose input or options were refused by a diagnostic.
  Value refused(llvm::StringRef name);
  void connect(Value from, unsigned to, unsigned operand);
  void output(llvm::StringRef name, Value value) { outputs.push_back({name.str(), value, false}); }

  /// The type, inferred if need be; null where an error has been reported, or around a cycle.
  mlir::RankedTensorType type(Value value);
  /// Nodes, operands first, else as added. Reports a cycle by the names on it.
  mlir::FailureOr<llvm::SmallVector<unsigned>> order() const;
  /// A verified module, or null after diagnostics.
  mlir::OwningOpRef<mlir::ModuleOp> build(mlir::Location loc);
  /// Graphviz's dot language: a box a node, an edge a tensor with its type.
  void writeDot(llvm::raw_ostream &os);

  size_t size() const { return boost::num_vertices(nodes); }
  const Node &node(unsigned n) const { return nodes[n]; }
  mlir::MLIRContext *getContext() const { return builder.getContext(); }
  mlir::OpBuilder builder; ///< for types and attributes

private:
  using Nodes = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node, Edge>;
  struct Symbol {
    std::string name;
    int64_t min, max;
  };
  struct Output {
    std::string name;
    Value value;
    bool next; ///< of the state or parameter of that name
  };
  unsigned add(Kind kind, llvm::StringRef op, llvm::StringRef name);
  llvm::SmallVector<Value> operands(unsigned node) const;
  mlir::LogicalResult prepare(unsigned node, mlir::OperationState &state);
  mlir::LogicalResult infer(unsigned node);
  mlir::LogicalResult inferAll(llvm::ArrayRef<unsigned> sorted);
  mlir::LogicalResult fill(mlir::Block &block, mlir::Location loc);

  Nodes nodes;
  mlir::Block carriers; ///< its arguments stand for results in type inference
  std::vector<Symbol> symbols;
  Value addArgument(llvm::StringRef name, mlir::RankedTensorType type, Init init, dl::ParamRole role);
  llvm::SmallVector<unsigned> arguments; ///< inputs, then parameters and states, each as declared
  unsigned inputs = 0;
  std::vector<Output> outputs;
  std::optional<mlir::Location> location;
  std::string terminator;
};

} // namespace dlc::frontend
