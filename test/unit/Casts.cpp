// Every conversion between element types rounds once: all pairs, on values at the edges and random bits, against LLVM's APFloat.
#include "test/lib/Session.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::test;
using namespace dlc;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

namespace {
struct Kind {
  const char *name;
  unsigned bits;
  const llvm::fltSemantics *real; ///< null: an integer
};
const Kind kinds[] = {{"f32", 32, &APFloat::IEEEsingle()},
                      {"f64", 64, &APFloat::IEEEdouble()},
                      {"bf16", 16, &APFloat::BFloat()},
                      {"i1", 1, nullptr},
                      {"i8", 8, nullptr},
                      {"i32", 32, nullptr},
                      {"i64", 64, nullptr}};
constexpr auto nearest = APFloat::rmNearestTiesToEven;

APInt encode(const Kind &kind, APFloat x) {
  bool lost;
  (void)x.convert(*kind.real, nearest, &lost);
  return x.bitcastToAPInt();
}
/// What an element with these bits becomes.
APInt converted(const Kind &from, const Kind &to, const APInt &bits) {
  if (from.real && to.real)
    return encode(to, APFloat(*from.real, bits));
  if (from.real) {
    APFloat x(*from.real, bits);
    if (to.bits == 1)
      return APInt(1, !x.isZero());
    APSInt y(to.bits, /*isUnsigned=*/false);
    bool exact;
    (void)x.convertToInteger(y, APFloat::rmTowardZero, &exact); // saturates; NaN gives 0
    return y;
  }
  if (to.real) {
    APFloat x(*to.real);
    (void)x.convertFromAPInt(bits, /*IsSigned=*/from.bits > 1, nearest);
    return x.bitcastToAPInt();
  }
  if (to.bits == 1)
    return APInt(1, !bits.isZero());
  return from.bits == 1 ? bits.zextOrTrunc(to.bits) : bits.sextOrTrunc(to.bits);
}
bool isNaN(const Kind &kind, const APInt &bits) { return kind.real && APFloat(*kind.real, bits).isNaN(); }

std::vector<APInt> samples(const Kind &kind) {
  std::vector<APInt> all;
  std::mt19937_64 random(17);
  if (kind.bits == 1)
    return {APInt(1, 0), APInt(1, 1)};
  if (!kind.real) {
    for (unsigned k = 0; k < kind.bits; ++k)
      for (int64_t d : {-1, 0, 1})
        for (int64_t sign : {1, -1})
          all.push_back(APInt(kind.bits, uint64_t(sign) * ((uint64_t(1) << k) + d), true, true));
    // Ties of every format, and what stands just beside them.
    for (unsigned k = 12; k < kind.bits; ++k)
      for (unsigned width : {8, 24, 53})
        for (int64_t d : {-1, 0, 1})
          if (k > width)
            for (uint64_t half : {1, 3})
              all.push_back(APInt(kind.bits, (uint64_t(1) << k) + (half << (k - width)) + d, false, true));
  } else {
    const double edges[] = {0,
                            1,
                            0.5,
                            127.5,
                            128,
                            128.5,
                            129,
                            255.5,
                            2147483647,
                            2147483647.5,
                            2147483648.0,
                            2147483649.0,
                            0x1p62,
                            0x1p63,
                            0x1p64,
                            0x1.fffffffffffffp62,
                            INFINITY,
                            NAN,
                            5e-324,
                            0x1p-149,
                            0x1p-150,
                            0x1.8p-149,
                            0x1p-133,
                            0x1p-134,
                            0x1.00000001p-134,
                            0x1.8p-133,
                            0x1.fffffep127,
                            0x1.ffffffp127,
                            0x1.fffffefffffffp127,
                            0x1.ffp127,
                            0x1.fefffffffffffp127,
                            0x1.ff00000000001p127,
                            1e300,
                            0x1.01p0,
                            0x1.0100000001p0,
                            0x1.00fffffffffffp0,
                            0x1.03p0,
                            0x1.0300000001p0,
                            0x1.000001p0,
                            0x1.0000010000001p0,
                            0x1.000003p0};
    for (double edge : edges)
      for (double sign : {1., -1.})
        all.push_back(encode(kind, APFloat(sign * edge)));
    for (int i = 0; i < 60; ++i) // of the magnitude of integers and of bf16's last bits
      all.push_back(encode(kind, APFloat(std::ldexp(double(int64_t(random())), int(random() % 70) - 64))));
    if (kind.bits == 32)
      all.push_back(APInt(32, 0x7f800001)); // a NaN of low bits alone
  }
  for (int i = 0; i < 100; ++i)
    all.push_back(APInt(kind.bits, random(), false, true));
  return all;
}

struct Build {
  unsigned level;
  const char *target; ///< empty: this CPU's
};
void PrintTo(const Build &b, std::ostream *os) { *os << "-O" << b.level << " " << b.target; }
class Casts : public testing::TestWithParam<Build> {};

TEST_P(Casts, RoundOnce) {
  std::string text;
  for (const Kind &from : kinds) {
    std::string shape = "tensor<" + std::to_string(samples(from).size()) + "x", body, types, values;
    for (const Kind &to : kinds) {
      std::string y = "%" + std::string(to.name), type = shape + to.name + ">";
      body += "  " + y + " = dl.cast %x : " + shape + from.name + "> -> " + type + "\n";
      types += (types.empty() ? "" : ", ") + type + " {dl.name = \"" + to.name + "\"}", values += (values.empty() ? "" : ", ") + y;
    }
    std::string plain = types;
    for (size_t at; (at = plain.find(" {")) != std::string::npos;)
      plain.erase(at, plain.find('}', at) + 1 - at);
    text += "func.func @" + (from.bits == 1 ? std::string("main") : std::string(from.name)) + "(%x: " + shape + from.name +
            "> {dl.name = \"x\"}) -> (" + types + ") {\n" + body + "  return " + values + " : " + plain + "\n}\n";
  }
  MLIRContext context;
  auto module = textModel(context, text);
  ASSERT_TRUE(module);
  CompileOptions options;
  options.level = GetParam().level;
  options.target = codegen::Target::get(GetParam().target);
  Session session(*module, options);
  ASSERT_TRUE(session.ok());
  for (const Kind &from : kinds) {
    const char *entry = from.bits == 1 ? "run" : from.name;
    size_t e = 0;
    ASSERT_EQ(dlrt_entry_find(session.model, entry, &e), DLRT_OK) << entry;
    auto bits = samples(from);
    Tensors inputs;
    data::Array &x = inputs.emplace("x", zeros(dlrt_entry_input(session.model, e, 0)->dtype, {int64_t(bits.size())})).first->second;
    size_t width = x.bytes() / bits.size();
    for (auto [i, b] : llvm::enumerate(bits))
      memcpy(x.data<char>() + i * width, b.zext(64).getRawData(), width);
    Tensors results = session.run(entry, inputs);
    for (const Kind &to : kinds) {
      const data::Array &y = results.at(to.name);
      size_t out = y.bytes() / bits.size();
      for (auto [i, b] : llvm::enumerate(bits)) {
        uint64_t raw = 0;
        memcpy(&raw, y.data<char>() + i * out, out);
        APInt found(to.bits, raw, false, true), expected = converted(from, to, b);
        EXPECT_TRUE(found == expected || (isNaN(to, found) && isNaN(to, expected)))
            << from.name << " 0x" << llvm::toString(b, 16, false) << " becomes " << to.name << " 0x" << llvm::toString(found, 16, false)
            << ", expected 0x" << llvm::toString(expected, 16, false);
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Builds, Casts, testing::Values(Build{0, ""}, Build{2, "x86-64-v2"}, Build{2, "x86-64-v3"}, Build{2, ""}));

// 1 + 2^-8 + 2^-40, wherever a model can write it down: 1 + 2^-7 is nearest, but not to the f32 on the way, which is a tie.
TEST(Casts, WrittenNumbersRoundOnce) {
  for (unsigned level : {0, 2}) {
    MLIRContext context;
    auto module = textModel(context, R"(
func.func @main(%w: tensor<40xbf16> {dl.param = #dl.param<"w", constant(1.0039062500009095), trainable>})
    -> (tensor<40xbf16> {dl.name = "parameter"}, tensor<40xbf16> {dl.name = "constant"}, tensor<40xbf16> {dl.name = "pad"},
        tensor<40xbf16> {dl.name = "sum"}) {
  %c = dl.constant 1.0039062500009095 : tensor<40xbf16>
  %s = dl.slice %w offsets <0> sizes <0> strides [1] : tensor<40xbf16>
  %p = dl.pad %s low <0> high <40> interior [0] value 1.0039062500009095 : tensor<0xbf16>
  %0 = dl.sub %w, %w : tensor<40xbf16>
  %1 = dl.add %0, %c : tensor<40xbf16>
  return %w, %c, %p, %1 : tensor<40xbf16>, tensor<40xbf16>, tensor<40xbf16>, tensor<40xbf16>
})");
    ASSERT_TRUE(module);
    CompileOptions options;
    options.level = level;
    Session session(*module, options);
    ASSERT_TRUE(session.ok());
    session.init(1);
    Tensors none, results = session.run("run", none);
    for (auto &[name, y] : results)
      for (int64_t i = 0; i < 40; ++i)
        EXPECT_EQ(element(y, i), 1.0078125) << name << " at -O" << level;
  }
}
} // namespace
