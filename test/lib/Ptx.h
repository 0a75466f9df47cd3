// PTX texts on this machine: the instructions that dlc's kernels have, thread by thread. What a GPU would leave undefined is an error
// that names the instruction: an access outside of a buffer or of shared memory, or not aligned; a value that nothing wrote; a byte that
// two threads share without a barrier between; a barrier or a shuffle that not all threads reach.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dlc::test {
/// A buffer of global memory. Bytes that nothing wrote are not `known`.
struct PtxBuffer {
  std::vector<char> bytes;
  std::vector<bool> known;
  explicit PtxBuffer(size_t size) : bytes(size), known(size) {}
  explicit PtxBuffer(const std::vector<char> &data) : bytes(data), known(data.size(), true) {}
};

struct PtxOperand {
  enum Kind { Register, Number, Special, Memory, Label } kind = Number;
  unsigned index = 0;      ///< register, special register or label
  uint64_t number = 0;     ///< or what is added to the register
  bool based = false;      ///< memory: it has a register
  std::string symbol = {}; ///< memory: a parameter, or where shared or local memory begins
};
struct PtxInstruction {
  std::string text;
  std::string name;               ///< "add", "ld"
  std::vector<std::string> parts; ///< behind it
  std::vector<std::string> types; ///< of the parts, those that are types
  std::vector<PtxOperand> operands;
  int guard = -1; ///< register of the predicate
  bool negated = false;
};
struct PtxEntry {
  std::string name;
  std::vector<std::string> parameters;
  unsigned threads = 1, registers = 0;
  size_t shared = 0, local = 0;
  llvm::StringMap<uint64_t> places; ///< of shared and local variables
  std::vector<PtxInstruction> code;
  std::vector<unsigned> labels; ///< instruction numbers
};

class PtxModule {
public:
  /// What is not understood is told by error().
  explicit PtxModule(llvm::StringRef text);
  const std::string &error() const { return message; }
  const llvm::StringMap<PtxEntry> &entries() const { return kernels; }
  /// Runs a grid, blocks and warps in an order that `seed` gives. Returns what went wrong, or "".
  std::string run(llvm::StringRef entry, llvm::ArrayRef<PtxBuffer *> buffers, llvm::ArrayRef<int64_t> scalars, int64_t grid,
                  unsigned seed) const;
  /// Names of the instructions that the text has.
  llvm::StringMap<unsigned> names() const;

private:
  llvm::StringMap<PtxEntry> kernels;
  std::string message;
};
} // namespace dlc::test
