// Scalars with operators, so that functions read like formulas. Everything works on scalars and vectors alike.
#pragma once
#include "dialects/dl/Scalars.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::dl {
/// A value and what builds operations on it: float or integer by its type. A plain number stands for a constant of that type.
struct Number {
  Scalars *s;
  mlir::Value v;
  mlir::Type type() const { return v.getType(); }
  Number with(mlir::Value other) const { return {s, other}; }
  Number same(std::floating_point auto value) const { return with(s->cst(type(), double(value))); }
  Number same(std::integral auto value) const { return with(s->icst(type(), int64_t(value))); }
  Number same(Number value) const { return value; }
};
template <typename T>
concept Plain = std::is_arithmetic_v<T>;
inline Number operator+(Number x, Number y) { return x.with(x.s->add(x.v, y.v)); }
inline Number operator-(Number x, Number y) { return x.with(x.s->sub(x.v, y.v)); }
inline Number operator*(Number x, Number y) { return x.with(x.s->mul(x.v, y.v)); }
inline Number operator/(Number x, Number y) { return x.with(x.s->div(x.v, y.v)); }
Number operator+(Number x, Plain auto y) { return x + x.same(y); }
Number operator-(Number x, Plain auto y) { return x - x.same(y); }
Number operator*(Number x, Plain auto y) { return x * x.same(y); }
Number operator/(Number x, Plain auto y) { return x / x.same(y); }
Number operator+(Plain auto x, Number y) { return y.same(x) + y; }
Number operator-(Plain auto x, Number y) { return y.same(x) - y; }
Number operator*(Plain auto x, Number y) { return y.same(x) * y; }
Number operator/(Plain auto x, Number y) { return y.same(x) / y; }
inline Number operator-(Number x) { return x.with(x.s->neg(x.v)); }
// Comparisons are false for NaN.
inline Number operator<(Number x, Number y) { return x.with(x.s->lt(x.v, y.v)); }
Number operator<(Number x, Plain auto y) { return x < x.same(y); }
Number operator>(Number x, Plain auto y) { return x.same(y) < x; }
Number operator<=(Number x, Plain auto y) { return x.with(x.s->le(x.v, x.same(y).v)); }
Number operator>=(Number x, Plain auto y) { return x.with(x.s->ge(x.v, x.same(y).v)); }
Number operator==(Number x, Plain auto y) { return x.with(x.s->eq(x.v, x.same(y).v)); }
inline Number operator||(Number x, Number y) { return x.with(x.s->bor(x.v, y.v)); }
inline Number operator&&(Number x, Number y) { return x.with(x.s->band(x.v, y.v)); }
inline Number operator!(Number x) { return x.with(x.s->bnot(x.v)); }
inline Number isNaN(Number x) { return x.with(x.s->ne(x.v, x.v)); }
inline Number select(Number condition, Number yes, Number no) { return yes.with(yes.s->select(condition.v, yes.v, no.v)); }
Number select(Number condition, Number yes, Plain auto no) { return select(condition, yes, yes.same(no)); }
Number select(Number condition, Plain auto yes, Number no) { return select(condition, no.same(yes), no); }
// One instruction each, and NaN passes.
Number atMost(Number x, Plain auto top) { return select(x.same(top) < x, x.same(top), x); }
Number atLeast(Number x, Plain auto bottom) { return select(x < bottom, bottom, x); }

/// x y + z, rounded once or twice as the target likes.
template <typename Y, typename Z> Number fma(Number x, Y y, Z z) { return x.with(x.s->fma(x.v, x.same(y).v, x.same(z).v)); }
/// x y + z, rounded once on every target: what is left of a product, fused(x, y, -(x y)), is exact. f32 alone.
inline Number fused(Number x, Number y, Number z) { return x.with(x.s->fused(x.v, y.v, z.v)); }
/// c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
inline Number polynomial(Number x, std::initializer_list<double> c) {
  const double *at = c.end() - 1;
  Number y = x.same(*at);
  while (at-- != c.begin())
    y = fma(y, x, *at);
  return y;
}

/// The bits of a float as an integer of its width, and back.
Number bits(Number x);
Number fromBits(Number x);
inline Number operator&(Number x, int64_t y) { return x.with(x.s->band(x.v, x.same(y).v)); }
inline Number operator|(Number x, Number y) { return x.with(x.s->bor(x.v, y.v)); }
inline Number operator|(Number x, int64_t y) { return x | x.same(y); }
inline Number operator^(Number x, Number y) { return x.with(x.s->bxor(x.v, y.v)); }
inline Number operator<<(Number x, int64_t y) { return x.with(x.s->shl(x.v, x.same(y).v)); }
inline Number operator>>(Number x, int64_t y) { return x.with(x.s->shr(x.v, x.same(y).v)); } ///< zeros come in
/// The lowest bits of an integer as one of 32 bits.
Number low32(Number x);

inline Number abs(Number x) { return x.with(x.s->abs(x.v)); }
Number sqrt(Number x);
/// The nearest integer, ties to even.
Number nearest(Number x);
/// |y| with the sign of x, and y with its sign changed where x has one.
Number signOf(Number x);
inline Number timesSign(Number y, Number x) { return fromBits(bits(y) ^ signOf(x)); }

/// f32 as f64, exactly, and f64 rounded to f32.
Number wide(Number x);
Number narrow(Number x);

/// The number of a lane for which `condition` holds is what `rare` gives; where there is none it isn't computed.
llvm::SmallVector<Number> whereAny(Number condition, llvm::ArrayRef<Number> usual, llvm::function_ref<llvm::SmallVector<Number>()> rare);
} // namespace dlc::dl
