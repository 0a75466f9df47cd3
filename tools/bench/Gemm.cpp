// Matrix products (M, N, K) through the whole stack, dlrt_run's entry call included, against OpenBLAS's sgemm in one process:
// interleaved rounds. --error: their errors against sums in f64 instead.
#include "compiler/Pipeline.h"
#include "mlir/Parser/Parser.h"
#include "runtime/dlrt.hpp"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/TargetSelect.h"
#include <CLI/CLI.hpp>
#include <cmath>
#include <ctime>
#include <dlfcn.h>
#include <new>
#include <random>
#include <thread>

using namespace mlir;
namespace {
/// Nanoseconds: of this thread alone where there is no other, so that a busy machine disturbs less; else by the wall clock.
double now(bool alone) {
  timespec t;
  clock_gettime(alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) * 1e9 + double(t.tv_nsec);
}
struct Options {
  std::string target = "";
  std::vector<int> threads = {1, 2}, shape;
  int rounds = 15;
  double blockMs = 4;
  bool error = false, json = false;
};

/// Zero-initialised floats that begin where an arena does.
struct Floats {
  explicit Floats(int64_t n) : data(new (std::align_val_t(64)) float[n]()), size(n) {}
  ~Floats() { operator delete[](data, std::align_val_t(64)); }
  Floats(Floats &&o) : data(std::exchange(o.data, nullptr)), size(o.size) {}
  float *data;
  int64_t size;
};
void fill(float *p, int64_t n, unsigned seed) {
  for (int64_t i = 0; i < n; ++i)
    p[i] = float((i * 7919 + seed * 104729) % 2003) / 1001 - 1;
}

/// A model's entry `run`, compiled here, with arrays for what it takes and gives.
class Compiled {
public:
  Compiled(const std::string &text, const Options &options) {
    dlc::loadDialects(context);
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    dlc::CompileOptions compile;
    compile.target = dlc::codegen::Target::get(options.target);
    if (!module || failed(dlc::runStages(*module, compile)))
      throw std::runtime_error("does not compile: " + text);
    auto code = dlc::compileScheduled(*module, compile);
    if (failed(code))
      throw std::runtime_error("does not compile: " + text);
    loaded = llvm::cantFail(dlc::Loaded::create(std::move(*code), "bench"));
    model.emplace(static_cast<const void *>(loaded->descriptor()));
    params.emplace(*model);
    entry = model->entry("run");
    for (size_t i = 0; i < dlrt_model_params(model->get()); ++i) {
      dlrt_tensor view;
      dlrt::check(dlrt_params_get(params->get(), dlrt_model_param(model->get(), i)->name, &view));
      fill(static_cast<float *>(view.data), elements(view), 1);
    }
    params->changed();
    for (size_t i = 0; i < dlrt_entry_inputs(model->get(), entry); ++i)
      add(in, *dlrt_entry_input(model->get(), entry, i), i);
    for (size_t i = 0; i < dlrt_entry_outputs(model->get(), entry); ++i)
      add(out, *dlrt_entry_output(model->get(), entry, i), 0);
  }
  /// Runs on `n` threads from now on.
  void setThreads(int n) {
    running.reset();
    team.emplace(n);
    running.emplace(*model, *params, *team);
  }
  void operator()() { dlrt::check(dlrt_run(running->get(), entry, nullptr, in.data(), in.size(), out.data(), out.size())); }
  float *input(size_t i) { return static_cast<float *>(in[i].data); }
  const float *output() const { return static_cast<float *>(out[0].data); }

private:
  static int64_t elements(const dlrt_tensor &t) { return std::accumulate(t.shape, t.shape + t.ndim, int64_t(1), std::multiplies<>()); }
  void add(std::vector<dlrt_tensor> &list, const dlrt_tensor_info &info, unsigned seed) {
    dlrt_tensor t = {nullptr, {1, 0}, info.ndim, info.dtype, const_cast<int64_t *>(info.dims), nullptr, 0};
    arrays.emplace_back(elements(t));
    fill(arrays.back().data, arrays.back().size, seed);
    t.data = arrays.back().data;
    list.push_back(t);
  }
  MLIRContext context;
  std::unique_ptr<dlc::Loaded> loaded;
  std::optional<dlrt::Model> model;
  std::optional<dlrt::Params> params;
  std::optional<dlrt::Team> team;
  std::optional<dlrt::Context> running;
  size_t entry = 0;
  std::vector<Floats> arrays;
  std::vector<dlrt_tensor> in, out;
};

/// Nanoseconds of one call of each contestant. In each round each has a block of calls, behind some that warm it up. Alone: the
/// median of the blocks. On several threads calls are timed one by one, and the first decile counts: the calls whose threads all
/// had a processor.
std::vector<double> time(llvm::ArrayRef<std::function<void()>> contestants, bool alone, const Options &o) {
  std::vector<int64_t> calls;
  for (auto &f : contestants) {
    f();
    double start = now(alone);
    f();
    calls.push_back(std::max<int64_t>(1, o.blockMs * 1e6 / std::max(1.0, now(alone) - start)));
  }
  std::vector<std::vector<double>> samples(contestants.size());
  for (int r = 0; r < o.rounds; ++r)
    for (auto [f, n, s] : llvm::zip(contestants, calls, samples)) {
      if (!alone) // the contestant before still spins: OpenBLAS's threads for 2^26 ticks
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      for (int64_t i = 0; i < std::max<int64_t>(1, n / 4); ++i)
        f();
      double start = now(alone);
      for (int64_t i = 0; i < n; ++i) {
        f();
        if (alone)
          continue;
        double end = now(false);
        s.push_back(end - start);
        start = end;
      }
      if (alone)
        s.push_back((now(alone) - start) / double(n));
    }
  std::vector<double> result;
  for (auto &s : samples) {
    llvm::sort(s);
    result.push_back(s[alone ? s.size() / 2 : s.size() / 10]);
  }
  return result;
}

struct Blas {
  using Sgemm = void (*)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
  Blas() {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (!library)
      throw std::runtime_error("libopenblas.so.0 is missing: write tools/dev bench setup");
    sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    setThreads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  }
  Sgemm sgemm;
  void (*setThreads)(int);
};

std::string product(int m, int n, int k, bool parameter) {
  return llvm::formatv(
      "func.func @main(%x: tensor<{0}x{2}xf32> {{dl.name = \"x\"}, %w: tensor<{2}x{1}xf32> {{{3}}) -> tensor<{0}x{1}xf32> {{\n"
      "  %y = dl.matmul %x, %w : tensor<{0}x{2}xf32>, tensor<{2}x{1}xf32>\n  return %y : tensor<{0}x{1}xf32>\n}\n",
      m, n, k, parameter ? "dl.param = #dl.param<\"w\", constant(0.0), trainable>" : "dl.name = \"w\"");
}

/// `dlc`: both matrices are inputs; `packed`: the second is a parameter, as a layer's weight.
void products(const Options &o) {
  std::vector<std::array<int, 3>> shapes = {{64, 64, 64},   {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048},
                                            {64, 500, 800}, {64, 10, 500},   {36864, 20, 25}, {4096, 50, 500},    {8, 500, 800}};
  if (!o.shape.empty())
    shapes = {{o.shape[0], o.shape[1], o.shape[2]}};
  Blas blas;
  std::vector<double> logs[2][2];
  if (!o.json)
    llvm::outs() << "     M    N    K  thr   dlc GF  packed  OpenBLAS   ratio  packed\n";
  for (auto [m, n, k] : shapes) {
    Compiled plain(product(m, n, k, false), o), packed(product(m, n, k, true), o);
    Floats y(int64_t(m) * n);
    for (int threads : o.threads) {
      plain.setThreads(threads);
      packed.setThreads(threads);
      blas.setThreads(threads);
      auto theirs = [&, m = m, n = n, k = k] { blas.sgemm(101, 111, 111, m, n, k, 1, plain.input(0), k, plain.input(1), n, 0, y.data, n); };
      auto ns = time({[&] { plain(); }, [&] { packed(); }, theirs}, threads == 1, o);
      for (int64_t i = 0; i < y.size; ++i)
        if (std::fabs(y.data[i] - plain.output()[i]) > 1e-4 * k || plain.output()[i] != packed.output()[i])
          throw std::runtime_error(llvm::formatv("{0}x{1}x{2}: element {3} differs: {4}, packed {5}, OpenBLAS {6}", m, n, k, i,
                                                 plain.output()[i], packed.output()[i], y.data[i]));
      double flops = 2.0 * m * n * k, ratio = ns[2] / ns[0], ratioPacked = ns[2] / ns[1];
      int row = threads > 1;
      logs[row][0].push_back(std::log(ratio));
      logs[row][1].push_back(std::log(ratioPacked));
      if (o.json)
        llvm::outs() << llvm::json::Value(llvm::json::Object{{"m", m},
                                                             {"n", n},
                                                             {"k", k},
                                                             {"threads", threads},
                                                             {"dlc_ns", ns[0]},
                                                             {"packed_ns", ns[1]},
                                                             {"openblas_ns", ns[2]},
                                                             {"ratio", ratio},
                                                             {"ratio_packed", ratioPacked}})
                     << "\n";
      else
        llvm::outs() << llvm::format("%6d %4d %4d  %3d  %7.1f %7.1f   %7.1f  %6.2f  %6.2f\n", m, n, k, threads, flops / ns[0],
                                     flops / ns[1], flops / ns[2], ratio, ratioPacked);
      llvm::outs().flush();
    }
  }
  for (int t = 0; t < 2 && !o.json; ++t)
    if (!logs[t][0].empty())
      llvm::outs() << llvm::format("geomean of ratios, %s: %.2f, packed %.2f\n", t ? "more threads" : "1 thread",
                                   std::exp(std::accumulate(logs[t][0].begin(), logs[t][0].end(), 0.0) / logs[t][0].size()),
                                   std::exp(std::accumulate(logs[t][1].begin(), logs[t][1].end(), 0.0) / logs[t][1].size()));
}
/// Root mean square of errors, relative to that of the results, of 32 x 32 results over K terms; dlc's beside OpenBLAS's.
void errors(const Options &o) {
  constexpr int m = 32, n = 32;
  Blas blas;
  blas.setThreads(1);
  if (!o.json)
    llvm::outs() << "terms          K        dlc   OpenBLAS   ratio\n";
  for (bool normal : {false, true})
    for (int k = 1 << 8; k <= 1 << 22; k *= 4) {
      std::mt19937 random(k);
      std::uniform_real_distribution<float> uniform(0, 1);
      std::normal_distribution<float> gauss;
      Compiled product(::product(m, n, k, false), o);
      product.setThreads(1);
      for (size_t i : {0, 1})
        for (int64_t j = 0; j < int64_t(k) * m; ++j) // m == n
          product.input(i)[j] = normal ? gauss(random) : uniform(random);
      const float *x = product.input(0), *w = product.input(1);
      Floats theirs(m * n);
      product();
      blas.sgemm(101, 111, 111, m, n, k, 1, x, k, w, n, 0, theirs.data, n);
      double square = 0, error[2] = {};
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
          double sum = 0, rest = 0; // products of floats are exact; what an addition loses is carried along
          for (int64_t p = 0; p < k; ++p) {
            double term = double(x[i * int64_t(k) + p]) * w[p * n + j], next = sum + term, part = next - sum;
            rest += (sum - (next - part)) + (term - part);
            sum = next;
          }
          sum += rest;
          square += sum * sum;
          error[0] += (product.output()[i * n + j] - sum) * (product.output()[i * n + j] - sum);
          error[1] += (theirs.data[i * n + j] - sum) * (theirs.data[i * n + j] - sum);
        }
      double ours = std::sqrt(error[0] / square), blasError = std::sqrt(error[1] / square);
      const char *terms = normal ? "normal" : "uniform";
      if (o.json)
        llvm::outs() << llvm::json::Value(llvm::json::Object{{"terms", terms}, {"k", k}, {"dlc", ours}, {"openblas", blasError}}) << "\n";
      else
        llvm::outs() << llvm::format("%-8s %7d  %9.2e  %9.2e  %6.2f\n", terms, k, ours, blasError, ours / blasError);
      llvm::outs().flush();
    }
}
} // namespace

int main(int argc, char **argv) {
  Options o;
  CLI::App app("dlc's matrix products against OpenBLAS");
  app.add_option("--target", o.target, "x86-64-v3 or x86-64-v4; else this machine's");
  app.add_option("--threads", o.threads, "counts of threads")->capture_default_str();
  app.add_option("--shape", o.shape, "M N K of one product instead of all")->expected(3)->check(CLI::PositiveNumber);
  app.add_option("--rounds", o.rounds, "of which the median is taken")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--block", o.blockMs, "milliseconds of a contestant's block of calls")->capture_default_str();
  app.add_flag("--error", o.error, "errors of long sums, instead");
  app.add_flag("--json", o.json, "one object a row");
  CLI11_PARSE(app, argc, argv);
  try {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    o.error ? errors(o) : products(o);
  } catch (const std::exception &e) {
    llvm::errs() << "dlc-gemm: " << e.what() << "\n";
    return 1;
  }
}
