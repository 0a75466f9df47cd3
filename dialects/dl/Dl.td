// The `dl` dialect: named neural-network ops on ranked tensors, value semantics. Op families live in ops/*.td.
#ifndef DLC_DIALECTS_DL_DL_TD
#define DLC_DIALECTS_DL_DL_TD
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/dl/Interfaces.td"

def Dl_Dialect : Dialect {
  let name = "dl";
  let cppNamespace = "::dlc::dl";
  let summary = "Static dataflow graphs of neural-network operations";
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    /// Symbols of dimensions, interned; see Structures.h.
    unsigned internSymbol(::llvm::StringRef name);
    ::llvm::StringRef symbolName(unsigned id);
  private:
    ::std::shared_ptr<struct SymbolNames> names;
  public:
  }];
}

// Any tensor: static, or with the #dl.dims encoding where an extent is symbolic.
class Dl_TensorOf<list<Type> elements> : ConfinedType<RankedTensorOf<elements>, [CPred<"::dlc::dl::hasExtents($_self)">],
  "ranked tensor of " # !interleave(!foreach(e, elements, e.summary), ", ") # ", every `?` with its extent in #dl.dims<...>",
  "::mlir::RankedTensorType">;
def Dl_Float : AnyTypeOf<[F32, F64, BF16]>;
def Dl_Tensor : Dl_TensorOf<[F32, F64, BF16, I1, I8, I32, I64]>;
def Dl_NumberTensor : Dl_TensorOf<[F32, F64, BF16, I8, I32, I64]>;
def Dl_FloatTensor : Dl_TensorOf<[F32, F64, BF16]>;
def Dl_IntTensor : Dl_TensorOf<[I1, I8, I32, I64]>;
def Dl_BoolTensor : Dl_TensorOf<[I1]>;

// Refuses what stands in an op's attribute dictionary and is no attribute of the op.
def Dl_KnownAttributes : NativeOpTrait<"KnownAttributes"> { let cppNamespace = "::dlc::dl"; }
class Dl_Op<string mnemonic, list<Trait> traits = []> : Op<Dl_Dialect, mnemonic, !listconcat([Pure, Dl_KnownAttributes], traits)>;
// Result types follow from operands and attributes (static method inferReturnTypes with diagnostics). Inference runs in the
// parser before the verifier, so it must check everything that it leans on.
class Dl_InferredOp<string mnemonic, list<Trait> traits = []>
    : Dl_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<InferTypeOpInterface>], traits)>;

defvar Dl_VJP = DeclareOpInterfaceMethods<Dl_Differentiable>;

//===-- Attributes ------------------------------------------------------------------------------------------------===//
class Dl_Attr<string name, string mnemonicName, list<Trait> traits = []> : AttrDef<Dl_Dialect, name, traits> { let mnemonic = mnemonicName; }

def Dl_DimsAttr : Dl_Attr<"Dims", "dims", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "extents over named symbols: #dl.dims<B, (H - 4) floordiv 2, 20>";
  let description = [{The encoding of a tensor type of which an extent is symbolic. One expression a dimension: integers,
    symbol names, `+`, `-`, `*`, `floordiv`, `ceildiv`, `mod`, parentheses.}];
  let parameters = (ins ArrayRefParameter<"::mlir::AffineExpr">:$extents);
  let hasCustomAssemblyFormat = 1;
}
// in and out are the fans: the last dimension of the shape is out, times the taps of a window; the others together are in.
class Dl_InitCase<string name, int number, string means, string from> : I32EnumAttrCase<name, number> {
  string definition = means;
  string source = from;
}
def Dl_InitKind : I32EnumAttr<"InitKind", "how a parameter starts", [
    Dl_InitCase<"constant", 0, "v", "zeros and ones are constant(0) and constant(1)">,
    Dl_InitCase<"uniform", 1, "uniform in [-v, v)", "torch.nn.init.uniform_">,
    Dl_InitCase<"normal", 2, "normal of deviation v", "torch.nn.init.normal_">,
    Dl_InitCase<"xavier_uniform", 3, "uniform in +-v sqrt(6 / (in + out))", "Glorot and Bengio, AISTATS 2010; torch.nn.init.xavier_uniform_">,
    Dl_InitCase<"xavier_normal", 4, "normal of deviation v sqrt(2 / (in + out))", "Glorot and Bengio, AISTATS 2010; torch.nn.init.xavier_normal_">,
    Dl_InitCase<"he_uniform", 5, "uniform in +-v sqrt(6 / in)", "He et al., ICCV 2015; torch.nn.init.kaiming_uniform_">,
    Dl_InitCase<"he_normal", 6, "normal of deviation v sqrt(2 / in)", "He et al., ICCV 2015; torch.nn.init.kaiming_normal_">,
    Dl_InitCase<"orthogonal", 7, "v times the Q of QR of a normal matrix [in, out], R's diagonal positive; of its transpose where in < out",
                "Saxe, McClelland, Ganguli, ICLR 2014; torch.nn.init.orthogonal_">]> {
  let cppNamespace = "::dlc::dl";
  let genSpecializedAttr = 0;
}
def Dl_ParamRole : I32EnumAttr<"ParamRole", "who writes a parameter, and who keeps it (docs/state.md)", [
    I32EnumAttrCase<"trainable", 0>, I32EnumAttrCase<"non_trainable", 1>, I32EnumAttrCase<"optimizer", 2>,
    I32EnumAttrCase<"state", 3>]> {
  let cppNamespace = "::dlc::dl";
  let genSpecializedAttr = 0;
}
def Dl_ParamAttr : Dl_Attr<"Param", "param"> {
  let summary = "a parameter or a state: #dl.param<\"conv1.weight\", xavier_uniform(1.0), trainable>";
  let description = [{
    On a function argument. constant(v); uniform(a): in [-a, a); normal(s): deviation s; xavier_*(gain), he_*(gain): by
    fan-in and fan-out, where the last dimension of the shape is out and the others are in; orthogonal(gain): gain times a matrix
    [in, out] with orthonormal columns, or rows where they are fewer.
    A parameter is `trainable`, changed by the optimiser; `non_trainable`, written by training or by nobody (running statistics,
    frozen weights); or the `optimizer`'s, which a training step added. A `state` is what one run hands to the next; it starts
    as a constant.
  }];
  let parameters = (ins StringRefParameter<>:$name, EnumParameter<Dl_InitKind>:$init, "::mlir::FloatAttr":$value,
                        EnumParameter<Dl_ParamRole>:$role);
  let builders = [AttrBuilder<(ins "::llvm::StringRef":$name, "InitKind":$init, "::mlir::FloatAttr":$value, "bool":$trainable), [{
    return $_get($_ctxt, name, init, value, trainable ? ParamRole::trainable : ParamRole::non_trainable);
  }]>];
  let extraClassDeclaration = [{
    bool isTrainable() const { return getRole() == ParamRole::trainable; }
    bool isState() const { return getRole() == ParamRole::state; }
  }];
  let hasCustomAssemblyFormat = 1;
}

//===-- Recipes: how an op's terms are combined (docs/summation.md) -------------------------------------------------===//
def Dl_ChainAttr : Dl_Attr<"Chain", "chain"> {
  let summary = "chains of terms: #dl.chain<panel = 256, chunk = 8192>";
  let description = [{Terms in ascending order, in panels of at most `panel` of them: a chain in each, panels' sums added in
    ascending order. More than `chunk` terms are cut into chunks first, whose sums are combined by the fixed tree.}];
  let parameters = (ins "int64_t":$panel, "int64_t":$chunk);
  let assemblyFormat = "`<` struct(params) `>`";
}
def Dl_LanesAttr : Dl_Attr<"Lanes", "lanes"> {
  let summary = "virtual lanes: #dl.lanes<rows = 1, columns = 0>";
  let description = [{The last `rows` reduced dimensions first: chunks of `rowChunk` elements, `rowLanes` lanes in each. Then the
    first `columns` ones: chunks of `columnChunk` rows, `columnLanes` lanes in each. A lane adds up runs of `run` terms, then these;
    lanes and chunks by the fixed tree.}];
  let parameters = (ins "unsigned":$rows, "unsigned":$columns, DefaultValuedParameter<"int64_t", "64">:$rowLanes,
                        DefaultValuedParameter<"int64_t", "4096">:$rowChunk, DefaultValuedParameter<"int64_t", "8">:$columnLanes,
                        DefaultValuedParameter<"int64_t", "512">:$columnChunk, DefaultValuedParameter<"int64_t", "16">:$run);
  let assemblyFormat = "`<` struct(params) `>`";
}
#endif
