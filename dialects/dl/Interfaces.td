// What ops tell the compiler. Passes and emitters ask these and know no op by name (docs/structures.md, docs/autodiff.md).
#ifndef DLC_DIALECTS_DL_INTERFACES_TD
#define DLC_DIALECTS_DL_INTERFACES_TD
include "mlir/IR/OpBase.td"

class Dl_Interface<string name> : OpInterface<name> { let cppNamespace = "::dlc::dl"; }

def Dl_Pointwise : Dl_Interface<"PointwiseOpInterface"> {
  let description = [{
    One element of every result from one element of every operand, at the same index; all operands and results have one
    shape. Operands come in compute types (bf16 as f32, else as stored), all scalars or all vectors of one lane count.
    Without operands (a constant) the answer is scalar. Results in compute types; the caller rounds to storage.
  }];
  let methods = [
    InterfaceMethod<"arith and math ops on scalars and vectors alike", "::llvm::SmallVector<::mlir::Value>",
      "emitPointwise", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "::mlir::ValueRange":$s)>,
    InterfaceMethod<"flops an element; above 6 a value is kept between passes rather than recomputed", "int64_t",
      "getElementCost", (ins)>
  ];
}
def Dl_Positional : Dl_Interface<"PositionalOpInterface"> {
  let description = [{
    Elements from their index alone (iota, extents, Philox), and from operands of rank 0, which come as scalars.
    `coords` has an i64 scalar, or a vector of `lanes` i64, for each dimension of the result; all scalars when lanes is 1.
  }];
  let methods = [
    InterfaceMethod<"", "::mlir::Value", "emitAt", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc,
      "::mlir::ValueRange":$operands, "::mlir::ValueRange":$coords,
      "::llvm::function_ref<::mlir::Value(::mlir::AffineExpr)>":$extent)>,
    InterfaceMethod<"flops an element", "int64_t", "getElementCost", (ins)>
  ];
}
def Dl_Movement : Dl_Interface<"MovementOpInterface"> {
  let description = [{
    Each element of the one result is an element of some operand, or the fill: broadcast, transpose, slice, pad, concat,
    reverse, gather. The first source whose bounds hold is read; with none, the element is getFill().
  }];
  let methods = [
    InterfaceMethod<"", "::llvm::SmallVector<::dlc::dl::Source>", "getSources", (ins)>,
    InterfaceMethod<"the fill as a constant of the element type, or null where some source always holds", "::mlir::TypedAttr",
      "getFill", (ins), "", [{ return {}; }]>,
    InterfaceMethod<"the result has the operand's bytes in the operand's order (reshape): no kernel, another name", "bool",
      "isView", (ins), "", [{ return false; }]>
  ];
}
def Dl_Combine : Dl_Interface<"CombineOpInterface"> {
  let description = [{
    Results that are combinations of terms over reduced dimensions: reductions, contractions, windows, scatters. Every result has
    one accumulator of the type that emitIdentity gives it. Their order is the op's recipe, the attribute `dl.recipe`.
  }];
  let methods = [
    InterfaceMethod<"", "::dlc::dl::Nest", "getNest", (ins)>,
    InterfaceMethod<"one value a result; `like` is a scalar or vector type whose lanes they take", "::llvm::SmallVector<::mlir::Value>",
      "emitIdentity", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "::mlir::Type":$like)>,
    InterfaceMethod<"accumulators after one more term; coord(i) is the index along dimension i of the nest",
      "::llvm::SmallVector<::mlir::Value>", "emitTerm", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc,
      "::mlir::ValueRange":$acc, "::mlir::ValueRange":$elements, "::llvm::function_ref<::mlir::Value(unsigned)>":$coord)>,
    InterfaceMethod<"two partial accumulators into one, `x` from earlier terms than `y`",
      "::llvm::SmallVector<::mlir::Value>", "emitMerge", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc,
      "::mlir::ValueRange":$x, "::mlir::ValueRange":$y)>,
    InterfaceMethod<"terms are lhs * rhs, added by FMA in the accumulator's type: what the contraction emitter takes",
      "bool", "isMultiplyAdd", (ins), "", [{ return false; }]>,
    InterfaceMethod<"the recipe that the op has where no `dl.recipe` names another: a rule over its nest (docs/summation.md)",
      "::mlir::Attribute", "chooseRecipe", (ins), "", [{ return ::dlc::dl::chooseRecipe($_op); }]>
  ];
}
def Dl_Decomposable : Dl_Interface<"DecomposableOpInterface"> {
  let description = [{A composite: the same values by simpler dl ops, rounded at the same places.}];
  let methods = [InterfaceMethod<"one value a result", "::llvm::SmallVector<::mlir::Value>", "decompose",
    (ins "::mlir::OpBuilder &":$b)>];
}
def Dl_Differentiable : Dl_Interface<"DifferentiableOpInterface"> {
  let description = [{
    Reverse mode. buildVjp asks `d` for the cotangents of its results (null: none flows), and hands back a cotangent for
    each operand that needs one, as more dl ops. Ops built so are differentiable again. Forward mode is derived.
  }];
  let methods = [InterfaceMethod<"", "void", "buildVjp", (ins "::dlc::dl::Differentiator &":$d)>];
}
def Dl_Training : Dl_Interface<"TrainingOpInterface"> {
  let description = [{
    An op that acts differently in training (dropout, batch norm). buildTraining gives the results in training mode and
    tells `t` of random numbers and of new values of carried state.
  }];
  let methods = [InterfaceMethod<"one value a result", "::llvm::SmallVector<::mlir::Value>", "buildTraining",
    (ins "::dlc::dl::Training &":$t)>];
}
def Dl_Loss : Dl_Interface<"LossOpInterface"> {
  let description = [{
    A loss: operands are the prediction, then the label; the one result is of rank 0. The training pass asks by the op's name,
    before there is an op, what label belongs to a prediction; so a new loss touches its family alone.
  }];
  let methods = [
    StaticInterfaceMethod<"the label's type, or null where the prediction has not the rank that the loss needs",
      "::mlir::RankedTensorType", "getLabelType", (ins "::mlir::RankedTensorType":$prediction)>,
    StaticInterfaceMethod<"labels are first <= label < second; empty: any number", "::std::pair<int64_t, int64_t>", "getLabelRange",
      (ins "::mlir::RankedTensorType":$prediction, "::mlir::DictionaryAttr":$attributes), "", [{ return {0, 0}; }]>,
    StaticInterfaceMethod<"attributes that are numbers, with what they are unless given; the others are flags",
      "::llvm::SmallVector<::dlc::dl::Hyperparameter>", "getNumbers", (ins), "", [{ return {}; }]>
  ];
}
def Dl_Optimizer : Dl_Interface<"OptimizerOpInterface"> {
  let description = [{
    One optimiser's update of one parameter. Operands: the parameter w, its gradient g, `slots` (states of w's shape, zero at
    first), `scalars` of rank 0: the hyper-parameters, then the counters (states that all parameters share, zero at first).
    Results: w, then the slots, after the step. The training pass asks by the op's name and attributes.
  }];
  let methods = [
    StaticInterfaceMethod<"names of the slots", "::llvm::SmallVector<::llvm::StringRef>",
      "getSlotNames", (ins "::mlir::DictionaryAttr":$attributes)>,
    StaticInterfaceMethod<"inputs of the training step", "::llvm::SmallVector<::dlc::dl::Hyperparameter>",
      "getHyperparameters", (ins "::mlir::DictionaryAttr":$attributes)>,
    StaticInterfaceMethod<"names of the counters", "::llvm::SmallVector<::llvm::StringRef>", "getCounterNames", (ins)>,
    StaticInterfaceMethod<"counters of this step from the last step's; `scalars` has hyper-parameters, then counters",
      "::llvm::SmallVector<::mlir::Value>", "advanceCounters", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc,
      "::mlir::DictionaryAttr":$attributes, "::mlir::ValueRange":$scalars)>
  ];
}
#endif
