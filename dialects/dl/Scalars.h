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
/// contracted with its neighbour, so results do not depend on fusion. Math functions on f32 are polynomials with the same
/// bits on every CPU; on f64 they become calls of libm.
struct Scalars {
  mlir::OpBuilder &b;
  mlir::Location loc;
  using V = mlir::Value;
  V add(V, V), sub(V, V), mul(V, V), div(V, V), neg(V), abs(V);
  V rem(V, V);
  V fma(V x, V y, V acc);
  /// NaN if either is NaN.
  V max(V, V), min(V, V);
  V lt(V, V), le(V, V), gt(V, V), ge(V, V), eq(V, V), ne(V, V);
  V select(V condition, V yes, V no);
  V band(V, V), bor(V, V), bxor(V, V), bnot(V), shl(V, V), shr(V, V); ///< shr: logical
  V exp(V), log(V), log1p(V), tanh(V), erf(V), sqrt(V), sin(V), cos(V);
  /// 1 / (1 + e^-x) without overflow: of e^-|x|.
  V sigmoid(V);
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
