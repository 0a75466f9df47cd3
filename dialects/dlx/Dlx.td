// The `dlx` dialect: how kernels are launched (plan) and what the runtime does (schedule). docs/dlx.md.
#ifndef DLC_DIALECTS_DLX_DLX_TD
#define DLC_DIALECTS_DLX_DLX_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

def Dlx_Dialect : Dialect {
  let name = "dlx";
  let cppNamespace = "::dlc::dlx";
  let summary = "Executable programs: launches over grids of blocks, one arena, no control but loops";
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::dlc::dl::DlDialect"];
}
class Dlx_Attr<string name, string mnemonicName> : AttrDef<Dlx_Dialect, name> { let mnemonic = mnemonicName; }

//===-- Plan ------------------------------------------------------------------------------------------------------===//
def Dlx_Emitter : I32EnumAttr<"Emitter", "who writes a kernel's code, by its structure", [
    I32EnumAttrCase<"loops", 0>,        // a plain loop nest: anything, one element at a time
    I32EnumAttrCase<"rows", 1>,         // pointwise groups and reductions over trailing dimensions
    I32EnumAttrCase<"columns", 2>,      // reductions over leading or middle dimensions
    I32EnumAttrCase<"window", 3>,       // combinations over small windows, vectors along the last dimension
    I32EnumAttrCase<"contraction", 4>]> { // micro-kernels: matmul, convolution and their gradients
  let cppNamespace = "::dlc::dlx";
  let genSpecializedAttr = 0;
}
def Dlx_LaunchAttr : Dlx_Attr<"Launch", "launch"> {
  let summary = "one launch of a kernel";
  let description = [{
    `name` is appended to the kernel's to give the function's symbol. The function's buffers are the kernel's values numbered
    in `reads`, then those in `writes`: arguments, then results, then temporaries. A value in both appears once, in writes.
    `grid` is the number of blocks.
  }];
  let parameters = (ins StringRefParameter<>:$name, OptionalArrayRefParameter<"int64_t">:$reads,
                        OptionalArrayRefParameter<"int64_t">:$writes, "::dlc::dl::DimsAttr":$grid);
  let assemblyFormat = "`<` $name `,` `reads` `[` (`]`) : ($reads^ `]`)? `,` `writes` `[` (`]`) : ($writes^ `]`)? `,` `grid` $grid `>`";
}
def Dlx_PlanAttr : Dlx_Attr<"Plan", "plan"> {
  let summary = "how a kernel is cut into launches and blocks: all that its emitter reads besides the kernel";
  let description = [{
    On a kernel function as `dlx.plan`. `tile` and `block` mean what the emitter documents; `temps` are the bytes of the
    temporaries, numbered after arguments and results; `scratch` is bytes a thread.
  }];
  let parameters = (ins EnumParameter<Dlx_Emitter>:$emitter, OptionalArrayRefParameter<"int64_t">:$tile,
                        OptionalArrayRefParameter<"int64_t">:$block, ArrayRefParameter<"::dlc::dlx::LaunchAttr">:$launches,
                        OptionalArrayRefParameter<"::dlc::dl::DimsAttr">:$temps, "int64_t":$scratch);
  let assemblyFormat = "`<` $emitter `,` `tile` `[` (`]`) : ($tile^ `]`)? `,` `block` `[` (`]`) : ($block^ `]`)? `,` `launches` `[` $launches `]` `,` `temps` `[` (`]`) : ($temps^ `]`)? `,` `scratch` $scratch `>`";
}

#endif
