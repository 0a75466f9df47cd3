// Losses: composites whose one result is of rank 0, a mean. The training pass finds them by LossOpInterface.
#ifndef DLC_DIALECTS_DL_OPS_LOSS_TD
#define DLC_DIALECTS_DL_OPS_LOSS_TD
include "dialects/dl/Dl.td"

class Dl_LossOp<string m, dag attributes = (ins), list<string> own = [], Type labelType = Dl_FloatTensor>
    : Dl_InferredOp<m, [DeclareOpInterfaceMethods<Dl_Decomposable>, Dl_VJP, DeclareOpInterfaceMethods<Dl_Loss, own>, InferTypeOpAdaptor]> {
  let arguments = !con((ins Dl_FloatTensor:$x, labelType:$label), attributes);
  let results = (outs Dl_FloatTensor:$loss);
  let assemblyFormat = "$x `,` $label attr-dict `:` type($x) `,` type($label)";
}
def Dl_SparseCategoricalCrossEntropyOp : Dl_LossOp<"sparse_categorical_cross_entropy",
    (ins UnitAttr:$from_logits, UnitAttr:$mean_over_counted), ["getLabelClasses"], Dl_TensorOf<[I8, I32, I64]>> {
  let summary = "cross-entropy against the number of the right class";
  let description = [{
    Shapes: x [batch..., c], c constant, label [batch...]; loss of rank 0. Semantics: the mean over the batch of -log p[label],
    where p is x, its logarithm held at -100 or above, or, with from_logits, softmax(x), by the stable x - m - log sum e^(x - m).
    The label's type holds every class. A label outside 0 <= label < c is no class: whatever its row of x holds, it costs 0 and
    has the gradient 0. The mean is over all rows, or, with mean_over_counted, over those with a class (NaN where there is none).
    dl.softmax before it becomes from_logits. Derivative: from logits (softmax(x) - onehot) dloss / n; else -onehot / x dloss / n,
    0 where the logarithm is held. Example: `%l = dl.sparse_categorical_cross_entropy %x, %t {from_logits} :
    tensor<8x10xf32>, tensor<8xi32>`. Source: tf.keras.losses.SparseCategoricalCrossentropy; the hold as torch.nn.BCELoss;
    mean_over_counted as torch.nn.CrossEntropyLoss with ignore_index.
  }];
  let hasCanonicalizeMethod = 1;
}
def Dl_CategoricalCrossEntropyOp : Dl_LossOp<"categorical_cross_entropy", (ins UnitAttr:$from_logits)> {
  let summary = "cross-entropy against probabilities of the classes";
  let description = [{
    Shapes: x, label [batch..., c], one type; loss of rank 0. Semantics: the mean over the batch of -sum label log p, p as in
    dl.sparse_categorical_cross_entropy; 0 log 0 is 0. dl.softmax before it becomes from_logits. Derivative: from logits
    (softmax(x) sum(label) - label) dloss / n; else -label / x dloss / n; dlabel = -log p dloss / n.
    Example: `%l = dl.categorical_cross_entropy %x, %t : tensor<8x10xf32>, tensor<8x10xf32>`.
    Source: tf.keras.losses.CategoricalCrossentropy.
  }];
  let hasCanonicalizeMethod = 1;
}
def Dl_BinaryCrossEntropyOp : Dl_LossOp<"binary_cross_entropy", (ins UnitAttr:$from_logits)> {
  let summary = "cross-entropy of independent yes-or-no probabilities";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of -(t log x + (1 - t) log(1 - x)),
    logarithms held at -100 or above; with from_logits of w |x| + log1p(e^-|x|) with w = 1 - t where x > 0, else t, and 0 |x| = 0
    for an infinite x. dl.sigmoid before it becomes from_logits. Derivative: from logits (sigmoid(x) - t) dloss / n, where x > 0 as
    ((1 - t) - sigmoid(-x)), which keeps its bits where sigmoid(x) rounds to 1; else ((1 - t) / (1 - x) - t / x) dloss / n, each part 0
    where its logarithm is held; dlabel likewise.
    Example: `%l = dl.binary_cross_entropy %x, %t : tensor<8xf32>, tensor<8xf32>`.
    Source: torch.nn.BCELoss, torch.nn.BCEWithLogitsLoss.
  }];
  let hasCanonicalizeMethod = 1;
}
def Dl_MseOp : Dl_LossOp<"mse", (ins UnitAttr:$half)> {
  let summary = "the mean of squared differences, or half of it";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of (x - label)^2, with `half` divided
    by 2. Derivative: dx = 2 (x - label) dloss / n, half of it with `half`; dlabel = -dx.
    Example: `%l = dl.mse %x, %t {half} : tensor<8x3xf32>, tensor<8x3xf32>`. Source: torch.nn.MSELoss.
  }];
}
def Dl_MaeOp : Dl_LossOp<"mae"> {
  let summary = "the mean of absolute differences";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of |x - label|. Derivative:
    dx = sign(x - label) dloss / n, 0 where they are equal; dlabel = -dx.
    Example: `%l = dl.mae %x, %t : tensor<8x3xf32>, tensor<8x3xf32>`. Source: torch.nn.L1Loss.
  }];
}
#endif
