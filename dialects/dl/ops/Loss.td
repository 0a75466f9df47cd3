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
// Losses of a class's number: rows x [batch..., c] and label [batch...].
class Dl_ClassLoss<string m, dag attributes, list<string> own = []>
    : Dl_LossOp<m, attributes, !listconcat(["getLabelRange"], own), Dl_TensorOf<[I8, I32, I64]>> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, ::std::optional<::mlir::Location> loc, Adaptor a,
                                                      ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return inferClassLoss({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
    }
    ::mlir::RankedTensorType $cppClass::getLabelType(::mlir::RankedTensorType x) { return classLabelType(x); }
    ::std::pair<int64_t, int64_t> $cppClass::getLabelRange(::mlir::RankedTensorType x, ::mlir::DictionaryAttr a) {
      return classLabelRange(x, a);
    }
  }];
}
// Losses of a label that looks like the prediction.
class Dl_ElementLoss<string m, dag attributes = (ins), list<string> own = []> : Dl_LossOp<m, attributes, own> {
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, ::std::optional<::mlir::Location> loc, Adaptor a,
                                                      ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return inferSameLoss({loc, getOperationName()}, a.getX().getType(), a.getLabel().getType(), types);
    }
    ::mlir::RankedTensorType $cppClass::getLabelType(::mlir::RankedTensorType x) { return x; }
  }];
}
// Of those, the means over elements of a function of x - label: `element` is the function, `slope` its derivative.
class Dl_DifferenceLoss<string m, dag attributes = (ins), list<string> own = []> : Dl_ElementLoss<m, attributes, own> {
  let extraClassDeclaration = "Tensor element(const Tensor &difference);\nTensor slope(const Tensor &difference);";
}

def Dl_SparseCategoricalCrossEntropyOp : Dl_ClassLoss<"sparse_categorical_cross_entropy",
    (ins UnitAttr:$from_logits, UnitAttr:$mean_over_counted, OptionalAttr<I64Attr>:$ignore_index,
         DefaultValuedOptionalAttr<F64Attr, "0.0">:$label_smoothing), ["getNumbers"]> {
  let summary = "cross-entropy against the number of the right class";
  let description = [{
    Shapes: x [batch..., c], c constant, label [batch...]; loss of rank 0. Semantics: the mean over the batch of -log p[label],
    where p is x, its logarithm held at -100 or above, or, with from_logits, softmax(x), by the stable x - m - log sum e^(x - m).
    With label_smoothing e it is -(1 - e) log p[label] - e / c sum log p.
    The label's type holds every class. A label outside 0 <= label < c is no class: whatever its row of x holds, it costs 0 and
    has the gradient 0. With ignore_index that label is no class, and every other label outside costs NaN.
    The mean is over all rows, or, with mean_over_counted, over those with a class (NaN where there is none).
    dl.softmax before it becomes from_logits. Derivative: from logits (softmax(x) - t) dloss / n, where t = (1 - e) onehot + e / c;
    else -t / x dloss / n, 0 where the logarithm is held. Example: `%l = dl.sparse_categorical_cross_entropy %x, %t {from_logits} :
    tensor<8x10xf32>, tensor<8xi32>`. Source: tf.keras.losses.SparseCategoricalCrossentropy; the hold as torch.nn.BCELoss;
    ignore_index, mean_over_counted and label_smoothing as torch.nn.CrossEntropyLoss, whose mean is over_counted; smoothing of Szegedy et
    al., arXiv:1512.00567.
  }];
  let hasCanonicalizeMethod = 1;
  let hasVerifier = 1;
}
def Dl_CategoricalCrossEntropyOp : Dl_LossOp<"categorical_cross_entropy",
    (ins UnitAttr:$from_logits, DefaultValuedOptionalAttr<F64Attr, "0.0">:$label_smoothing), ["getNumbers"]> {
  let summary = "cross-entropy against probabilities of the classes";
  let description = [{
    Shapes: x, label [batch..., c], one type; loss of rank 0. Semantics: the mean over the batch of -sum t log p, p as in
    dl.sparse_categorical_cross_entropy, t the label, or (1 - e) label + e / c with label_smoothing e; 0 log 0 is 0. dl.softmax before it
    becomes from_logits. Derivative: from logits (softmax(x) sum(t) - t) dloss / n; else -t / x dloss / n;
    dlabel = -(1 - e) log p dloss / n.
    Example: `%l = dl.categorical_cross_entropy %x, %t : tensor<8x10xf32>, tensor<8x10xf32>`.
    Source: tf.keras.losses.CategoricalCrossentropy; torch.nn.CrossEntropyLoss of probabilities.
  }];
  let hasCanonicalizeMethod = 1;
  let hasVerifier = 1;
}
def Dl_KlDivergenceOp : Dl_LossOp<"kl_divergence", (ins UnitAttr:$from_logits)> {
  let summary = "Kullback and Leibler's divergence of the label's distribution from the prediction's";
  let description = [{
    Shapes: x, label [batch..., c], one type; loss of rank 0. Semantics: the mean over the batch of sum label (log label - log p), p as in
    dl.sparse_categorical_cross_entropy; 0 log 0 is 0. dl.softmax before it becomes from_logits. Derivative: dx as in
    dl.categorical_cross_entropy; dlabel = (log label + 1 - log p) dloss / n.
    Example: `%l = dl.kl_divergence %x, %t : tensor<8x10xf32>, tensor<8x10xf32>`.
    Source: Kullback and Leibler, 1951; tf.keras.losses.KLDivergence; torch.nn.KLDivLoss of log p, with reduction batchmean.
  }];
  let hasCanonicalizeMethod = 1;
}
def Dl_NllOp : Dl_ClassLoss<"nll", (ins UnitAttr:$mean_over_counted, OptionalAttr<I64Attr>:$ignore_index), ["getNumbers"]> {
  let summary = "negative log-likelihood: minus the logarithm of probability that x has for the right class";
  let description = [{
    Shapes: x [batch..., c], c constant, label [batch...]; loss of rank 0. Semantics: the mean over the batch of -x[label]; what is no
    class, ignore_index and mean_over_counted as in dl.sparse_categorical_cross_entropy. Derivative: -onehot dloss / n.
    Example: `%l = dl.nll %x, %t : tensor<8x10xf32>, tensor<8xi32>`. Source: torch.nn.NLLLoss.
  }];
}
def Dl_MultiMarginOp : Dl_ClassLoss<"multi_margin", (ins DefaultValuedOptionalAttr<F64Attr, "1.0">:$margin), ["getNumbers"]> {
  let summary = "hinge loss of classes: what other classes lack in distance to the right one's score";
  let description = [{
    Shapes: x [batch..., c], c constant, label [batch...]; loss of rank 0. Semantics: the mean over the batch of
    sum max(0, margin - x[label] + x[j]) / c over the classes j that are not the label; a label that is no class costs 0.
    Derivative: a_j / c dloss / n, a_j being 1 where the term is positive, and minus their sum for the label.
    Example: `%l = dl.multi_margin %x, %t : tensor<8x10xf32>, tensor<8xi32>`.
    Source: Weston and Watkins, ESANN 1999; torch.nn.MultiMarginLoss.
  }];
}
def Dl_BinaryCrossEntropyOp : Dl_ElementLoss<"binary_cross_entropy", (ins UnitAttr:$from_logits)> {
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
def Dl_MseOp : Dl_DifferenceLoss<"mse", (ins UnitAttr:$half)> {
  let summary = "the mean of squared differences, or half of it";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of (x - label)^2, with `half` divided
    by 2. Derivative: dx = 2 (x - label) dloss / n, half of it with `half`; dlabel = -dx.
    Example: `%l = dl.mse %x, %t {half} : tensor<8x3xf32>, tensor<8x3xf32>`. Source: torch.nn.MSELoss.
  }];
}
def Dl_MaeOp : Dl_DifferenceLoss<"mae"> {
  let summary = "the mean of absolute differences";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of |x - label|. Derivative:
    dx = sign(x - label) dloss / n, 0 where they are equal; dlabel = -dx.
    Example: `%l = dl.mae %x, %t : tensor<8x3xf32>, tensor<8x3xf32>`. Source: torch.nn.L1Loss.
  }];
}
def Dl_HuberOp : Dl_DifferenceLoss<"huber", (ins DefaultValuedOptionalAttr<F64Attr, "1.0">:$delta), ["getNumbers"]> {
  let summary = "half of squared differences, from delta on as steep as there";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: with d = x - label the mean over all elements of d^2 / 2 where
    |d| <= delta, else of delta (|d| - delta / 2). Derivative: dx = d held in [-delta, delta], times dloss / n; dlabel = -dx.
    Example: `%l = dl.huber %x, %t {delta = 5.000000e-01 : f64} : tensor<8x3xf32>, tensor<8x3xf32>`.
    Source: Huber, 1964; torch.nn.HuberLoss.
  }];
  let hasVerifier = 1;
}
def Dl_HingeOp : Dl_ElementLoss<"hinge"> {
  let summary = "hinge loss of labels 1 and -1";
  let description = [{
    Shapes: x, label any, one type; loss of rank 0. Semantics: the mean over all elements of max(0, 1 - label x). Derivative: where that
    is positive dx = -label dloss / n and dlabel = -x dloss / n, else 0.
    Example: `%l = dl.hinge %x, %t : tensor<8xf32>, tensor<8xf32>`. Source: Cortes and Vapnik, 1995; tf.keras.losses.Hinge.
  }];
}
def Dl_KlSparsityOp : Dl_Op<"kl_sparsity", [DeclareOpInterfaceMethods<Dl_Decomposable>, Dl_VJP, DeclareOpInterfaceMethods<Dl_Training>,
                                            SameOperandsAndResultType]> {
  let summary = "in training, a penalty on units that are active more often than a target; in inference, the identity";
  let description = [{
    Shapes: x [batch..., units]; y as x. Semantics: x. In training, with q the mean of a unit over the batch and p the target,
    weight times the sum over units of p log(p / q) + (1 - p) log((1 - p) / (1 - q)) is added to the loss; logarithms are held at -100 or
    above. Derivative: dx = dy. Example: `%y = dl.kl_sparsity %x target 5.000000e-02 weight 3.000000e+00 : tensor<8x25xf32>`.
    Source: Ng, Sparse autoencoder, CS294A lecture notes, 2011.
  }];
  let arguments = (ins Dl_FloatTensor:$x, F64Attr:$target, F64Attr:$weight);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `target` $target `weight` $weight attr-dict `:` type($x)";
  let hasVerifier = 1;
}
#endif
