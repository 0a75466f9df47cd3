// Optimisers: one parameter's update. The training pass finds them by OptimizerOpInterface.
#ifndef DLC_DIALECTS_DL_OPS_OPTIMIZER_TD
#define DLC_DIALECTS_DL_OPS_OPTIMIZER_TD
include "dialects/dl/Dl.td"

// w, g and slots have one type, scalars rank 0 and its element type; the text names that type once.
class Dl_OptimizerOp<string m, dag flags, list<string> own = [], code check = [{return ::mlir::success();}]>
    : Dl_InferredOp<m, [AttrSizedOperandSegments, InferTypeOpAdaptor, DeclareOpInterfaceMethods<Dl_Decomposable>,
                        DeclareOpInterfaceMethods<Dl_Optimizer, own>]> {
  let arguments = !con((ins Dl_FloatTensor:$w, Dl_FloatTensor:$g, Variadic<Dl_FloatTensor>:$slots,
                        Variadic<Dl_FloatTensor>:$scalars), flags);
  let results = (outs Dl_FloatTensor:$new_w, Variadic<Dl_FloatTensor>:$new_slots);
  let assemblyFormat = [{$w `,` $g (`slots` `(` $slots^ `)`)? `scalars` `(` $scalars `)` attr-dict `:`
    custom<UpdateTypes>(type($w), type($g), type($slots), type($scalars), ref($slots), ref($scalars))}];
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, ::std::optional<::mlir::Location> loc, Adaptor a,
                                                      ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      types.append(1 + a.getSlots().size(), a.getW().getType());
      return ::mlir::success();
    }
    ::llvm::LogicalResult $cppClass::verify() {
      if (::mlir::failed(verifyUpdate(getOperation()))) return ::mlir::failure();
      }] # check # [{
    }
  }];
}

def Dl_SgdOp : Dl_OptimizerOp<"sgd", (ins UnitAttr:$momentum, UnitAttr:$nesterov), [],
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
class Dl_Adam<string m> : Dl_OptimizerOp<m, (ins UnitAttr:$epsilon_hat), ["getCounterNames", "advanceCounters"]>;
def Dl_AdamOp : Dl_Adam<"adam"> {
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
def Dl_AdamWOp : Dl_Adam<"adamw"> {
  let summary = "Adam with decoupled weight decay";
  let description = [{
    As dl.adam, epsilon_hat too, with d = g, and w (1 - lr weight_decay) in the place of w; the scalar weight_decay stands where l2 stood.
    Derivative: none.
    Example: `%w1, %m1, %v1 = dl.adamw %w, %g slots(%m, %v) scalars(%lr, %beta1, %beta2, %eps, %decay, %c1, %c2) : tensor<8x4xf32>`.
    Source: PyTorch, torch.optim.AdamW (https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
  }];
}
#endif
