// Contractions: matmul.
#ifndef DLC_DIALECTS_DL_OPS_CONTRACTION_TD
#define DLC_DIALECTS_DL_OPS_CONTRACTION_TD
include "dialects/dl/Dl.td"

def Dl_MatmulOp : Dl_InferredOp<"matmul", [DeclareOpInterfaceMethods<Dl_Combine, ["isMultiplyAdd"]>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "batched matrix product";
  let description = [{
    Shapes: lhs [batch..., m, k] (transposed: [..., k, m]), rhs [batch..., k, n] or [k, n] (transposed: [..., n, k]), one
    element type; y [batch..., m, n]. A batch dimension of rhs may be 1 where lhs has more: all of them read it. Semantics: y[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n], k ascending, by FMA
    in f32 (f64 for f64). Derivative: dlhs = dy rhs^T, drhs = lhs^T dy, summed over the batch where rhs has none or 1.
    Example: `%y = dl.matmul %x, %w : tensor<8x4xf32>, tensor<4x5xf32>`.
  }];
  let arguments = (ins Dl_FloatTensor:$lhs, Dl_FloatTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$lhs (`transposed` $transpose_lhs^)? `,` $rhs (`transposed` $transpose_rhs^)? attr-dict `:` type($lhs) `,` type($rhs)";
}
#endif
