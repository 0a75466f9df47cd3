// What a module declares; its verifier is in Dl.cpp.
#ifndef DLC_DIALECTS_DL_OPS_SYMBOL_TD
#define DLC_DIALECTS_DL_OPS_SYMBOL_TD
include "dialects/dl/Dl.td"

def Dl_SymbolOp : Op<Dl_Dialect, "symbol", [Symbol, Dl_KnownAttributes]> {
  let summary = "declares a symbolic extent and its bounds, both included";
  let description = [{Example: `dl.symbol @B : 1 to 64`. Every symbol that a type of the module names is declared once.}];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$min, I64Attr:$max);
  let assemblyFormat = "$sym_name `:` $min `to` $max attr-dict";
  let hasVerifier = 1;
}
#endif
