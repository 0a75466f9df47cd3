// The geometry of windows over the height and width of an image [n, h, w, c]: what convolutions and poolings share.
#pragma once
#include "dialects/dl/Dl.h"

namespace dlc::dl {
/// Axis 0 is the height, axis 1 the width. `padding` is [top, left, bottom, right]; `kernel` counts taps.
struct Window {
  llvm::ArrayRef<int64_t> strides, padding, dilation;
  int64_t kernel[2] = {0, 0};

  /// From an op or adaptor with these attributes.
  template <typename Op> static Window of(Op op, llvm::ArrayRef<int64_t> kernel) {
    Window w{op.getStrides(), op.getPadding(), op.getDilation()};
    for (size_t i = 0; i < 2 && i < kernel.size(); ++i)
      w.kernel[i] = kernel[i];
    return w;
  }
  /// The attributes are well formed, and windows fit into `image`, a tensor called `name`.
  mlir::LogicalResult check(Refusal refuse, mlir::Type image, llvm::StringRef name) const;

  int64_t low(unsigned axis) const { return padding[axis]; }
  int64_t high(unsigned axis) const { return padding[axis + 2]; }
  /// Pixels from a window's first tap to its last, both included.
  int64_t span(unsigned axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }
  bool padded() const {
    return llvm::any_of(padding, [](int64_t p) { return p != 0; });
  }
  /// The number of windows along an axis of that many pixels.
  mlir::AffineExpr windows(unsigned axis, mlir::AffineExpr pixels) const;
  /// Extents with height and width replaced by the numbers of windows.
  llvm::SmallVector<mlir::AffineExpr> windows(llvm::ArrayRef<mlir::AffineExpr> image) const;

  /// The pixel under `tap` of `window`; adds a bound where it may lie in the padding.
  mlir::AffineExpr pixel(unsigned axis, mlir::AffineExpr window, mlir::AffineExpr tap, mlir::AffineExpr pixels,
                         llvm::SmallVectorImpl<Bound> &bounds) const;

  /// The windows that cover a pixel, in ascending order of the tap that lies on it.
  struct Cover {
    mlir::AffineExpr count, tap, window;
  };
  /// Number `j` of the windows over `pixel`; adds bounds where there may be no such window. Without dilation there are
  /// ceil(kernel / stride) candidates, and the tap follows from the pixel; with it every tap is a candidate, and the
  /// window's number must come out whole.
  Cover cover(unsigned axis, mlir::AffineExpr pixel, mlir::AffineExpr j, mlir::AffineExpr pixels,
              llvm::SmallVectorImpl<Bound> &bounds) const;
};
} // namespace dlc::dl
