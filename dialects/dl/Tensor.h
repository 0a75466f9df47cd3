// A Value with arithmetic, so that derivatives and decompositions read like formulas and build dl ops.
#pragma once
#include "dialects/dl/Structures.h"

namespace dlc::dl {
/// A tensor value. Binary operators take equal shapes, or a double, which becomes a constant of the other's shape. Where an
/// operation needs another shape it says so; nothing is broadcast silently.
struct Tensor {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value v;
  operator mlir::Value() const { return v; }
  mlir::RankedTensorType type() const { return mlir::cast<mlir::RankedTensorType>(v.getType()); }
  int64_t rank() const { return type().getRank(); }
  Tensor with(mlir::Value other) const { return {b, loc, other}; }
  /// A constant with this tensor's type.
  Tensor same(double value) const;
  /// Sum (also of products with `other`) or maximum over these dimensions, which go away.
  Tensor sum(llvm::ArrayRef<int64_t> dims) const;
  Tensor sumProducts(const Tensor &other, llvm::ArrayRef<int64_t> dims) const;
  Tensor max(llvm::ArrayRef<int64_t> dims) const;
  /// Into `type`: dimension i of this is dimension dims[i] of the result.
  Tensor broadcast(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> dims) const;
  /// Undoes sum(dims): into `type`, which has the summed dimensions back.
  Tensor spread(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> summed) const;
  Tensor reshape(mlir::RankedTensorType type) const;
  Tensor transpose(llvm::ArrayRef<int64_t> permutation) const;
  /// `size` elements along `axis` from `offset` on.
  Tensor slice(int64_t axis, mlir::AffineExpr offset, mlir::AffineExpr size) const;
  Tensor cast(mlir::Type element) const;
  /// In the type that sums are made in: bf16 as f32, else as it is.
  Tensor wide() const;
  /// sum(dims) * reciprocalCount(dims), with the roundings of both; Centred has what they miss.
  Tensor mean(llvm::ArrayRef<int64_t> dims) const;
  Tensor exp() const, log() const, tanh() const, sqrt() const, rsqrt() const, abs() const, erf() const, erfc() const;
  Tensor log1p() const, sin() const, cos() const, sinh() const, cosh() const, sigmoid() const, digamma() const;
  /// The derivative of digamma.
  Tensor trigamma() const;
  /// Held in [-bound, bound]; NaN passes.
  Tensor clamped(double bound) const;
  /// The number of elements over these dimensions, and 1 / that, of rank 0.
  Tensor count(llvm::ArrayRef<int64_t> dims) const;
  Tensor reciprocalCount(llvm::ArrayRef<int64_t> dims) const;
  /// 1, -1, or x itself where that is 0 or NaN.
  Tensor sign() const;
  Tensor operator-() const;
};
Tensor operator+(const Tensor &, const Tensor &);
Tensor operator-(const Tensor &, const Tensor &);
Tensor operator*(const Tensor &, const Tensor &);
Tensor operator/(const Tensor &, const Tensor &);
Tensor operator+(const Tensor &, double);
Tensor operator-(const Tensor &, double);
Tensor operator*(const Tensor &, double);
Tensor operator/(const Tensor &, double);
Tensor operator+(double, const Tensor &);
Tensor operator-(double, const Tensor &);
Tensor operator*(double, const Tensor &);
Tensor operator/(double, const Tensor &);
Tensor pow(const Tensor &, const Tensor &);
/// NaN if either is.
Tensor greater(const Tensor &, const Tensor &);
Tensor lesser(const Tensor &, const Tensor &);
/// x * y + z, rounded once.
Tensor fma(const Tensor &x, const Tensor &y, const Tensor &z);
/// i1 tensors.
Tensor less(const Tensor &, const Tensor &);
Tensor less(const Tensor &, double);
Tensor equal(const Tensor &, const Tensor &);
Tensor equal(const Tensor &, double);
Tensor select(const Tensor &condition, const Tensor &yes, const Tensor &no);
/// g, but NaN where x is: what a derivative by cases gives for an element that is in none of them.
Tensor shown(const Tensor &x, const Tensor &g);

/// x about its mean over `dims`. The mean is m + delta: m = x.mean(dims) is rounded, delta = sum(x - m) / n is what it misses,
/// and so a constant's mean is that constant, and what varies by a millionth of the mean keeps its digits.
struct Centred {
  llvm::SmallVector<int64_t> dims;
  Tensor m, d, delta; // d = x - m has x's shape, the others have not `dims`
  Centred(const Tensor &x, llvm::ArrayRef<int64_t> dims);
  /// m + delta; m where x is not finite.
  Tensor mean() const;
  /// x minus its mean.
  Tensor elements() const { return d - delta.spread(d.type(), dims); }
  /// sum(d d) / n - delta delta: the biased variance.
  Tensor variance() const;
};
} // namespace dlc::dl
