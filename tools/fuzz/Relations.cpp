// Which elements meet in which: movements and combinations as the documentation of the ops puts them, not as their structures do.
#include "tools/fuzz/Reference.h"

using namespace mlir;
using namespace dlc::dl;
namespace dlc::fuzz {
using Index = SmallVector<int64_t>;

static int64_t numberOf(ArrayRef<int64_t> at, ArrayRef<int64_t> shape) {
  int64_t number = 0;
  for (auto [i, n] : llvm::zip_equal(at, shape)) {
    assert(i >= 0 && i < n && "an access outside its operand");
    number = number * n + i;
  }
  return number;
}
static void forEach(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> body) {
  Index at(shape.size());
  for (int64_t n = llvm::product_of(shape); n > 0; --n) {
    body(at);
    for (size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];)
      at[d] = 0;
  }
}

//===-- Movement --------------------------------------------------------------------------------------------------===//
bool forEachPlace(Operation *op, const Extents &extents, llvm::function_ref<int64_t(int64_t number)> index,
                  llvm::function_ref<void(int operand, int64_t number)> body) {
  Index y = extents.shapeOf(op->getResult(0)), x = op->getNumOperands() ? extents.shapeOf(op->getOperand(0)) : Index(), at(x.size());
  auto each = [&](auto from) { // from: coordinates in the one operand, or false for the fill
    forEach(y, [&](ArrayRef<int64_t> to) {
      bool there = from(to);
      body(there ? 0 : -1, there ? numberOf(at, x) : 0);
    });
    return true;
  };
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return each([&](ArrayRef<int64_t> to) {
      for (auto [i, d] : llvm::zip_equal(at, broadcast.getDims()))
        i = to[d];
      return true;
    });
  if (isa<ReshapeOp>(op)) {
    for (int64_t i = 0, n = llvm::product_of(y); i < n; ++i)
      body(0, i);
    return true;
  }
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return each([&](ArrayRef<int64_t> to) {
      for (auto [i, d] : llvm::zip_equal(to, transpose.getPermutation()))
        at[d] = i;
      return true;
    });
  if (auto slice = dyn_cast<SliceOp>(op))
    return each([&](ArrayRef<int64_t> to) {
      for (auto [i, t, offset, stride] : llvm::zip_equal(at, to, slice.getOffsets().getExtents(), slice.getStrides()))
        i = extents.evaluate(offset) + t * stride;
      return true;
    });
  if (auto pad = dyn_cast<PadOp>(op))
    return each([&](ArrayRef<int64_t> to) {
      bool there = true;
      for (auto [i, t, low, between, n] : llvm::zip_equal(at, to, pad.getLow().getExtents(), pad.getInterior(), x)) {
        int64_t from = t - extents.evaluate(low);
        there &= from >= 0 && from % (between + 1) == 0 && from / (between + 1) < n;
        i = from / (between + 1);
      }
      return there;
    });
  if (auto reverse = dyn_cast<ReverseOp>(op))
    return each([&](ArrayRef<int64_t> to) {
      for (auto [d, i] : llvm::enumerate(at))
        i = llvm::is_contained(reverse.getDims(), (int64_t)d) ? x[d] - 1 - to[d] : to[d];
      return true;
    });
  if (auto update = dyn_cast<UpdateSliceOp>(op)) {
    Index part = extents.shapeOf(update.getUpdate());
    forEach(y, [&](ArrayRef<int64_t> to) {
      Index from(to);
      bool replaced = true;
      for (auto [i, offset, n] : llvm::zip_equal(from, update.getOffsets().getExtents(), part)) {
        i -= extents.evaluate(offset);
        replaced &= i >= 0 && i < n;
      }
      body(replaced, replaced ? numberOf(from, part) : numberOf(to, x));
    });
    return true;
  }
  if (auto gather = dyn_cast<GatherOp>(op)) {
    Index i = extents.shapeOf(gather.getIndices());
    int64_t axis = gather.getAxis(), batch = gather.getBatch(), count = i.size() - batch;
    return each([&](ArrayRef<int64_t> to) {
      Index which(to.take_front(batch));
      llvm::append_range(which, to.slice(axis, count));
      at.assign(to.begin(), to.begin() + axis);
      at.push_back(index(numberOf(which, i)));
      llvm::append_range(at, to.drop_front(axis + count));
      return at[axis] >= 0 && at[axis] < x[axis];
    });
  }
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    std::vector<Index> shapes;
    for (Value v : op->getOperands())
      shapes.push_back(extents.shapeOf(v));
    forEach(y, [&](ArrayRef<int64_t> to) {
      Index from(to);
      int64_t &i = from[concat.getAxis()];
      int part = 0;
      for (; i >= shapes[part][concat.getAxis()]; ++part)
        i -= shapes[part][concat.getAxis()];
      body(part, numberOf(from, shapes[part]));
    });
    return true;
  }
  return false;
}

//===-- Combinations ----------------------------------------------------------------------------------------------===//
namespace {
/// The windows of an op with strides, padding and dilation: calls body(n, oh, ow, h, w, r, s) for every tap inside the image.
template <typename Op>
void forEachTap(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> kernel, ArrayRef<int64_t> y,
                llvm::function_ref<void(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)> body) {
  auto strides = op.getStrides(), padding = op.getPadding(), dilation = op.getDilation();
  for (int64_t n = 0; n < x[0]; ++n)
    for (int64_t oh = 0; oh < y[1]; ++oh)
      for (int64_t ow = 0; ow < y[2]; ++ow)
        for (int64_t r = 0; r < kernel[0]; ++r)
          for (int64_t s = 0; s < kernel[1]; ++s) {
            int64_t h = oh * strides[0] + r * dilation[0] - padding[0], w = ow * strides[1] + s * dilation[1] - padding[1];
            if (h >= 0 && h < x[1] && w >= 0 && w < x[2])
              body(n, oh, ow, h, w, r, s);
          }
}
struct Numbers {
  int64_t x, w, y;
};
template <typename Op>
void convolve(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> w, ArrayRef<int64_t> y, llvm::function_ref<void(const Numbers &)> body) {
  int64_t each = w[3] / op.getGroups();
  forEachTap(op, x, w, y, [&](int64_t n, int64_t oh, int64_t ow, int64_t h, int64_t v, int64_t r, int64_t s) {
    int64_t pixel = ((n * x[1] + h) * x[2] + v) * x[3], tap = (r * w[1] + s) * w[2], window = ((n * y[1] + oh) * y[2] + ow) * y[3];
    for (int64_t k = 0; k < w[3]; ++k)
      for (int64_t c = 0; c < w[2]; ++c)
        body({pixel + k / each * w[2] + c, (tap + c) * w[3] + k, window + k});
  });
}
template <typename Op>
void pool(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> y, llvm::function_ref<void(int64_t x, int64_t y, int64_t tap)> body) {
  forEachTap(op, x, op.getKernel(), y, [&](int64_t n, int64_t oh, int64_t ow, int64_t h, int64_t w, int64_t r, int64_t s) {
    for (int64_t c = 0; c < x[3]; ++c)
      body(((n * x[1] + h) * x[2] + w) * x[3] + c, ((n * y[1] + oh) * y[2] + ow) * y[3] + c, r * op.getKernel()[1] + s);
  });
}
} // namespace

std::optional<Combining> forEachTerm(Operation *op, const Extents &extents, TermFn body) {
  auto shape = [&](unsigned i) { return extents.shapeOf(op->getOperand(i)); };
  auto reduce = [&](ArrayRef<int64_t> dims) {
    Index x = shape(0), y = extents.shapeOf(op->getResult(0)), at;
    int64_t number = 0;
    forEach(x, [&](ArrayRef<int64_t> from) {
      at.clear();
      for (auto [d, i] : llvm::enumerate(from))
        if (!llvm::is_contained(dims, (int64_t)d))
          at.push_back(i);
      body(numberOf(at, y), number, number, dims.empty() ? 0 : from[dims[0]]);
      ++number;
    });
  };
  if (auto sum = dyn_cast<SumOp>(op))
    return reduce(sum.getDims()), Combining::Sum;
  if (auto products = dyn_cast<SumProductsOp>(op))
    return reduce(products.getDims()), Combining::Products;
  if (auto max = dyn_cast<MaxOp>(op))
    return reduce(max.getDims()), Combining::Max;
  if (auto min = dyn_cast<MinOp>(op))
    return reduce(min.getDims()), Combining::Min;
  if (auto argmax = dyn_cast<ArgmaxOp>(op))
    return reduce({(int64_t)argmax.getAxis()}), Combining::Argmax;
  if (auto matmul = dyn_cast<MatmulOp>(op)) {
    Index l = shape(0), r = shape(1), y = extents.shapeOf(op->getResult(0));
    bool tl = matmul.getTransposeLhs(), tr = matmul.getTransposeRhs();
    int64_t m = y.end()[-2], n = y.end()[-1], k = tl ? l.end()[-2] : l.end()[-1], batch = llvm::product_of(ArrayRef(y).drop_back(2));
    auto shared = [&](int64_t b) { // the number of rhs's matrix
      int64_t at = 0, rest = b, step = 1;
      for (size_t d = y.size() - 2; d-- > 0; rest /= y[d]) {
        at += r.size() > 2 && r[d] > 1 ? rest % y[d] * step : 0;
        step *= r.size() > 2 ? r[d] : 1;
      }
      return at;
    };
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          for (int64_t t = 0; t < k; ++t)
            body((b * m + i) * n + j, b * m * k + (tl ? t * m + i : i * k + t), shared(b) * k * n + (tr ? j * k + t : t * n + j), 0);
    return Combining::Products;
  }
  if (auto conv = dyn_cast<Conv2dOp>(op))
    return convolve(conv, shape(0), shape(1), extents.shapeOf(conv.getY()), [&](const Numbers &n) { body(n.y, n.x, n.w, 0); }),
           Combining::Products;
  if (auto grad = dyn_cast<Conv2dInputGradOp>(op))
    return convolve(grad, extents.shapeOf(grad.getDx()), shape(1), shape(0), [&](const Numbers &n) { body(n.x, n.y, n.w, 0); }),
           Combining::Products;
  if (auto grad = dyn_cast<Conv2dWeightGradOp>(op))
    return convolve(grad, shape(0), extents.shapeOf(grad.getDw()), shape(1), [&](const Numbers &n) { body(n.w, n.x, n.y, 0); }),
           Combining::Products;
  if (auto scatter = dyn_cast<ScatterSumOp>(op)) {
    Index x = shape(0), i = shape(1), y = extents.shapeOf(op->getResult(0));
    int64_t axis = scatter.getAxis(), batch = scatter.getBatch(), count = i.size() - batch;
    forEach(x, [&](ArrayRef<int64_t> from) {
      Index which(from.take_front(batch)), to(from.take_front(axis));
      llvm::append_range(which, from.slice(axis, count));
      to.push_back(0);
      llvm::append_range(to, from.drop_front(axis + count));
      for (int64_t &v = to[axis]; v < y[axis]; ++v)
        body(numberOf(to, y), numberOf(from, x), numberOf(which, i), v);
    });
    return Combining::Chosen;
  }
  if (auto max = dyn_cast<MaxPool2dOp>(op))
    return pool(max, shape(0), extents.shapeOf(max.getY()), [&](int64_t x, int64_t y, int64_t tap) { body(y, x, 0, tap); }),
           Combining::Pool;
  if (auto sum = dyn_cast<SumPool2dOp>(op))
    return pool(sum, shape(0), extents.shapeOf(sum.getY()), [&](int64_t x, int64_t y, int64_t tap) { body(y, x, 0, tap); }), Combining::Sum;
  if (auto grad = dyn_cast<SumPool2dGradOp>(op))
    return pool(grad, extents.shapeOf(grad.getDx()), shape(0), [&](int64_t x, int64_t y, int64_t tap) { body(x, y, 0, tap); }),
           Combining::Sum;
  if (auto grad = dyn_cast<MaxPool2dGradOp>(op))
    return pool(grad, extents.shapeOf(grad.getDx()), shape(0), [&](int64_t x, int64_t y, int64_t tap) { body(x, y, y, tap); }),
           Combining::Chosen;
  if (auto pick = dyn_cast<MaxPool2dPickOp>(op))
    return pool(pick, shape(0), extents.shapeOf(pick.getY()), [&](int64_t x, int64_t y, int64_t tap) { body(y, x, y, tap); }),
           Combining::Chosen;
  return std::nullopt;
}
} // namespace dlc::fuzz
