// Object code in this process, by ORC.
#include "compiler/emit/Jit.h"
#include "compiler/codegen/cpu/Cpu.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

using namespace llvm;
namespace dlc {
Jit::Jit() = default;
Jit::~Jit() = default;
Expected<std::unique_ptr<Jit>> Jit::create() {
  codegen::cpu::registerTargets(); // no code need have been generated in this process
  auto lljit = orc::LLJITBuilder().create();
  if (!lljit)
    return lljit.takeError();
  std::unique_ptr<Jit> self(new Jit);
  self->jit = std::move(*lljit);
  // libm's functions on f64 come from the process.
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(self->jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  self->jit->getMainJITDylib().addGenerator(std::move(*process));
  return self;
}
Error Jit::add(std::unique_ptr<MemoryBuffer> object) { return jit->addObjectFile(std::move(object)); }
Expected<dlx_kernel_fn> Jit::find(StringRef symbol) {
  auto address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<dlx_kernel_fn>();
}
} // namespace dlc
