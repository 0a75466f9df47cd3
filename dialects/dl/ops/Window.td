// Windows over images [n, h, w, c]: convolution, pooling and their gradients.
#ifndef DLC_DIALECTS_DL_OPS_WINDOW_TD
#define DLC_DIALECTS_DL_OPS_WINDOW_TD
include "dialects/dl/Dl.td"

defvar Dl_PerAxis = DefaultValuedOptionalAttr<DenseI64ArrayAttr, "{1, 1}">;
defvar Dl_Padding = DefaultValuedOptionalAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">;
defvar Dl_WindowFormat = "(`strides` $strides^)? (`padding` $padding^)? (`dilation` $dilation^)?";

//===-- Convolution -----------------------------------------------------------------------------------------------===//
class Dl_Convolution<string m, list<Trait> traits> : Dl_Op<m, !listconcat([Dl_VJP], traits)> {
  dag attributes = (ins Dl_PerAxis:$strides, Dl_Padding:$padding, Dl_PerAxis:$dilation,
                        DefaultValuedOptionalAttr<I64Attr, "1">:$groups);
  string format = Dl_WindowFormat # " (`groups` $groups^)? attr-dict `:` ";
  let extraClassDefinition = [{
    bool $cppClass::isMultiplyAdd() { return true; }
    ::llvm::SmallVector<::mlir::Value> $cppClass::emitIdentity(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::Type t) {
      return {Scalars{b, loc}.cst(like(t, computeType(::mlir::getElementTypeOrSelf(getResult().getType()))), 0.0)};
    }
    ::llvm::SmallVector<::mlir::Value> $cppClass::emitTerm(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::ValueRange acc,
        ::mlir::ValueRange x, ::llvm::function_ref<::mlir::Value(unsigned)>) {
      return {Scalars{b, loc}.fma(x[0], x[1], acc[0])};
    }
    ::llvm::SmallVector<::mlir::Value> $cppClass::emitMerge(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::ValueRange x,
        ::mlir::ValueRange y) {
      return {Scalars{b, loc}.add(x[0], y[0])};
    }
  }];
}
defvar Dl_ConvolutionNest = DeclareOpInterfaceMethods<Dl_Combine, ["isMultiplyAdd"]>;

def Dl_Conv2dOp : Dl_Convolution<"conv2d", [Dl_ConvolutionNest, DeclareOpInterfaceMethods<InferTypeOpInterface>, InferTypeOpAdaptor]> {
  let summary = "two-dimensional convolution (cross-correlation)";
  let description = [{
    Shapes: x [n, h, w, c], w [r, s, c / groups, k] constant, one element type; y [n, oh, ow, k] with
    oh = (h + top + bottom - dilation (r - 1) - 1) floordiv stride + 1, and ow likewise. padding is [top, left, bottom, right].
    Semantics: y[n, oh, ow, k] = sum over (r, s, c), c fastest, of x[n, oh stride + r dilation - top, ow stride + s dilation -
    left, c of k's group] * w[r, s, c, k], by FMA in f32 (f64 for f64). Padding has no term.
    Derivative: dl.conv2d_input_grad, dl.conv2d_weight_grad.
    Example: `%y = dl.conv2d %x, %w strides [2, 2] padding [1, 1, 1, 1] : tensor<2x8x8x3xf32>, tensor<3x3x3x16xf32>`.
    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
  }];
  let arguments = !con((ins Dl_FloatTensor:$x, Dl_FloatTensor:$w), attributes);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `,` $w " # format # "type($x) `,` type($w)";
}
def Dl_Conv2dInputGradOp : Dl_Convolution<"conv2d_input_grad", [Dl_ConvolutionNest]> {
  let summary = "the gradient of dl.conv2d with respect to x; a transposed convolution";
  let description = [{
    Shapes: dy as y and w as w of dl.conv2d with these attributes, dx as its x. Semantics: dx[n, h, w, c] = sum over (r, s, k),
    k fastest, of dy[n, oh, ow, k] * w[r, s, c, k], where window (oh, ow) has tap (r, s) on pixel (h, w) and k is in c's group.
    Derivative: with cotangent g, ddy = dl.conv2d(g, w), dw = dl.conv2d_weight_grad(g, dy).
    Example: `%dx = dl.conv2d_input_grad %dy, %w strides [2, 2] : tensor<2x4x4x16xf32>, tensor<2x2x3x16xf32> -> tensor<2x8x8x3xf32>`.
    Source: as dl.conv2d, chapter 4.
  }];
  let arguments = !con((ins Dl_FloatTensor:$dy, Dl_FloatTensor:$w), attributes);
  let results = (outs Dl_FloatTensor:$dx);
  let assemblyFormat = "$dy `,` $w " # format # "type($dy) `,` type($w) `->` type($dx)";
  let hasVerifier = 1;
}
def Dl_Conv2dWeightGradOp : Dl_Convolution<"conv2d_weight_grad", [Dl_ConvolutionNest]> {
  let summary = "the gradient of dl.conv2d with respect to w";
  let description = [{
    Shapes: x as x and dy as y of dl.conv2d with these attributes, dw as its w. Semantics: dw[r, s, c, k] = sum over
    (n, oh, ow), ow fastest, of dy[n, oh, ow, k] * x[n, h, w, c of k's group], where window (oh, ow) has tap (r, s) on (h, w).
    Derivative: with cotangent g, dx = dl.conv2d_input_grad(dy, g), ddy = dl.conv2d(x, g).
    Example: `%dw = dl.conv2d_weight_grad %x, %dy strides [2, 2] : tensor<2x8x8x3xf32>, tensor<2x4x4x16xf32> -> tensor<2x2x3x16xf32>`.
    Source: as dl.conv2d.
  }];
  let arguments = !con((ins Dl_FloatTensor:$x, Dl_FloatTensor:$dy), attributes);
  let results = (outs Dl_FloatTensor:$dw);
  let assemblyFormat = "$x `,` $dy " # format # "type($x) `,` type($dy) `->` type($dw)";
  let hasVerifier = 1;
}
#endif
