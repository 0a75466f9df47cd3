// Movement: results whose elements are elements of operands.
#ifndef DLC_DIALECTS_DL_OPS_MOVEMENT_TD
#define DLC_DIALECTS_DL_OPS_MOVEMENT_TD
include "dialects/dl/Dl.td"

def Dl_BroadcastOp : Dl_Op<"broadcast", [DeclareOpInterfaceMethods<Dl_Movement>, Dl_VJP]> {
  let summary = "repeats along new dimensions";
  let description = [{
    Shapes: dimension i of x is dimension dims[i] of y, ascending. Semantics: y[j] = x[j[dims]]. Derivative: the sum of dy
    over the new dimensions. Example: `%y = dl.broadcast %b dims [1] : tensor<5xf32> -> tensor<4x5xf32>`.
  }];
  let arguments = (ins Dl_Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x `dims` $dims attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
}
def Dl_ReshapeOp : Dl_Op<"reshape", [DeclareOpInterfaceMethods<Dl_Movement, ["isView"]>, Dl_VJP]> {
  let summary = "the same elements in the same order under another shape";
  let description = [{
    Shapes: equal numbers of elements. Derivative: dy reshaped back. It moves nothing.
    Example: `%y = dl.reshape %x : tensor<4x5xf32> -> tensor<20xf32>`.
  }];
  let arguments = (ins Dl_Tensor:$x);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
#endif
