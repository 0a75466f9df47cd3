#include "test/unit/GpuHarness.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include <cstdlib>

namespace dlc::test {
GpuKernel::GpuKernel(llvm::StringRef kernel, PlanFn plan, llvm::StringRef target, bool inLoop) : context(MLIRContext::Threading::DISABLED) {
  codegen::loadCodegenDialects(context);
  source = parseSourceString<ModuleOp>(kernel, &context);
  if (!source) {
    message = "does not parse";
    return;
  }
  source->walk([&](dl::SymbolOp s) { symbols.push_back(s.getSymName()); });
  source->walk([&](func::FuncOp f) { fn = f; });
  codegen::PlanOptions options{.target = codegen::Target::get(target), .inLoop = inLoop};
  if (plan) {
    auto attr = plan(fn, options, message);
    if (!attr)
      return;
    fn->setAttr("dlx.plan", attr);
  } else if (failed(codegen::planKernel(fn, options, &message))) {
    return;
  }
  message = "";
  OwningOpRef<ModuleOp> out = ModuleOp::create(UnknownLoc::get(&context));
  codegen::Kernel made{fn, this->plan(), symbols, options.target, *out};
  codegen::emitKernel(made);
  if (std::getenv("DLC_DUMP"))
    out->dump();
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) {
    message += d.str();
    return success();
  });
  if (failed(verify(*out)) || failed(codegen::lowerToLLVM(*out, options.target))) {
    message = message.empty() ? "does not verify or lower" : message;
    return;
  }
  auto code = codegen::compile(*out, options.target, 2, codegen::CodeKind::Assembly);
  if (!code) {
    message = toString(code.takeError());
    return;
  }
  setPtx((*code)->getBuffer().str());
  if (std::getenv("DLC_DUMP"))
    llvm::errs() << text;
  message = module->error();
}
int64_t GpuKernel::evaluate(AffineExpr e, llvm::ArrayRef<int64_t> extents) {
  return dl::evaluate(e, [&](llvm::StringRef name) { return extents[llvm::find(symbols, name) - symbols.begin()]; });
}
std::vector<Buffer> GpuKernel::run(llvm::ArrayRef<Buffer> arguments, llvm::ArrayRef<int64_t> extents, unsigned seed) {
  message = module->error();
  std::vector<PtxBuffer> memory; // the kernel's values
  for (const Buffer &a : arguments)
    memory.emplace_back(a);
  for (Value v : fn.getBody().front().getTerminator()->getOperands())
    memory.emplace_back(size_t(evaluate(dl::product(dl::getExtents(v), &context), extents) *
                               codegen::storageBytes(cast<RankedTensorType>(v.getType()).getElementType())));
  for (dl::DimsAttr bytes : plan().getTemps())
    memory.emplace_back(size_t(evaluate(bytes.getExtents()[0], extents)));
  for (auto launch : plan().getLaunches()) {
    std::vector<PtxBuffer *> buffers;
    for (int64_t n : launch.getReads())
      buffers.push_back(&memory[n]);
    for (int64_t n : launch.getWrites())
      buffers.push_back(&memory[n]);
    if (message.empty())
      message =
          module->run((fn.getName() + launch.getName()).str(), buffers, extents, evaluate(launch.getGrid().getExtents()[0], extents), seed);
  }
  std::vector<Buffer> results;
  for (unsigned r = 0; r < fn.getNumResults(); ++r) {
    PtxBuffer &b = memory[fn.getNumArguments() + r];
    if (message.empty() && llvm::is_contained(b.known, false))
      message = "result " + std::to_string(r) + " has bytes that nothing wrote";
    results.push_back(b.bytes);
  }
  return results;
}
} // namespace dlc::test
