// Where movements say that their elements come from, on operands that hold 0, 1, 2, ... in row-major order.
#include "dialects/dl/Dl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc::dl;
namespace {
int64_t at(AffineExpr e, ArrayRef<int64_t> coordinates) {
  SmallVector<AffineExpr> constants;
  for (int64_t c : coordinates)
    constants.push_back(getAffineConstantExpr(c, e.getContext()));
  return getConstant(e.replaceDimsAndSymbols(constants, {}));
}
using Elements = std::vector<int64_t>;

/// The result of the op in row-major order, -1 where it is the fill. %x: 2x3, %z: 2x1, %v: 2x1x6, all i64.
Elements elements(std::string text) {
  MLIRContext context;
  context.loadDialect<DlDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(
      "func.func @f(%x: tensor<2x3xi64>, %z: tensor<2x1xi64>, %v: tensor<2x1x6xi64>) {\n" + text + "\n return\n}", &context);
  if (!module)
    return {};
  auto op = cast<MovementOpInterface>((*module->getOps<func::FuncOp>().begin()).getBody().front().front());
  auto shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  Elements result;
  SmallVector<int64_t> coordinates(shape.size());
  for (int64_t i = 0, n = ShapedType::getNumElements(shape); i < n; ++i) {
    for (int64_t d = shape.size(), rest = i; d-- > 0; rest /= shape[d])
      coordinates[d] = rest % shape[d];
    int64_t value = -1;
    for (const Source &source : op.getSources()) {
      if (!llvm::all_of(source.where,
                        [&](const Bound &b) { return at(b.expr, coordinates) >= 0 && at(b.expr, coordinates) < at(b.extent, {}); }))
        continue;
      value = 0;
      auto from = cast<RankedTensorType>(op->getOperand(source.operand).getType()).getShape();
      for (auto [n, e] : llvm::zip_equal(from, source.map.getResults()))
        value = value * n + at(e, coordinates);
      break;
    }
    result.push_back(value);
  }
  return result;
}

TEST(Sources, Broadcast) {
  EXPECT_EQ(elements("%y = dl.broadcast %z dims [0, 2] : tensor<2x1xi64> -> tensor<2x2x1xi64>"), (Elements{0, 0, 1, 1}));
}
TEST(Sources, Transpose) { EXPECT_EQ(elements("%y = dl.transpose %x permutation [1, 0] : tensor<2x3xi64>"), (Elements{0, 3, 1, 4, 2, 5})); }
TEST(Sources, TransposeOfThree) {
  EXPECT_EQ(elements("%y = dl.transpose %v permutation [2, 0, 1] : tensor<2x1x6xi64>"), (Elements{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}));
}
TEST(Sources, ReshapeKeepsTheOrder) {
  Elements all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  for (std::string to : {"12", "2x6", "2x2x3", "4x3", "1x2x1x3x2x1", "6x2x1"})
    EXPECT_EQ(elements("%y = dl.reshape %v : tensor<2x1x6xi64> -> tensor<" + to + "xi64>"), all) << to;
}
TEST(Sources, Slice) {
  EXPECT_EQ(elements("%y = dl.slice %x offsets <1, 0> sizes <1, 2> strides [1, 2] : tensor<2x3xi64>"), (Elements{3, 5}));
}
TEST(Sources, PadAroundAndBetween) {
  EXPECT_EQ(elements("%y = dl.pad %x low <0, 1> high <1, 0> interior [0, 1] value 0.0 : tensor<2x3xi64>"),
            (Elements{-1, 0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, -1, -1, -1, -1, -1}));
}
TEST(Sources, Concat) {
  EXPECT_EQ(elements("%y = dl.concat %x, %z, %z axis 1 : tensor<2x3xi64>, tensor<2x1xi64>, tensor<2x1xi64>"),
            (Elements{0, 1, 2, 0, 0, 3, 4, 5, 1, 1}));
}
TEST(Sources, UpdateSlice) {
  EXPECT_EQ(elements("%y = dl.update_slice %x, %z offsets <0, 1> : tensor<2x3xi64>, tensor<2x1xi64>"), (Elements{0, 0, 2, 3, 1, 5}));
}
TEST(Sources, Reverse) { EXPECT_EQ(elements("%y = dl.reverse %x dims [1] : tensor<2x3xi64>"), (Elements{2, 1, 0, 5, 4, 3})); }
TEST(Sources, ReshapeDividesNoSharedSymbol) {
  MLIRContext context;
  context.loadDialect<DlDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(
      "func.func @f(%x: tensor<?x16x5xf32, #dl.dims<B, 16, 5>>) {\n"
      "%y = dl.reshape %x : tensor<?x16x5xf32, #dl.dims<B, 16, 5>> -> tensor<?x80xf32, #dl.dims<B, 80>>\nreturn\n}",
      &context);
  auto op = cast<MovementOpInterface>((*module->getOps<func::FuncOp>().begin()).getBody().front().front());
  EXPECT_EQ(op.getSources().front().map.getResult(0), getAffineDimExpr(0, &context));
}
} // namespace
