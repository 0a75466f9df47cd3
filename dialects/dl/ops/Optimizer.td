// Optimisers: one parameter's update. The training pass finds them by OptimizerOpInterface.
#ifndef DLC_DIALECTS_DL_OPS_OPTIMIZER_TD
#define DLC_DIALECTS_DL_OPS_OPTIMIZER_TD
include "dialects/dl/Dl.td"

// w, g and slots have one type, scalars rank 0 and its element type; the text names that type once. All else about an optimiser is
// its rule, a row of data and its formula in Optimizer.cpp.
class Dl_OptimizerOp<string m, dag flags = (ins), code check = [{return ::mlir::success();}]>
    : Dl_InferredOp<m, [AttrSizedOperandSegments, InferTypeOpAdaptor, DeclareOpInterfaceMethods<Dl_Decomposable>,
                        DeclareOpInterfaceMethods<Dl_Optimizer>]> {
  let arguments = !con((ins Dl_FloatTensor:$w, Dl_FloatTensor:$g, Variadic<Dl_FloatTensor>:$slots,
                        Variadic<Dl_FloatTensor>:$scalars), flags);
  let results = (outs Dl_FloatTensor:$new_w, Variadic<Dl_FloatTensor>:$new_slots);
  let assemblyFormat = [{$w `,` $g (`slots` `(` $slots^ `)`)? `scalars` `(` $scalars `)` attr-dict `:`
    custom<UpdateTypes>(type($w), type($g), type($slots), type($scalars), ref($slots), ref($scalars))}];
  let hasVerifier = 1;
  let extraClassDeclaration = [{ static const UpdateRule &getRule(); }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, ::std::optional<::mlir::Location> loc, Adaptor a,
                                                      ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      types.append(1 + a.getSlots().size(), a.getW().getType());
      return ::mlir::success();
    }
    ::llvm::SmallVector<::llvm::StringRef> $cppClass::getSlotNames(::mlir::DictionaryAttr a) { return getRule().slotNames(a); }
    ::llvm::SmallVector<Hyperparameter> $cppClass::getHyperparameters(::mlir::DictionaryAttr a) { return getRule().hyperparameters(a); }
    ::llvm::SmallVector<::llvm::StringRef> $cppClass::getCounterNames() { return getRule().counterNames(); }
    ::llvm::SmallVector<::mlir::Value> $cppClass::advanceCounters(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::DictionaryAttr a,
                                                                  ::mlir::ValueRange scalars) {
      return getRule().advance(b, loc, a, scalars);
    }
    ::llvm::SmallVector<::mlir::Value> $cppClass::decompose(::mlir::OpBuilder &b) { return getRule().apply(*this, b); }
    ::llvm::LogicalResult $cppClass::verify() {
      if (::mlir::failed(verifyUpdate(getOperation()))) return ::mlir::failure();
      }] # check # [{
    }
  }];
}

def Dl_SgdOp : Dl_OptimizerOp<"sgd", (ins UnitAttr:$momentum, UnitAttr:$nesterov),
    [{return getNesterov() && !getMomentum() ? emitOpError("nesterov needs momentum: write {momentum, nesterov}") : ::mlir::success();}]> {
  let summary = "gradient descent, with momentum or Nesterov's";
  let description = [{
    Slots: momentum v where the flag stands. Scalars: lr, l2, and momentum m where the flag stands.
    Semantics: d = g + l2 w; without momentum w' = w - lr d; with it v' = m v + d and w' = w - lr v', or under `nesterov`
    w' = w - lr (d + m v'). Since v starts at zero, the first step has v' = d.
    Derivative: none. Example: `%w1, %v1 = dl.sgd %w, %g slots(%v) scalars(%lr, %l2, %m) {momentum} : tensor<8x4xf32>`.
    Source: PyTorch, torch.optim.SGD with dampening 0 (https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html).
  }];
}
def Dl_AdamOp : Dl_OptimizerOp<"adam", (ins UnitAttr:$epsilon_hat)> {
  let summary = "Adam: steps by the first moment over the root of the second";
  let description = [{
    Slots: moments m and v. Scalars: lr, beta1, beta2, eps, l2, then the counters c1 and c2. Semantics: d = g + l2 w;
    m' = beta1 m + (1 - beta1) d; v' = beta2 v + (1 - beta2) d d; w' = w - lr / c1 m' / (sqrt(v') / sqrt(c2) + eps).
    In step t c = 1 - beta^t, carried as c' = beta c + (1 - beta), which keeps its precision where 1 - beta^t would not.
    With epsilon_hat eps joins the root before it is corrected: w' = w - lr sqrt(c2) / c1 m' / (sqrt(v') + eps), as at the end of the
    paper's section 2, in TensorFlow and in ONNX (whose update count T gives c = 1 - beta^T, and 1 at T = 0). Derivative: none.
    Example: `%w1, %m1, %v1 = dl.adam %w, %g slots(%m, %v) scalars(%lr, %beta1, %beta2, %eps, %l2, %c1, %c2) : tensor<8x4xf32>`.
    Source: PyTorch, torch.optim.Adam (https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html); Kingma and Ba, 2015.
  }];
}
def Dl_AdamWOp : Dl_OptimizerOp<"adamw", (ins UnitAttr:$epsilon_hat)> {
  let summary = "Adam with decoupled weight decay";
  let description = [{
    As dl.adam, epsilon_hat too, with d = g, and w (1 - lr weight_decay) in the place of w; the scalar weight_decay stands where l2 stood.
    Derivative: none.
    Example: `%w1, %m1, %v1 = dl.adamw %w, %g slots(%m, %v) scalars(%lr, %beta1, %beta2, %eps, %decay, %c1, %c2) : tensor<8x4xf32>`.
    Source: PyTorch, torch.optim.AdamW (https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
  }];
}
def Dl_AdaGradOp : Dl_OptimizerOp<"adagrad"> {
  let summary = "steps over the root of the sum of squared gradients";
  let description = [{
    Slots: sum s. Scalars: lr, eps, l2. Semantics: d = g + l2 w; s' = s + d d; w' = w - lr d / (sqrt(s') + eps).
    A rate that falls with the steps, lr / (1 + decay t), is the schedule inv with b = 1. Derivative: none.
    Example: `%w1, %s1 = dl.adagrad %w, %g slots(%s) scalars(%lr, %eps, %l2) : tensor<8x4xf32>`.
    Source: Duchi, Hazan, Singer, JMLR 12, 2011; torch.optim.Adagrad.
  }];
}
def Dl_AdaDeltaOp : Dl_OptimizerOp<"adadelta"> {
  let summary = "steps by the root of past squared steps over that of squared gradients";
  let description = [{
    Slots: squares v of gradients, squares u of steps. Scalars: lr, rho, eps, l2. Semantics: d = g + l2 w; v' = rho v + (1 - rho) d d;
    s = sqrt(u + eps) / sqrt(v' + eps) d; u' = rho u + (1 - rho) s s; w' = w - lr s. Derivative: none.
    Example: `%w1, %v1, %u1 = dl.adadelta %w, %g slots(%v, %u) scalars(%lr, %rho, %eps, %l2) : tensor<8x4xf32>`.
    Source: Zeiler, arXiv:1212.5701; torch.optim.Adadelta.
  }];
}
def Dl_RmsPropOp : Dl_OptimizerOp<"rmsprop", (ins UnitAttr:$centered, UnitAttr:$momentum)> {
  let summary = "steps over the root of the running mean of squared gradients";
  let description = [{
    Slots: squares v; mean a under `centered`; momentum b under `momentum`. Scalars: lr, alpha, eps, l2, and momentum m where the flag
    stands. Semantics: d = g + l2 w; v' = alpha v + (1 - alpha) d d; with `centered` a' = alpha a + (1 - alpha) d and the variance
    v' - a' a', held at 0, takes the place of v'; s = d / (sqrt(v') + eps); w' = w - lr s, or with `momentum` b' = m b + s and
    w' = w - lr b'. Derivative: none.
    Example: `%w1, %v1 = dl.rmsprop %w, %g slots(%v) scalars(%lr, %alpha, %eps, %l2) : tensor<8x4xf32>`.
    Source: Tieleman and Hinton, Neural networks for machine learning, lecture 6.5, 2012; Graves, arXiv:1308.0850; torch.optim.RMSprop.
  }];
}
def Dl_LambOp : Dl_OptimizerOp<"lamb"> {
  let summary = "AdamW's direction, as long as the parameter";
  let description = [{
    Slots: moments m and v. Scalars: lr, beta1, beta2, eps, weight_decay, then the counters c1 and c2, as in dl.adam.
    Semantics: m' = beta1 m + (1 - beta1) g; v' = beta2 v + (1 - beta2) g g; r = m' / c1 / (sqrt(v') / sqrt(c2) + eps) + weight_decay w;
    w' = w - lr |w| / |r| r, norms over the whole parameter, and w - lr r where either is 0. Derivative: none.
    Example: `%w1, %m1, %v1 = dl.lamb %w, %g slots(%m, %v) scalars(%lr, %beta1, %beta2, %eps, %decay, %c1, %c2) : tensor<8x4xf32>`.
    Source: You et al., Large batch optimization for deep learning, ICLR 2020, algorithm 2; timm.optim.Lamb without its clipping.
  }];
}
def Dl_LionOp : Dl_OptimizerOp<"lion"> {
  let summary = "steps by the sign of an interpolated momentum";
  let description = [{
    Slots: momentum m. Scalars: lr, beta1, beta2, weight_decay. Semantics: c = beta1 m + (1 - beta1) g;
    w' = w (1 - lr weight_decay) - lr sign(c), sign(0) being 0; m' = beta2 m + (1 - beta2) g. Derivative: none.
    Example: `%w1, %m1 = dl.lion %w, %g slots(%m) scalars(%lr, %beta1, %beta2, %decay) : tensor<8x4xf32>`.
    Source: Chen et al., Symbolic discovery of optimization algorithms, arXiv:2302.06675; timm.optim.Lion.
  }];
}
#endif
