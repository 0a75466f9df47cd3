#ifndef DLC_COMPILER_SIMPLIFY_PASSES_TD
#define DLC_COMPILER_SIMPLIFY_PASSES_TD
include "mlir/Pass/PassBase.td"

def Decompose : Pass<"dl-simplify-decompose", "::mlir::ModuleOp"> {
  let summary = "replace composite ops by simpler ones, until none is left";
  let description = [{Softmax, losses, norms and optimiser updates have served autodiff and pattern matching; kernels are
    formed from primitives with structures. Asks DecomposableOpInterface.}];
}
def Ranges : Pass<"dl-simplify-ranges", "::mlir::ModuleOp"> {
  let summary = "inputs that are indices are checked when they are bound: dl.range";
  let description = [{An integer input whose every element is followed as it is, by an op whose model means it to stay within the operand
    (Source.indices), and has no dl.range of its own, gets the least of those extents. What is computed keeps to the bounds in kernels.}];
}
def Recompute : Pass<"dl-simplify-recompute", "::mlir::ModuleOp"> {
  let summary = "large values that a contraction of few terms makes are made again where gradients read them";
  let description = [{Behind CSE, which would undo it. No bit changes: the same ops on the same operands, or, where a contraction sums over the
    rows of such a value, on exchanged ones.}];
  let options = [Option<"least", "least", "int64_t", "1 << 22", "bytes of a value that is made again">];
}
def Rematerialise : Pass<"dl-simplify-rematerialise", "::mlir::ModuleOp"> {
  let summary = "keeps fewest bytes of a forward pass for the backward pass, and makes the rest again";
  let description = [{A minimum cut (push-relabel, Boost.Graph) between what must be kept (what contractions and reductions give) and what the
    backward pass reads. Ops of the backward pass have `dlx.late`: they join no kernel of the forward pass, which would be early.}];
  let options = [Option<"every", "every", "int64_t", "1", "Contractions and windows may be made again, but for one of so many">];
}
def Recipes : Pass<"dl-simplify-recipes", "::mlir::ModuleOp"> {
  let summary = "names the order in which each op's terms are combined: dl.recipe";
  let description = [{The last of the stage: from here on it is data, which emitters at every level follow (docs/summation.md).
    A recipe that the model names stays.}];
}
#endif
