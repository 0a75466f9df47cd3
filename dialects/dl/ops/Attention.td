// Attention: a composite of products and a softmax, which run as chains (docs/structures.md).
#ifndef DLC_DIALECTS_DL_OPS_ATTENTION_TD
#define DLC_DIALECTS_DL_OPS_ATTENTION_TD
include "dialects/dl/Dl.td"

def Dl_AttentionOp : Dl_InferredOp<"attention", [DeclareOpInterfaceMethods<Dl_Decomposable>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "scaled dot-product attention: softmax(q k^T scale) v";
  let description = [{
    Shapes: q [b, h, t, d], k [b, g, s, d], v [b, g, s, e], one element type, h constant and a multiple of the constant g: head i of q
    reads head i floordiv (h / g) of k and v (grouped queries); mask [b or 1, h or 1, t or 1, s], i1; y [b, h, t, e].
    Semantics: w = q k^T scale, where query i sees key j; p = e^(w - m) / sum e^(w - m) over the keys that it sees, m the greatest w of those,
    and 0 for the others; y = p v. A key is seen where the mask is true and, if causal, j <= i + s - t: the last query sees all. A query that
    sees no key gives 0, and its gradient is 0. scale is 1 / sqrt(d) unless it is given. bf16 is computed in f32.
    Derivative: with dp = dy v^T: dw = p (dp - sum(dp p)); dq = dw k scale, dk = dw^T q scale, dv = p^T dy, those of k and v summed over
    the queries' heads that read one.
    Example: `%y = dl.attention %q, %k, %v causal : tensor<1x8x16x64xf32>, tensor<1x2x16x64xf32>, tensor<1x2x16x64xf32>`.
    Source: Vaswani et al., arXiv:1706.03762; Ainslie et al., arXiv:2305.13245 (grouped queries); ONNX Attention.
  }];
  let arguments = (ins Dl_FloatTensor:$q, Dl_FloatTensor:$k, Dl_FloatTensor:$v, Optional<Dl_BoolTensor>:$mask, UnitAttr:$causal,
                       OptionalAttr<F64Attr>:$scale);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$q `,` $k `,` $v (`mask` $mask^)? (`causal` $causal^)? (`scale` $scale^)? attr-dict `:` type($q) `,` type($k) `,` type($v) (`,` type($mask)^)?";
}
#endif
