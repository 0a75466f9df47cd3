// The `dlx` dialect: how kernels are launched (plan) and what the runtime does (schedule). docs/dlx.md.
#ifndef DLC_DIALECTS_DLX_DLX_TD
#define DLC_DIALECTS_DLX_DLX_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dlx_Dialect : Dialect {
  let name = "dlx";
  let cppNamespace = "::dlc::dlx";
  let summary = "Executable programs: launches over grids of blocks, one arena, no control but loops";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::dlc::dl::DlDialect"];
}
class Dlx_Attr<string name, string mnemonicName> : AttrDef<Dlx_Dialect, name> { let mnemonic = mnemonicName; }

//===-- Plan ------------------------------------------------------------------------------------------------------===//
def Dlx_Emitter : I32EnumAttr<"Emitter", "who writes a kernel's code, by its structure", [
    I32EnumAttrCase<"loops", 0>,        // a plain loop nest: anything, one element at a time
    I32EnumAttrCase<"rows", 1>,         // pointwise groups and reductions over trailing dimensions
    I32EnumAttrCase<"columns", 2>,      // reductions over leading or middle dimensions
    I32EnumAttrCase<"window", 3>,       // combinations over small windows, vectors along the last dimension
    I32EnumAttrCase<"contraction", 4>,  // micro-kernels: matmul, convolution and their gradients
    I32EnumAttrCase<"scatter", 5>,      // sums at indices
    I32EnumAttrCase<"chain", 6>]> {     // calls of planned kernels, strip by strip
  let cppNamespace = "::dlc::dlx";
  let genSpecializedAttr = 0;
}
def Dlx_LaunchAttr : Dlx_Attr<"Launch", "launch"> {
  let summary = "one launch of a kernel";
  let description = [{
    `name` is appended to the kernel's to give the function's symbol. The function's buffers are the kernel's values numbered
    in `reads`, then those in `writes`: arguments, then results, then temporaries. A value in both appears once, in writes.
    `grid` is the number of blocks; on a GPU a block has `threads` and `shared` bytes of memory.
  }];
  let parameters = (ins StringRefParameter<>:$name, OptionalArrayRefParameter<"int64_t">:$reads,
                        OptionalArrayRefParameter<"int64_t">:$writes, "::dlc::dl::DimsAttr":$grid,
                        DefaultValuedParameter<"int64_t", "0">:$threads, DefaultValuedParameter<"int64_t", "0">:$shared);
  let assemblyFormat = "`<` $name `,` `reads` `[` (`]`) : ($reads^ `]`)? `,` `writes` `[` (`]`) : ($writes^ `]`)? `,` `grid` $grid (`,` `threads` $threads^)? (`,` `shared` $shared^)? `>`";
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


//===-- Verdicts --------------------------------------------------------------------------------------------------===//
def Dlx_VerdictAttr : Dlx_Attr<"Verdict", "verdict"> {
  let summary = "why a producer and a consumer are, or are not, in one kernel";
  let description = [{
    `producer` and `consumer` are op names with their places; `bytes` is what fusing saves, or would save, in memory traffic
    at the symbols' bounds. `reason` names the structure that joins them, the dependence that forbids it, or the costs compared.
    `from` and `to` are the numbers of their groups, which the calls of their kernels have as `dlx.group`.
  }];
  let parameters = (ins StringRefParameter<>:$producer, StringRefParameter<>:$consumer, "bool":$fused, StringRefParameter<>:$reason,
                        "int64_t":$bytes, "int64_t":$from, "int64_t":$to);
  let assemblyFormat = "`<` $producer `,` $consumer `,` $fused `,` $reason `,` $bytes `,` $from `,` $to `>`";
}

//===-- Programs --------------------------------------------------------------------------------------------------===//
// An expression over symbols: the one extent of a #dl.dims.
def Dlx_Extent : Attr<CPred<"::llvm::isa<::dlc::dl::DimsAttr>($_self)">, "one extent"> {
  let storageType = "::dlc::dl::DimsAttr";
  let returnType = "::dlc::dl::DimsAttr";
  let convertFromStorage = "$_self";
}
def Dlx_KnownAttributes : NativeOpTrait<"KnownAttributes"> { let cppNamespace = "::dlc::dl"; }
class Dlx_Op<string mnemonic, list<Trait> traits = []> : Op<Dlx_Dialect, mnemonic, !listconcat([Dlx_KnownAttributes], traits)>;
def Dlx_Buffer : TypeDef<Dlx_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "a pointer of a running program";
}
def Dlx_BufferKind : I32EnumAttr<"BufferKind", "where a pointer comes from (dlx_buffer_kind)", [
    I32EnumAttrCase<"arena", 0>, I32EnumAttrCase<"input", 1>, I32EnumAttrCase<"output", 2>, I32EnumAttrCase<"param", 3>,
    I32EnumAttrCase<"prepared", 4>, I32EnumAttrCase<"constant", 5>, I32EnumAttrCase<"view", 6>, I32EnumAttrCase<"state", 7>]> {
  let cppNamespace = "::dlc::dlx";
  let genSpecializedAttr = 0;
}
def Dlx_BufferKindAttr : EnumAttr<Dlx_Dialect, Dlx_BufferKind, "kind">;
def Dlx_ProgramOp : Dlx_Op<"program", [Symbol, IsolatedFromAbove, NoTerminator, SingleBlock]> {
  let summary = "what the runtime does for one entry: buffers, then stages, loops and copies";
  let description = [{arena, scratch and prepared are bytes; `prepare` names the program that must have run since parameters changed;
    `writes` has the numbers of the parameters that a run changes. `source` is the function with the entry's surface.}];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$source, I64Attr:$arena, I64Attr:$scratch, I64Attr:$prepared,
                       OptionalAttr<FlatSymbolRefAttr>:$prepare, OptionalAttr<DenseI64ArrayAttr>:$writes, UnitAttr:$is_prepare);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `of` $source `arena` $arena `scratch` $scratch `prepared` $prepared (`after` $prepare^)? (`writes` $writes^)? (`is_prepare` $is_prepare^)? $body attr-dict";
}
def Dlx_BufferOp : Dlx_Op<"buffer", [Pure]> {
  let summary = "a pointer: byte offset, or number of input, output, parameter or state";
  let arguments = (ins Dlx_BufferKindAttr:$kind, I64Attr:$at, Dlx_Extent:$bytes, I64Attr:$bound);
  let results = (outs Dlx_Buffer:$buffer);
  let assemblyFormat = "$kind $at `bytes` $bytes `bound` $bound attr-dict";
}
def Dlx_ViewOp : Dlx_Op<"view", [Pure]> {
  let summary = "a pointer that a loop moves: base + start + i * stride bytes in iteration i";
  let arguments = (ins Dlx_Buffer:$base, Dlx_Extent:$start, Dlx_Extent:$stride, Dlx_Extent:$bytes, I64Attr:$bound);
  let results = (outs Dlx_Buffer:$buffer);
  let assemblyFormat = "$base `start` $start `stride` $stride `bytes` $bytes `bound` $bound attr-dict";
}
def Dlx_StageOp : Dlx_Op<"stage", [NoTerminator, SingleBlock]> {
  let summary = "launches that may run together; a barrier follows";
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$body attr-dict";
}
def Dlx_LaunchOp : Dlx_Op<"launch"> {
  let summary = "runs a function over a grid of blocks";
  let arguments = (ins StrAttr:$function, Dlx_Extent:$grid, Variadic<Dlx_Buffer>:$buffers);
  let assemblyFormat = "$function `grid` $grid `(` $buffers `)` attr-dict";
}
def Dlx_LoopOp : Dlx_Op<"loop", [NoTerminator, SingleBlock, AttrSizedOperandSegments]> {
  let summary = "runs its body `trip` times, moving views, then exchanging pointers, after each iteration";
  let arguments = (ins Dlx_Extent:$trip, Variadic<Dlx_Buffer>:$moving, Variadic<Dlx_Buffer>:$first, Variadic<Dlx_Buffer>:$second);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$trip `moving` `(` $moving `)` `swapping` `(` $first `)` `with` `(` $second `)` $body attr-dict";
}
def Dlx_CopyOp : Dlx_Op<"copy"> {
  let arguments = (ins Dlx_Buffer:$to, Dlx_Buffer:$from, Dlx_Extent:$bytes);
  let summary = "copies bytes";
  let assemblyFormat = "$to `,` $from `bytes` $bytes attr-dict";
}
class Dlx_RowsOp<string mnemonic> : Dlx_Op<mnemonic> {
  let arguments = (ins Dlx_Buffer:$to, Dlx_Buffer:$from, Dlx_Extent:$bytes, Dlx_Extent:$rows, Dlx_Extent:$offset, Dlx_Extent:$stride);
  let assemblyFormat = "$to `,` $from `bytes` $bytes `rows` $rows `offset` $offset `stride` $stride attr-dict";
}
def Dlx_PlaceOp : Dlx_RowsOp<"place"> { let summary = "copies dense rows of bytes to offset + i * stride"; }
def Dlx_TakeOp : Dlx_RowsOp<"take"> { let summary = "copies rows of bytes at offset + i * stride to dense ones"; }
#endif
