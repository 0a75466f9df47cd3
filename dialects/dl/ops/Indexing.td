// Indexing: elements at indices that are computed or given, and their sums at such indices.
#ifndef DLC_DIALECTS_DL_OPS_INDEXING_TD
#define DLC_DIALECTS_DL_OPS_INDEXING_TD
include "dialects/dl/Dl.td"

def Dl_IndexTensor : Dl_TensorOf<[I8, I32, I64]>;

def Dl_GatherOp : Dl_InferredOp<"gather", [DeclareOpInterfaceMethods<Dl_Movement, ["getFill"]>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "what lies at given indices along an axis";
  let description = [{
    Shapes: x any, of rank 1 at least; the first `batch` dimensions of indices are those of x, batch at most axis. y has x's dimensions
    before the axis, those of indices behind the batch, x's behind the axis. Semantics: y[b, p, i, q] = x[b, p, indices[b, i], q].
    An index outside 0 <= index < extent reads nothing: its elements of y are `outside`, or, where that is not given, NaN, the least integer, true. An
    input that is such an index is checked when it is bound, unless there is an `outside` or it has a dl.range of its own.
    Derivative: dx is dl.scatter_sum of dy. Example: `%y = dl.gather %x, %i axis 0 : tensor<9x5xf32>, tensor<2x3xi64>`.
    Source: ONNX Gather, but for its negative indices; jax.numpy.take with mode "fill"; `batch` as batch_dims of tf.gather.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_IndexTensor:$indices, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$batch, OptionalAttr<F64Attr>:$outside);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `,` $indices `axis` $axis (`batch` $batch^)? (`outside` $outside^)? attr-dict `:` type($x) `,` type($indices)";
}
def Dl_ScatterSumOp : Dl_Op<"scatter_sum", [DeclareOpInterfaceMethods<Dl_Combine>, Dl_VJP]> {
  let summary = "sums of elements that have one index along an axis";
  let description = [{
    Shapes: those of dl.gather the other way: x is what dl.gather of y by indices gives. Semantics: y[b, p, v, q] is the sum of
    x[b, p, i, q] over all i with indices[b, i] = v, in ascending order of i as #dl.chain has it for so many terms; 0 where there is
    none. An index outside 0 <= index < extent adds nothing. Derivative: dx is dl.gather of dy with outside = 0.
    Example: `%y = dl.scatter_sum %x, %i axis 0 : tensor<2x3x5xf32>, tensor<2x3xi64> -> tensor<9x5xf32>`.
    Source: ONNX ScatterElements with reduction add; torch.Tensor.index_add.
  }];
  let arguments = (ins Dl_NumberTensor:$x, Dl_IndexTensor:$indices, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$batch);
  let results = (outs Dl_NumberTensor:$y);
  let assemblyFormat = "$x `,` $indices `axis` $axis (`batch` $batch^)? attr-dict `:` type($x) `,` type($indices) `->` type($y)";
  let hasVerifier = 1;
}
#endif
