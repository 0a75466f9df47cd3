#include "test/unit/KernelHarness.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace dlc::test {
CompiledKernel::CompiledKernel(llvm::StringRef text, llvm::StringRef level, PlanFn plan, unsigned optimize)
    : context(MLIRContext::Threading::DISABLED) {
  codegen::loadCodegenDialects(context);
  module = parseSourceString<ModuleOp>(text, &context);
  if (!module) {
    message = "does not parse";
    return;
  }
  module->walk([&](dl::SymbolOp s) { symbols.push_back(s.getSymName()); });
  module->walk([&](func::FuncOp f) { fn = f; });
  codegen::PlanOptions options{.target = codegen::Target::get(level)};
  if (plan) {
    auto attr = plan(fn, options, message);
    if (!attr)
      return;
    fn->setAttr("dlx.plan", attr);
  } else {
    (void)codegen::planKernel(fn, options); // CPUs take every kernel
  }
  OwningOpRef<ModuleOp> out = ModuleOp::create(UnknownLoc::get(&context));
  codegen::Kernel kernel{fn, this->plan(), symbols, options.target, *out};
  codegen::emitKernel(kernel);
  if (std::getenv("DLC_DUMP"))
    out->dump();
  if (failed(verify(*out)) || failed(codegen::lowerToLLVM(*out, options.target))) {
    message = "does not verify or lower";
    return;
  }
  auto object = codegen::compile(*out, options.target, optimize, codegen::CodeKind::Object);
  if (!object) {
    message = toString(object.takeError());
    return;
  }
  jit = llvm::cantFail(Jit::create());
  llvm::cantFail(jit->add(std::move(*object)));
  for (auto launch : this->plan().getLaunches())
    functions.push_back(llvm::cantFail(jit->find((fn.getName() + launch.getName()).str())));
}
CompiledKernel::~CompiledKernel() = default;
dlx::PlanAttr CompiledKernel::plan() const { return fn->getAttrOfType<dlx::PlanAttr>("dlx.plan"); }

int64_t CompiledKernel::evaluate(AffineExpr e, llvm::ArrayRef<int64_t> extents) {
  return dl::evaluate(e, [&](llvm::StringRef name) { return extents[llvm::find(symbols, name) - symbols.begin()]; });
}
int64_t CompiledKernel::bytesOf(unsigned number, llvm::ArrayRef<int64_t> extents) {
  unsigned arguments = fn.getNumArguments(), results = fn.getNumResults();
  if (number >= arguments + results)
    return evaluate(plan().getTemps()[number - arguments - results].getExtents()[0], extents);
  Value v = number < arguments ? Value(fn.getArgument(number)) : fn.getBody().front().getTerminator()->getOperand(number - arguments);
  return evaluate(dl::product(dl::getExtents(v), &context), extents) *
         codegen::storageBytes(cast<RankedTensorType>(v.getType()).getElementType());
}
std::vector<Buffer> CompiledKernel::run(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents, int64_t blocks) {
  Flush flush = blocks ? Flush::left : Flush::right;
  unsigned count = fn.getNumArguments() + fn.getNumResults() + plan().getTemps().size();
  std::vector<GuardedMemory> memory; // the kernel's values, then scratch and the symbols' extents
  for (unsigned n = 0; n < count; ++n) {
    memory.emplace_back(bytesOf(n, extents), flush);
    if (n < arguments.size()) {
      EXPECT_EQ(arguments[n].size(), memory[n].size()) << "argument " << n;
      llvm::copy(arguments[n], memory[n].data());
      memory[n].setReadOnly();
    }
  }
  memory.emplace_back(plan().getScratch(), flush);
  memory.emplace_back(extents.size() * sizeof(int64_t), flush);
  llvm::copy(extents, reinterpret_cast<int64_t *>(memory.back().data()));
  memory.back().setReadOnly();
  auto name = [&](unsigned n) {
    unsigned results = fn.getNumArguments(), temps = results + fn.getNumResults();
    return n < results  ? "argument " + std::to_string(n)
           : n < temps  ? "result " + std::to_string(n - results)
           : n < count  ? "temporary " + std::to_string(n - temps)
           : n == count ? "scratch"
                        : "the symbols' extents";
  };
  for (auto [launch, function] : llvm::zip(plan().getLaunches(), functions)) {
    llvm::SmallVector<char *> listed;
    for (int64_t n : launch.getReads())
      listed.push_back(memory[n].data());
    for (int64_t n : launch.getWrites())
      listed.push_back(memory[n].data());
    memory.emplace_back(listed.size() * sizeof(char *), flush);
    memcpy(memory.back().data(), listed.data(), memory.back().size());
    auto *pointers = reinterpret_cast<void *const *>(memory.back().data());
    auto *scalars = reinterpret_cast<const int64_t *>(memory[count + 1].data());
    int64_t grid = evaluate(launch.getGrid().getExtents()[0], extents), step = blocks ? blocks : std::max<int64_t>(grid, 1);
    for (int64_t i = 0; i < grid && message.empty(); i += step) {
      int32_t status = 0;
      memory[count].poison();
      const char *outside =
          touchedOutside([&] { status = function(pointers, scalars, i, std::min(grid, i + step), memory[count].data()); });
      if (status)
        message = "status " + std::to_string(status);
      if (!outside)
        continue;
      message = "launch '" + launch.getName().str() + "' touches what is no operand's";
      for (unsigned n = 0; n < memory.size(); ++n)
        if (std::string where = memory[n].locate(outside); !where.empty())
          message = "launch '" + launch.getName().str() + "', block " + std::to_string(i) + ": " + where + " of " +
                    (n < count + 2 ? name(n) : "a launch's pointers");
    }
  }
  std::vector<Buffer> results;
  for (unsigned n = 0; n < fn.getNumResults(); ++n) {
    const GuardedMemory &m = memory[fn.getNumArguments() + n];
    results.emplace_back(m.data(), m.data() + m.size());
  }
  return results;
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
  PlanFn loops = codegen::cpu::planLoops;
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
