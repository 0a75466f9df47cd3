// Passes that build derivatives and the training step (docs/autodiff.md).
#ifndef DLC_COMPILER_AUTODIFF_PASSES_TD
#define DLC_COMPILER_AUTODIFF_PASSES_TD
include "mlir/Pass/PassBase.td"

class AutodiffPass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  let dependentDialects = ["::dlc::dl::DlDialect"];
}

def GradientPass : AutodiffPass<"dl-autodiff-gradient"> {
  let summary = "Append @<f>_grad: the results of f and the gradients of its arguments";
  let description = [{
    @<f>_grad takes f's arguments, then a cotangent for each floating-point result of f; it gives f's results, then the
    gradients of the chosen arguments, in the order in which they were named.
  }];
  let options = [
    Option<"function", "function", "std::string", "\"main\"", "What to differentiate">,
    ListOption<"arguments", "arguments", "unsigned", "Numbers of the arguments; all floating-point ones if none is given">
  ];
}
def ForwardPass : AutodiffPass<"dl-autodiff-forward"> {
  let summary = "Append @<f>_jvp: the results of f and their directional derivatives";
  let description = [{
    @<f>_jvp takes f's arguments, then a tangent for each floating-point one; it gives f's results, then the tangent of each
    floating-point one. It is the transpose of the reverse derivative, so an op that has that has this.
  }];
  let options = [Option<"function", "function", "std::string", "\"main\"", "What to differentiate">];
}
def TrainPass : AutodiffPass<"dl-autodiff-train"> {
  let summary = "Append @train_step: forward, loss, gradients and the optimiser's update of every trainable parameter";
  let description = [{
    Inputs: those of the function; `label`; the optimiser's hyper-parameters, of rank 0, by name; its states
    ("<parameter>/<slot>", "optimizer/<counter>") as parameters of role `optimizer`, and "random/key" where an op is random.
    Results: the loss, named `loss`; the function's results; the new value of every state and parameter, marked
    `dl.state = "<name>"`. The function's first result is the prediction that the loss takes.
  }];
  let options = [
    Option<"function", "function", "std::string", "\"main\"", "The model">,
    Option<"loss", "loss", "std::string", "\"sparse_categorical_cross_entropy\"", "A dl op that is a loss">,
    Option<"lossAttributes", "loss-attributes", "std::string", "\"\"", "Its attributes, such as {from_logits}">,
    Option<"optimizer", "optimizer", "std::string", "\"sgd\"", "A dl op that is an optimiser">,
    Option<"optimizerAttributes", "optimizer-attributes", "std::string", "\"\"", "Its attributes, such as {momentum, nesterov}">,
    ListOption<"regularizers", "regularizers", "std::string", "What the update has besides: l1, clip_norm, ... (docs/training.md)">,
    ListOption<"frozen", "frozen", "std::string", "Parameters that stay as they are: names with * and ?">
  ];
}
#endif
