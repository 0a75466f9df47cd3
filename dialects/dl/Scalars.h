// Arithmetic on scalars and vectors alike: what pointwise ops are written in, and how elements lie in memory.
#pragma once
#include "mlir/IR/Builders.h"

namespace dlc::dl {
/// bf16 -> f32, everything else itself.
mlir::Type computeType(mlir::Type element);
/// `element` with the lanes of `shape` (a scalar type or a 1-D vector type).
mlir::Type like(mlir::Type shape, mlir::Type element);
/// An integer type holds `value` exactly; a float type rounds every value.
bool isValueOf(double value, mlir::Type element);

/// Builds arith, math and vector ops; float or integer by the operands' type. Comparisons give i1. No operation is ever
/// contracted with its neighbour, so results do not depend on fusion. Functions of f32 have the
/// same bits on every CPU with FMA; those of f64 become calls of libm.
struct Scalars {
  mlir::OpBuilder &b;
  mlir::Location loc;
  using V = mlir::Value;
  V add(V, V), sub(V, V), mul(V, V), div(V, V), neg(V), abs(V);
  V rem(V, V);
  V fma(V x, V y, V acc);   ///< rounded once or, where the target has no such instruction, twice
  V fused(V x, V y, V acc); ///< rounded once on every target
  /// NaN if either is NaN.
  V max(V, V), min(V, V);
  V lt(V, V), le(V, V), gt(V, V), ge(V, V), eq(V, V), ne(V, V);
  V select(V condition, V yes, V no);
  V band(V, V), bor(V, V), bxor(V, V), bnot(V), shl(V, V), shr(V, V); ///< shr: logical
  // Functions (functions/Functions.cpp): of f32 our own, of f64 those of the C library and formulas of them.
  V sqrt(V), rsqrt(V), cbrt(V), exp(V), exp2(V), expm1(V), log(V), log2(V), log1p(V), pow(V x, V y);
  V sin(V), cos(V), tan(V), asin(V), acos(V), atan(V), sinh(V), cosh(V), tanh(V), asinh(V), acosh(V), atanh(V);
  V erf(V), erfc(V), lgamma(V), digamma(V), sigmoid(V), softplus(V), softsign(V);
  V silu(V), gelu(V), geluTanh(V);
  /// Constant of type `type` (scalar or splat vector), in compute type.
  V cst(mlir::Type type, double value);
  V cst(mlir::Type type, int64_t value) { return icst(type, value); }
  V cst(mlir::Type type, int value) { return icst(type, value); }
  V icst(mlir::Type type, int64_t value);
  V lowest(mlir::Type type); ///< -inf, or the smallest integer
  V highest(mlir::Type type);
  /// From one compute type to what an element of type `to` would hold, in its compute type (float to int: toward zero,
  /// saturating; NaN to 0).
  V cast(V value, mlir::Type to);
  /// Rounded to the storage type `element` and back to its compute type: bf16 by integer arithmetic, NaN stays NaN.
  V round(V value, mlir::Type element);
  /// A scalar in every lane; a vector as it is.
  V spread(V value, int64_t lanes);
};
} // namespace dlc::dl
