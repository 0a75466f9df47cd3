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
  /// Sum or maximum over these dimensions, which go away.
  Tensor sum(llvm::ArrayRef<int64_t> dims) const;
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
  /// sum(dims) * reciprocalCount(dims)
  Tensor mean(llvm::ArrayRef<int64_t> dims) const;
  Tensor exp() const, log() const, log1p() const, tanh() const, sqrt() const, rsqrt() const, abs() const, erf() const, erfc() const;
  Tensor sin() const, cos() const, sinh() const, cosh() const, sigmoid() const, digamma() const;
  /// The derivative of digamma.
  Tensor trigamma() const;
  /// Held in [-bound, bound]; NaN passes.
  Tensor clamped(double bound) const;
  /// 1 / the number of elements over these dimensions, of rank 0.
  Tensor reciprocalCount(llvm::ArrayRef<int64_t> dims) const;
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
/// i1 tensors.
Tensor less(const Tensor &, const Tensor &);
Tensor less(const Tensor &, double);
Tensor equal(const Tensor &, const Tensor &);
Tensor equal(const Tensor &, double);
Tensor select(const Tensor &condition, const Tensor &yes, const Tensor &no);
/// g, but NaN where x is: what a derivative by cases gives for an element that is in none of them.
Tensor shown(const Tensor &x, const Tensor &g);
} // namespace dlc::dl
