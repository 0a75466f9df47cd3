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

//===-- Pooling ---------------------------------------------------------------------------------------------------===//
class Dl_Pooling<string m, list<Trait> traits = []> : Dl_Op<m, !listconcat([DeclareOpInterfaceMethods<Dl_Combine>, Dl_VJP], traits)> {
  dag attributes = (ins DenseI64ArrayAttr:$kernel, Dl_PerAxis:$strides, Dl_Padding:$padding, Dl_PerAxis:$dilation);
  string format = !strconcat(" `kernel` $kernel ", Dl_WindowFormat, " attr-dict `:` ");
}
defvar Dl_Infers = [DeclareOpInterfaceMethods<InferTypeOpInterface>, InferTypeOpAdaptor];

def Dl_MaxPool2dOp : Dl_Pooling<"max_pool2d", Dl_Infers> {
  let summary = "the maximum of each window and where it was";
  let description = [{
    Shapes: x [n, h, w, c]; y and index [n, oh, ow, c], oh and ow as for dl.conv2d with a kernel [r, s]. index is i8 up to 128
    taps, else i32. Padding is narrower than a window.
    Semantics: y is the maximum over the window's pixels inside x, NaN if any is NaN; index is r' S + s' of the first tap (r', s')
    that holds it. A window whose taps all miss x (dilation can do that) gives -inf, or the smallest integer, and -1.
    Derivative: dl.max_pool2d_grad by index, of dy or, where y is NaN, of NaN.
    Example: `%y, %i = dl.max_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>`.
    Source: torch.nn.MaxPool2d with return_indices, whose index counts pixels of the plane instead.
  }];
  let arguments = !con((ins Dl_Tensor:$x), attributes);
  let results = (outs Dl_Tensor:$y, Dl_IntTensor:$index);
  let assemblyFormat = "$x" # format # "type($x)";
}
def Dl_MaxPool2dGradOp : Dl_Pooling<"max_pool2d_grad"> {
  let summary = "the gradient of dl.max_pool2d: each pixel gathers from the windows that chose it";
  let description = [{
    Shapes: dy as y and index as index of dl.max_pool2d with these attributes, dx as its x. Semantics: dx[n, h, w, c] = sum of
    dy[n, oh, ow, c] over the windows in which index names the tap on pixel (h, w), taps ascending.
    Derivative: with cotangent g, ddy = dl.max_pool2d_pick(g, index).
    Example: `%dx = dl.max_pool2d_grad %dy, %i kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32>, tensor<1x4x4x3xi8> -> tensor<1x8x8x3xf32>`.
    Source: as dl.max_pool2d.
  }];
  let arguments = !con((ins Dl_FloatTensor:$dy, Dl_IntTensor:$index), attributes);
  let results = (outs Dl_FloatTensor:$dx);
  let assemblyFormat = "$dy `,` $index" # format # "type($dy) `,` type($index) `->` type($dx)";
  let hasVerifier = 1;
}
def Dl_MaxPool2dPickOp : Dl_Pooling<"max_pool2d_pick", Dl_Infers> {
  let summary = "from each window the pixel that an index names: the derivative of dl.max_pool2d_grad";
  let description = [{
    Shapes: x as x and index as index of dl.max_pool2d with these attributes; y as its y. Semantics: y[n, oh, ow, c] is the
    pixel of x under tap index[n, oh, ow, c], or 0 where that is no pixel of x. Derivative: dl.max_pool2d_grad.
    Example: `%y = dl.max_pool2d_pick %x, %i kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>, tensor<1x4x4x3xi8>`.
    Source: as dl.max_pool2d.
  }];
  let arguments = !con((ins Dl_FloatTensor:$x, Dl_IntTensor:$index), attributes);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `,` $index" # format # "type($x) `,` type($index)";
}
def Dl_SumPool2dOp : Dl_Pooling<"sum_pool2d", Dl_Infers> {
  let summary = "the sum of each window";
  let description = [{
    Shapes: as dl.max_pool2d. Semantics: y[n, oh, ow, c] is the sum over the window's pixels inside x, taps ascending.
    Derivative: dl.sum_pool2d_grad.
    Example: `%y = dl.sum_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>`.
    Source: jax.lax.reduce_window with add.
  }];
  let arguments = !con((ins Dl_FloatTensor:$x), attributes);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x" # format # "type($x)";
}
def Dl_SumPool2dGradOp : Dl_Pooling<"sum_pool2d_grad"> {
  let summary = "the gradient of dl.sum_pool2d: each pixel sums the windows that cover it";
  let description = [{
    Shapes: dy as y of dl.sum_pool2d with these attributes, dx as its x. Semantics: dx[n, h, w, c] = sum of dy[n, oh, ow, c] over
    the windows that have a tap on pixel (h, w), taps ascending. Derivative: dl.sum_pool2d.
    Example: `%dx = dl.sum_pool2d_grad %dy kernel [2, 2] strides [2, 2] : tensor<1x4x4x3xf32> -> tensor<1x8x8x3xf32>`.
    Source: as dl.sum_pool2d.
  }];
  let arguments = !con((ins Dl_FloatTensor:$dy), attributes);
  let results = (outs Dl_FloatTensor:$dx);
  let assemblyFormat = "$dy" # format # "type($dy) `->` type($dx)";
  let hasVerifier = 1;
}
def Dl_AvgPool2dOp : Dl_Op<"avg_pool2d", !listconcat(Dl_Infers, [DeclareOpInterfaceMethods<Dl_Decomposable>, Dl_VJP])> {
  let summary = "the mean of each window";
  let description = [{
    Shapes: as dl.max_pool2d. Semantics: dl.sum_pool2d divided by the number of the window's pixels inside x, or, with
    count_include_pad, by the number of its taps. A window whose taps all miss x gives NaN.
    Derivative: dl.sum_pool2d_grad of dy over that number.
    Example: `%y = dl.avg_pool2d %x kernel [2, 2] strides [2, 2] : tensor<1x8x8x3xf32>`.
    Source: torch.nn.AvgPool2d, where count_include_pad is the default.
  }];
  let arguments = (ins Dl_FloatTensor:$x, DenseI64ArrayAttr:$kernel, Dl_PerAxis:$strides, Dl_Padding:$padding,
                       Dl_PerAxis:$dilation, UnitAttr:$count_include_pad);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = !strconcat("$x `kernel` $kernel ", Dl_WindowFormat,
                                  " (`count_include_pad` $count_include_pad^)? attr-dict `:` type($x)");
  let extraClassDeclaration = "Tensor divisor(::mlir::OpBuilder &b);";
}
#endif
