// The frontend's graph: order, cycles, types, refusals, conversion to a module.
#include "frontend/Graph.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dlc;
using frontend::Graph;

namespace {
using Node = frontend::Value;

struct GraphTest : testing::Test {
  MLIRContext context;
  std::string messages;
  ScopedDiagnosticHandler handler{&context, [&](Diagnostic &d) {
                                    std::string text;
                                    llvm::raw_string_ostream(text) << d.getLocation() << ": " << d << "\n";
                                    messages += text;
                                    return success();
                                  }};
  RankedTensorType type(ArrayRef<int64_t> shape) { return RankedTensorType::get(shape, Float32Type::get(&context)); }
  std::string text(Graph &g) {
    auto module = g.build(UnknownLoc::get(&context));
    std::string s;
    if (module)
      llvm::raw_string_ostream(s) << *module;
    return s;
  }
  void expect(const std::string &part) { EXPECT_NE(messages.find(part), std::string::npos) << messages; }
};
} // namespace

TEST_F(GraphTest, BuildsMain) {
  Graph g(&context);
  Node w = g.parameter("w", type({4, 2}), {dl::InitKind::xavier_uniform, 1.0});
  Node x = g.input("x", dl::getTensor({g.symbol("B", 1, 8), getAffineConstantExpr(4, &context)}, Float32Type::get(&context)));
  Node y = g.op("dl.matmul", "product", {x, w});
  EXPECT_EQ(dl::toString(dl::getExtents(g.type(y))[0]), "B");
  g.output("y", y);
  std::string s = text(g);
  for (const char *part : {"dl.symbol @B : 1 to 8", "dl.name = \"x\"", "#dl.param<\"w\", xavier_uniform(1.000000e+00), trainable>",
                           "dl.name = \"y\"", "dl.matmul %arg0, %arg1"})
    EXPECT_NE(s.find(part), std::string::npos) << s;
  EXPECT_EQ(messages, "");
}
TEST_F(GraphTest, BuildsStates) {
  Graph g(&context);
  AffineExpr past = g.scalar("past", 0, 15), zero = getAffineConstantExpr(0, &context);
  Node x = g.input("x", type({1, 4})), cache = g.state("cache", type({16, 4}), 0.5);
  Node next = g.op("dl.update_slice", "append", {cache, x}, {g.builder.getNamedAttr("offsets", dl::DimsAttr::get(&context, {past, zero}))});
  g.output("y", next), g.next(cache, next);
  std::string s = text(g);
  for (const char *part :
       {"dl.symbol @past : 0 to 15", "tensor<i64> {dl.name = \"past\", dl.symbol = @past}",
        "#dl.param<\"cache\", constant(5.000000e-01), state>", "tensor<16x4xf32> {dl.state = \"cache\"}", "offsets <past, 0>"})
    EXPECT_NE(s.find(part), std::string::npos) << s;
  EXPECT_EQ(messages, "");
}
TEST_F(GraphTest, OperandsMayComeLater) {
  Graph g(&context);
  Node late = g.op("dl.add", "sum", {Node{}, Node{}});
  Node x = g.input("x", type({3}));
  Node y = g.op("dl.relu", "relu", {x});
  g.connect(x, late.node, 1);
  g.connect(y, late.node, 0);
  g.output("y", late);
  std::string s = text(g);
  EXPECT_LT(s.find("dl.relu"), s.find("dl.add %0, %arg0")) << s;
}
TEST_F(GraphTest, CyclesAreNamed) {
  Graph g(&context);
  Node x = g.input("x", type({3}));
  Node a = g.op("dl.add", "first", {x, Node{}});
  Node b = g.op("dl.relu", "second", {a});
  Node c = g.op("dl.relu", "third", {b});
  g.connect(c, a.node, 1);
  g.output("y", c);
  EXPECT_EQ(text(g), "");
  expect("the graph has a cycle: ");
  expect("'first' -> 'second' -> 'third' -> 'first'");
}
TEST_F(GraphTest, ErrorsNameTheLayerOnce) {
  Graph g(&context);
  Node x = g.input("x", type({3, 4})), w = g.parameter("w", type({5, 2}), {});
  Node y = g.op("dl.matmul", "fc1", {x, w});
  EXPECT_FALSE(g.type(y));
  g.output("y", g.op("dl.relu", "relu", {y}));
  EXPECT_EQ(text(g), "");
  expect("loc(\"fc1\")");
  EXPECT_EQ(llvm::count(messages, '\n'), 1) << messages;
}
TEST_F(GraphTest, Refusals) {
  auto refuse = [&](llvm::function_ref<void(Graph &, Node)> grow, const std::string &part) {
    messages.clear();
    Graph g(&context);
    grow(g, g.input("x", type({3})));
    EXPECT_EQ(text(g), "");
    expect(part);
  };
  refuse([](Graph &, Node) {}, "the graph has no output");
  refuse([](Graph &g, Node x) { g.output("y", g.op("dl.nonsense", "n", {x})); }, "unknown operation 'dl.nonsense'");
  refuse([](Graph &g, Node x) { g.output("y", g.op("dl.reshape", "r", {x})); }, "'dl.reshape' infers no types");
  refuse([](Graph &g, Node x) { g.output("y", g.op("dl.add", "a", {x, Node{}})); }, "operand 1 of 'dl.add' is not connected");
  refuse([](Graph &g, Node x) { g.output("y", g.op("dl.relu", "r", {{x.node, 1}})); },
         "operand 0 of 'dl.relu' is result 1 of 'x', which has 1");
  refuse([](Graph &g, Node x) { g.output("y", {x.node, 2}); }, "output 'y' is result 2 of 'x', which has 1");
  refuse([](Graph &g, Node x) { g.output("y", x), g.output("y", x); }, "two outputs are called 'y'");
  refuse(
      [&](Graph &g, Node x) {
        Node h = g.state("h", type({3}));
        g.next(h, x), g.next(h, x);
      },
      "two values are next of 'h'");
  refuse([&](Graph &g, Node x) { g.next(x, x); }, "no argument is a parameter called 'x'");
  refuse([&](Graph &g, Node x) { g.parameter("x", type({1}), {}), g.output("y", x); }, "two inputs, parameters or states are called 'x'");
}
TEST_F(GraphTest, LongChains) {
  Graph g(&context);
  Node x = g.input("x", type({3}));
  for (int i = 0; i < 20000; ++i)
    x = g.op("dl.relu", "relu", {x});
  g.output("y", x);
  EXPECT_TRUE(g.build(UnknownLoc::get(&context)));
}
TEST_F(GraphTest, Dot) {
  Graph g(&context);
  g.output("y", g.op("dl.relu", "say \"hi\"", {g.input("x", type({3, 5}))}));
  std::string dot;
  llvm::raw_string_ostream os(dot);
  g.writeDot(os);
  EXPECT_NE(dot.find("label=\"say \\\"hi\\\"\ndl.relu\""), std::string::npos) << dot;
  EXPECT_NE(dot.find("label=\"3 x 5 x f32\""), std::string::npos) << dot;
}
