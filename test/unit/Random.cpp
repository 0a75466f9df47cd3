// Philox as emitted, folded to constants, against the vectors published with Random123 and a scalar re-implementation.
#include "dialects/dl/Dl.h"
#include "dialects/dl/Philox.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc::dl;
namespace {
using Words = std::array<uint32_t, 4>;

Words philox(Words c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t p = uint64_t(0xD2511F53) * c[0], q = uint64_t(0xCD9E8D57) * c[2];
    c = {uint32_t(q >> 32) ^ c[1] ^ key[0], uint32_t(q), uint32_t(p >> 32) ^ c[3] ^ key[1], uint32_t(p)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return c;
}
float uniform(int64_t key, int64_t stream, uint64_t i) {
  auto low = [](uint64_t v) { return uint32_t(v); };
  auto high = [](uint64_t v) { return uint32_t(v >> 32); };
  return float(philox({low(i / 4), high(i / 4), low(stream), high(stream)}, {low(key), high(key)})[i % 4] >> 8) * 0x1p-24f;
}
struct KnownAnswer {
  Words counter;
  std::array<uint32_t, 2> key;
  Words answer;
};
// kat_vectors of Random123, philox4x32 10.
const KnownAnswer published[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};

class Random : public testing::Test {
protected:
  Random() : b(&context), loc(b.getUnknownLoc()) {
    context.loadDialect<DlDialect, arith::ArithDialect, func::FuncDialect, vector::VectorDialect>();
    module = ModuleOp::create(loc);
    b.setInsertionPointToEnd(module->getBody());
    auto f = func::FuncOp::create(b, loc, "f", b.getFunctionType({}, {}));
    f.addEntryBlock();
    b.setInsertionPointToEnd(&f.getBody().front());
  }
  /// What constant folding makes of the values.
  SmallVector<TypedAttr> fold(ValueRange values) {
    Operation *end = func::ReturnOp::create(b, loc, values);
    EXPECT_TRUE(succeeded(applyPatternsGreedily(module.get(), FrozenRewritePatternSet(RewritePatternSet(&context)))));
    return llvm::map_to_vector(end->getOperands(), [](Value v) {
      auto constant = v.getDefiningOp<arith::ConstantOp>();
      return constant ? constant.getValue() : TypedAttr();
    });
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  OpBuilder b;
  Location loc;
};

TEST(Philox, ReferenceGivesThePublishedVectors) {
  for (const KnownAnswer &known : published)
    EXPECT_EQ(philox(known.counter, known.key), known.answer);
}
TEST_F(Random, EmittedPhiloxGivesThePublishedVectors) {
  Scalars e{b, loc};
  SmallVector<Value> words;
  auto word = [&](uint32_t w) { return e.icst(b.getI32Type(), (int32_t)w); };
  for (const KnownAnswer &known : published) {
    auto c = known.counter;
    llvm::append_range(words, emitPhilox(e, {word(c[0]), word(c[1]), word(c[2]), word(c[3])}, {word(known.key[0]), word(known.key[1])}));
  }
  auto folded = fold(words);
  for (auto [i, word] : llvm::enumerate(folded))
    EXPECT_EQ((uint32_t)cast<IntegerAttr>(word).getInt(), published[i / 4].answer[i % 4]) << "word " << i;
}
TEST_F(Random, VectorsOfAnyPlaceGiveTheBitsOfTheLinearIndex) {
  const int64_t key = 0x123456789abcdef0, stream = 0x700000003;
  Value keyTensor = ConstantOp::create(b, loc, RankedTensorType::get({}, b.getI64Type()), b.getF64FloatAttr(0));
  auto op = RandomUniformOp::create(b, loc, RankedTensorType::get({1000, 100000, 1000}, b.getF32Type()), keyTensor, stream);
  Scalars e{b, loc};
  auto i64 = [&](int64_t v) { return e.icst(b.getI64Type(), v); };
  auto type = VectorType::get({8}, b.getI64Type());
  Value lanes = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>{990, 991, 992, 993, 994, 995, 996, 997}));
  Value u = op.emitAt(b, loc, {i64(key)}, {i64(999), i64(99999), lanes}, [&](AffineExpr extent) { return i64(getConstant(extent)); });
  Value one = op.emitAt(b, loc, {i64(key)}, {i64(0), i64(0), i64(6)}, [&](AffineExpr extent) { return i64(getConstant(extent)); });
  auto folded = fold({u, one});
  auto elements = cast<DenseElementsAttr>(folded[0]).getValues<float>();
  for (auto [lane, value] : llvm::enumerate(elements))
    EXPECT_EQ(value, uniform(key, stream, (999 * 100000 + 99999) * uint64_t(1000) + 990 + lane)) << "lane " << lane;
  EXPECT_EQ(cast<FloatAttr>(folded[1]).getValueAsDouble(), uniform(key, stream, 6));
}
} // namespace
