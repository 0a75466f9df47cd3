// Graph: type inference by the ops' interfaces, topological order, conversion to a module, Graphviz.
#include "frontend/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <sstream>

using namespace mlir;
namespace dlc::frontend {

Graph::Graph(MLIRContext *context, StringRef terminator) : builder(context), terminator(terminator) {
  context->loadDialect<func::FuncDialect, dl::DlDialect>();
}

//===-- Growing -----------------------------------------------------------------------------------------------------===//

unsigned Graph::add(Kind kind, StringRef op, StringRef name) {
  Location loc = location.value_or(NameLoc::get(builder.getStringAttr(name)));
  return boost::add_vertex(Node{kind, op.str(), name.str(), loc}, nodes);
}
AffineExpr Graph::symbol(StringRef name, int64_t min, int64_t max) {
  symbols.push_back({name.str(), min, max});
  return dl::getSymbol(getContext(), name);
}
Value Graph::input(StringRef name, RankedTensorType type) {
  unsigned n = add(Kind::Input, "", name);
  nodes[n].results.push_back(carriers.addArgument(type, nodes[n].loc));
  nodes[n].state = Node::Typed;
  arguments.insert(arguments.begin() + inputs++, n);
  return {n, 0};
}
AffineExpr Graph::scalar(StringRef name, int64_t min, int64_t max) {
  nodes[input(name, RankedTensorType::get({}, builder.getI64Type())).node].gives = true;
  return symbol(name, min, max);
}
Value Graph::parameter(StringRef name, RankedTensorType type, Init init, bool trainable) {
  return addArgument(name, type, init, trainable ? dl::ParamRole::trainable : dl::ParamRole::non_trainable);
}
Value Graph::state(StringRef name, RankedTensorType type, double value) {
  return addArgument(name, type, {dl::InitKind::constant, value}, dl::ParamRole::state);
}
Value Graph::addArgument(StringRef name, RankedTensorType type, Init init, dl::ParamRole role) {
  unsigned n = add(Kind::Parameter, "", name);
  nodes[n].init = init, nodes[n].role = role;
  nodes[n].results.push_back(carriers.addArgument(type, nodes[n].loc));
  nodes[n].state = Node::Typed;
  arguments.push_back(n);
  return {n, 0};
}
Value Graph::op(StringRef op, StringRef name, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes, ArrayRef<Type> types,
                std::shared_ptr<Graph> body) {
  unsigned n = add(Kind::Op, op, name);
  nodes[n].attributes = attributes;
  nodes[n].arity = operands.size();
  nodes[n].resultTypes.assign(types.begin(), types.end());
  nodes[n].body = std::move(body);
  bool ready = true;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (operand.node != ~0u)
      connect(operand, n, i);
    ready &= operand.node != ~0u && nodes[operand.node].state != Node::Untyped;
  }
  if (ready)
    (void)infer(n);
  return {n, 0};
}
Value Graph::refused(StringRef name) {
  unsigned n = add(Kind::Op, "", name);
  nodes[n].state = Node::Refused;
  return {n, 0};
}
void Graph::connect(Value from, unsigned to, unsigned operand) {
  assert(from.node < size() && to < size() && operand < nodes[to].arity && "a value of another graph");
  boost::add_edge(from.node, to, Edge{from.result, operand}, nodes);
}
SmallVector<Value> Graph::operands(unsigned node) const {
  SmallVector<Value> values(nodes[node].arity);
  for (auto edge : llvm::make_range(boost::in_edges(node, nodes)))
    values[nodes[edge].operand] = {(unsigned)boost::source(edge, nodes), nodes[edge].result};
  return values;
}

//===-- Order -------------------------------------------------------------------------------------------------------===//

namespace {
/// Over the reversed graph, so that a node is finished after its operands.
struct Visitor : boost::default_dfs_visitor {
  SmallVector<unsigned> &finished, &path;
  std::optional<SmallVector<unsigned>> &cycle;
  Visitor(SmallVector<unsigned> &finished, SmallVector<unsigned> &path, std::optional<SmallVector<unsigned>> &cycle)
      : finished(finished), path(path), cycle(cycle) {}
  template <typename G> void discover_vertex(unsigned v, const G &) { path.push_back(v); }
  template <typename G> void finish_vertex(unsigned v, const G &) {
    path.pop_back();
    finished.push_back(v);
  }
  template <typename E, typename G> void back_edge(E e, const G &g) {
    if (!cycle)
      cycle.emplace(llvm::find(path, boost::target(e, g)), path.end());
  }
};
} // namespace

FailureOr<SmallVector<unsigned>> Graph::order() const {
  SmallVector<unsigned> finished, path;
  std::optional<SmallVector<unsigned>> cycle;
  boost::depth_first_search(boost::make_reverse_graph(nodes), boost::visitor(Visitor(finished, path, cycle)));
  if (!cycle)
    return finished;
  std::reverse(cycle->begin(), cycle->end()); // the path ran against the edges
  std::rotate(cycle->begin(), std::min_element(cycle->begin(), cycle->end()), cycle->end());
  std::string names;
  for (unsigned n : *cycle)
    names += "'" + nodes[n].name + "' -> ";
  const Node &first = nodes[cycle->front()];
  return emitError(first.loc) << "the graph has a cycle: " << names << "'" << first.name << "': carry the value through dl.scan instead";
}

//===-- Types -------------------------------------------------------------------------------------------------------===//

/// Everything of an operation but its operands and types.
LogicalResult Graph::prepare(unsigned index, OperationState &state) {
  Node &n = nodes[index];
  state.addAttributes(n.attributes);
  if (!n.body)
    return success();
  Block *block = new Block;
  state.addRegion()->push_back(block);
  return n.body->fill(*block, n.loc);
}

LogicalResult Graph::infer(unsigned index) {
  Node &n = nodes[index];
  n.state = Node::Refused;
  OperationState state(n.loc, n.op);
  for (auto [i, v] : llvm::enumerate(operands(index))) {
    if (v.node == ~0u)
      return emitError(n.loc) << "operand " << i << " of '" << n.op << "' is not connected";
    Node &from = nodes[v.node];
    if (from.state != Node::Typed)
      return failure();
    if (v.result >= from.results.size())
      return emitError(n.loc) << "operand " << i << " of '" << n.op << "' is result " << v.result << " of '" << from.name << "', which has "
                              << from.results.size();
    state.operands.push_back(from.results[v.result]);
  }
  SmallVector<Type> types(n.resultTypes.begin(), n.resultTypes.end());
  if (types.empty()) {
    auto info = state.name.getRegisteredInfo();
    if (!info)
      return emitError(n.loc) << "unknown operation '" << n.op << "'";
    auto *interface = info->getInterface<InferTypeOpInterface>();
    if (!interface)
      return emitError(n.loc) << "'" << n.op << "' infers no types: its result types must be given";
    if (failed(prepare(index, state)))
      return failure();
    DictionaryAttr attributes = state.attributes.getDictionary(getContext());
    auto storage = std::make_unique<char[]>(info->getOpPropertyByteSize());
    OpaqueProperties properties(storage.get());
    LogicalResult result = success();
    if (info->getOpPropertyByteSize() > 0) {
      info->initOpProperties(properties, OpaqueProperties(nullptr));
      info->populateDefaultProperties(properties);
      result = info->setOpPropertiesFromAttribute(state.name, properties, attributes, [&] { return emitError(n.loc); });
    }
    if (succeeded(result))
      result = interface->inferReturnTypes(getContext(), n.loc, state.operands, attributes, properties, state.regions, types);
    if (info->getOpPropertyByteSize() > 0)
      info->destroyOpProperties(properties);
    if (failed(result))
      return failure();
  }
  for (Type type : types)
    n.results.push_back(carriers.addArgument(type, n.loc));
  n.state = Node::Typed;
  return success();
}

LogicalResult Graph::inferAll(ArrayRef<unsigned> sorted) {
  bool whole = true;
  for (unsigned n : sorted) {
    if (nodes[n].state == Node::Untyped)
      (void)infer(n);
    whole &= nodes[n].state == Node::Typed;
  }
  return success(whole);
}

RankedTensorType Graph::type(Value value) {
  assert(value.node < size() && "a value of another graph");
  Node &n = nodes[value.node];
  if (n.state == Node::Untyped)
    if (auto sorted = order(); succeeded(sorted))
      (void)inferAll(*sorted);
  return value.result < n.results.size() ? dyn_cast<RankedTensorType>(n.results[value.result].getType()) : RankedTensorType();
}

//===-- Out ---------------------------------------------------------------------------------------------------------===//

LogicalResult Graph::fill(Block &block, Location loc) {
  auto sorted = order();
  if (failed(sorted) || failed(inferAll(*sorted)))
    return failure();
  std::vector<SmallVector<mlir::Value, 1>> values(size());
  for (unsigned n : arguments)
    values[n].push_back(block.addArgument(nodes[n].results[0].getType(), nodes[n].loc));
  OpBuilder b(getContext()); // the block of a body has no parent yet
  b.setInsertionPointToEnd(&block);
  for (unsigned index : *sorted) {
    Node &n = nodes[index];
    if (n.kind != Kind::Op)
      continue;
    OperationState state(n.loc, n.op);
    for (Value v : operands(index))
      state.operands.push_back(values[v.node][v.result]);
    for (mlir::Value result : n.results)
      state.types.push_back(result.getType());
    if (failed(prepare(index, state)))
      return failure();
    auto results = b.create(state)->getResults();
    values[index].assign(results.begin(), results.end());
  }
  OperationState end(loc, terminator);
  for (auto &[name, v, next] : outputs) {
    if (v.result >= values[v.node].size())
      return emitError(nodes[v.node].loc) << "output '" << name << "' is result " << v.result << " of '" << nodes[v.node].name
                                          << "', which has " << values[v.node].size();
    end.operands.push_back(values[v.node][v.result]);
  }
  b.create(end);
  return success();
}

OwningOpRef<ModuleOp> Graph::build(Location loc) {
  llvm::StringMap<unsigned> names, results;
  for (unsigned n : arguments)
    if (!names.try_emplace(nodes[n].name, n).second)
      return emitError(nodes[n].loc) << "two inputs, parameters or states are called '" << nodes[n].name << "'", nullptr;
  for (auto &[name, v, next] : outputs)
    if (!results.try_emplace((next ? "next " : "") + name, v.node).second)
      return emitError(nodes[v.node].loc) << (next ? "two values are next of '" : "two outputs are called '") << name << "'", nullptr;
  if (outputs.empty())
    return emitError(loc) << "the graph has no output", nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  for (const Symbol &s : symbols)
    dl::SymbolOp::create(b, loc, s.name, s.min, s.max);
  auto function = func::FuncOp::create(b, loc, "main", b.getFunctionType({}, {}));
  Block *block = new Block;
  function.getBody().push_back(block);
  if (failed(fill(*block, loc)))
    return nullptr;
  function.setFunctionType(b.getFunctionType(block->getArgumentTypes(), block->getTerminator()->getOperandTypes()));
  for (auto [i, index] : llvm::enumerate(arguments)) {
    const Node &n = nodes[index];
    if (n.kind == Kind::Input)
      function.setArgAttr(i, "dl.name", b.getStringAttr(n.name));
    else
      function.setArgAttr(i, "dl.param", dl::ParamAttr::get(getContext(), n.name, n.init.kind, b.getF64FloatAttr(n.init.value), n.role));
    if (n.gives)
      function.setArgAttr(i, "dl.symbol", FlatSymbolRefAttr::get(getContext(), n.name));
  }
  for (auto [i, output] : llvm::enumerate(outputs))
    function.setResultAttr(i, output.next ? "dl.state" : "dl.name", b.getStringAttr(output.name));
  return succeeded(verify(*module)) ? std::move(module) : nullptr;
}

void Graph::writeDot(raw_ostream &os) {
  std::ostringstream text; // what Boost writes to
  auto node = [&](std::ostream &out, unsigned n) {
    const Node &v = nodes[n];
    out << "[shape=" << (v.kind == Kind::Op ? "box" : "ellipse")
        << ", label=" << boost::escape_dot_string(v.kind == Kind::Op ? v.name + "\n" + v.op : v.name) << "]";
  };
  auto edge = [&](std::ostream &out, Nodes::edge_descriptor e) {
    std::string type;
    if (RankedTensorType t = this->type({(unsigned)boost::source(e, nodes), nodes[e].result})) {
      for (AffineExpr extent : dl::getExtents(t))
        type += dl::toString(extent) + " x ";
      llvm::raw_string_ostream(type) << t.getElementType();
    }
    out << "[label=" << boost::escape_dot_string(type) << "]";
  };
  boost::write_graphviz(text, nodes, node, edge);
  os << text.str();
}

} // namespace dlc::frontend
