// A dlx program after its one check: typed tables whose every index, size and
// string is known to be good.
#ifndef DLC_RUNTIME_PROGRAM_H
#define DLC_RUNTIME_PROGRAM_H
#include "runtime/dlrt.h"
#include "runtime/dlx.h"

namespace dlrt {

/// The limits of dlx.h that bound arrays here.
constexpr uint32_t maxRank = DLX_MAX_RANK, maxSymbols = DLX_MAX_SYMBOLS;

/// A table of the program.
template <typename T> struct Table {
  const T *records = nullptr;
  uint64_t count = 0;
  const T &operator[](uint64_t i) const { return records[i]; }
  /// Whether [first, first + n) lies inside.
  bool holds(uint64_t first, uint64_t n) const { return first <= count && n <= count - first; }
};

/// Pointers into the program's bytes, which must outlive it and stay as they
/// are.
struct Program {
  const dlx_header *header = nullptr;
  Table<char> strings;
  Table<dlx_word> words;
  Table<dlx_expr> exprs;
  Table<dlx_symbol> symbols;
  Table<dlx_tensor> tensors;
  Table<uint32_t> params, states, writes, functions;
  Table<dlx_entry> entries;
  Table<dlx_buffer> buffers;
  Table<dlx_arg> args;
  Table<dlx_launch> launches;
  Table<dlx_moving> moving;
  Table<dlx_swap> swaps;
  Table<dlx_instruction> code;
  Table<char> constants;
  uint64_t callable = 0; ///< entries in front of the prepare entries

  const char *string(uint32_t offset) const { return strings.records + offset; }
};

/// Checks magic, version and length of bytes of any alignment: all that may be read before the length is trusted.
dlrt_status checkHeader(const void *bytes, uint64_t size);

/// Checks header, checksum, tables, expressions, symbols, tensors, parameters,
/// entries and buffers of 8-byte aligned bytes. What an entry's code does is
/// checked by buildPlan. DLRT_FORMAT with the reason otherwise.
dlrt_status readProgram(const void *bytes, uint64_t size, Program &program);

/// The value of an expression; false on overflow or division by zero.
bool evaluate(const Program &program, uint32_t expr, const int64_t *symbols, int64_t &value);

/// The same at every symbol's upper bound.
bool evaluateAtBound(const Program &program, uint32_t expr, int64_t &value);

/// The least and the greatest value that the expression may have within the symbols' bounds, by intervals; false on overflow
/// or a divisor that may be zero.
bool boundsOf(const Program &program, uint32_t expr, int64_t &low, int64_t &high);

/// The symbol that the expression is and nothing else, or -1.
int32_t symbolOf(const Program &program, uint32_t expr);

/// Whether the expression uses no symbol.
bool isConstant(const Program &program, uint32_t expr);

/// Bytes of `rank` extents of a dtype; false on overflow or a negative extent.
bool denseBytes(const int64_t *extents, uint32_t rank, uint32_t dtype, uint64_t &bytes);

} // namespace dlrt
#endif
