// A Value with arithmetic.
#include "dialects/dl/Dl.h"
using namespace mlir;
namespace dlc::dl {
static SmallVector<int64_t> others(int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> rest;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(dims, i))
      rest.push_back(i);
  return rest;
}
Tensor Tensor::same(double value) const { return with(ConstantOp::create(b, loc, type(), b.getF64FloatAttr(value))); }
Tensor Tensor::sum(ArrayRef<int64_t> dims) const { return dims.empty() ? *this : with(SumOp::create(b, loc, v, dims)); }
Tensor Tensor::max(ArrayRef<int64_t> dims) const { return dims.empty() ? *this : with(MaxOp::create(b, loc, v, dims)); }
Tensor Tensor::broadcast(RankedTensorType type, ArrayRef<int64_t> dims) const {
  return v.getType() == type ? *this : with(BroadcastOp::create(b, loc, type, v, dims));
}
Tensor Tensor::spread(RankedTensorType type, ArrayRef<int64_t> summed) const { return broadcast(type, others(type.getRank(), summed)); }
Tensor Tensor::reshape(RankedTensorType type) const { return v.getType() == type ? *this : with(ReshapeOp::create(b, loc, type, v)); }
Tensor Tensor::exp() const { return with(ExpOp::create(b, loc, v)); }
Tensor Tensor::operator-() const { return same(0.0) - *this; }
Tensor operator+(const Tensor &x, const Tensor &y) { return x.with(AddOp::create(x.b, x.loc, x, y)); }
Tensor operator-(const Tensor &x, const Tensor &y) { return x.with(SubOp::create(x.b, x.loc, x, y)); }
Tensor operator*(const Tensor &x, const Tensor &y) { return x.with(MulOp::create(x.b, x.loc, x, y)); }
Tensor operator+(const Tensor &x, double y) { return x + x.same(y); }
Tensor operator-(const Tensor &x, double y) { return x - x.same(y); }
Tensor operator*(const Tensor &x, double y) { return x * x.same(y); }
Tensor operator/(const Tensor &x, double y) { return x / x.same(y); }
Tensor operator+(double x, const Tensor &y) { return y.same(x) + y; }
Tensor operator-(double x, const Tensor &y) { return y.same(x) - y; }
Tensor operator*(double x, const Tensor &y) { return y.same(x) * y; }
Tensor operator/(double x, const Tensor &y) { return y.same(x) / y; }
} // namespace dlc::dl
