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
  int64_t stack[maxWords];
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
