// Positional ops: elements from their index alone, and random numbers, which are a function of key, stream and index.
#ifndef DLC_DIALECTS_DL_OPS_RANDOM_TD
#define DLC_DIALECTS_DL_OPS_RANDOM_TD
include "dialects/dl/Dl.td"

def Dl_IotaOp : Dl_Op<"iota", [DeclareOpInterfaceMethods<Dl_Positional>]> {
  let summary = "every element is its index along an axis";
  let description = [{
    Shapes: y any, axis below its rank; an integer type holds every index. Semantics: y[j] = j[axis], rounded to the element type.
    Derivative: none.
    Example: `%y = dl.iota axis 1 : tensor<4x5xi64>`. Source: StableHLO iota.
  }];
  let arguments = (ins I64Attr:$axis);
  let results = (outs Dl_NumberTensor:$y);
  let assemblyFormat = "`axis` $axis attr-dict `:` type($y)";
  let hasVerifier = 1;
}
def Dl_ExtentOp : Dl_Op<"extent", [DeclareOpInterfaceMethods<Dl_Positional>]> {
  let summary = "a product of extents as a number";
  let description = [{
    Shapes: y of rank 0. Semantics: the product of the extents as they are at run, rounded to the element type: what a mean
    over a symbolic dimension divides by. Derivative: none. Example: `%n = dl.extent <B, 28> : tensor<f32>`.
    Source: ONNX Size.
  }];
  let arguments = (ins Dl_DimsAttr:$extents);
  let results = (outs Dl_TensorOf<[F32, F64, BF16, I64]>:$y);
  let assemblyFormat = "$extents attr-dict `:` type($y)";
  let hasVerifier = 1;
  let hasFolder = 1;
}
def Dl_Key : Type<CPred<"$_self == ::mlir::RankedTensorType::get({}, ::mlir::IntegerType::get($_self.getContext(), 64))">, "tensor<i64>",
                  "::mlir::RankedTensorType">, BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;
class Dl_RandomOp<string m, list<Trait> traits> : Dl_Op<m, traits> {
  let arguments = (ins Dl_Key:$key, I64Attr:$stream);
  let results = (outs Dl_TensorOf<[F32]>:$y);
  let assemblyFormat = "$key `stream` $stream attr-dict `:` type($y)";
  let hasVerifier = 1;
}
def Dl_RandomUniformOp : Dl_RandomOp<"random_uniform", [DeclareOpInterfaceMethods<Dl_Positional>]> {
  let summary = "uniform random numbers in [0, 1)";
  let description = [{
    Shapes: key tensor<i64>, y any, f32. Semantics: the element whose row-major number is i is (w >> 8) 2^-24, where w is word
    i mod 4 of Philox 4x32-10 of the counter (i / 4, stream) and the key, low words first; stream is 0 or more. So the bits
    depend on key, stream and i alone. Derivative: none. Example: `%u = dl.random_uniform %key stream 3 : tensor<4x5xf32>`.
    Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011.
  }];
}
def Dl_RandomNormalOp : Dl_RandomOp<"random_normal", [DeclareOpInterfaceMethods<Dl_Decomposable>]> {
  let summary = "random numbers of the standard normal distribution";
  let description = [{
    Shapes: key tensor<i64>, y any, f32. Semantics: sqrt(-2 log(1 - u)) cos(2 pi v), u and v uniform from the streams
    stream + 2^61 and stream + 2^62, so stream is 0 or more and below 2^61. Derivative: none.
    Example: `%n = dl.random_normal %key stream 3 : tensor<4x5xf32>`. Source: Box and Muller, 1958.
  }];
}
#endif
