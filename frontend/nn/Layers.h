// Layers: what people call a layer as a few nodes of a Graph. Activations are NHWC, convolution weights [r, s, in, out], dense
// weights [in, out]; parameters are called "<layer>.weight", "<layer>.bias", ... A layer whose input could not be typed is
// passed over; the error is the Graph's.
#pragma once
#include "frontend/Graph.h"

namespace dlc::frontend::nn {

inline constexpr Init xavier{dl::InitKind::xavier_uniform, 1.0}, he{dl::InitKind::he_uniform, 1.0}, zeros{dl::InitKind::constant, 0.0},
    ones{dl::InitKind::constant, 1.0};

/// x + b along the last dimension of x.
Value bias(Graph &g, llvm::StringRef name, Value x, Init init = zeros);
/// [.., in] -> [.., units].
Value dense(Graph &g, llvm::StringRef name, Value x, int64_t units, Init init = xavier);

/// As dense, its weight [units, in], as torch.nn.Linear keeps it.
Value linear(Graph &g, llvm::StringRef name, Value x, int64_t units, Init init = xavier);
/// The parameter "<name>.weight" [rows, width]; what it has at `indices` [..]: [.., width].
Value embedding(Graph &g, llvm::StringRef name, int64_t rows, int64_t width, mlir::Type element, Init init);
Value lookUp(Graph &g, llvm::StringRef name, Value weight, Value indices);

struct Window {
  llvm::SmallVector<int64_t, 2> kernel, strides{1, 1}, dilation{1, 1};
  llvm::SmallVector<int64_t, 4> padding{0, 0, 0, 0}; ///< top, left, bottom, right

  /// A square of an odd extent, whose centre passes over every stride-th pixel of the image.
  static Window centred(int64_t extent, int64_t stride = 1) {
    const int64_t p = extent / 2;
    return {.kernel = {extent, extent}, .strides = {stride, stride}, .padding = {p, p, p, p}};
  }
};
/// [n, h, w, in] -> [n, h', w', filters].
Value conv2d(Graph &g, llvm::StringRef name, Value x, int64_t filters, const Window &window, int64_t groups = 1, bool withBias = true,
             Init init = xavier);
Value maxPool(Graph &g, llvm::StringRef name, Value x, const Window &window);
Value avgPool(Graph &g, llvm::StringRef name, Value x, const Window &window, bool countPadding = false);
/// [n, h, w, c] -> [n, c], the mean of each channel.
Value globalAveragePool(Graph &g, llvm::StringRef name, Value x);
/// Over the last dimension; running statistics are "<name>.running_mean" and "<name>.running_var".
Value batchNorm(Graph &g, llvm::StringRef name, Value x, double epsilon = 1e-5, double momentum = 0.1);
/// A convolution without bias, initialised as `he`, then batch norm: two layers of their own names.
Value convNorm(Graph &g, llvm::StringRef conv, llvm::StringRef norm, Value x, int64_t filters, const Window &window, int64_t groups = 1,
               double epsilon = 1e-5);
/// Over the last dimension; parameters "<name>.gamma" and "<name>.beta", unless called otherwise.
Value layerNorm(Graph &g, llvm::StringRef name, Value x, double epsilon = 1e-5, llvm::StringRef gamma = "gamma",
                llvm::StringRef beta = "beta");
/// The identity in inference.
Value dropout(Graph &g, llvm::StringRef name, Value x, double rate);
/// In training, adds a penalty on units of x [batch..., units] that are active more often than `target`.
Value klSparsity(Graph &g, llvm::StringRef name, Value x, double target, double weight);
/// [n, ...] -> [n, product of the rest], which must be constant.
Value flatten(Graph &g, llvm::StringRef name, Value x);
Value reshape(Graph &g, llvm::StringRef name, Value x, llvm::ArrayRef<mlir::AffineExpr> shape);
Value transpose(Graph &g, llvm::StringRef name, Value x, llvm::ArrayRef<int64_t> permutation);

Value mean(Graph &g, llvm::StringRef name, Value x, llvm::ArrayRef<int64_t> dims);
Value slice(Graph &g, llvm::StringRef name, Value x, llvm::ArrayRef<mlir::AffineExpr> offsets, llvm::ArrayRef<mlir::AffineExpr> sizes);
/// [t, ...] -> [...]: x[i].
Value step(Graph &g, llvm::StringRef name, Value x, int64_t i);
Value add(Graph &g, llvm::StringRef name, Value x, Value y);
Value concat(Graph &g, llvm::StringRef name, llvm::ArrayRef<Value> xs, int64_t axis);
Value relu(Graph &g, llvm::StringRef name, Value x);
/// The lesser of relu(x) and 6.
Value relu6(Graph &g, llvm::StringRef name, Value x);
/// x times the normal distribution function of x; with a formula in tanh for that.
Value gelu(Graph &g, llvm::StringRef name, Value x);
Value geluTanh(Graph &g, llvm::StringRef name, Value x);
Value tanh(Graph &g, llvm::StringRef name, Value x);
Value sigmoid(Graph &g, llvm::StringRef name, Value x);
/// Over the last dimension.
Value softmax(Graph &g, llvm::StringRef name, Value x);

/// h[t] = tanh(x[t] Wx + h[t-1] Wh + b) from h = 0 over x [t, n, in]; the last h [n, units].
Value recurrent(Graph &g, llvm::StringRef name, Value x, int64_t units, Init init = xavier);
/// All h [t, n, units] from h = c = 0 over x [t, n, in]: with the gates i, f, g, o = x[t] Wx + h[t-1] Wh + b, in this order along
/// Wx [in, 4 units], Wh and b: c[t] = sigmoid(f) c[t-1] + sigmoid(i) tanh(g), h[t] = sigmoid(o) tanh(c[t]).
Value lstm(Graph &g, llvm::StringRef name, Value x, int64_t units, Init init = xavier);
/// What a query may look at: an i1 tensor whose dimension i is dimension dims[i] of [n, heads, s, t]. Empty: everything.
struct Visible {
  Value value = {};
  llvm::SmallVector<int64_t> dims = {};
};
/// [n, s, heads width] -> [n, heads, s, width], and back.
Value splitHeads(Graph &g, llvm::StringRef name, Value x, int64_t heads);
Value joinHeads(Graph &g, llvm::StringRef name, Value x);
/// softmax(q k^T / sqrt(width)) v of q [n, heads, s, width], k and v [n, heads, t, width].
Value attend(Graph &g, llvm::StringRef name, Value q, Value k, Value v, const Visible &visible = {});
/// Self-attention over x [n, s, d]: softmax(q k^T / sqrt(d / heads)) v for each head, by dense layers "<name>.query", ".key", ".value",
/// and one more, ".out". `heads` divides d.
Value attention(Graph &g, llvm::StringRef name, Value x, int64_t heads);

} // namespace dlc::frontend::nn
