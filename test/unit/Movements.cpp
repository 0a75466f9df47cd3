// Slices, their updates, pads and concats by hand-written indices, alone and before other ops, with their gradients: a part of a dimension
// whose operand lies further apart in memory than the result among them. On every CPU level, at -O0 and -O2, for a constant
// and a symbolic batch.
#include "mlir/Pass/PassManager.h"
#include "test/lib/Session.h"
#include "test/unit/KernelHarness.h"
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
constexpr int64_t batch = 3, none = -1;
int64_t x(int64_t n, int64_t i, int64_t j) { return (n * 5 + i) * 7 + j; } // the elements of %x: Bx5x7
int64_t z(int64_t n, int64_t i, int64_t j) { return 1000 + (n * 5 + i) * 2 + j; }

struct Movement {
  const char *text;
  std::array<int64_t, 3> extents; ///< the first being `batch`: B
  int64_t (*from)(int64_t n, int64_t i, int64_t j);
};
const Movement movements[] = {
    {"slice %x offsets <0, 0, 0> sizes <{B}, 5, 4> strides [1, 1, 1]", {batch, 5, 4}, x},
    {"slice %x offsets <0, 0, 0> sizes <{B}, 3, 7> strides [1, 1, 1]", {batch, 3, 7}, x},
    {"slice %x offsets <0, 0, 0> sizes <{B}, 3, 4> strides [1, 1, 1]", {batch, 3, 4}, x},
    {"slice %x offsets <0, 0, 0> sizes <2, 5, 7> strides [1, 1, 1]", {2, 5, 7}, x},
    {"slice %x offsets <0, 0, 0> sizes <2, 5, 6> strides [1, 1, 1]", {2, 5, 6}, x},
    {"slice %x offsets <0, 1, 2> sizes <{B}, 3, 4> strides [1, 1, 1]",
     {batch, 3, 4},
     [](auto n, auto i, auto j) { return x(n, i + 1, j + 2); }},
    {"slice %x offsets <0, 0, 0> sizes <{B}, 3, 3> strides [1, 2, 2]",
     {batch, 3, 3},
     [](auto n, auto i, auto j) { return x(n, 2 * i, 2 * j); }},
    {"pad %x low <0, 0, 0> high <0, 0, 2> interior [0, 0, 0] value 0.5",
     {batch, 5, 9},
     [](auto n, auto i, auto j) { return j < 7 ? x(n, i, j) : none; }},
    {"pad %x low <0, 0, 0> high <0, 2, 0> interior [0, 0, 0] value 0.5",
     {batch, 7, 7},
     [](auto n, auto i, auto j) { return i < 5 ? x(n, i, j) : none; }},
    {"pad %x low <0, 1, 1> high <0, 0, 2> interior [0, 0, 1] value 0.5",
     {batch, 6, 16},
     [](auto n, auto i, auto j) { return i > 0 && j % 2 == 1 && j < 14 ? x(n, i - 1, j / 2) : none; }},
    {"concat %x, %z axis 2", {batch, 5, 9}, [](auto n, auto i, auto j) { return j < 7 ? x(n, i, j) : z(n, i, j - 7); }},
    {"concat %z, %x axis 2", {batch, 5, 9}, [](auto n, auto i, auto j) { return j < 2 ? z(n, i, j) : x(n, i, j - 2); }},
    {"update_slice %x, %z offsets <0, 0, 3>",
     {batch, 5, 7},
     [](auto n, auto i, auto j) { return j == 3 || j == 4 ? z(n, i, j - 3) : x(n, i, j); }},
    {"update_slice %x, %z offsets <0, 0, 0>", {batch, 5, 7}, [](auto n, auto i, auto j) { return j < 2 ? z(n, i, j) : x(n, i, j); }},
};
struct Follower {
  const char *text; ///< of %m: {M}; empty: nothing follows
  double (*value)(double), (*slope)(double);
};
const Follower followers[] = {{"", [](double v) { return v; }, [](double) { return 1.0; }},
                              {"relu", [](double v) { return std::max(v, 0.0); }, [](double v) { return v > 0 ? 1.0 : 0.0; }},
                              {"tanh", [](double v) { return std::tanh(v); }, [](double v) { return 1 / (std::cosh(v) * std::cosh(v)); }}};

/// The tensor type with these extents; an extent of `batch` in the first place is B, a symbol where `symbolic` says so.
std::string type(ArrayRef<int64_t> extents, bool symbolic) {
  symbolic &= extents[0] == batch;
  std::string shape, dims;
  for (auto [i, n] : llvm::enumerate(extents)) {
    bool b = symbolic && i == 0;
    shape += (b ? "?" : std::to_string(n)) + "x";
    dims += (i ? ", " : "") + (b ? "B" : std::to_string(n));
  }
  return "tensor<" + shape + "f32" + (symbolic ? ", #dl.dims<" + dims + ">>" : ">");
}
/// A function for each movement and follower, f0, f1, ..., then sums over the last and the first dimension of each movement, s0, ...
std::string model(bool symbolic) {
  std::string text = symbolic ? "dl.symbol @B : 2 to 64\n" : "", args = type({batch, 5, 7}, symbolic), zs = type({batch, 5, 2}, symbolic);
  text += "func.func @main(%x: tensor<f32> {dl.name = \"x\"}) -> (tensor<f32> {dl.name = \"y\"}) { return %x : tensor<f32> }\n";
  unsigned number = 0;
  auto function = [&](const Movement &m, const std::string &name, const std::string &rest, const std::string &result) {
    StringRef kind = m.text, operands = kind.contains("%x, %z") ? "{X}, {Z}" : kind.contains("%z, %x") ? "{Z}, {X}" : "{X}";
    text += fill("func.func @" + name + "(%x: {X} {dl.name = \"x\"}, %z: {Z} {dl.name = \"z\"}) -> ({R} {dl.name = \"y\"}) {\n  %m = dl." +
                     m.text + " : " + operands.str() + "\n  " + rest + "\n}\n",
                 {{"X", args}, {"Z", zs}, {"R", result}, {"M", type(m.extents, symbolic)}, {"B", symbolic ? "B" : std::to_string(batch)}});
  };
  for (const Movement &m : movements)
    for (const Follower &f : followers)
      function(m, "f" + std::to_string(number++),
               *f.text ? std::string("%y = dl.") + f.text + " %m : {M}\n  return %y : {M}" : "return %m : {M}", "{M}");
  number = 0;
  for (const Movement &m : movements)
    for (int64_t d : {2, 0}) {
      std::string result = type(d ? ArrayRef(m.extents).drop_back() : ArrayRef(m.extents).drop_front(), symbolic && d);
      function(m, "s" + std::to_string(number++), "%y = dl.sum %m dims [" + std::to_string(d) + "] : {M}\n  return %y : " + result, result);
    }
  return text;
}
double valueOf(int64_t element) { return element == none ? 0.5 : (element * 37 % 101 - 50) / 32.0; }
template <typename F> void forEach(const Movement &m, F body) {
  int64_t at = 0;
  for (int64_t n = 0; n < m.extents[0]; ++n)
    for (int64_t i = 0; i < m.extents[1]; ++i)
      for (int64_t j = 0; j < m.extents[2]; ++j)
        body(at++, n, i, j);
}

void check(unsigned level, StringRef target, bool symbolic) {
  SCOPED_TRACE("-O" + std::to_string(level) + " " + target.str() + (symbolic ? ", symbolic batch" : ""));
  MLIRContext context;
  auto module = textModel(context, model(symbolic));
  ASSERT_TRUE(module);
  unsigned count = std::size(movements) * std::size(followers);
  PassManager manager(&context);
  for (unsigned f = 0; f < count; ++f)
    manager.addPass(gradientOf("f" + std::to_string(f)));
  ASSERT_TRUE(succeeded(manager.run(*module)));
  CompileOptions options;
  options.level = level, options.target = codegen::Target::get(target);
  Session session(*module, options);
  ASSERT_TRUE(session.ok());
  auto input = [](std::vector<int64_t> shape, int64_t first) {
    return filled(data::F32, shape, [&](int64_t i) { return valueOf(first + i); });
  };
  auto expect = [&](const data::Array &found, const std::vector<double> &expected, const std::string &what) {
    ASSERT_EQ(found.size(), (int64_t)expected.size()) << what;
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(element(found, i), expected[i], 2e-6) << what << ", element " << i;
  };
  Tensors inputs;
  inputs["x"] = input({batch, 5, 7}, 0), inputs["z"] = input({batch, 5, 2}, 1000);
  unsigned number = 0, sums = 0;
  for (const Movement &m : movements) {
    int64_t all = m.extents[0] * m.extents[1] * m.extents[2];
    for (const Follower &f : followers) {
      std::string name = "f" + std::to_string(number++), what = std::string(m.text) + ", " + f.text;
      std::vector<double> y(all), dx(batch * 5 * 7), dz(batch * 5 * 2);
      inputs["cotangent/y"] =
          filled(data::F32, {m.extents[0], m.extents[1], m.extents[2]}, [](int64_t i) { return (i * 29 % 67 - 33) / 8.0; });
      forEach(m, [&](int64_t at, int64_t n, int64_t i, int64_t j) {
        int64_t from = m.from(n, i, j);
        y[at] = f.value(valueOf(from));
        if (from != none)
          (from < 1000 ? dx[from] : dz[from - 1000]) += f.slope(valueOf(from)) * element(inputs["cotangent/y"], at);
      });
      expect(session.run(name.c_str(), inputs).at("y"), y, what);
      auto gradients = session.run((name + "_grad").c_str(), inputs);
      expect(gradients.at("gradient/x"), dx, what + ", gradient of x");
      expect(gradients.at("gradient/z"), dz, what + ", gradient of z");
    }
    for (int64_t d : {2, 0}) {
      std::vector<double> y(all / m.extents[d]);
      forEach(m, [&](int64_t, int64_t n, int64_t i, int64_t j) {
        y[d ? n * m.extents[1] + i : i * m.extents[2] + j] += valueOf(m.from(n, i, j));
      });
      expect(session.run(("s" + std::to_string(sums++)).c_str(), inputs).at("y"), y,
             std::string(m.text) + ", sum over " + std::to_string(d));
    }
  }
}

TEST(Movements, SlicesPadsAndConcats) {
  for (bool symbolic : {false, true}) {
    check(0, "x86-64-v2", symbolic);
    for (StringRef target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
      if (target <= codegen::hostLevel())
        check(2, target, symbolic);
  }
}
} // namespace
