// Expressions over the symbols: overflow-checked evaluation of checked reverse
// Polish code.
#include "runtime/Program.h"
#include "runtime/Tensor.h"

using namespace dlrt;

/// floor(a / b), b != 0 and not INT64_MIN / -1.
static int64_t floorDiv(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

bool dlrt::evaluate(const Program &program, uint32_t expr, const int64_t *symbols, int64_t &value) {
  dlx_expr range = program.exprs[expr];
  int64_t stack[DLX_MAX_STACK]; // deep enough for every checked expression
  uint32_t depth = 0;
  for (uint32_t i = 0; i < range.count; ++i) {
    dlx_word word = program.words[range.first + i];
    if (word.op == DLX_PUSH || word.op == DLX_SYMBOL) {
      stack[depth++] = word.op == DLX_PUSH ? word.value : symbols[word.value];
      continue;
    }
    int64_t b = stack[--depth], a = stack[depth - 1], &out = stack[depth - 1];
    bool divides = word.op == DLX_FLOORDIV || word.op == DLX_CEILDIV || word.op == DLX_MOD;
    if (divides && (b == 0 || (a == INT64_MIN && b == -1)))
      return false;
    bool overflow = false;
    switch (word.op) {
    case DLX_ADD:
      overflow = __builtin_add_overflow(a, b, &out);
      break;
    case DLX_MUL:
      overflow = __builtin_mul_overflow(a, b, &out);
      break;
    case DLX_FLOORDIV:
      out = floorDiv(a, b);
      break;
    case DLX_CEILDIV:
      out = floorDiv(a, b) + (a % b != 0);
      break;
    default: // DLX_MOD: the sign of b
      out = a % b;
      out += out != 0 && (out < 0) != (b < 0) ? b : 0;
      break;
    }
    if (overflow)
      return false;
  }
  value = stack[0];
  return true;
}

bool dlrt::evaluateAtBound(const Program &program, uint32_t expr, int64_t &value) {
  int64_t bounds[maxSymbols];
  for (uint64_t i = 0; i < program.symbols.count; ++i)
    bounds[i] = program.symbols[i].max;
  return evaluate(program, expr, bounds, value);
}

namespace {
/// Values from low to high.
struct Interval {
  int64_t low, high;
};
} // namespace

/// One operation on intervals; false where a value overflows or a divisor is not a positive constant.
static bool apply(int64_t op, Interval a, Interval b, Interval &out) {
  if (op == DLX_ADD)
    return !__builtin_add_overflow(a.low, b.low, &out.low) && !__builtin_add_overflow(a.high, b.high, &out.high);
  if (op == DLX_MUL) {
    int64_t ends[4];
    if (__builtin_mul_overflow(a.low, b.low, &ends[0]) || __builtin_mul_overflow(a.low, b.high, &ends[1]) ||
        __builtin_mul_overflow(a.high, b.low, &ends[2]) || __builtin_mul_overflow(a.high, b.high, &ends[3]))
      return false;
    out = {ends[0], ends[0]};
    for (int64_t end : ends)
      out = {end < out.low ? end : out.low, end > out.high ? end : out.high};
    return true;
  }
  if (b.low != b.high || b.low <= 0)
    return false;
  if (op != DLX_MOD)
    out = {floorDiv(a.low, b.low) + (op == DLX_CEILDIV && a.low % b.low != 0),
           floorDiv(a.high, b.low) + (op == DLX_CEILDIV && a.high % b.low != 0)};
  else // where both lie between the same multiples nothing wraps
    out = floorDiv(a.low, b.low) == floorDiv(a.high, b.low)
              ? Interval{a.low - floorDiv(a.low, b.low) * b.low, a.high - floorDiv(a.high, b.low) * b.low}
              : Interval{0, b.low - 1};
  return true;
}

bool dlrt::boundsOf(const Program &program, uint32_t expr, int64_t &low, int64_t &high) {
  dlx_expr range = program.exprs[expr];
  Interval stack[DLX_MAX_STACK];
  uint32_t depth = 0;
  for (uint32_t i = 0; i < range.count; ++i) {
    dlx_word word = program.words[range.first + i];
    if (word.op == DLX_PUSH) {
      stack[depth++] = {word.value, word.value};
    } else if (word.op == DLX_SYMBOL) {
      const dlx_symbol &symbol = program.symbols[uint64_t(word.value)];
      stack[depth++] = {symbol.min, symbol.max};
    } else {
      Interval b = stack[--depth];
      if (!apply(word.op, stack[depth - 1], b, stack[depth - 1]))
        return false;
    }
  }
  low = stack[0].low, high = stack[0].high;
  return true;
}

int32_t dlrt::symbolOf(const Program &program, uint32_t expr) {
  dlx_expr range = program.exprs[expr];
  dlx_word word = program.words[range.first];
  return range.count == 1 && word.op == DLX_SYMBOL ? int32_t(word.value) : -1;
}

bool dlrt::isConstant(const Program &program, uint32_t expr) {
  dlx_expr range = program.exprs[expr];
  for (uint32_t i = 0; i < range.count; ++i)
    if (program.words[range.first + i].op == DLX_SYMBOL)
      return false;
  return true;
}

bool dlrt::denseBytes(const int64_t *extents, uint32_t rank, uint32_t dtype, uint64_t &bytes) {
  // A zero extent makes the product zero however large the others are.
  bytes = elementBytes(dtype);
  for (uint32_t i = 0; i < rank; ++i)
    if (extents[i] < 0)
      return false;
    else if (extents[i] == 0)
      bytes = 0;
  for (uint32_t i = 0; i < rank && bytes; ++i)
    if (__builtin_mul_overflow(bytes, uint64_t(extents[i]), &bytes) || bytes > uint64_t(INT64_MAX))
      return false;
  return true;
}
