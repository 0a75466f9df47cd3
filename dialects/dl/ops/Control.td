// Control: loops over steps of a sequence.
#ifndef DLC_DIALECTS_DL_OPS_CONTROL_TD
#define DLC_DIALECTS_DL_OPS_CONTROL_TD
include "dialects/dl/Dl.td"

def Dl_ScanOp : Dl_Op<"scan", [AttrSizedOperandSegments, IsolatedFromAbove, SingleBlock, Dl_VJP]> {
  let summary = "a body run for each step of a sequence, with carried values";
  let description = [{
    Shapes: `trip` is one extent t. Block arguments: the carried values, of init's types; one step of each input [t, ...];
    the captures, the same in every step. dl.yield gives the next carried values, then a step of each stacked result
    [t, ...]. Results: the carried values after the last step, then the stacks. `reverse` runs from step t - 1 down to 0;
    inputs and stacks keep their places. With t = 0 the results are init and empty stacks.
    Derivative: the forward scan also stacks its carried values; a scan the other way runs the body again from them, carries
    the cotangents of carried values and captures, and stacks those of the inputs. It is a scan, so it has a derivative.
    Example:
    ```
    %h, %all = dl.scan <28> carry(%h0) inputs(%x) captures(%w) {
    ^bb0(%c: tensor<4x8xf32>, %xt: tensor<4x8xf32>, %u: tensor<8x8xf32>):
      %a = dl.matmul %c, %u : tensor<4x8xf32>, tensor<8x8xf32>
      %n = dl.add %a, %xt : tensor<4x8xf32>
      dl.yield %n, %n : tensor<4x8xf32>, tensor<4x8xf32>
    } : (tensor<4x8xf32>, tensor<28x4x8xf32>, tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<28x4x8xf32>)
    ```
    Source: ONNX Scan; jax.lax.scan.
  }];
  let arguments = (ins Dl_DimsAttr:$trip, Variadic<Dl_Tensor>:$init, Variadic<Dl_Tensor>:$inputs, Variadic<Dl_Tensor>:$captures,
                       UnitAttr:$reverse);
  let results = (outs Variadic<Dl_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $trip (`reverse` $reverse^)? (`carry` `(` $init^ `)`)? (`inputs` `(` $inputs^ `)`)? (`captures` `(` $captures^ `)`)?
    $body attr-dict `:` functional-type(operands, results)
  }];
  let builders = [
    // `body` gets carried values, inputs and captures of a step, and gives the next carried values, then steps of the stacks.
    OpBuilder<(ins "::mlir::AffineExpr":$trip, "::mlir::ValueRange":$init, "::mlir::ValueRange":$inputs,
      "::mlir::ValueRange":$captures, "bool":$reverse,
      "::llvm::function_ref<::llvm::SmallVector<::mlir::Value>(::mlir::OpBuilder &, ::mlir::ValueRange, ::mlir::ValueRange, ::mlir::ValueRange)>":$body)>
  ];
  let extraClassDeclaration = [{
    ::mlir::AffineExpr getTripCount() { return getTrip().getExtents()[0]; }
    unsigned getNumCarried() { return getInit().size(); }
    ::mlir::ValueRange getFinals() { return getResults().take_front(getNumCarried()); }
    ::mlir::ValueRange getStacks() { return getResults().drop_front(getNumCarried()); }
    ::mlir::ValueRange getCarriedArguments() { return getBody().getArguments().take_front(getNumCarried()); }
    ::mlir::ValueRange getInputArguments() { return getBody().getArguments().slice(getNumCarried(), getInputs().size()); }
    ::mlir::ValueRange getCaptureArguments() { return getBody().getArguments().take_back(getCaptures().size()); }
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}
def Dl_YieldOp : Dl_Op<"yield", [Terminator, HasParent<"ScanOp">]> {
  let summary = "ends the body of a dl.scan";
  let arguments = (ins Variadic<Dl_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}
#endif
