// Object code in this process: symbols of compiled kernels as function pointers.
#pragma once
#include "runtime/dlx.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
}
namespace dlc {
/// Owns the code; pointers are valid as long as it lives.
class Jit {
public:
  static llvm::Expected<std::unique_ptr<Jit>> create();
  ~Jit();
  llvm::Error add(std::unique_ptr<llvm::MemoryBuffer> object);
  llvm::Expected<dlx_kernel_fn> find(llvm::StringRef symbol);

private:
  Jit();
  std::unique_ptr<llvm::orc::LLJIT> jit;
};
} // namespace dlc
