// Pointwise ops: a row is an op. `e` builds the result from s[0], s[1], ...; `vjp` hands cotangents back, over dy, x, y
// (binary: lhs, rhs), as Tensors.
#ifndef DLC_DIALECTS_DL_OPS_POINTWISE_TD
#define DLC_DIALECTS_DL_OPS_POINTWISE_TD
include "dialects/dl/Dl.td"

class Dl_PointwiseOp<string m, code e, int cost, list<Trait> traits = []>
    : Dl_Op<m, !listconcat([DeclareOpInterfaceMethods<Dl_Pointwise>], traits)> {
  code emission = [{
    ::llvm::SmallVector<::mlir::Value> $cppClass::emitPointwise(::mlir::OpBuilder &b, ::mlir::Location loc, ::mlir::ValueRange s) {
      Scalars e{b, loc};
      (void)e;
      return {}] # e # [{};
    }
    int64_t $cppClass::getElementCost() { return }] # cost # [{; }
  }];
  let extraClassDefinition = emission;
}
class Dl_Unary<string m, code e, int cost, code vjp> : Dl_PointwiseOp<m, e, cost, [SameOperandsAndResultType, Dl_VJP]> {
  let arguments = (ins Dl_FloatTensor:$x);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let extraClassDefinition = emission # [{
    void $cppClass::buildVjp(Differentiator &d) {
      ::mlir::Value g = d.cotangent(getY());
      if (!g || !d.needs(getX())) return;
      Tensor dy{d.builder(), getLoc(), g}, x = dy.with(getX()), y = dy.with(getY());
      (void)x, (void)y;
      d.add(getX(), }] # vjp # [{);
    }
  }];
}
class Dl_Binary<string m, code e, int cost, code dl, code dr> : Dl_PointwiseOp<m, e, cost, [SameOperandsAndResultType, Dl_VJP]> {
  let arguments = (ins Dl_Tensor:$lhs, Dl_Tensor:$rhs);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($y)";
  let extraClassDefinition = emission # [{
    void $cppClass::buildVjp(Differentiator &d) {
      ::mlir::Value g = d.cotangent(getY());
      if (!g) return;
      Tensor dy{d.builder(), getLoc(), g}, lhs = dy.with(getLhs()), rhs = dy.with(getRhs()), y = dy.with(getY());
      (void)lhs, (void)rhs, (void)y;
      if (d.needs(getLhs())) d.add(getLhs(), }] # dl # [{);
      if (d.needs(getRhs())) d.add(getRhs(), }] # dr # [{);
    }
  }];
}

def Dl_AddOp : Dl_Binary<"add", [{e.add(s[0], s[1])}], 1, [{dy}], [{dy}]> { let summary = "x + y"; }
def Dl_SubOp : Dl_Binary<"sub", [{e.sub(s[0], s[1])}], 1, [{dy}], [{-dy}]> { let summary = "x - y"; }
def Dl_MulOp : Dl_Binary<"mul", [{e.mul(s[0], s[1])}], 1, [{dy * rhs}], [{dy * lhs}]> { let summary = "x * y"; }
// NaN passes: x < 0 ? 0 : x is one vmaxps.
def Dl_ReluOp : Dl_Unary<"relu", [{e.select(e.lt(s[0], e.cst(s[0].getType(), 0.0)), e.cst(s[0].getType(), 0.0), s[0])}], 1,
    [{select(less(x.same(0.0), y), dy, dy.same(0.0))}]> { let summary = "max(x, 0)"; }
def Dl_ExpOp : Dl_Unary<"exp", [{e.exp(s[0])}], 16, [{dy * y}]> { let summary = "e^x"; }

def Dl_ConstantOp : Dl_PointwiseOp<"constant", [{e.cst(::mlir::getElementTypeOrSelf(getY().getType()), getValue().convertToDouble())}], 0> {
  let summary = "every element is one number";
  let arguments = (ins F64Attr:$value);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$value attr-dict `:` type($y)";
}
#endif
