// Functions of f32 against f64 numbers: every 4,099th float on every target, and what is known of hard arguments (by mpmath), in
// vectors, tails and scalars, with and without optimisation.
#include "test/unit/KernelHarness.h"
#include "tools/bench/References.h"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::test;
using namespace dlc::bench;
namespace {
std::vector<float> everyFloat(uint64_t stride) {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < 1ull << 32; bits += stride)
    x.push_back(std::bit_cast<float>(uint32_t(bits)));
  return x;
}
std::vector<llvm::StringRef> levels() {
  std::vector<llvm::StringRef> all;
  for (llvm::StringRef level : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
    if (level <= dlc::codegen::hostLevel())
      all.push_back(level);
  return all;
}
std::vector<float> apply(const std::string &text, llvm::StringRef level, llvm::ArrayRef<std::vector<float>> arguments, bool scalars = false,
                         unsigned optimize = 2) {
  PlanFn loops = dlc::codegen::cpu::planLoops;
  CompiledKernel kernel(text, level, scalars ? loops : PlanFn(), optimize);
  EXPECT_EQ(kernel.error(), "") << text;
  std::vector<Buffer> buffers;
  for (auto &a : arguments)
    buffers.push_back(bytes(llvm::ArrayRef(a)));
  return values<float>(kernel.run(buffers)[0]);
}
/// NaN is NaN, whatever its bits.
bool same(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b)); }
void expectSame(llvm::ArrayRef<float> found, llvm::ArrayRef<float> expected, llvm::ArrayRef<float> x) {
  int64_t different = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (!same(found[i], expected[i]) && different++ < 3)
      ADD_FAILURE() << "of " << x[i] << ": " << found[i] << " and " << expected[i];
}

class Functions : public testing::TestWithParam<Function> {};
// The worst of some million; FMA or none; the same bits on both targets with FMA.
TEST_P(Functions, AreWithinTheirBounds) {
  static const std::vector<float> x = everyFloat(4099);
  const Function &f = GetParam();
  std::vector<double> expected(x.size());
  f.reference(x.data(), expected.data(), x.size());
  std::vector<float> first;
  for (llvm::StringRef level : levels()) {
    SCOPED_TRACE(level.str());
    auto y = apply(moduleText(f, x.size()), level, {x});
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < x.size(); ++i)
      if (double e = errorInUlp(y[i], expected[i], f.floor); e > worst)
        worst = e, at = i;
    EXPECT_LE(worst, f.bound) << "at " << x[at] << ", bits " << std::hex << std::bit_cast<uint32_t>(x[at]) << ": found " << y[at]
                              << ", expected " << expected[at];
    if (level == "x86-64-v3")
      first = y;
    if (level == "x86-64-v4")
      expectSame(y, first, x);
  }
}
// One by one at -O0, two vectors and a tail at -O2: the same bits.
TEST_P(Functions, AreTheSameForScalarsAndTails) {
  std::vector<float> x;
  for (double v : {0.0, 1e-45, 2e-42, 1.17549421e-38, 1e-20, 1e-5,   0.3, 0.8,       1.0,  1.5,    2.7,      3.14159274, 4.0,
                   6.5, 11.0,  14.1,  87.6,           103.9, 4095.9, 3e5, 8388608.0, 1e15, 3.4e38, HUGE_VAL, double(NAN)})
    x.push_back(v), x.push_back(-v);
  for (llvm::StringRef level : levels()) {
    SCOPED_TRACE(level.str());
    auto scalars = apply(moduleText(GetParam(), x.size()), level, {x}, true, 0);
    expectSame(apply(moduleText(GetParam(), x.size()), level, {x}), scalars, x);
    std::vector<float> few(x.begin() + 20, x.begin() + 23);
    expectSame(apply(moduleText(GetParam(), few.size()), level, {few}), llvm::ArrayRef(scalars).slice(20, 3), few);
  }
}
INSTANTIATE_TEST_SUITE_P(Function, Functions, testing::ValuesIn(functions()),
                         [](const auto &info) { return std::string(info.param.name); });

// In vectors and a tail, and one by one.
TEST(FunctionValues, AreRightAtHardArguments) {
  struct Known {
    const char *name;
    float x;
    double y;
  } const known[] = {
      {"sin", 3.1415927410125732f, -8.7422780003724745e-8},
      {"sin", 100.0f, -0.50636564110975879},
      {"sin", 100000.0f, 0.035748797972016509},
      {"sin", 1000000000.0f, 0.54584344944869956},
      {"sin", 999999986991104.0f, 0.99443430708947633},
      {"sin", 3.3999999521443642e+38f, -0.24408487440838299},
      {"sin", -100.0f, 0.50636564110975879},
      {"sin", 4095.999755859375f, -0.59483825665542317},
      {"sin", 8388608.0f, 0.43224820225679776},
      {"cos", 3.1415927410125732f, -0.99999999999999618},
      {"cos", 100.0f, 0.86231887228768393},
      {"cos", 100000.0f, -0.99936080743821245},
      {"cos", 1000000000.0f, 0.83788718136390233},
      {"cos", 999999986991104.0f, 0.10535847798574674},
      {"cos", 3.3999999521443642e+38f, 0.96975387294150257},
      {"cos", 1.5707963705062866f, -4.3711390001862414e-8},
      {"tan", 1.5707963705062866f, -22877332.42885646},
      {"tan", 100000.0f, -0.035771662952898773},
      {"tan", 999999986991104.0f, 9.4385788984537807},
      {"log", 1.401298464324817e-45f, -103.27892990343185},
      {"log", 9.99994610111476e-41f, -92.103409109664877},
      {"log", 1.0000001192092896f, 1.1920928244535446e-7},
      {"log", 3.3999999521443642e+38f, 88.722008951320665},
      {"exp", -88.0f, 6.0546018954011859e-39},
      {"exp", -103.0f, 1.8521167695179755e-45},
      {"exp", -103.9000015258789f, 7.5301333577473911e-46},
      {"exp", 88.69999694824219f, 3.3259768301593062e+38},
      {"exp", -87.5f, 9.9823509305692476e-39},
      {"sigmoid", -90.0f, 8.1940126239905154e-40},
      {"sigmoid", -103.0f, 1.8521167695179755e-45},
      {"sigmoid", 20.0f, 0.99999999793884638},
      {"softplus", -90.0f, 8.1940126239905154e-40},
      {"softplus", -103.0f, 1.8521167695179755e-45},
      {"softplus", -20.0f, 2.0611536203143807e-9},
      {"softplus", 20.0f, 20.000000002061154},
      {"silu", -90.0f, -7.3746113615914639e-38},
      {"silu", -107.0f, -3.6297291065378363e-45},
      {"silu", -20.0f, -4.1223072363804072e-8},
      {"gelu", -1.835477590560913f, -0.060969936934031456},
      {"gelu", -2.784641742706299f, -0.0074610151038350764},
      {"gelu", -3.0f, -0.0040496940948902836},
      {"gelu", -5.0f, -1.4332578593959696e-6},
      {"gelu", -6.0f, -5.9195258702261888e-9},
      {"gelu", -8.0f, -4.9767684594174273e-15},
      {"gelu", -13.0f, -7.9523137194148436e-38},
      {"gelu", -14.0f, -1.091095154686992e-43},
      {"gelu", 9.99994610111476e-41f, 4.9999730505573798e-41},
      {"gelu", 5.0f, 4.9999985667421406},
      {"gelu_tanh", -4.0f, -7.024594819237269e-5},
      {"gelu_tanh", -6.0f, -8.4396467007622971e-11},
      {"gelu_tanh", -10.0f, -1.204092348209806e-37},
      {"gelu_tanh", -10.300000190734863f, -1.0281763755783077e-40},
      {"gelu_tanh", 5.0f, 4.9999997708203803},
      {"erf", 1.0000000031710769e-30f, 1.1283791706736896e-30},
      {"erf", 0.5f, 0.52049987781304654},
      {"erf", 3.9000000953674316f, 0.99999996520777809},
      {"erfc", -3.0f, 1.9999779095030014},
      {"erfc", 5.0f, 1.5374597944280349e-12},
      {"erfc", 9.0f, 4.1370317465138102e-37},
      {"erfc", 10.0f, 2.0884875837625448e-45},
      {"tanh", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"tanh", 0.10000000149011612f, 0.099667996100269556},
      {"tanh", 8.899999618530273f, 0.99999996279609377},
      {"expm1", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"expm1", -1.0000000116860974e-07f, -9.9999996168609792e-8},
      {"expm1", -20.0f, -0.99999999793884638},
      {"log1p", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"log1p", -0.9999999403953552f, -16.635532333438687},
      {"log1p", 1.0000000116860974e-07f, 9.9999996168609959e-8},
      {"lgamma", 9.99994610111476e-41f, 92.103409109664877},
      {"lgamma", 1.0000001192092896f, -6.8809457642534712e-8},
      {"lgamma", 2.5f, 0.28468287047291916},
      {"lgamma", -0.5f, 1.2655121234846454},
      {"lgamma", -2.4570248126983643f, -1.1287842529645816e-7},
      {"lgamma", 1.0000000150474662e+30f, 6.8077553829263513e+31},
      {"lgamma", -9.999999682655225e-21f, 46.051701891615392},
      {"digamma", 1.0000000031710769e-30f, -9.9999999682892316e+29},
      {"digamma", 1.5f, 0.036489973978576521},
      {"digamma", -0.5f, 0.036489973978576521},
      {"digamma", -3.700000047683716f, -0.84507756661232129},
      {"digamma", 1.0000000200408773e+20f, 46.051701879921791},
      {"cbrt", 27.0f, 3.0},
      {"cbrt", 1.401298464324817e-45f, 1.1190346870425511e-15},
      {"cbrt", -8.0f, -2.0},
      {"cbrt", 3.3999999521443642e+38f, 6979532014162.8144},
      {"atanh", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"atanh", 0.9999999403953552f, 8.664339742098155},
      {"acosh", 1.0000001192092896f, 0.00048828124514936172},
      {"acosh", 3.3999999521443642e+38f, 89.41515613188061},
      {"asinh", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"asinh", 3.3999999521443642e+38f, 89.41515613188061},
      {"asinh", -5.0f, -2.3124383412727526},
      {"sinh", 9.999999682655225e-21f, 9.9999996826552254e-21},
      {"sinh", 89.0f, 2.2448064095871726e+38},
      {"cosh", 89.0f, 2.2448064095871726e+38},
      {"cosh", 9.999999747378752e-05f, 1.0000000049999998},
  };
  for (const Function &f : functions()) {
    std::vector<float> x;
    std::vector<double> expected;
    for (const Known &k : known)
      if (k.name == llvm::StringRef(f.name))
        x.push_back(k.x), expected.push_back(k.y);
    for (llvm::StringRef level : x.empty() ? std::vector<llvm::StringRef>() : levels())
      for (unsigned optimize : level == levels().back() ? std::vector<unsigned>{0, 2} : std::vector<unsigned>{2}) {
        auto y = apply(moduleText(f, x.size()), level, {x}, optimize == 0, optimize);
        for (size_t i = 0; i < x.size(); ++i)
          EXPECT_LE(errorInUlp(y[i], expected[i], f.floor), f.bound)
              << f.name << " of " << x[i] << ": found " << y[i] << ", expected " << expected[i] << ", " << level.str() << " -O" << optimize;
      }
  }
}
// Odd functions are odd bit for bit, bounded ones within their bounds, at both infinities and zeros too.
TEST(FunctionValues, AreOddAndBounded) {
  static const std::vector<float> x = everyFloat(65537);
  std::vector<float> minus(x);
  for (float &v : minus)
    v = -v;
  for (const Function &f : functions()) {
    auto is = [&](std::initializer_list<llvm::StringRef> names) { return llvm::is_contained(names, llvm::StringRef(f.name)); };
    auto y = apply(moduleText(f, x.size()), levels().back(), {x});
    if (is({"sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "cbrt", "softsign"})) {
      auto z = apply(moduleText(f, x.size()), levels().back(), {minus});
      for (float &v : z)
        v = -v;
      expectSame(y, z, x);
    }
    if (is({"sin", "cos", "tanh", "erf", "softsign", "sigmoid"}))
      for (size_t i = 0; i < x.size(); ++i)
        EXPECT_FALSE(std::fabs(y[i]) > 1 || (is({"sigmoid"}) && y[i] < 0)) << f.name << " of " << x[i] << ": " << y[i];
  }
}

std::string powText(size_t n) {
  std::string t = "tensor<" + std::to_string(n) + "xf32>";
  return "func.func @f(%x: " + t + ", %y: " + t + ") -> " + t + " {\n  %z = dl.pow %x, %y : " + t + "\n  return %z : " + t + "\n}\n";
}
void expectPow(llvm::ArrayRef<float> x, llvm::ArrayRef<float> y, double bound) {
  for (llvm::StringRef level : levels())
    for (bool scalars : {false, true}) {
      auto z = apply(powText(x.size()), level, {x.vec(), y.vec()}, scalars);
      for (size_t i = 0; i < x.size(); ++i)
        EXPECT_LE(errorInUlp(z[i], std::pow(double(x[i]), double(y[i]))), bound)
            << x[i] << " to the " << y[i] << ": found " << z[i] << ", " << level.str();
    }
}
// All powers that are floats: (m 2^e)^(n / 2^j) = (m^(1 / 2^j))^n 2^(e n / 2^j), m odd, and x^1 of every 4,099th float.
TEST(FunctionValues, ExactPowersAreExact) {
  std::vector<float> x = everyFloat(4099), y(x.size(), 1.0f), z = x;
  auto add = [&](double root, int n, int j, int e) { // (root^(2^j) 2^e)^(n / 2^j), e a multiple of 2^j
    double base = root, power = std::pow(root, n), scale = double(e >> j) * n;
    for (int i = 0; i < j; ++i)
      base *= base;
    if (base >= 0x1p24 || power >= 0x1p24 || std::fabs(scale) > 300)
      return;
    float a = float(std::ldexp(base, e)), b = std::ldexp(float(n), -j), c = float(std::ldexp(power, int(scale)));
    if (a != std::ldexp(base, e) || c != std::ldexp(power, int(scale)) || a == 0 || c == 0)
      return;
    x.push_back(a), y.push_back(b), z.push_back(c);
    if (j == 0)
      x.push_back(-a), y.push_back(b), z.push_back(n % 2 ? -c : c);
  };
  for (int e = -149; e < 128; ++e)
    for (int j = 0; j < 8 && e % (1 << j) == 0; ++j) {
      for (int n = 1 - 300 * 128; n <= 300 * 128 && (e || n < 2); n += 1 + (j > 0)) // of powers of two, negative ones too
        if (std::abs(e / (1 << j) * n) <= 150)
          add(1, n, j, e);
      for (int m = 3; m < 4096; m += 2)
        for (int n = j ? 1 : 2; std::pow(m, n) < 0x1p24; n += 1 + (j > 0))
          add(m, n, j, e);
    }
  for (llvm::StringRef level : levels())
    expectSame(apply(powText(x.size()), level, {x, y}), z, x);
}
TEST(FunctionValues, PowersOfSpecialNumbers) {
  std::vector<float> x, y;
  const double special[] = {0, 1e-45, 0.5, 1, 1.5, 2, 3, 3.5, 16777216, 16777217, 33554432, 1e30, HUGE_VAL, NAN};
  for (double a : special)
    for (double b : special)
      for (int signs = 0; signs < 4; ++signs)
        x.push_back(signs & 1 ? -a : a), y.push_back(signs & 2 ? -b : b);
  expectPow(x, y, 2);
}
TEST(FunctionValues, PowersOfRandomNumbers) {
  std::mt19937 random(7);
  std::vector<float> x, y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(std::bit_cast<float>(uint32_t(random() & 0x7fffffff)));
    y.push_back(float(random()) / 4294967296.0f * 300 / std::fmax(1.0f, std::fabs(std::log(x.back()))) - 0.5f);
  }
  expectPow(x, y, 2);
}
// f64: what libm has not.
TEST(FunctionValues, OfF64) {
  struct Known {
    const char *op;
    double x, y;
  } const known[] = {
      {"dl.lgamma %", 0.3, 1.0957979948180756},
      {"dl.lgamma %", 1.7, -0.095807697407065874},
      {"dl.lgamma %", 5.5, 3.9578139676187163},
      {"dl.lgamma %", 25.0, 54.784729398112319},
      {"dl.lgamma %", -0.75, 1.5757045971498584},
      {"dl.lgamma %", -3.3, -0.82435580501742646},
      {"dl.lgamma %", 10000000000.0, 220258509288.81058},
      {"dl.digamma %", 0.3, -3.5025242222001331},
      {"dl.digamma %", 1.7, 0.20854787487349392},
      {"dl.digamma %", 5.5, 1.6110931485817511},
      {"dl.digamma %", 25.0, 3.198742512851974},
      {"dl.digamma %", -0.75, -2.8941202000429321},
      {"dl.digamma %", -3.3, 3.6203534605921258},
      {"dl.digamma %", 10000000000.0, 23.025850929890457},
      {"dl.softplus %", -740.0, 4.1887398800480489e-322},
      {"dl.softplus %", -30.0, 9.3576229688397368e-14},
      {"dl.softplus %", 2.0, 2.1269280110429725},
      {"dl.softplus %", 800.0, 800.0},
      {"dl.silu %", -740.0, -3.0996675112355562e-319},
      {"dl.silu %", -30.0, -2.8072868906517897e-12},
      {"dl.silu %", 2.0, 1.7615941559557649},
      {"dl.gelu %", -30.0, -1.4720141781444561e-196},
      {"dl.gelu %", -3.0, -0.0040496940948902836},
      {"dl.gelu %", 2.0, 1.9544997361036416},
      {"dl.gelu % approximate tanh", -15.0, -1.5584769937274055e-114},
      {"dl.gelu % approximate tanh", -3.0, -0.0036373920817730188},
      {"dl.gelu % approximate tanh", 2.0, 1.954597694087775},
  };
  for (const Known &k : known) {
    CompiledKernel kernel(moduleText(Function{"f", k.op, nullptr, 0, 0, 0}, 1, "f64"), levels().back());
    double y = values<double>(kernel.run({bytes<double>(k.x)})[0])[0];
    EXPECT_NEAR(y, k.y, 1e-13 * std::fabs(k.y) + (std::fabs(k.y) < 1e-30 ? 0 : 1e-15)) << k.op << " of " << k.x;
  }
}
} // namespace
