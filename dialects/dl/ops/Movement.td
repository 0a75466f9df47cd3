// Movement: results whose elements are elements of operands. Offsets, sizes and widths of margins are extents, `<0, P - 1>`,
// so they may name symbols.
#ifndef DLC_DIALECTS_DL_OPS_MOVEMENT_TD
#define DLC_DIALECTS_DL_OPS_MOVEMENT_TD
include "dialects/dl/Dl.td"

def Dl_BroadcastOp : Dl_Op<"broadcast", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP]> {
  let summary = "repeats along new dimensions";
  let description = [{
    Shapes: dimension i of x is dimension dims[i] of y, ascending. Semantics: y[j] = x[j[dims]]. Derivative: the sum of dy
    over the new dimensions. Example: `%y = dl.broadcast %b dims [1] : tensor<5xf32> -> tensor<4x5xf32>`.
    Source: StableHLO broadcast_in_dim, without its repetition of dimensions of extent 1.
  }];
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_ReshapeOp : Dl_Op<"reshape", [DeclareOpInterfaceMethods<Dl_Movement, ["isView"]>, Dl_VJP]> {
  let summary = "the same elements in the same order under another shape";
  let description = [{
    Shapes: equal numbers of elements. Semantics: the element at one row-major number keeps that number; it moves nothing.
    Derivative: dy reshaped back. Example: `%y = dl.reshape %x : tensor<4x5xf32> -> tensor<20xf32>`. Source: ONNX Reshape.
  }];
  let arguments = (ins Dl_Tensor:$x);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_TransposeOp : Dl_InferredOp<"transpose", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "the dimensions in another order";
  let description = [{
    Shapes: dimension i of y is dimension permutation[i] of x. Semantics: y[j] = x[i] where i[permutation[k]] = j[k].
    Derivative: dy transposed back. Example: `%y = dl.transpose %x permutation [1, 0] : tensor<4x5xf32>`.
    Source: ONNX Transpose.
  }];
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$permutation);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `permutation` $permutation attr-dict `:` type($x)";
  let hasFolder = 1;
}
def Dl_SliceOp : Dl_InferredOp<"slice", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "every stride-th element from an offset on";
  let description = [{
    Shapes: one offset, size and stride (at least 1) a dimension; y has the sizes. A dimension taken whole has offset 0, its
    own extent as size and stride 1. What is read must lie in x for all values of the symbols within their bounds.
    Semantics: y[j] = x[offset + j * stride]. Derivative: dy, padded with zeros to where it came from.
    Example: `%y = dl.slice %x offsets <0, 1> sizes <4, 2> strides [1, 2] : tensor<4x5xf32>`. Source: ONNX Slice.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_DimsAttr:$offsets, Dl_DimsAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `offsets` $offsets `sizes` $sizes `strides` $strides attr-dict `:` type($x)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_PadOp : Dl_InferredOp<"pad", [DeclareOpInterfaceMethods<Dl_Movement, ["getFill"]>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "margins of one value around the elements and between them";
  let description = [{
    Shapes: one low, high and interior width a dimension, none negative (dl.slice cuts off); extent n becomes low + n +
    (n - 1) * interior + high. A symbolic extent with an interior is at least 1 by its bounds.
    Semantics: y[low + i * (interior + 1)] = x[i], elsewhere the value. Derivative: dx[i] = dy[low + i * (interior + 1)].
    Example: `%y = dl.pad %x low <0, 1> high <0, 2> interior [0, 1] value 0.0 : tensor<4x5xf32>`. Source: StableHLO pad.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_DimsAttr:$low, Dl_DimsAttr:$high, DenseI64ArrayAttr:$interior, F64Attr:$value);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `low` $low `high` $high `interior` $interior `value` $value attr-dict `:` type($x)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_ConcatOp : Dl_InferredOp<"concat", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "one operand after another along an axis";
  let description = [{
    Shapes: alike but for the axis, whose extents add up. Semantics: y holds xs[0], then xs[1], and so on.
    Derivative: dxs[i] is its slice of dy. Example: `%y = dl.concat %a, %b axis 0 : tensor<4x5xf32>, tensor<2x5xf32>`.
    Source: ONNX Concat.
  }];
  let arguments = (ins Variadic<Dl_Tensor>:$xs, I64Attr:$axis);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$xs `axis` $axis attr-dict `:` type($xs)";
  let hasFolder = 1;
}
def Dl_UpdateSliceOp : Dl_InferredOp<"update_slice", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP, InferTypeOpAdaptor]> {
  let summary = "other elements from an offset on, the rest as they were";
  let description = [{
    Shapes: y as x; update has x's rank and element type; one offset a dimension. What is replaced must lie in x for all values of
    the symbols within their bounds. Semantics: y[offset + j] = update[j], elsewhere y = x. Where x is a state or a parameter that
    y is the new value of, and one dimension at most is updated in part, the replaced rows alone are written.
    Derivative: the slice of dy for update; dy with zeros there for x.
    Example: `%y = dl.update_slice %x, %u offsets <0, 2> : tensor<4x5xf32>, tensor<4x1xf32>`.
    Source: StableHLO dynamic_update_slice, but for its clamping.
  }];
  let arguments = (ins Dl_Tensor:$x, Dl_Tensor:$update, Dl_DimsAttr:$offsets);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `,` $update `offsets` $offsets attr-dict `:` type($x) `,` type($update)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_ReverseOp : Dl_Op<"reverse", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP, SameOperandsAndResultType]> {
  let summary = "the last first, along some dimensions";
  let description = [{
    Shapes: y as x; dims ascending and distinct. Semantics: y[j] = x[i] with i = extent - 1 - j in `dims`, i = j elsewhere.
    Derivative: dy reversed. Example: `%y = dl.reverse %x dims [1] : tensor<4x5xf32>`. Source: StableHLO reverse.
  }];
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
#endif
