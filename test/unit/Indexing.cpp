// dl.gather and dl.scatter_sum by loops over indices: alone, before pointwise ops and reductions, in a contraction's epilogue, with their
// gradients; indices outside among them. On every CPU level, at -O0 and -O2, for a constant and a symbolic number of indices. The order
// of long sums is docs/summation.md's, by test/lib/Order.h.
#include "mlir/Pass/PassManager.h"
#include "test/lib/Order.h"
#include "test/lib/Session.h"
#include "test/unit/KernelHarness.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
using Shape = std::vector<int64_t>;
struct Form {
  Shape x, i; ///< i's first dimension behind the batch is N
  int64_t axis, batch;
  const char *index;
  Shape y() const {
    Shape y(x.begin(), x.begin() + axis);
    y.insert(y.end(), i.begin() + batch, i.end());
    y.insert(y.end(), x.begin() + axis + 1, x.end());
    return y;
  }
  /// Calls body(number in y, in i, in x without the axis' part, stride of the axis) for every element of y.
  template <typename Body> void forEach(Body body) const {
    Shape to = y(), at(to.size());
    int64_t count = i.size() - batch, stride = 1;
    for (size_t d = axis + 1; d < x.size(); ++d)
      stride *= x[d];
    for (int64_t n = 0, all = llvm::product_of(to); n < all; ++n) {
      for (int64_t d = to.size(), rest = n; d-- > 0; rest /= to[d])
        at[d] = rest % to[d];
      int64_t which = 0, from = 0;
      for (int64_t d = 0; d < batch; ++d)
        which = which * i[d] + at[d];
      for (int64_t d = 0; d < count; ++d)
        which = which * i[batch + d] + at[axis + d];
      for (int64_t d = 0; d < (int64_t)x.size(); ++d)
        from = from * x[d] + (d < axis ? at[d] : d == axis ? 0 : at[d + count - 1]);
      body(n, which, from, stride);
    }
  }
};
constexpr int64_t N = 6;
const Form forms[] = {{{9, 37}, {N}, 0, 0, "i64"},       {{9, 5}, {N, 2}, 0, 0, "i32"},
                      {{9, 3, 4}, {N}, 0, 0, "i8"},      {{4, 9}, {N}, 1, 0, "i64"},
                      {{4, 9, 20}, {N, 3}, 1, 0, "i32"}, {{9}, {N}, 0, 0, "i64"},
                      {{3, 9, 17}, {3, N}, 1, 1, "i64"}, {{3, 2, 9, 5}, {3, N}, 2, 1, "i64"},
                      {{3, 9}, {3, N}, 1, 1, "i32"},     {{2, 3, 9, 8}, {2, 3, N}, 2, 2, "i8"},
                      {{9, 64}, {N}, 0, 0, "i64"},       {{9, 1}, {N, 2}, 0, 0, "i64"}};
/// What is behind a gather %g : {Y}; {D} are the extents of a rank less.
struct Follower {
  const char *name, *text;
  bool smooth;
};
const Follower followers[] = {
    {"none", "return %g : {Y}", true},
    {"double", "%y = dl.add %g, %g : {Y}\n  return %y : {Y}", true},
    {"rows", "%y = dl.sum %g dims [{L}] : {Y}\n  return %y : {R}", true},
    {"columns", "%y = dl.sum %g dims [0] : {Y}\n  return %y : {C}", true},
};

std::string type(ArrayRef<int64_t> extents, StringRef element, int64_t symbolic) {
  std::string shape, dims;
  for (auto [d, n] : llvm::enumerate(extents)) {
    shape += ((int64_t)d == symbolic ? "?" : std::to_string(n)) + "x";
    dims += (d ? ", " : "") + ((int64_t)d == symbolic ? "N" : std::to_string(n));
  }
  return "tensor<" + shape + element.str() + (symbolic >= 0 && symbolic < (int64_t)extents.size() ? ", #dl.dims<" + dims + ">>" : ">");
}
/// Indices are one less than the input, so that some lie outside; i.e. they are computed, and not checked when they are bound.
std::string model(bool symbolic) {
  std::string text = symbolic ? "dl.symbol @N : 1 to 64\n" : "";
  text += "func.func @main(%x: tensor<f32> {dl.name = \"x\"}) -> (tensor<f32> {dl.name = \"y\"}) { return %x : tensor<f32> }\n";
  for (auto [k, form] : llvm::enumerate(forms))
    for (const Follower &f : followers) {
      Shape y = form.y();
      int64_t last = y.size() - 1, n = symbolic ? form.axis : -1;
      Shape rows(y.begin(), y.end() - 1), columns(y.begin() + 1, y.end());
      std::string result = f.name == std::string("rows") ? "{R}" : f.name == std::string("columns") ? "{C}" : "{Y}";
      text += fill("func.func @" + std::string(f.name) + std::to_string(k) + "(%x: {X} {dl.name = \"x\"}, %i: {I} {dl.name = \"i\"}) -> (" +
                       result + " {dl.name = \"y\"}) {\n  %one = dl.constant 1.0 : {I}\n  %j = dl.sub %i, %one : {I}\n" +
                       "  %g = dl.gather %x, %j axis {A} batch {B} : {X}, {I}\n  " + f.text + "\n}\n",
                   {{"X", type(form.x, "f32", -1)},
                    {"I", type(form.i, form.index, symbolic ? form.batch : -1)},
                    {"Y", type(y, "f32", n)},
                    {"R", type(rows, "f32", n)},
                    {"C", type(columns, "f32", n - 1)},
                    {"L", std::to_string(last)},
                    {"A", std::to_string(form.axis)},
                    {"B", std::to_string(form.batch)}});
    }
  return text;
}
double valueOf(int64_t i) { return double(i * 37 % 101 - 50); }                      // whole numbers, so that sums are exact
int64_t indexOf(int64_t i, int64_t run) { return run ? i * 5 % 9 : i * 7 % 11 - 1; } // run 0 has -1 and 9

void check(unsigned level, StringRef target, bool symbolic) {
  SCOPED_TRACE("-O" + std::to_string(level) + " " + target.str() + (symbolic ? ", symbolic" : ""));
  MLIRContext context;
  auto module = textModel(context, model(symbolic));
  ASSERT_TRUE(module);
  PassManager manager(&context);
  for (size_t k = 0; k < std::size(forms); ++k)
    for (const Follower &f : followers)
      manager.addPass(gradientOf(f.name + std::to_string(k)));
  ASSERT_TRUE(succeeded(manager.run(*module)));
  CompileOptions options;
  options.level = level, options.target = codegen::Target::get(target);
  Session session(*module, options);
  ASSERT_TRUE(session.ok());
  auto expect = [&](const data::Array &found, const std::vector<double> &expected, const std::string &what) {
    ASSERT_EQ(found.size(), (int64_t)expected.size()) << what;
    for (size_t n = 0; n < expected.size(); ++n)
      ASSERT_TRUE(std::isnan(expected[n]) ? std::isnan(element(found, n)) : element(found, n) == expected[n])
          << what << ", element " << n << " is " << element(found, n) << ", expected " << expected[n];
  };
  for (auto [k, form] : llvm::enumerate(forms))
    for (const Follower &f : followers)
      for (int64_t run : {0, 1}) {
        std::string name = f.name, entry = name + std::to_string(k), what = entry + " " + std::to_string(run);
        Tensors inputs;
        inputs["x"] = filled(data::F32, form.x, valueOf);
        auto integer = StringRef(form.index) == "i64" ? data::I64 : StringRef(form.index) == "i32" ? data::I32 : data::I8;
        inputs["i"] = filled(integer, form.i, [&](int64_t i) { return indexOf(i, run) + 1; });
        Shape y = form.y();
        int64_t last = y.back(), rest = llvm::product_of(ArrayRef(y).drop_front());
        auto to = [&](int64_t n) { return name == "rows" ? n / last : name == "columns" ? n % rest : n; };
        Shape shape = name == "rows" ? Shape(y.begin(), y.end() - 1) : name == "columns" ? Shape(y.begin() + 1, y.end()) : y;
        inputs["cotangent/y"] = filled(data::F32, shape, [](int64_t i) { return double(i * 29 % 17 - 8); });
        double scale = name == "double" ? 2 : 1;
        std::vector<double> out(llvm::product_of(shape)), dx(llvm::product_of(form.x));
        form.forEach([&](int64_t n, int64_t which, int64_t from, int64_t stride) {
          int64_t index = indexOf(which, run);
          bool in = index >= 0 && index < form.x[form.axis];
          out[to(n)] += in ? scale * valueOf(from + index * stride) : NAN;
          if (in)
            dx[from + index * stride] += scale * element(inputs["cotangent/y"], to(n));
        });
        expect(session.run(entry.c_str(), inputs).at("y"), out, what);
        expect(session.run((entry + "_grad").c_str(), inputs).at("gradient/x"), dx, what + ", gradient");
      }
}
TEST(Indexing, GathersAndTheirGradients) {
  for (bool symbolic : {false, true}) {
    check(0, "x86-64-v2", symbolic);
    for (StringRef target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
      if (target <= codegen::hostLevel())
        check(2, target, symbolic);
  }
}

// What an index outside gives, by type, as jax.numpy.take(mode="fill") has it; and the model's own. At -O0 and -O2 an input is refused.
TEST(Indexing, Outside) {
  for (auto [type, dtype, none] : {std::tuple("f64", data::F64, double(NAN)),
                                   {"bf16", dlrt_datatype{4, 16, 1}, double(NAN)},
                                   {"i8", data::I8, -128.0},
                                   {"i32", data::I32, -2147483648.0},
                                   {"i64", data::I64, -0x1p63},
                                   {"i1", data::Bool, 1.0}})
    for (unsigned level : {0, 2}) {
      SCOPED_TRACE(std::string(type) + " -O" + std::to_string(level));
      MLIRContext context;
      auto module = textModel(context, fill(R"(
        func.func @main(%x: tensor<3x19x{T}> {dl.name = "x"}, %i: tensor<4xi64> {dl.name = "i", dl.range = array<i64: -9223372036854775808, 9223372036854775807>})
            -> (tensor<4x19x{T}> {dl.name = "y"}, tensor<4x19x{T}> {dl.name = "z"}) {
          %y = dl.gather %x, %i axis 0 : tensor<3x19x{T}>, tensor<4xi64>
          %z = dl.gather %x, %i axis 0 outside 0.0 : tensor<3x19x{T}>, tensor<4xi64>
          return %y, %z : tensor<4x19x{T}>, tensor<4x19x{T}>
        })",
                                            {{"T", type}}));
      CompileOptions options;
      options.level = level;
      Session session(*module, options);
      ASSERT_TRUE(session.ok());
      const double indices[] = {-0x1p62, 2, 3, -1};
      Tensors inputs;
      inputs["x"] = filled(dtype, {3, 19}, [](int64_t i) { return double(i % 2); });
      inputs["i"] = filled(data::I64, {4}, [&](int64_t i) { return indices[i]; });
      Tensors out = session.run("run", inputs);
      for (int64_t n = 0; n < 4 * 19; ++n) {
        bool in = n / 19 == 1;
        double y = element(out.at("y"), n), expected = in ? (38 + n % 19) % 2 : none;
        EXPECT_TRUE(y == expected || (std::isnan(y) && std::isnan(expected))) << n << ": " << y;
        EXPECT_EQ(element(out.at("z"), n), in ? expected : 0) << n;
      }
    }
}

// Sums of many terms at one index: panels of 32, chunks of 256, whatever lies between them; a sum as an update's gradient, in place.
TEST(Indexing, LongLists) {
  constexpr int64_t n = 1500, width = 21, rows = 5;
  auto indexAt = [](int64_t i) { return i % 7 == 0 ? 1 : i % 311 == 5 ? 4 : i % 3 == 2 ? 7 : 3; }; // 7: none
  auto x = [](int64_t i) { return float(noise(i)); };
  std::vector<float> expected;
  for (int64_t v = 0; v < rows; ++v)
    for (int64_t c = 0; c < width; ++c) {
      std::vector<float> terms;
      for (int64_t i = 0; i < n; ++i)
        if (indexAt(i) == v)
          terms.push_back(x(i * width + c));
      Order<float> order{0, [&](float sum, ArrayRef<int64_t> k) { return sum + terms[k[0]]; }, std::plus<float>()};
      MLIRContext context;
      context.loadDialect<dl::DlDialect>();
      expected.push_back(order.combine(dl::ChainAttr::get(&context, 32, 256), {(int64_t)terms.size()}));
    }
  for (unsigned level : {0, 2})
    for (StringRef target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
      if (target > codegen::hostLevel())
        continue;
      SCOPED_TRACE("-O" + std::to_string(level) + " " + target.str());
      MLIRContext context;
      auto module = textModel(context, R"(
        dl.symbol @N : 1 to 4096
        func.func @main(%x: tensor<?x21xf32, #dl.dims<N, 21>> {dl.name = "x"}, %i: tensor<?xi32, #dl.dims<N>> {dl.name = "i"},
                        %w: tensor<5x21xf32> {dl.param = #dl.param<"w", constant(0.0), non_trainable>})
            -> (tensor<5x21xf32> {dl.name = "y"}, tensor<5x21xf32> {dl.state = "w"}) {
          %y = dl.scatter_sum %x, %i axis 0 : tensor<?x21xf32, #dl.dims<N, 21>>, tensor<?xi32, #dl.dims<N>> -> tensor<5x21xf32>
          %new = dl.sub %w, %y : tensor<5x21xf32>
          return %y, %new : tensor<5x21xf32>, tensor<5x21xf32>
        })");
      CompileOptions options;
      options.level = level, options.target = codegen::Target::get(target);
      Session session(*module, options);
      ASSERT_TRUE(session.ok());
      Tensors inputs;
      inputs["x"] = filled(data::F32, {n, width}, x);
      inputs["i"] = filled(data::I32, {n}, indexAt);
      for (int threads : {1, 3}) {
        session.setThreads(threads);
        session.init(1);
        Tensors out = session.run("run", inputs);
        data::Array w = session.parameter("w");
        for (int64_t k = 0; k < rows * width; ++k) {
          ASSERT_EQ(element(out.at("y"), k), expected[k]) << k;
          ASSERT_EQ(element(w, k), 0.0f - expected[k]) << k;
        }
      }
    }
}

// Three steps of a classifier by embeddings, of which some are looked up often and some never: PyTorch 2.15's weights, in f64.
TEST(Indexing, EmbeddingsTrain) {
  const std::vector<double> sgd = {-0.740919172957,
                                   0.080517566618,
                                   0.710565374171,
                                   0.182751127835,
                                   -0.453321675832,
                                   0.174632274423,
                                   -0.25,
                                   0.375,
                                   -0.375,
                                   0.625,
                                   -0.125,
                                   0.5,
                                   0.04070463505,
                                   -0.565766994826,
                                   0.062372210424,
                                   -0.375,
                                   0.25,
                                   -0.5,
                                   0.605980629814,
                                   -0.323381869293,
                                   0.296821825947},
                            adam = {-0.99703822492,
                                    0.347781260681,
                                    0.998415206144,
                                    -0.107014067051,
                                    -0.171589177701,
                                    0.484832091549,
                                    -0.25,
                                    0.375,
                                    -0.375,
                                    0.625,
                                    -0.125,
                                    0.5,
                                    -0.002932330663,
                                    -0.436055953193,
                                    0.12119779308,
                                    -0.375,
                                    0.25,
                                    -0.5,
                                    0.874806238093,
                                    -0.617495888861,
                                    0.001047465725};
  for (bool momentum : {true, false})
    for (unsigned level : {0, 2}) {
      SCOPED_TRACE((momentum ? "sgd" : "adam") + std::string(" -O") + std::to_string(level));
      MLIRContext context;
      auto module = textModel(context, R"(
        func.func @main(%i: tensor<4x2xi64> {dl.name = "i"}, %e: tensor<7x3xf64> {dl.param = #dl.param<"e", constant(0.0), trainable>},
                        %w: tensor<3x2xf64> {dl.param = #dl.param<"w", constant(0.0), trainable>}) -> (tensor<4x2xf64> {dl.name = "p"}) {
          %g = dl.gather %e, %i axis 0 : tensor<7x3xf64>, tensor<4x2xi64>
          %m = dl.mean %g dims [1] : tensor<4x2x3xf64>
          %y = dl.matmul %m, %w : tensor<4x3xf64>, tensor<3x2xf64>
          %p = dl.softmax %y axis 1 : tensor<4x2xf64>
          return %p : tensor<4x2xf64>
        })");
      CompileOptions options;
      options.level = level;
      options.train = training(context, momentum ? "sgd" : "adam", momentum ? ArrayRef<StringRef>{"momentum"} : ArrayRef<StringRef>{});
      Session session(*module, options);
      ASSERT_TRUE(session.ok());
      session.init(1);
      auto e = filled(data::F64, {7, 3}, [](int64_t k) { return double((k / 3 * 7 + k % 3 * 5) % 11 - 5) / 8; });
      auto w = filled(data::F64, {3, 2}, [](int64_t k) { return double((k / 2 * 3 + k % 2 * 4) % 7 - 3) / 4; });
      session.setParameter("e", e), session.setParameter("w", w);
      const int64_t ids[] = {1, 4, 4, 4, 6, 1, 0, 4}, labels[] = {0, 1, 1, 0};
      Tensors inputs;
      inputs["i"] = filled(data::I64, {4, 2}, [&](int64_t k) { return ids[k]; });
      inputs["label"] = filled(data::I32, {4}, [&](int64_t k) { return labels[k]; });
      inputs["lr"] = filled(data::F64, {}, [&](int64_t) { return momentum ? 0.5 : 0.125; });
      inputs[momentum ? "momentum" : "eps"] = filled(data::F64, {}, [&](int64_t) { return momentum ? 0.5 : 1e-7; });
      for (int step = 0; step < 3; ++step)
        (void)session.run("train_step", inputs);
      data::Array found = session.parameter("e");
      for (int64_t k = 0; k < 21; ++k)
        EXPECT_NEAR(element(found, k), (momentum ? sgd : adam)[k], 1e-11) << k;
    }
}

// A gather joins what follows it, and what a contraction is followed by; a scatter takes the update that follows it.
TEST(Indexing, Joins) {
  expectSameBits(R"(
    dl.symbol @N : 0 to 64
    func.func @k(%w: tensor<11x40xf32>, %p: tensor<64x40xf32>, %i: tensor<?xi64, #dl.dims<N>>, %g: tensor<40xf32>)
        -> tensor<?x40xf32, #dl.dims<N, 40>> {
      %t = dl.gather %w, %i axis 0 : tensor<11x40xf32>, tensor<?xi64, #dl.dims<N>>
      %n = dl.iota axis 0 : tensor<?xi64, #dl.dims<N>>
      %q = dl.gather %p, %n axis 0 : tensor<64x40xf32>, tensor<?xi64, #dl.dims<N>>
      %0 = dl.add %t, %q : tensor<?x40xf32, #dl.dims<N, 40>>
      %1 = dl.sum %0 dims [1] : tensor<?x40xf32, #dl.dims<N, 40>>
      %2 = dl.broadcast %1 dims [0] : tensor<?xf32, #dl.dims<N>> -> tensor<?x40xf32, #dl.dims<N, 40>>
      %3 = dl.sub %0, %2 : tensor<?x40xf32, #dl.dims<N, 40>>
      return %3 : tensor<?x40xf32, #dl.dims<N, 40>>
    })",
                 codegen::cpu::planRows, {{0}, {1}, {3}, {64}});
  for (const char *n : {"1", "3", "40"})
    expectSameBits(fill(R"(
      func.func @k(%a: tensor<{N}x30xf32>, %b: tensor<30x40xf32>, %w: tensor<3x40xf32>, %i: tensor<{N}xi32>) -> tensor<{N}x40xf32> {
        %m = dl.matmul %a, %b : tensor<{N}x30xf32>, tensor<30x40xf32>
        %t = dl.gather %w, %i axis 0 : tensor<3x40xf32>, tensor<{N}xi32>
        %0 = dl.add %m, %t : tensor<{N}x40xf32>
        return %0 : tensor<{N}x40xf32>
      })",
                        {{"N", n}}),
                   codegen::cpu::planContraction);
  expectSameBits(R"(
    func.func @k(%x: tensor<2x9x9x20xf32>, %w: tensor<3x20xf32>, %i: tensor<2x5x5xi32>) -> tensor<2x5x5x20xf32> {
      %y = dl.sum_pool2d %x kernel [3, 3] strides [2, 2] padding [1, 1, 1, 1] : tensor<2x9x9x20xf32>
      %t = dl.gather %w, %i axis 0 : tensor<3x20xf32>, tensor<2x5x5xi32>
      %0 = dl.add %y, %t : tensor<2x5x5x20xf32>
      return %0 : tensor<2x5x5x20xf32>
    })",
                 codegen::cpu::planWindow);
  expectSameBits(R"(
    func.func @k(%x: tensor<3x20xf32>, %i: tensor<30xi32>) -> tensor<20xf32> {
      %t = dl.gather %x, %i axis 0 : tensor<3x20xf32>, tensor<30xi32>
      %y = dl.sum %t dims [0] : tensor<30x20xf32>
      return %y : tensor<20xf32>
    })",
                 codegen::cpu::planColumns);
  for (const char *plan : {"planWindow", "planRows", "planColumns", "planContraction"}) {
    PlanFn asked = plan == StringRef("planWindow")    ? codegen::cpu::planWindow
                   : plan == StringRef("planRows")    ? codegen::cpu::planRows
                   : plan == StringRef("planColumns") ? codegen::cpu::planColumns
                                                      : codegen::cpu::planContraction;
    CompiledKernel kernel(R"(func.func @k(%x: tensor<3x20xf32>, %i: tensor<3xi32>) -> tensor<4x20xf32> {
      %y = dl.scatter_sum %x, %i axis 0 : tensor<3x20xf32>, tensor<3xi32> -> tensor<4x20xf32>
      return %y : tensor<4x20xf32>
    })",
                          "x86-64-v2", asked);
    EXPECT_FALSE(kernel.plan()) << plan;
  }
}
} // namespace
