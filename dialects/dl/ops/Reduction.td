// Reductions over whole dimensions.
#ifndef DLC_DIALECTS_DL_OPS_REDUCTION_TD
#define DLC_DIALECTS_DL_OPS_REDUCTION_TD
include "dialects/dl/Dl.td"

class Dl_ReduceOp<string m, list<Trait> traits = []>
    : Dl_InferredOp<m, !listconcat([DeclareOpInterfaceMethods<Dl_Combine>, Dl_VJP, InferTypeOpAdaptor], traits)> {
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x)";
}
def Dl_SumOp : Dl_ReduceOp<"sum"> {
  let summary = "sum over dimensions, which go away";
  let description = [{
    Shapes: x any, dims ascending and distinct. Semantics: y[j] is the sum of x over `dims`, in docs/summation.md's order.
    Derivative: dx[i] = dy[j]. Example: `%y = dl.sum %x dims [1] : tensor<4x5xf32>`.
  }];
}
def Dl_MaxOp : Dl_ReduceOp<"max"> {
  let summary = "maximum over dimensions, which go away; NaN if any element is NaN";
  let description = [{
    Shapes: as sum. An empty maximum is -inf. Derivative: dy to the elements equal to the maximum, in equal shares.
    Example: `%y = dl.max %x dims [1] : tensor<4x5xf32>`.
  }];
}
#endif
