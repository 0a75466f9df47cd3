// Normalisation and regularisation: softmax, batch and layer norm, dropout. All are composites; bf16 is computed in f32.
#ifndef DLC_DIALECTS_DL_OPS_NORMALIZATION_TD
#define DLC_DIALECTS_DL_OPS_NORMALIZATION_TD
include "dialects/dl/Dl.td"

defvar Dl_Composite = [DeclareOpInterfaceMethods<Dl_Decomposable>, Dl_VJP];

class Dl_SoftmaxLike<string m> : Dl_Op<m, !listconcat(Dl_Composite, [SameOperandsAndResultType])> {
  let arguments = (ins Dl_FloatTensor:$x, I64Attr:$axis);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `axis` $axis attr-dict `:` type($x)";
  let hasVerifier = 1;
}
def Dl_SoftmaxOp : Dl_SoftmaxLike<"softmax"> {
  let summary = "e^x over its sum along an axis";
  let description = [{
    Shapes: x any, 0 <= axis < rank. Semantics: e^(x - m) / sum e^(x - m) along the axis, m the maximum; NaN for a row with NaN
    or +inf, or of -inf alone. Derivative: y (dy - sum(dy y)). Example: `%y = dl.softmax %x axis 1 : tensor<4x10xf32>`.
    Source: ONNX Softmax.
  }];
}
def Dl_LogSoftmaxOp : Dl_SoftmaxLike<"log_softmax"> {
  let summary = "the logarithm of softmax";
  let description = [{
    Shapes: as dl.softmax. Semantics: x - m - log sum e^(x - m) along the axis, m the maximum. Derivative: dy - e^y sum(dy).
    Example: `%y = dl.log_softmax %x axis 1 : tensor<4x10xf32>`. Source: ONNX LogSoftmax.
  }];
}

def Dl_BatchNormOp : Dl_Op<"batch_norm", !listconcat(Dl_Composite, [DeclareOpInterfaceMethods<Dl_Training>, AllTypesMatch<["x", "y"]>,
    AllTypesMatch<["gamma", "beta", "mean", "var"]>])> {
  let summary = "normalises each channel by running statistics; in training, by the batch's";
  let description = [{
    Shapes: x [..., c], the others [c], constant, one element type. Semantics: (x - mean) scale + beta with
    scale = gamma / sqrt(var + epsilon), the last two operations by dl.fma. In training: dl.batch_norm_train, and the states that mean and var are become
    (1 - momentum) old + momentum new, where the new variance is the unbiased one (n / (n - 1); of one element, 0).
    Derivative: with d = x - mean, r = 1 / sqrt(var + epsilon): dx = dy scale, dgamma = sum(dy d) r, dbeta = sum dy,
    dmean = -dbeta scale, dvar = -1/2 gamma r^3 sum(dy d).
    Example: `%y = dl.batch_norm %x, %g, %b, %m, %v : tensor<4x8x8x3xf32>, tensor<3xf32>`.
    Source: Ioffe and Szegedy, arXiv:1502.03167; torch.nn.BatchNorm2d.
  }];
  let arguments = (ins Dl_FloatTensor:$x, Dl_FloatTensor:$gamma, Dl_FloatTensor:$beta, Dl_FloatTensor:$mean, Dl_FloatTensor:$var,
                       DefaultValuedOptionalAttr<F64Attr, "1e-5">:$epsilon, DefaultValuedOptionalAttr<F64Attr, "0.1">:$momentum);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `,` $gamma `,` $beta `,` $mean `,` $var attr-dict `:` type($x) `,` type($gamma)";
  let hasVerifier = 1;
}
def Dl_BatchNormTrainOp : Dl_Op<"batch_norm_train", !listconcat(Dl_Composite, [AllTypesMatch<["x", "y"]>,
    AllTypesMatch<["gamma", "beta", "mean", "var"]>])> {
  let summary = "normalises each channel by its own mean and variance";
  let description = [{
    Shapes: x, y [..., c], the others [c], constant, one element type. Semantics: mean and var are each channel's, var the
    biased one: with m = sum x / n as rounded, d = x - m and delta = sum d / n, mean = m + delta, var = sum d^2 / n - delta^2,
    y = (d - delta) gamma / sqrt(var + epsilon) + beta. So a constant gives beta, and a small signal on a large mean its digits. Derivative: with r = 1 / sqrt(var +
    epsilon) and z = (x - mean) r: dbeta = sum dy, dgamma = sum dy z, dx = gamma r (dy - (dbeta + z dgamma) / n), and
    (dmean + 2 dvar (x - mean)) / n for cotangents of the statistics.
    Example: `%y, %m, %v = dl.batch_norm_train %x, %g, %b : tensor<4x8x8x3xf32>, tensor<3xf32>`.
    Source: as dl.batch_norm.
  }];
  let arguments = (ins Dl_FloatTensor:$x, Dl_FloatTensor:$gamma, Dl_FloatTensor:$beta, DefaultValuedOptionalAttr<F64Attr, "1e-5">:$epsilon);
  let results = (outs Dl_FloatTensor:$y, Dl_FloatTensor:$mean, Dl_FloatTensor:$var);
  let assemblyFormat = "$x `,` $gamma `,` $beta attr-dict `:` type($x) `,` type($gamma)";
  let hasVerifier = 1;
}
def Dl_LayerNormOp : Dl_Op<"layer_norm", !listconcat(Dl_Composite, [AllTypesMatch<["x", "y"]>, AllTypesMatch<["gamma", "beta"]>])> {
  let summary = "normalises each row, the last dimension, by its own mean and variance";
  let description = [{
    Shapes: x, y [..., c], gamma and beta [c], constant, one element type. Semantics: with m = sum x / n as rounded, d = x - m and
    delta = sum d / n of the row, z = (d - delta) / sqrt(sum d^2 / n - delta^2 + epsilon), y = z gamma + beta. Derivative: with g = dy gamma and means over the row,
    dx = (g - mean(g) - z mean(g z)) / sqrt(var + epsilon); dgamma = sum dy z, dbeta = sum dy over the rows.
    Example: `%y = dl.layer_norm %x, %g, %b : tensor<4x8xf32>, tensor<8xf32>`. Source: Ba, Kiros, Hinton, arXiv:1607.06450.
  }];
  let arguments = (ins Dl_FloatTensor:$x, Dl_FloatTensor:$gamma, Dl_FloatTensor:$beta, DefaultValuedOptionalAttr<F64Attr, "1e-5">:$epsilon);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `,` $gamma `,` $beta attr-dict `:` type($x) `,` type($gamma)";
  let hasVerifier = 1;
}
def Dl_DropoutOp : Dl_Op<"dropout", !listconcat(Dl_Composite, [DeclareOpInterfaceMethods<Dl_Training>, SameOperandsAndResultType])> {
  let summary = "in training, zeros elements at random; in inference, the identity";
  let description = [{
    Shapes: y as x. Semantics: x. In training, with u = dl.random_uniform of a fresh key: x / (1 - rate) where u >= rate, else 0;
    the derivative sees the same u. It decomposes to x rather than folding, so that simplifying a model before training keeps it.
    Derivative: dx = dy. Example: `%y = dl.dropout %x rate 5.000000e-01 : tensor<4x500xf32>`.
    Source: Srivastava et al., JMLR 15, 2014, in torch.nn.Dropout's scaling.
  }];
  let arguments = (ins Dl_FloatTensor:$x, F64Attr:$rate);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x `rate` $rate attr-dict `:` type($x)";
  let hasVerifier = 1;
}
#endif
