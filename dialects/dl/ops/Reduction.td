// Reductions over whole dimensions.
#ifndef DLC_DIALECTS_DL_OPS_REDUCTION_TD
#define DLC_DIALECTS_DL_OPS_REDUCTION_TD
include "dialects/dl/Dl.td"

class Dl_ReduceOp<string m, Type tensor, list<Trait> traits> : Dl_InferredOp<m, !listconcat([Dl_VJP, InferTypeOpAdaptor], traits)> {
  let arguments = (ins tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs tensor:$y);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x)";
}
defvar Dl_Combines = DeclareOpInterfaceMethods<Dl_Combine>;

def Dl_SumOp : Dl_ReduceOp<"sum", Dl_NumberTensor, [Dl_Combines]> {
  let summary = "sum over dimensions, which go away";
  let description = [{
    Shapes: x any, dims ascending and distinct. Semantics: y[j] is the sum of x over `dims`, in docs/summation.md's order;
    an empty sum is 0. Derivative: dx[i] = dy[j]. Example: `%y = dl.sum %x dims [1] : tensor<4x5xf32>`. Source: ONNX ReduceSum.
  }];
  let hasFolder = 1;
}
def Dl_SumProductsOp : Dl_InferredOp<"sum_products", [Dl_Combines, Dl_VJP, InferTypeOpAdaptor, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "sum of products over dimensions, which go away";
  let description = [{
    Shapes: lhs and rhs alike, floating-point, dims ascending and distinct. Semantics: y[j] is the sum of lhs * rhs over `dims`,
    as dl.sum of dl.mul but for the products, which are not rounded: terms are added by FMA.
    Derivative: dlhs[i] = dy[j] * rhs[i], drhs[i] = dy[j] * lhs[i].
    Example: `%y = dl.sum_products %a, %b dims [1] : tensor<4x5xf32>`. Source: ONNX ReduceSumSquare, of two operands.
  }];
  let arguments = (ins Dl_FloatTensor:$lhs, Dl_FloatTensor:$rhs, DenseI64ArrayAttr:$dims);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$lhs `,` $rhs `dims` $dims attr-dict `:` type($lhs)";
}
def Dl_MeanOp : Dl_ReduceOp<"mean", Dl_FloatTensor, [DeclareOpInterfaceMethods<Dl_Decomposable>]> {
  let summary = "mean over dimensions, which go away";
  let description = [{
    Shapes: as sum. Semantics: m + sum (x - m) / n, where m = sum x / n as rounded: the mean of a constant is that constant.
    Where x is not finite, m; NaN of none. Derivative: dx[i] = dy[j] / terms. Example: `%y = dl.mean %x dims [1] : tensor<4x5xf32>`. Source: ONNX ReduceMean.
  }];
}
def Dl_MaxOp : Dl_ReduceOp<"max", Dl_Tensor, [Dl_Combines]> {
  let summary = "maximum over dimensions, which go away; NaN if any element is NaN";
  let description = [{
    Shapes: as sum; of i1 it is `any`. Semantics: an empty maximum is -inf, the smallest integer, false.
    Derivative: dy to the elements equal to the maximum, in equal shares (as in JAX); NaN to those that are NaN.
    Example: `%y = dl.max %x dims [1] : tensor<4x5xf32>`. Source: ONNX ReduceMax.
  }];
  let hasFolder = 1;
}
def Dl_MinOp : Dl_ReduceOp<"min", Dl_Tensor, [Dl_Combines]> {
  let summary = "minimum over dimensions, which go away; NaN if any element is NaN";
  let description = [{
    Shapes: as sum; of i1 it is `all`. Semantics: an empty minimum is inf, the greatest integer, true.
    Derivative: dy to the elements equal to the minimum, in equal shares (as in JAX); NaN to those that are NaN.
    Example: `%y = dl.min %x dims [1] : tensor<4x5xf32>`. Source: ONNX ReduceMin.
  }];
  let hasFolder = 1;
}
def Dl_ArgmaxOp : Dl_InferredOp<"argmax", [Dl_Combines, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "the greatest element along an axis, which goes away, and its index";
  let description = [{
    Shapes: value and index as x without the axis, which has at least one element by its bounds. Semantics: the first of the greatest
    elements; NaN counts as greater than all. Derivative: dx is dvalue at the index (NaN where the value is), 0 elsewhere.
    Example: `%value, %index = dl.argmax %x axis 1 : tensor<4x5xf32>`. Source: ONNX ArgMax; torch.max.
  }];
  let arguments = (ins Dl_Tensor:$x, I64Attr:$axis);
  let results = (outs Dl_Tensor:$value, Dl_TensorOf<[I64]>:$index);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` type($x)";
  let hasVerifier = 1;
}
#endif
