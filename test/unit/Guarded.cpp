// Kernels of random models by every emitter that takes them, every buffer between pages that may not be touched: no access outside,
// and the bits of plain loops. DLC_GUARD_SEEDS=1000 tries as many models, DLC_GUARD_SEEDS=57-99 these.
#include "compiler/Pipeline.h"
#include "compiler/codegen/Plan.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "compiler/kernels/Passes.h"
#include "compiler/simplify/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "test/unit/GpuHarness.h"
#include "test/unit/Sanitized.h"
#include "tools/fuzz/Generate.h"
#include "llvm/ADT/StringSet.h"
#include <bit>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::test;
using namespace dlc;

namespace {
struct Planner {
  const char *name;
  dlx::PlanAttr (*plan)(func::FuncOp, const codegen::PlanOptions &, std::string &);
};
const Planner planners[] = {{"contraction", codegen::cpu::planContraction}, {"window", codegen::cpu::planWindow},
                            {"columns", codegen::cpu::planColumns},         {"rows", codegen::cpu::planRows},
                            {"scatter", codegen::cpu::planScatter},         {"loops", codegen::cpu::planLoops}};

/// Element i as a number, to tell a NaN and for messages.
double number(const Buffer &buffer, Type element, int64_t i) {
  auto as = [&](auto x) {
    memcpy(&x, buffer.data() + i * sizeof x, sizeof x);
    return x;
  };
  if (element.isBF16())
    return std::bit_cast<float>(uint32_t(as(uint16_t())) << 16);
  if (isa<FloatType>(element))
    return element.isF32() ? as(float()) : as(double());
  return codegen::storageBytes(element) == 1 ? as(int8_t()) : element.isInteger(32) ? as(int32_t()) : double(as(int64_t()));
}
/// The first element with other bits, but for which NaN it is; or the end.
int64_t mismatch(const Buffer &x, const Buffer &y, Type element) {
  int64_t bytes = codegen::storageBytes(element), n = y.size() / bytes, i = 0;
  while (i < n &&
         (!memcmp(&x[i * bytes], &y[i * bytes], bytes) || (std::isnan(number(x, element, i)) && std::isnan(number(y, element, i)))))
    ++i;
  return i;
}

/// A kernel of a model: its text with the symbols, and whether it has several ops, which -O0 never gives one.
struct KernelText {
  std::string text;
  bool fused;
};
/// The whole model as one kernel, and those that grouping forms, now and then without fusion.
std::vector<KernelText> kernelsOf(MLIRContext &context, fuzz::Model &model, uint64_t seed) {
  ModuleOp module = *model.module;
  std::vector<KernelText> kernels;
  auto add = [&](func::FuncOp f, bool fused) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (auto s : module.getOps<dl::SymbolOp>())
      os << *s << "\n";
    f.print(os, OpPrintingFlags().useLocalScope());
    kernels.push_back({std::move(text), fused});
  };
  auto run = [&](std::initializer_list<std::unique_ptr<Pass> (*)()> passes) {
    PassManager manager(&context);
    for (auto pass : passes)
      manager.addPass(pass());
    return succeeded(manager.run(module));
  };
  auto canonicalize = [] { return createCanonicalizerPass(); };
  if (!run({canonicalize, [] { return createDecompose(); }, canonicalize, [] { return createCSEPass(); }}))
    return ADD_FAILURE() << "not simplified: " << model.text("").c_str(), kernels;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  bool whole = llvm::all_of(main.front(), [](Operation &op) {
    return op.hasTrait<OpTrait::IsTerminator>() ||
           isa<dl::PointwiseOpInterface, dl::PositionalOpInterface, dl::MovementOpInterface, dl::CombineOpInterface>(op);
  });
  whole &= !codegen::scatterOf(main); // which stands alone, or before pointwise ops
  for (Value v : main.front().getTerminator()->getOperands())
    whole &= codegen::strip(v).getDefiningOp() != nullptr;
  if (whole)
    add(main, true);
  PassManager form(&context);
  bool fuse = seed % 5 != 0;
  form.addPass(createFormKernels({fuse}));
  if (failed(form.run(module)))
    ADD_FAILURE() << "no kernels";
  for (auto f : module.getOps<func::FuncOp>())
    if (f->hasAttr("dlx.kernel"))
      add(f, fuse);
  return kernels;
}

/// What seeds want, whatever else models have: every other one a contraction or a window, one in four a slice, pad or concat.
bool isWanted(ModuleOp module, uint64_t seed) {
  bool found = seed % 4 == 0;
  module.walk([&](Operation *op) {
    if (auto combine = dyn_cast<dl::CombineOpInterface>(op))
      found |= seed % 2 && (combine.isMultiplyAdd() || !combine.getNest().bounds.empty());
    found |= seed % 2 == 0 && isa<dl::SliceOp, dl::PadOp, dl::ConcatOp, dl::GatherOp, dl::ScatterSumOp>(op);
  });
  return found;
}

struct Counts {
  int64_t kernels = 0, codes = 0, runs = 0;
  std::map<std::string, int64_t> emitters;
};
/// The kernel on each level by each emitter, -O1 to -O3 in turn, for the model's symbols; `extents` in the order of their ops.
void check(const KernelText &kernel, uint64_t seed, llvm::ArrayRef<std::vector<int64_t>> extents, Counts &counts) {
  ++counts.kernels;
  SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + kernel.text);
  struct {
    std::string level;
    std::unique_ptr<CompiledKernel> code = nullptr;
    std::vector<std::vector<Buffer>> results = {};
  } plain[] = {{"x86-64-v2"}, {"x86-64-v3"}}; // a product and a sum, or an FMA
  std::vector<std::vector<Buffer>> arguments;
  for (auto &p : plain) {
    if (p.level > codegen::hostLevel())
      break;
    p.code = std::make_unique<CompiledKernel>(kernel.text, p.level, codegen::cpu::planLoops, kernel.fused);
    ASSERT_EQ(p.code->error(), "") << "loops, " << p.level;
    for (const auto &e : extents) {
      if (arguments.size() < extents.size())
        arguments.push_back(p.code->randomArguments(seed, e));
      const auto &a = arguments[p.results.size()];
      p.results.push_back(p.code->run(a, e));
      EXPECT_EQ(p.code->run(a, e, 1), p.results.back()) << "block by block";
      ASSERT_EQ(p.code->error(), "") << "loops, " << p.level << ", extents " << testing::PrintToString(e);
    }
  }
  unsigned turn = seed;
  for (const char *level : {"x86-64-v2", "x86-64-v3", "x86-64-v4"})
    for (const Planner &p : planners) {
      if (llvm::StringRef(level) > codegen::hostLevel() || (p.plan == codegen::cpu::planLoops && level != codegen::hostLevel()))
        continue;
      unsigned optimize = 1 + turn++ % 3;
      CompiledKernel code(kernel.text, level, p.plan, optimize);
      if (!code.plan()) // not of its structure
        continue;
      SCOPED_TRACE(std::string(p.name) + ", " + level + ", -O" + std::to_string(optimize));
      ASSERT_EQ(code.error(), "");
      ++counts.codes, ++counts.emitters[p.name];
      for (auto [i, e] : llvm::enumerate(extents))
        for (int64_t blocks : {0, 1}) {
          SCOPED_TRACE("extents " + testing::PrintToString(e) + (blocks ? ", block by block" : ""));
          auto found = code.run(arguments[i], e, blocks);
          ++counts.runs;
          ASSERT_EQ(code.error(), "");
          for (auto [r, type] : llvm::enumerate(code.function().getResultTypes())) {
            const Buffer &expected = plain[level != llvm::StringRef("x86-64-v2")].results[i][r];
            Type element = getElementTypeOrSelf(type);
            int64_t at = mismatch(found[r], expected, element);
            ASSERT_EQ(at * codegen::storageBytes(element), expected.size())
                << "result " << r << ", element " << at << " is " << number(found[r], element, at) << ", by plain loops "
                << number(expected, element, at);
          }
        }
    }
#ifdef SANITIZED // the PTX interpreter would take a quarter of an hour, and Gpu.* runs it
  return;
#endif
  if (!plain[1].code)
    return;
  // On a GPU, by an interpreter; what it has no code for is refused by name.
  for (const codegen::Backend::Emitter &emitter : codegen::nvptx::getBackend().getEmitters()) {
    std::string name = "nvptx " + dlx::stringifyEmitter(emitter.name).str();
    SCOPED_TRACE(name);
    if (emitter.name == dlx::Emitter::loops && kernel.text.find("dl.scatter_sum") != std::string::npos)
      continue;
    GpuKernel gpu(kernel.text, emitter.plan, "sm_80", seed % 2);
    if (!gpu.plan() || llvm::StringRef(gpu.error()).starts_with("nvptx:sm_80 has no "))
      continue;
    ASSERT_EQ(gpu.error(), "");
    ++counts.codes, ++counts.emitters[name];
    for (auto [i, e] : llvm::enumerate(extents)) {
      SCOPED_TRACE("extents " + testing::PrintToString(e));
      auto found = gpu.run(arguments[i], e, seed);
      ++counts.runs;
      ASSERT_EQ(gpu.error(), "");
      for (auto [r, type] : llvm::enumerate(gpu.function().getResultTypes())) {
        const Buffer &expected = plain[1].results[i][r];
        Type element = getElementTypeOrSelf(type);
        int64_t at = mismatch(found[r], expected, element);
        ASSERT_EQ(at * codegen::storageBytes(element), expected.size())
            << "result " << r << ", element " << at << " is " << number(found[r], element, at) << ", by plain loops of a CPU "
            << number(expected, element, at);
      }
    }
  }
}

TEST(Guarded, RandomKernels) {
  uint64_t first = 0, last = 36;
  if (const char *seeds = std::getenv("DLC_GUARD_SEEDS")) {
    auto [from, to] = llvm::StringRef(seeds).split('-');
    bool bad = (to.empty() ? from : to).getAsInteger(10, last) || (!to.empty() && from.getAsInteger(10, first));
    ASSERT_FALSE(bad) << "DLC_GUARD_SEEDS is " << seeds << ": write 1000 or 57-99";
    last -= to.empty();
  }
  Counts counts;
  llvm::StringSet<> tried;
  for (uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    loadDialects(context);
    fuzz::Model model = fuzz::generate(context, 1, seed, false);
    for (uint64_t k = seed; !isWanted(*model.module, seed);)
      model = fuzz::generate(context, 1, k += 1000003, false);
    std::vector<std::vector<int64_t>> extents;
    for (auto &symbols : model.symbols) {
      extents.emplace_back();
      for (auto s : model.module->getOps<dl::SymbolOp>())
        extents.back().push_back(symbols.at(s.getSymName().str()));
    }
    for (const KernelText &kernel : kernelsOf(context, model, seed))
      if (tried.insert(kernel.text).second && !HasFailure())
        check(kernel, seed, extents, counts);
  }
  std::string emitters;
  for (auto &[name, n] : counts.emitters)
    emitters += ", " + name + " " + std::to_string(n);
  llvm::outs() << counts.kernels << " kernels, " << counts.codes << " codes" << emitters << "; " << counts.runs << " guarded runs\n";
}
} // namespace
