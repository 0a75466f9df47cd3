// Pointwise ops: a row is an op. `e` builds the result from s[0], s[1], ...; `vjp` hands cotangents back, over dy, x, y
// (binary: lhs, rhs), as Tensors, and is the derivative that the documentation prints. `source`: the ONNX operator.
#ifndef DLC_DIALECTS_DL_OPS_POINTWISE_TD
#define DLC_DIALECTS_DL_OPS_POINTWISE_TD
include "dialects/dl/Dl.td"

// Emission and cost stand in ops/Pointwise.cpp.
class Dl_BarePointwiseOp<string m, list<Trait> traits = []>
    : Dl_Op<m, !listconcat([DeclareOpInterfaceMethods<Dl_Pointwise>], traits)>;
class Dl_PointwiseOp<string m, code e, int cost, list<Trait> traits = []> : Dl_BarePointwiseOp<m, traits> {
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
class Dl_Unary<string m, string formula, string source, code e, int cost, code vjp>
    : Dl_PointwiseOp<m, e, cost, [SameOperandsAndResultType, Dl_VJP]> {
  let summary = formula;
  let description = "Shapes: y as x, floating-point. Semantics: y = " # formula # ", rounded once; NaN and infinity as IEEE says. "
    "Derivative: dx = " # vjp # ". Example: `%y = dl." # m # " %x : tensor<4xf32>`. Source: ONNX " # source # ".";
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
class Dl_Binary<string m, string formula, string source, code e, int cost, code dl, code dr, list<Trait> traits = []>
    : Dl_PointwiseOp<m, e, cost, !listconcat([SameOperandsAndResultType, Dl_VJP], traits)> {
  let summary = formula;
  let description = "Shapes: lhs, rhs and y alike, any number type; write dl.broadcast before it where shapes differ. Semantics: y = "
    # formula # ", rounded once; integers wrap. Derivative: dlhs = " # dl # ", drhs = " # dr # ". Example: `%y = dl." # m
    # " %a, %b : tensor<4xf32>`. Source: ONNX " # source # ".";
  let arguments = (ins Dl_NumberTensor:$lhs, Dl_NumberTensor:$rhs);
  let results = (outs Dl_NumberTensor:$y);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($y)";
  let hasFolder = 1;
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
class Dl_Logical<string m, string formula, string source, code e> : Dl_PointwiseOp<m, e, 1, [SameOperandsAndResultType, Commutative]> {
  let summary = formula;
  let description = "Shapes: lhs, rhs and y alike, i1. Semantics: y = " # formula # ". Derivative: none. Example: `%y = dl." # m
    # " %a, %b : tensor<4xi1>`. Source: ONNX " # source # ".";
  let arguments = (ins Dl_BoolTensor:$lhs, Dl_BoolTensor:$rhs);
  let results = (outs Dl_BoolTensor:$y);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($y)";
}

//===-- Arithmetic ------------------------------------------------------------------------------------------------===//
def Dl_AddOp : Dl_Binary<"add", "lhs + rhs", "Add", [{e.add(s[0], s[1])}], 1, [{dy}], [{dy}], [Commutative]>;
def Dl_SubOp : Dl_Binary<"sub", "lhs - rhs", "Sub", [{e.sub(s[0], s[1])}], 1, [{dy}], [{-dy}]>;
def Dl_MulOp : Dl_Binary<"mul", "lhs * rhs", "Mul", [{e.mul(s[0], s[1])}], 1, [{dy * rhs}], [{dy * lhs}], [Commutative]>;
def Dl_DivOp : Dl_Binary<"div", "lhs / rhs (integers: toward zero; x / 0 is 0)", "Div", [{e.div(s[0], s[1])}], 4, [{dy / rhs}],
    [{-(dy * y / rhs)}]>;
def Dl_FmaOp : Dl_PointwiseOp<"fma", [{e.fma(s[0], s[1], s[2])}], 2, [SameOperandsAndResultType, Dl_VJP]> {
  let summary = "lhs * rhs + addend";
  let description = [{
    Shapes: all alike, floating-point. Semantics: y = lhs * rhs + addend, rounded once (x86-64-v2: the product too).
    Derivative: dlhs = dy * rhs, drhs = dy * lhs, daddend = dy.
    Example: `%y = dl.fma %a, %b, %c : tensor<4xf32>`. Source: IEEE 754-2019 fusedMultiplyAdd.
  }];
  let arguments = (ins Dl_FloatTensor:$lhs, Dl_FloatTensor:$rhs, Dl_FloatTensor:$addend);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$lhs `,` $rhs `,` $addend attr-dict `:` type($y)";
}
// The winner has the cotangent, at a tie each has half (as in PyTorch), at a NaN it is NaN; not commutative in the sign of a zero.
def Dl_MaximumOp : Dl_Binary<"maximum", "the greater of lhs and rhs, NaN if either is", "Max", [{e.max(s[0], s[1])}], 2,
    [{shown(lhs, select(equal(lhs, rhs), dy * 0.5, select(less(rhs, lhs), dy, dy.same(0.0))))}],
    [{shown(rhs, select(equal(lhs, rhs), dy * 0.5, select(less(lhs, rhs), dy, dy.same(0.0))))}]>;
def Dl_MinimumOp : Dl_Binary<"minimum", "the lesser of lhs and rhs, NaN if either is", "Min", [{e.min(s[0], s[1])}], 2,
    [{shown(lhs, select(equal(lhs, rhs), dy * 0.5, select(less(lhs, rhs), dy, dy.same(0.0))))}],
    [{shown(rhs, select(equal(lhs, rhs), dy * 0.5, select(less(rhs, lhs), dy, dy.same(0.0))))}]>;
def Dl_NegOp : Dl_Unary<"neg", "-x", "Neg", [{e.neg(s[0])}], 1, [{-dy}]> { let hasFolder = 1; }
def Dl_AbsOp : Dl_Unary<"abs", "|x|", "Abs", [{e.abs(s[0])}], 1,
    [{shown(x, select(less(x.same(0.0), x), dy, select(less(x, 0.0), -dy, dy.same(0.0))))}]>;

// Largest errors of f32: docs/functions.md.
//===-- Functions -------------------------------------------------------------------------------------------------===//
def Dl_ExpOp : Dl_Unary<"exp", "e^x", "Exp", [{e.exp(s[0])}], 16, [{dy * y}]>;
def Dl_Exp2Op : Dl_Unary<"exp2", "2^x", "Pow of 2", [{e.exp2(s[0])}], 16, [{dy * y * 0.69314718055994531}]>;
def Dl_Expm1Op : Dl_Unary<"expm1", "e^x - 1, right near 0", "Exp and Sub", [{e.expm1(s[0])}], 24, [{dy * (y + 1.0)}]>;
def Dl_LogOp : Dl_Unary<"log", "the natural logarithm of x", "Log", [{e.log(s[0])}], 18, [{dy / x}]>;
def Dl_Log2Op : Dl_Unary<"log2", "the logarithm of x to the base 2", "Log and Div", [{e.log2(s[0])}], 28,
    [{dy / x * 1.4426950408889634}]>;
def Dl_Log1pOp : Dl_Unary<"log1p", "log(1 + x), right near 0", "Add and Log", [{e.log1p(s[0])}], 32, [{dy / (x + 1.0)}]>;
def Dl_SqrtOp : Dl_Unary<"sqrt", "the square root of x", "Sqrt", [{e.sqrt(s[0])}], 4, [{dy * 0.5 / y}]>;
def Dl_RsqrtOp : Dl_Unary<"rsqrt", "1 / sqrt(x)", "Reciprocal of Sqrt", [{e.rsqrt(s[0])}], 8, [{dy * -0.5 * (y * y * y)}]>;
def Dl_CbrtOp : Dl_Unary<"cbrt", "the cube root of x, of x's sign", "Pow of 1/3", [{e.cbrt(s[0])}], 40, [{dy / (y * y * 3.0)}]>;
def Dl_PowOp : Dl_Binary<"pow", "lhs^rhs, as IEEE 754's pow: 1 where rhs is 0 or lhs is 1, NaN of a negative number to what is no integer",
    "Pow", [{e.pow(s[0], s[1])}], 50,
    [{select(equal(rhs, 0.0), dy.same(0.0), dy * rhs * pow(lhs, rhs - 1.0))}],
    [{select(equal(y, 0.0), dy.same(0.0), dy * y * lhs.log())}]> {
  let description = [{
    Shapes: lhs, rhs and y alike, floating-point; write dl.broadcast before it where shapes differ. Semantics: y = lhs^rhs, rounded
    once; 1 where rhs is 0 or lhs is 1; of a negative lhs only where rhs is an integer, else NaN; infinity as IEEE 754's pow.
    Derivative: dlhs = dy rhs lhs^(rhs - 1), 0 where rhs is 0; drhs = dy y log(lhs), 0 where y is 0.
    Example: `%y = dl.pow %a, %b : tensor<4xf32>`. Source: ONNX Pow.
  }];
  let arguments = (ins Dl_FloatTensor:$lhs, Dl_FloatTensor:$rhs);
  let results = (outs Dl_FloatTensor:$y);
  let hasFolder = 0;
}
def Dl_SinOp : Dl_Unary<"sin", "sin(x), x in radians", "Sin", [{e.sin(s[0])}], 24, [{dy * x.cos()}]>;
def Dl_CosOp : Dl_Unary<"cos", "cos(x), x in radians", "Cos", [{e.cos(s[0])}], 24, [{-(dy * x.sin())}]>;
def Dl_TanOp : Dl_Unary<"tan", "tan(x), x in radians", "Tan", [{e.tan(s[0])}], 44, [{dy * (y * y + 1.0)}]>;
def Dl_AsinOp : Dl_Unary<"asin", "the angle in [-pi/2, pi/2] whose sine is x", "Asin", [{e.asin(s[0])}], 50,
    [{dy * ((1.0 - x) * (1.0 + x)).rsqrt()}]>;
def Dl_AcosOp : Dl_Unary<"acos", "the angle in [0, pi] whose cosine is x", "Acos", [{e.acos(s[0])}], 50,
    [{-(dy * ((1.0 - x) * (1.0 + x)).rsqrt())}]>;
def Dl_AtanOp : Dl_Unary<"atan", "the angle in [-pi/2, pi/2] whose tangent is x", "Atan", [{e.atan(s[0])}], 40, [{dy / (x * x + 1.0)}]>;
def Dl_SinhOp : Dl_Unary<"sinh", "(e^x - e^-x) / 2", "Sinh", [{e.sinh(s[0])}], 36, [{dy * x.cosh()}]>;
def Dl_CoshOp : Dl_Unary<"cosh", "(e^x + e^-x) / 2", "Cosh", [{e.cosh(s[0])}], 36, [{dy * x.sinh()}]>;
def Dl_TanhOp : Dl_Unary<"tanh", "tanh(x)", "Tanh", [{e.tanh(s[0])}], 20, [{dy * (1.0 - y * y)}]>;
def Dl_AsinhOp : Dl_Unary<"asinh", "the inverse of sinh", "Asinh", [{e.asinh(s[0])}], 60, [{dy * (x * x + 1.0).rsqrt()}]>;
def Dl_AcoshOp : Dl_Unary<"acosh", "the inverse of cosh, not negative", "Acosh", [{e.acosh(s[0])}], 60,
    [{dy * ((x - 1.0) * (x + 1.0)).rsqrt()}]>;
def Dl_AtanhOp : Dl_Unary<"atanh", "the inverse of tanh", "Atanh", [{e.atanh(s[0])}], 50, [{dy / ((1.0 - x) * (1.0 + x))}]>;
def Dl_ErfOp : Dl_Unary<"erf", "the error function of x", "Erf", [{e.erf(s[0])}], 26,
    [{dy * (-(x * x)).exp() * 1.1283791670955126}]>;
def Dl_ErfcOp : Dl_Unary<"erfc", "1 - erf(x), right where erf is near 1", "Erf and Sub", [{e.erfc(s[0])}], 60,
    [{dy * (-(x * x)).exp() * -1.1283791670955126}]>;
def Dl_LgammaOp : Dl_Unary<"lgamma", "log |Gamma(x)|", "none", [{e.lgamma(s[0])}], 150, [{dy * x.digamma()}]>;
def Dl_DigammaOp : Dl_Unary<"digamma", "the derivative of log |Gamma(x)|", "none", [{e.digamma(s[0])}], 150, [{dy * x.trigamma()}]>;

//===-- Activations -----------------------------------------------------------------------------------------------===//
def Dl_SigmoidOp : Dl_Unary<"sigmoid", "1 / (1 + e^-x), by e^-|x|", "Sigmoid", [{e.sigmoid(s[0])}], 24, [{dy * (y * (1.0 - y))}]>;
def Dl_SoftplusOp : Dl_Unary<"softplus", "log(1 + e^x)", "Softplus", [{e.softplus(s[0])}], 32, [{dy * x.sigmoid()}]>;
// x is held where sigmoid(-x) or sigmoid(x) is 0 in any type: infinity times 0 would be NaN.
def Dl_SiluOp : Dl_Unary<"silu", "x sigmoid(x)", "Sigmoid and Mul", [{e.silu(s[0])}], 26,
    [{dy * (x.sigmoid() + x.clamped(1000) * x.sigmoid() * (-x).sigmoid())}]>;
// NaN passes: x < 0 ? 0 : x is one vmaxps.
def Dl_ReluOp : Dl_Unary<"relu", "x < 0 ? 0 : x", "Relu",
    [{e.select(e.lt(s[0], e.cst(s[0].getType(), 0.0)), e.cst(s[0].getType(), 0.0), s[0])}], 1,
    [{shown(y, select(less(x.same(0.0), y), dy, dy.same(0.0)))}]> { let hasFolder = 1; }
def Dl_SoftsignOp : Dl_Unary<"softsign", "x / (1 + |x|)", "Softsign", [{e.softsign(s[0])}], 7,
    [{dy * ((1.0 / (x.abs() + 1.0)) * (1.0 / (x.abs() + 1.0)))}]>;
def Dl_LeakyReluOp : Dl_Unary<"leaky_relu", "x > 0 ? x : alpha * x", "LeakyRelu",
    [{e.select(e.gt(s[0], e.cst(s[0].getType(), 0.0)), s[0],
               e.mul(s[0], e.cst(s[0].getType(), getAlpha().convertToDouble())))}], 2,
    [{shown(x, select(less(x.same(0.0), x), dy, dy * getAlpha().convertToDouble()))}]> {
  let description = [{
    Shapes: y as x, floating-point. Semantics: y = x > 0 ? x : alpha * x, rounded once; NaN as IEEE says. Derivative: dx = dy where
    x > 0, else alpha dy, NaN where x is. Example: `%y = dl.leaky_relu %x alpha 0.01 : tensor<4xf32>`. Source: ONNX LeakyRelu.
  }];
  let arguments = (ins Dl_FloatTensor:$x, F64Attr:$alpha);
  let assemblyFormat = "$x `alpha` $alpha attr-dict `:` type($y)";
}
def Dl_GeluForm : I32EnumAttr<"GeluForm", "which formula of gelu", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"tanh", 1>]> { let cppNamespace = "::dlc::dl"; }
def Dl_GeluOp : Dl_BarePointwiseOp<"gelu", [SameOperandsAndResultType, Dl_VJP]> {
  let summary = "x times the normal distribution function of x";
  let description = [{
    Shapes: y as x, floating-point. Semantics: none: y = x/2 (1 + erf(x / sqrt 2)), right in the tail, as x/2 erfc(-x / sqrt 2);
    tanh: y = x/2 (1 + tanh(v/2)), v = 2 sqrt(2/pi) (x + 0.044715 x^3), as x sigmoid(v). -0 at -infinity.
    Derivative: none: dx = dy (erfc(-x / sqrt 2) / 2 + x e^(-x^2/2) / sqrt(2 pi)); tanh: dx = dy (sigmoid(v) + x sigmoid(v)
    sigmoid(-v) dv/dx).
    Example: `%y = dl.gelu %x approximate tanh : tensor<4xf32>`. Source: Hendrycks and Gimpel, 2016; ONNX Gelu.
  }];
  let arguments = (ins Dl_FloatTensor:$x, DefaultValuedAttr<Dl_GeluForm, "::dlc::dl::GeluForm::none">:$approximate);
  let results = (outs Dl_FloatTensor:$y);
  let assemblyFormat = "$x (`approximate` $approximate^)? attr-dict `:` type($y)";
}

//===-- Predicates, logic, types ----------------------------------------------------------------------------------===//
def Dl_Predicate : I32EnumAttr<"Predicate", "a comparison", [
    I32EnumAttrCase<"lt", 0>, I32EnumAttrCase<"le", 1>, I32EnumAttrCase<"gt", 2>,
    I32EnumAttrCase<"ge", 3>, I32EnumAttrCase<"eq", 4>, I32EnumAttrCase<"ne", 5>]> { let cppNamespace = "::dlc::dl"; }
def Dl_CompareOp : Dl_BarePointwiseOp<"compare", [SameTypeOperands, InferTypeOpAdaptor]> {
  let summary = "lt, le, gt, ge, eq or ne, element by element";
  let description = [{
    Shapes: lhs and rhs alike; y of that shape, i1. Semantics: with NaN all are false but ne; i1 has false < true.
    Derivative: none. Example: `%y = dl.compare lt %a, %b : tensor<4xf32>`. Source: ONNX Less, LessOrEqual, Greater, ....
  }];
  let arguments = (ins Dl_Predicate:$predicate, Dl_Tensor:$lhs, Dl_Tensor:$rhs);
  let results = (outs Dl_BoolTensor:$y);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
}
def Dl_AndOp : Dl_Logical<"and", "lhs and rhs", "And", [{e.band(s[0], s[1])}]>;
def Dl_OrOp : Dl_Logical<"or", "lhs or rhs", "Or", [{e.bor(s[0], s[1])}]>;
def Dl_XorOp : Dl_Logical<"xor", "lhs or rhs, but not both", "Xor", [{e.bxor(s[0], s[1])}]>;
def Dl_NotOp : Dl_PointwiseOp<"not", [{e.bnot(s[0])}], 1, [SameOperandsAndResultType]> {
  let summary = "not x";
  let description = [{Shapes: y as x, i1. Semantics: y = not x. Derivative: none. Example: `%y = dl.not %x : tensor<4xi1>`.
    Source: ONNX Not.}];
  let arguments = (ins Dl_BoolTensor:$x);
  let results = (outs Dl_BoolTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($y)";
  let hasFolder = 1;
}
def Dl_SelectOp : Dl_PointwiseOp<"select", [{e.select(s[0], s[1], s[2])}], 1, [Dl_VJP, AllTypesMatch<["yes", "no", "y"]>,
    TypesMatchWith<"condition is i1 of the shape of y", "y", "condition", "::dlc::dl::withBool($_self)">]> {
  let summary = "condition ? yes : no";
  let description = [{
    Shapes: all alike, condition i1. Semantics: y = condition ? yes : no; what is not chosen may be NaN.
    Derivative: dyes = condition ? dy : 0, dno = condition ? 0 : dy.
    Example: `%y = dl.select %c, %a, %b : tensor<4xf32>`. Source: ONNX Where.
  }];
  let arguments = (ins Dl_BoolTensor:$condition, Dl_Tensor:$yes, Dl_Tensor:$no);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$condition `,` $yes `,` $no attr-dict `:` type($y)";
  let hasFolder = 1;
}
def Dl_CastOp : Dl_PointwiseOp<"cast", [{e.cast(s[0], ::mlir::getElementTypeOrSelf(getY().getType()))}], 1, [Dl_VJP]> {
  let summary = "to another element type";
  let description = [{
    Shapes: y as x. Semantics: to nearest even between floats; float to integer toward zero, saturating, NaN to 0; to i1:
    x is not 0; integer to narrower integer wraps. Derivative: dx = dy cast back; none through an integer.
    Example: `%y = dl.cast %x : tensor<4xf32> -> tensor<4xbf16>`. Source: ONNX Cast.
  }];
  let arguments = (ins Dl_Tensor:$x);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Dl_ConstantOp : Dl_PointwiseOp<"constant", [{e.cst(::mlir::getElementTypeOrSelf(getY().getType()), getValue().convertToDouble())}],
    0, [ConstantLike]> {
  let summary = "every element is one number";
  let description = [{
    Shapes: any. Semantics: y[i] = value, an f64, rounded once to the element type; an integer type holds it exactly, and it is
    below 2^53, so that what is written is what is meant. Derivative: none.
    Example: `%y = dl.constant 0.5 : tensor<4x5xf32>`. Source: ONNX ConstantOfShape.
  }];
  let arguments = (ins F64Attr:$value);
  let results = (outs Dl_Tensor:$y);
  let assemblyFormat = "$value attr-dict `:` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
#endif
