// The functions of one number over all 2^32 floats: largest errors against f64 (References.h), the same bits on every target with
// FMA, nanoseconds an element. tools/bench/functions.py confirms the worst and prints the table.
#include "compiler/codegen/Lower.h"
#include "compiler/emit/Jit.h"
#include "mlir/Parser/Parser.h"
#include "tools/bench/References.h"
#include "llvm/Support/Format.h"
#include <CLI/CLI.hpp>
#include <bit>
#include <cmath>
#include <ctime>

using namespace mlir;
namespace {
using dlc::bench::Function;
constexpr int64_t chunk = 1 << 14;

double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) * 1e9 + double(t.tv_nsec);
}

std::string powText() {
  std::string t = "tensor<" + std::to_string(chunk) + "xf32>";
  return "func.func @f(%x: " + t + ", %y: " + t + ") -> " + t + " {\n  %z = dl.pow %x, %y : " + t + "\n  return %z : " + t + "\n}\n";
}

/// `chunk` elements of a function for one target.
class Kernel {
public:
  Kernel(const std::string &text, llvm::StringRef level, unsigned optimisation = 2) {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    dlc::codegen::loadCodegenDialects(context);
    double start = now();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    if (!module)
      throw std::runtime_error("does not parse: " + text);
    auto fn = *module->getOps<func::FuncOp>().begin();
    dlc::codegen::PlanOptions options{.target = dlc::codegen::Target::get(level)};
    (void)dlc::codegen::planKernel(fn, options); // CPUs take every kernel
    auto plan = fn->getAttrOfType<dlc::dlx::PlanAttr>("dlx.plan");
    OwningOpRef<ModuleOp> out = ModuleOp::create(UnknownLoc::get(&context));
    dlc::codegen::Kernel kernel{fn, plan, {}, options.target, *out};
    dlc::codegen::emitKernel(kernel);
    if (failed(dlc::codegen::lowerToLLVM(*out, options.target)))
      throw std::runtime_error("does not lower");
    jit = llvm::cantFail(dlc::Jit::create());
    llvm::cantFail(jit->add(llvm::cantFail(dlc::codegen::compile(*out, options.target, optimisation, dlc::codegen::CodeKind::Object))));
    auto launch = plan.getLaunches()[0];
    call = llvm::cantFail(jit->find(("f" + launch.getName()).str()));
    grid = dlc::dl::getConstant(launch.getGrid().getExtents()[0]);
    scratch.resize(plan.getScratch() + 64);
    milliseconds = (now() - start) / 1e6;
  }
  void operator()(const float *x, float *y) {
    void *buffers[] = {const_cast<float *>(x), y};
    call(buffers, nullptr, 0, grid, scratch.data());
  }
  void operator()(const float *x, const float *y, float *z) {
    void *buffers[] = {const_cast<float *>(x), const_cast<float *>(y), z};
    call(buffers, nullptr, 0, grid, scratch.data());
  }
  double milliseconds;

private:
  std::unique_ptr<dlc::Jit> jit;
  dlx_kernel_fn call;
  int64_t grid;
  std::vector<char> scratch;
};

struct Array {
  alignas(64) float f[chunk];
};

double nanoseconds(Kernel &kernel, const Function &f) {
  static Array x, y;
  for (int64_t i = 0; i < chunk; ++i)
    x.f[i] = f.low + (f.high - f.low) * float(i * 7919 % chunk) / chunk;
  std::vector<double> samples;
  for (double stop = now() + 1e8; samples.size() < 10 || now() < stop;) {
    double start = now();
    kernel(x.f, y.f);
    samples.push_back(now() - start);
  }
  llvm::sort(samples);
  return samples[samples.size() / 10] / chunk; // the first decile: of runs that nobody disturbed
}

/// errorInUlp of none of a block's results is more than `most`; may say no where it isn't. Vectors: it is asked of all floats.
constexpr int64_t block = 64;
[[gnu::target_clones("avx2", "default")]] bool withinAll(const float *found, const double *expected, double most, double floor) {
  bool all = true;
  for (int64_t i = 0; i < block; ++i) {
    double y = found[i], e = expected[i];
    bool nan = y != y && e != e, sign = (std::bit_cast<int64_t>(y) ^ std::bit_cast<int64_t>(e)) >= 0;
    y = y > 0x1p128 ? 0x1p128 : y < -0x1p128 ? -0x1p128 : y;
    e = e > 0x1p128 ? 0x1p128 : e < -0x1p128 ? -0x1p128 : e;
    double power = std::bit_cast<double>(std::bit_cast<int64_t>(e) & 0x7ff0000000000000);
    power = power < 0x1p-126 ? 0x1p-126 : power > 0x1p127 ? 0x1p127 : power;
    double bound = most * 0x1p-23 * power;
    all &= nan | (sign & (std::fabs(y - e) <= (bound < floor ? floor : bound)));
  }
  return all;
}

/// The reference of `n` neighbours is a polynomial through six of them, if that gives two others to 2^-40: they are equally spaced.
class Interpolation {
public:
  static constexpr int64_t n = 1024;
  Interpolation() {
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = 0; k < nodes; ++k) {
        basis[k][i] = 1;
        for (int64_t j = 0; j < nodes; ++j)
          if (j != k)
            basis[k][i] *= double(i - at[j]) / double(at[k] - at[j]);
      }
  }
  void operator()(const Function &f, const float *x, double *y) const {
    float few[std::size(at)];
    double known[std::size(at)];
    for (size_t k = 0; k < std::size(at); ++k)
      few[k] = x[at[k]];
    f.reference(few, known, std::size(at));
    fill(known, y);
    for (size_t k = nodes; k < std::size(at); ++k)
      if (!(std::fabs(y[at[k]] - known[k]) < std::fabs(known[k]) * 0x1p-40)) // 0 and what is not finite is left to f
        return f.reference(x, y, n);
  }

private:
  static constexpr int64_t nodes = 6, at[] = {0, 98, 353, 670, 925, 1023, 40, 517};
  [[gnu::target_clones("arch=x86-64-v3", "default")]] void fill(const double *known, double *y) const {
    for (int64_t i = 0; i < n; ++i) {
      double sum = 0;
      for (int64_t k = 0; k < nodes; ++k)
        sum += basis[k][i] * known[k];
      y[i] = sum;
    }
  }
  double basis[nodes][n];
};

struct Worst {
  double error;
  float x, y;
};
/// The `count` worst of every `stride`-th float, worst first; counts the floats for which targets' bits differ. What is odd or even is
/// asked for a reference of positive floats alone.
std::vector<Worst> sweep(const Function &f, llvm::MutableArrayRef<std::unique_ptr<Kernel>> kernels, uint64_t stride, size_t count,
                         uint64_t &different) {
  static Array x, y, other;
  static double expected[chunk];
  static const Interpolation interpolation;
  std::vector<Worst> worst;
  double least = 0;
  auto better = [](const Worst &a, const Worst &b) { return a.error > b.error; };
  auto check = [&] {
    (*kernels[0])(x.f, y.f);
    for (auto &k : kernels.drop_front()) {
      (*k)(x.f, other.f);
      if (memcmp(y.f, other.f, sizeof y.f))
        for (int64_t i = 0; i < chunk; ++i)
          different += memcmp(y.f + i, other.f + i, 4) && !(std::isnan(y.f[i]) && std::isnan(other.f[i]));
    }
    for (int64_t first = 0; first < chunk; first += block) {
      if (withinAll(y.f + first, expected + first, least, f.floor))
        continue;
      for (int64_t i = first; i < first + block; ++i) {
        double e = dlc::bench::errorInUlp(y.f[i], expected[i], f.floor);
        if (e <= least)
          continue;
        worst.push_back({e, x.f[i], y.f[i]});
        if (worst.size() < 4 * count)
          continue;
        std::nth_element(worst.begin(), worst.begin() + count, worst.end(), better);
        worst.resize(count);
        least = std::min_element(worst.begin(), worst.end(), [&](auto &a, auto &b) { return better(b, a); })->error;
      }
    }
  };
  for (uint64_t at = 0; at < (f.parity ? 1ull << 31 : 1ull << 32); at += chunk * stride) {
    for (int64_t i = 0; i < chunk; ++i)
      x.f[i] = std::bit_cast<float>(uint32_t(at + i * stride));
    for (int64_t i = 0; i < chunk; i += Interpolation::n)
      if (stride == 1)
        interpolation(f, x.f + i, expected + i);
      else
        f.reference(x.f + i, expected + i, Interpolation::n);
    check();
    if (!f.parity)
      continue;
    for (int64_t i = 0; i < chunk; ++i)
      x.f[i] = -x.f[i], expected[i] *= f.parity;
    check();
  }
  std::sort(worst.begin(), worst.end(), better);
  if (worst.size() > count)
    worst.resize(count);
  return worst;
}
/// pow on so many seeded pairs: any bits for the base, exponents for which few results are 0 or infinite.
void powers(uint64_t pairs, llvm::ArrayRef<std::string> levels) {
  std::vector<std::unique_ptr<Kernel>> kernels;
  for (auto &level : levels)
    kernels.push_back(std::make_unique<Kernel>(powText(), level));
  static Array x, y, z, other;
  static double expected[chunk];
  double largest = 0;
  float at[3] = {};
  uint64_t different = 0, seed = 1;
  auto next = [&] { // SplitMix64
    uint64_t v = seed += 0x9e3779b97f4a7c15;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
    v = (v ^ v >> 27) * 0x94d049bb133111eb;
    return v ^ v >> 31;
  };
  for (uint64_t done = 0; done < pairs; done += chunk) {
    for (int64_t i = 0; i < chunk; ++i) {
      uint64_t r = next();
      x.f[i] = std::bit_cast<float>(uint32_t(r) & 0x7fffffff);
      float range = 110 / std::fmax(1e-6f, std::fabs(std::log(x.f[i])));
      y.f[i] = range * (float(int32_t(r >> 32)) * 0x1p-31f);
    }
    (*kernels[0])(x.f, y.f, z.f);
    for (auto &k : llvm::drop_begin(kernels)) {
      (*k)(x.f, y.f, other.f);
      for (int64_t i = 0; i < chunk; ++i)
        different += memcmp(z.f + i, other.f + i, 4) && !(std::isnan(z.f[i]) && std::isnan(other.f[i]));
    }
    dlc::bench::powers(x.f, y.f, expected, chunk);
    for (int64_t i = 0; i < chunk; ++i)
      if (double e = dlc::bench::errorInUlp(z.f[i], expected[i]); e > largest)
        largest = e, at[0] = x.f[i], at[1] = y.f[i], at[2] = z.f[i];
  }
  llvm::outs() << "pow";
  for (auto [k, level] : llvm::zip(kernels, levels)) {
    double start = now();
    for (int i = 0; i < 20; ++i)
      (*k)(x.f, y.f, z.f);
    llvm::outs() << llvm::format(" %s=%.3f", level.c_str() + 7, (now() - start) / 20 / chunk);
  }
  llvm::outs() << llvm::format(" error=%.4f x=%08x y=%08x z=%08x different=%llu", largest, std::bit_cast<uint32_t>(at[0]),
                               std::bit_cast<uint32_t>(at[1]), std::bit_cast<uint32_t>(at[2]), (unsigned long long)different);
  uint64_t inexact = 0; // x to the 1, of as many floats
  llvm::fill(y.f, 1);
  for (uint64_t done = 0; done < std::min<uint64_t>(pairs, 1ull << 32); done += chunk) {
    for (int64_t i = 0; i < chunk; ++i)
      x.f[i] = std::bit_cast<float>(uint32_t(done + i));
    (*kernels.back())(x.f, y.f, z.f);
    if (memcmp(x.f, z.f, sizeof z.f))
      for (int64_t i = 0; i < chunk; ++i)
        inexact += memcmp(x.f + i, z.f + i, 4) && !(std::isnan(x.f[i]) && std::isnan(z.f[i]));
  }
  llvm::outs() << llvm::format(" inexact=%llu\n", (unsigned long long)inexact);
}
} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> names, levels;
  uint64_t stride = 1, pairs = 0;
  size_t count = 1000;
  bool list = false, timed = false, listed = false;
  unsigned optimisation = 2;
  CLI::App app("largest errors and rates of dlc's functions of one number");
  app.add_option("function", names, "which; else all");
  app.add_option("--level", levels, "x86-64-v2, -v3, -v4; else all with FMA that this machine has");
  app.add_option("--stride", stride, "every so many floats")->check(CLI::PositiveNumber);
  app.add_option("--worst", count, "how many to keep")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("-O", optimisation, "LLVM's level")->capture_default_str();
  app.add_flag("--list", list, "print the worst: argument and result in hexadecimal, error");
  app.add_flag("--time", timed, "rates alone");
  app.add_option("--pow", pairs, "pow on so many pairs, nothing else");
  app.add_flag("--names", listed, "the names of all functions, nothing else");
  CLI11_PARSE(app, argc, argv);
  if (listed) {
    for (const Function &f : dlc::bench::functions())
      llvm::outs() << f.name << "\n";
    return 0;
  }
  if (levels.empty())
    levels = dlc::codegen::hostLevel() == "x86-64-v4" ? std::vector<std::string>{"x86-64-v3", "x86-64-v4"}
                                                      : std::vector<std::string>{dlc::codegen::hostLevel().str()};
  auto known = [](const std::string &name) {
    return llvm::any_of(dlc::bench::functions(), [&](const Function &f) { return f.name == name; });
  };
  for (const std::string &name : names)
    if (!known(name)) {
      llvm::errs() << "dlc-functions: there is no function " << name << ": write --names for all\n";
      return 1;
    }
  try {
    if (pairs) {
      powers(pairs, levels);
      return 0;
    }
    for (const Function &f : dlc::bench::functions()) {
      if (!names.empty() && !llvm::is_contained(names, f.name))
        continue;
      std::vector<std::unique_ptr<Kernel>> kernels;
      for (auto &level : levels)
        kernels.push_back(std::make_unique<Kernel>(dlc::bench::moduleText(f, chunk), level, optimisation));
      llvm::outs() << f.name;
      for (auto [k, level] : llvm::zip(kernels, levels))
        llvm::outs() << llvm::format(" %s=%.3f %s_compile_ms=%.1f", level.c_str() + 7, nanoseconds(*k, f), level.c_str() + 7,
                                     k->milliseconds);
      if (!timed) {
        uint64_t different = 0;
        auto worst = sweep(f, kernels, stride, count, different);
        Worst w = worst.empty() ? Worst{} : worst[0];
        llvm::outs() << llvm::format(" error=%.3f x=%.9g y=%.9g bound=%g floor=%g low=%g high=%g different=%llu", w.error, w.x, w.y,
                                     f.bound, f.floor, f.low, f.high, (unsigned long long)different);
        if (list)
          for (const Worst &e : worst)
            llvm::outs() << llvm::format("\n%08x %08x %.4f", std::bit_cast<uint32_t>(e.x), std::bit_cast<uint32_t>(e.y), e.error);
      }
      llvm::outs() << "\n";
      llvm::outs().flush();
    }
  } catch (const std::exception &e) {
    llvm::errs() << "dlc-functions: " << e.what() << "\n";
    return 1;
  }
}
