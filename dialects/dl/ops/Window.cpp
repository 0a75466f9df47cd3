// The geometry of windows.
#include "dialects/dl/ops/Window.h"
using namespace mlir;
namespace dlc::dl {

LogicalResult Window::check(Refusal refuse, Type image, StringRef name) const {
  constexpr int64_t limit = INT32_MAX; // sums and products of two stay exact in 64 bits
  auto within = [](ArrayRef<int64_t> values, size_t count, int64_t low) {
    return values.size() == count && llvm::all_of(values, [&](int64_t v) { return low <= v && v <= limit; });
  };
  if (!within(kernel, 2, 1))
    return refuse("expected a kernel of 1 tap or more each way, found [", kernel[0], ", ", kernel[1], "]");
  if (!within(strides, 2, 1))
    return refuse("expected two positive strides, found [", strides, "]: write strides [1, 1]");
  if (!within(dilation, 2, 1))
    return refuse("expected two positive dilations, found [", dilation, "]: write dilation [1, 1]");
  if (!within(padding, 4, 0))
    return refuse("expected padding [top, left, bottom, right], none negative, found [", padding, "]: write padding [0, 0, 0, 0]");
  auto type = dyn_cast<RankedTensorType>(image);
  if (!type || type.getRank() != 4)
    return refuse("expected ", name, " as [n, h, w, c], found ", image);
  auto extents = getExtents(type);
  for (auto [i, e] : llvm::enumerate(extents))
    if (isa<AffineConstantExpr>(e) && !within(getConstant(e), 1, 0))
      return refuse("dimension ", i, " of ", name, " is out of range or has no #dl.dims symbol: ", type);
  if (getConstant(extents[3]) < 0)
    return refuse("expected a constant number of channels, found ", toString(extents[3]), " in ", name);
  for (unsigned axis = 0; axis < 2; ++axis)
    if (int64_t n = getConstant(extents[1 + axis]), room = n + low(axis) + high(axis) - span(axis);
        n >= 0 && room < 0 && (n > 0 || room + strides[axis] < 0)) // of no row, there may be no window
      return refuse("a window spans ", span(axis), axis ? " columns" : " rows", ", ", name, " has ", n, " and ", low(axis) + high(axis),
                    " of padding");
  return success();
}

AffineExpr Window::windows(unsigned axis, AffineExpr pixels) const {
  return (pixels + (low(axis) + high(axis) - span(axis))).floorDiv(strides[axis]) + 1;
}
SmallVector<AffineExpr> Window::windows(ArrayRef<AffineExpr> image) const {
  return {image[0], windows(0, image[1]), windows(1, image[2]), image[3]};
}

AffineExpr Window::pixel(unsigned axis, AffineExpr window, AffineExpr tap, AffineExpr pixels, SmallVectorImpl<Bound> &bounds) const {
  AffineExpr p = window * strides[axis] + tap * dilation[axis] - low(axis);
  int64_t last = getConstant((windows(axis, pixels) - 1) * strides[axis]);
  bool leaves = last < 0 ? high(axis) > 0 : last + span(axis) - low(axis) > getConstant(pixels);
  if (low(axis) > 0 || leaves)
    bounds.push_back({p, pixels});
  return p;
}

Window::Cover Window::cover(unsigned axis, AffineExpr pixel, AffineExpr j, AffineExpr pixels, SmallVectorImpl<Bound> &bounds) const {
  int64_t stride = strides[axis], taps = kernel[axis], spread = dilation[axis];
  AffineExpr padded = pixel + low(axis), total = windows(axis, pixels);
  MLIRContext *c = pixel.getContext();
  Cover cover;
  int64_t first; // the least window number asked for
  if (spread == 1) {
    int64_t count = llvm::divideCeil(taps, stride);
    cover = {getAffineConstantExpr(count, c), padded % stride + j * stride, padded.floorDiv(stride) - j};
    first = low(axis) / stride - (count - 1);
    if (taps % stride)
      bounds.push_back({cover.tap, getAffineConstantExpr(taps, c)});
  } else {
    AffineExpr offset = padded - j * spread;
    cover = {getAffineConstantExpr(taps, c), j, offset.floorDiv(stride)};
    first = llvm::divideFloorSigned(low(axis) - (span(axis) - 1), stride);
    if (stride > 1)
      bounds.push_back({offset % stride, getAffineConstantExpr(1, c)});
  }
  int64_t last = getConstant((pixels - 1 + low(axis)).floorDiv(stride));
  bool beyond = isa<AffineConstantExpr>(total) ? last >= getConstant(total) : high(axis) < span(axis) - 1;
  if (first < 0 || beyond)
    bounds.push_back({cover.window, total});
  return cover;
}
} // namespace dlc::dl
