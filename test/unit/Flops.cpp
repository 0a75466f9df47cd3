// Flops from the structures, by hand-counted ops.
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc::dl;
namespace {
/// Of op `number` in a function with arguments %x: Bx4xf32 and %w: 4x5xf32.
std::string flops(std::string op, unsigned number = 0) {
  MLIRContext context;
  context.loadDialect<DlDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(
      "func.func @f(%x: tensor<?x4xf32, #dl.dims<B, 4>>, %w: tensor<4x5xf32>) {\n" + op + "\n return\n}", &context);
  if (!module)
    return "";
  return toString(getFlops(&*std::next((*module->getOps<func::FuncOp>().begin()).getBody().front().begin(), number)));
}

TEST(Flops, PointwiseIsElementsTimesCost) {
  EXPECT_EQ(flops("%y = dl.add %w, %w : tensor<4x5xf32>"), "20");
  EXPECT_EQ(flops("%y = dl.exp %x : tensor<?x4xf32, #dl.dims<B, 4>>"), "B * 64");
}
TEST(Flops, MultiplyAddsAreTwoATerm) {
  EXPECT_EQ(flops("%y = dl.matmul %x, %w : tensor<?x4xf32, #dl.dims<B, 4>>, tensor<4x5xf32>"), "B * 40");
}
TEST(Flops, ReductionsAreOneATerm) { EXPECT_EQ(flops("%y = dl.sum %w dims [0, 1] : tensor<4x5xf32>"), "20"); }
TEST(Flops, MovementIsFree) { EXPECT_EQ(flops("%y = dl.transpose %w permutation [1, 0] : tensor<4x5xf32>"), "0"); }
TEST(Flops, SumsAtIndicesAreOneAnElement) { // whatever the number of indices
  EXPECT_EQ(flops("%i = dl.iota axis 0 : tensor<4xi64>\n%g = dl.gather %w, %i axis 0 : tensor<4x5xf32>, tensor<4xi64>", 1), "0");
  EXPECT_EQ(flops("%i = dl.iota axis 0 : tensor<4xi64>\n"
                  "%s = dl.scatter_sum %w, %i axis 0 : tensor<4x5xf32>, tensor<4xi64> -> tensor<50257x5xf32>",
                  1),
            "20");
}
TEST(Flops, CompositesAreWhatTheyDecomposeInto) { // two sums of 20 terms and 20 differences; 40 for the four results
  EXPECT_EQ(flops("%y = dl.mean %w dims [1] : tensor<4x5xf32>"), "100");
}
} // namespace
