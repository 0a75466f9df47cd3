#include "test/unit/KernelHarness.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <gtest/gtest.h>
#include <random>

namespace dlc::test {
/// The thread's own time, so that what else runs on the machine counts less.
static double nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

CompiledKernel::CompiledKernel(llvm::StringRef text, llvm::StringRef level, PlanFn plan) : context(MLIRContext::Threading::DISABLED) {
  codegen::loadCodegenDialects(context);
  module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    message = "does not parse";
    return;
  }
  module->walk([&](dl::SymbolOp s) { symbols.push_back(s.getSymName()); });
  module->walk([&](func::FuncOp f) { fn = f; });
  double start = nanoseconds();
  codegen::PlanOptions options{.target = codegen::Target::x86(level)};
  if (plan) {
    auto attr = plan(fn, options, message);
    if (!attr)
      return;
    fn->setAttr("dlx.plan", attr);
  } else {
    codegen::planKernel(fn, options);
  }
  OwningOpRef<ModuleOp> out = ModuleOp::create(UnknownLoc::get(&context));
  codegen::Kernel kernel{fn, this->plan(), symbols, options.target, *out};
  codegen::emitKernel(kernel);
  if (std::getenv("DLC_DUMP"))
    out->dump();
  if (failed(verify(*out)) || failed(codegen::lowerToLLVM(*out))) {
    message = "does not verify or lower";
    return;
  }
  auto object = codegen::compile(*out, options.target, 2, codegen::CodeKind::Object);
  if (!object) {
    message = toString(object.takeError());
    return;
  }
  jit = llvm::cantFail(Jit::create());
  llvm::cantFail(jit->add(std::move(*object)));
  for (auto launch : this->plan().getLaunches())
    functions.push_back(llvm::cantFail(jit->find((fn.getName() + launch.getName()).str())));
  compileMilliseconds = (nanoseconds() - start) / 1e6;
}
CompiledKernel::~CompiledKernel() = default;
dlx::PlanAttr CompiledKernel::plan() const { return fn->getAttrOfType<dlx::PlanAttr>("dlx.plan"); }

int64_t CompiledKernel::evaluate(AffineExpr e, llvm::ArrayRef<int64_t> extents) {
  return dl::evaluate(e, [&](llvm::StringRef name) { return extents[llvm::find(symbols, name) - symbols.begin()]; });
}
void CompiledKernel::allocate(std::vector<Buffer> &others, llvm::ArrayRef<int64_t> extents) {
  for (Value v : fn.getBody().front().getTerminator()->getOperands())
    others.emplace_back(evaluate(dl::product(dl::getExtents(v), &context), extents) *
                            codegen::storageBytes(cast<RankedTensorType>(v.getType()).getElementType()),
                        0x55);
  for (dl::DimsAttr bytes : plan().getTemps())
    others.emplace_back(evaluate(bytes.getExtents()[0], extents), 0x55);
}
void CompiledKernel::execute(llvm::ArrayRef<Buffer> arguments, std::vector<Buffer> &others, llvm::ArrayRef<int64_t> extents,
                             int64_t blocks) {
  static thread_local std::vector<char> memory;
  memory.resize(plan().getScratch() + 64);
  void *scratch = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64);
  for (auto [launch, function] : llvm::zip(plan().getLaunches(), functions)) {
    llvm::SmallVector<void *> pointers;
    auto list = [&](llvm::ArrayRef<int64_t> numbers) {
      for (int64_t n : numbers)
        pointers.push_back(n < (int64_t)arguments.size() ? const_cast<char *>(arguments[n].data()) : others[n - arguments.size()].data());
    };
    list(launch.getReads()), list(launch.getWrites());
    int64_t grid = evaluate(launch.getGrid().getExtents()[0], extents), step = blocks ? blocks : std::max<int64_t>(grid, 1);
    for (int64_t i = 0; i < grid; i += step)
      if (int32_t status = function(pointers.data(), extents.data(), i, std::min(grid, i + step), scratch))
        message = "status " + std::to_string(status);
  }
}
std::vector<Buffer> CompiledKernel::run(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents, int64_t blocks) {
  std::vector<Buffer> others;
  allocate(others, extents);
  execute(arguments, others, extents, blocks);
  others.resize(fn.getNumResults());
  return others;
}
double CompiledKernel::time(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents) {
  std::vector<Buffer> others;
  allocate(others, extents);
  double best = 1e30;
  double stop = nanoseconds() + 2e8;
  for (int i = 0; i < 3 || nanoseconds() < stop; ++i) {
    double start = nanoseconds();
    execute(arguments, others, extents, 0);
    best = std::min(best, nanoseconds() - start);
  }
  return best;
}
std::vector<Buffer> CompiledKernel::randomArguments(unsigned seed, llvm::ArrayRef<int64_t> extents) {
  std::mt19937 random(seed);
  std::vector<Buffer> all;
  for (Type type : fn.getArgumentTypes()) {
    Type element = cast<RankedTensorType>(type).getElementType();
    int64_t n = evaluate(dl::product(dl::getExtents(type), &context), extents);
    Buffer buffer(n * codegen::storageBytes(element));
    for (int64_t i = 0; i < n; ++i) {
      float x = float(random() >> 8) / float(1 << 22) - 2;
      uint32_t bits;
      std::memcpy(&bits, &x, 4);
      auto put = [&](auto v) { std::memcpy(buffer.data() + i * sizeof v, &v, sizeof v); };
      if (element.isF32())
        put(x);
      else if (element.isF64())
        put(double(x));
      else if (element.isBF16())
        put(uint16_t(bits >> 16));
      else if (element.isInteger(1))
        put(char(random() >> 8 & 1));
      else if (element.isInteger(8))
        put(char(random() >> 8 & 3));
      else if (element.isInteger(32))
        put(int32_t(random() >> 8 & 3));
      else
        put(int64_t(random() >> 8 & 3));
    }
    all.push_back(std::move(buffer));
  }
  return all;
}

std::string fill(std::string text, std::initializer_list<std::pair<const char *, std::string>> values) {
  for (auto [name, value] : values)
    for (std::string token = "{" + std::string(name) + "}"; text.find(token) != std::string::npos;)
      text.replace(text.find(token), token.size(), value);
  return text;
}
void expectSameBits(llvm::StringRef text, PlanFn plan, llvm::ArrayRef<std::vector<int64_t>> extents) {
  SCOPED_TRACE(text.str());
  auto loops = [](auto fn, auto &options, auto &) { return codegen::planLoops(fn, options); };
  CompiledKernel plain(text, "x86-64-v2", loops), fused(text, "x86-64-v3", loops);
  ASSERT_EQ(plain.error(), "");
  ASSERT_EQ(fused.error(), "");
  std::vector<std::vector<int64_t>> all(extents.begin(), extents.end());
  if (all.empty())
    all.emplace_back();
  for (const char *level : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    if (llvm::StringRef(level) > codegen::hostLevel())
      continue;
    CompiledKernel kernel(text, level, plan);
    ASSERT_EQ(kernel.error(), "") << level;
    for (const auto &e : all) {
      auto arguments = kernel.randomArguments(7, e);
      auto expected = (kernel.plan() && llvm::StringRef(level) == "x86-64-v2" ? plain : fused).run(arguments, e);
      for (int64_t blocks : {0, 1}) {
        auto found = kernel.run(arguments, e, blocks);
        for (size_t r = 0; r < expected.size(); ++r) {
          size_t at = std::mismatch(found[r].begin(), found[r].end(), expected[r].begin()).first - found[r].begin();
          EXPECT_EQ(at, expected[r].size()) << level << ", result " << r << ": first difference at this byte, extents "
                                            << testing::PrintToString(e) << ", blocks at a time: " << blocks;
        }
      }
      EXPECT_EQ(kernel.error(), "");
    }
  }
}
void expectRefusal(llvm::StringRef text, PlanFn plan, llvm::StringRef why) {
  CompiledKernel kernel(text, "x86-64-v3", plan);
  EXPECT_NE(kernel.error().find(why.str()), std::string::npos) << "found: " << kernel.error();
}
} // namespace dlc::test
