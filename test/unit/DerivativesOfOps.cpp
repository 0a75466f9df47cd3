// Every op with a derivative, a line each: first and second order against central differences in f64.
#include "test/unit/Derivatives.h"
#include <gtest/gtest.h>

using namespace dlc::test;
namespace {
class Derivatives : public testing::TestWithParam<Case> {};
TEST_P(Derivatives, AreThoseOfDifferences) { checkDerivatives(GetParam()); }

const Case cases[] = {
    {"add", "dl.add %a, %b : tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"sub", "dl.sub %a, %b : tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"mul", "dl.mul %a, %b : tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"square", "dl.mul %a, %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"div", "dl.div %a, %b : tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>", 0.5, 2}}},
    {"maximum", "dl.maximum %a, %b : tensor<9xf64>", {{"tensor<9xf64>"}, {"tensor<9xf64>"}}},
    {"minimum", "dl.minimum %a, %b : tensor<9xf64>", {{"tensor<9xf64>"}, {"tensor<9xf64>"}}},
    {"exp", "dl.exp %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"relu", "dl.relu %a : tensor<9xf64>", {{"tensor<9xf64>"}}},
    {"sum", "dl.sum %a dims [0, 2] : tensor<2x3x2xf64>", {{"tensor<2x3x2xf64>"}}},
    {"fma", "dl.fma %a, %b, %c : tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"sum_products", "dl.sum_products %a, %b dims [0, 2] : tensor<2x3x2xf64>", {{"tensor<2x3x2xf64>"}, {"tensor<2x3x2xf64>"}}},
    {"max", "dl.max %a dims [1] : tensor<3x4xf64>", {{"tensor<3x4xf64>"}}},
    {"broadcast", "dl.broadcast %a dims [1] : tensor<3xf64> -> tensor<2x3x2xf64>", {{"tensor<3xf64>"}}},
    {"reshape", "dl.reshape %a : tensor<2x6xf64> -> tensor<3x4xf64>", {{"tensor<2x6xf64>"}}},
    {"matmul", "dl.matmul %a, %b : tensor<2x3xf64>, tensor<3x4xf64>", {{"tensor<2x3xf64>"}, {"tensor<3x4xf64>"}}},
    {"matmul_tn", "dl.matmul %a transposed, %b : tensor<3x2xf64>, tensor<3x4xf64>", {{"tensor<3x2xf64>"}, {"tensor<3x4xf64>"}}},
    {"matmul_nt", "dl.matmul %a, %b transposed : tensor<2x3xf64>, tensor<4x3xf64>", {{"tensor<2x3xf64>"}, {"tensor<4x3xf64>"}}},
    {"matmul_tt", "dl.matmul %a transposed, %b transposed : tensor<3x2xf64>, tensor<4x3xf64>", {{"tensor<3x2xf64>"}, {"tensor<4x3xf64>"}}},
    {"matmul_batched", "dl.matmul %a, %b : tensor<2x2x3xf64>, tensor<2x3x4xf64>", {{"tensor<2x2x3xf64>"}, {"tensor<2x3x4xf64>"}}},
    {"matmul_shared", "dl.matmul %a, %b : tensor<2x2x3xf64>, tensor<3x4xf64>", {{"tensor<2x2x3xf64>"}, {"tensor<3x4xf64>"}}},
    {"matmul_shared_tt",
     "dl.matmul %a transposed, %b transposed : tensor<2x3x2xf64>, tensor<4x3xf64>",
     {{"tensor<2x3x2xf64>"}, {"tensor<4x3xf64>"}}},
    {"matmul_grouped", "dl.matmul %a, %b : tensor<2x2x2x3xf64>, tensor<2x1x3x2xf64>", {{"tensor<2x2x2x3xf64>"}, {"tensor<2x1x3x2xf64>"}}},
    {"matmul_grouped_tt",
     "dl.matmul %a transposed, %b transposed : tensor<2x2x3x2xf64>, tensor<1x2x2x3xf64>",
     {{"tensor<2x2x3x2xf64>"}, {"tensor<1x2x2x3xf64>"}}},
    {"attention",
     "dl.attention %a, %b, %c : tensor<1x2x2x2xf64>, tensor<1x2x3x2xf64>, tensor<1x2x3x1xf64>",
     {{"tensor<1x2x2x2xf64>"}, {"tensor<1x2x3x2xf64>"}, {"tensor<1x2x3x1xf64>"}}},
    {"attention_grouped",
     "dl.attention %a, %b, %c causal scale 0.7 : tensor<1x2x2x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x1xf64>",
     {{"tensor<1x2x2x2xf64>"}, {"tensor<1x1x3x2xf64>"}, {"tensor<1x1x3x1xf64>"}}},
    {"neg", "dl.neg %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"abs", "dl.abs %a : tensor<9xf64>", {{"tensor<9xf64>"}}},
    {"log", "dl.log %a : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}}},
    {"sqrt", "dl.sqrt %a : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}}},
    {"rsqrt", "dl.rsqrt %a : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}}},
    {"sin", "dl.sin %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"cos", "dl.cos %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"tanh", "dl.tanh %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"erf", "dl.erf %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"sigmoid", "dl.sigmoid %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"exp2", "dl.exp2 %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"expm1", "dl.expm1 %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"log2", "dl.log2 %a : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}}},
    {"log1p", "dl.log1p %a : tensor<3xf64>", {{"tensor<3xf64>", -0.5, 2}}},
    {"cbrt", "dl.cbrt %a : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}}},
    {"tan", "dl.tan %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"atan", "dl.atan %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"sinh", "dl.sinh %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"cosh", "dl.cosh %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"asinh", "dl.asinh %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"erfc", "dl.erfc %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"softplus", "dl.softplus %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"silu", "dl.silu %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"softsign", "dl.softsign %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"asin", "dl.asin %a : tensor<3xf64>", {{"tensor<3xf64>", -0.7, 0.7}}},
    {"acos", "dl.acos %a : tensor<3xf64>", {{"tensor<3xf64>", -0.7, 0.7}}},
    {"atanh", "dl.atanh %a : tensor<3xf64>", {{"tensor<3xf64>", -0.7, 0.7}}},
    {"acosh", "dl.acosh %a : tensor<3xf64>", {{"tensor<3xf64>", 1.5, 3}}},
    {"lgamma", "dl.lgamma %a : tensor<3xf64>", {{"tensor<3xf64>", 0.2, 4}}},
    {"digamma", "dl.digamma %a : tensor<3xf64>", {{"tensor<3xf64>", 0.2, 4}}},
    {"lgamma_reflected", "dl.lgamma %a : tensor<3xf64>", {{"tensor<3xf64>", -1.8, -1.2}}},
    {"digamma_reflected", "dl.digamma %a : tensor<3xf64>", {{"tensor<3xf64>", -0.8, -0.2}}},
    {"pow", "dl.pow %a, %b : tensor<3xf64>", {{"tensor<3xf64>", 0.5, 2}, {"tensor<3xf64>"}}},
    {"leaky_relu", "dl.leaky_relu %a alpha 0.1 : tensor<9xf64>", {{"tensor<9xf64>"}}},
    {"gelu", "dl.gelu %a : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"gelu_tanh", "dl.gelu %a approximate tanh : tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"select", "dl.select %a, %b, %c : tensor<9xf64>", {{"tensor<9xi1>", 0, 2}, {"tensor<9xf64>"}, {"tensor<9xf64>"}}},
    {"cast", "dl.cast %a : tensor<3xf64> -> tensor<3xf64>", {{"tensor<3xf64>"}}},
    {"mean", "dl.mean %a dims [0, 2] : tensor<2x3x2xf64>", {{"tensor<2x3x2xf64>"}}},
    {"min", "dl.min %a dims [1] : tensor<3x4xf64>", {{"tensor<3x4xf64>"}}},
    {"scan",
     R"(%y:2 = dl.scan <4> carry(%a) inputs(%b) captures(%c) {
      ^bb0(%h: tensor<3xf64>, %x: tensor<3xf64>, %w: tensor<3x3xf64>):
        %r = dl.reshape %h : tensor<3xf64> -> tensor<1x3xf64>
        %m = dl.matmul %r, %w : tensor<1x3xf64>, tensor<3x3xf64>
        %v = dl.reshape %m : tensor<1x3xf64> -> tensor<3xf64>
        %s = dl.add %v, %x : tensor<3xf64>
        %n = dl.tanh %s : tensor<3xf64>
        %o = dl.mul %n, %x : tensor<3xf64>
        dl.yield %n, %o : tensor<3xf64>, tensor<3xf64>
      } : (tensor<3xf64>, tensor<4x3xf64>, tensor<3x3xf64>) -> (tensor<3xf64>, tensor<4x3xf64>))",
     {{"tensor<3xf64>"}, {"tensor<4x3xf64>"}, {"tensor<3x3xf64>"}}},
    {"scan_reverse",
     R"(%y:2 = dl.scan <3> reverse carry(%a) inputs(%b) {
      ^bb0(%h: tensor<2xf64>, %x: tensor<2xf64>):
        %n = dl.mul %h, %x : tensor<2xf64>
        dl.yield %n, %h : tensor<2xf64>, tensor<2xf64>
      } : (tensor<2xf64>, tensor<3x2xf64>) -> (tensor<2xf64>, tensor<3x2xf64>))",
     {{"tensor<2xf64>"}, {"tensor<3x2xf64>"}},
     3},
    {"scan_map",
     R"(dl.scan <3> inputs(%a) {
      ^bb0(%x: tensor<2xf64>):
        %n = dl.sin %x : tensor<2xf64>
        dl.yield %n : tensor<2xf64>
      } : (tensor<3x2xf64>) -> tensor<3x2xf64>)",
     {{"tensor<3x2xf64>"}}},
    {"scan_nested",
     R"(dl.scan <2> carry(%a) captures(%b) {
      ^bb0(%h: tensor<2xf64>, %w: tensor<3x2xf64>):
        %n = dl.scan <3> carry(%h) inputs(%w) {
        ^bb1(%g: tensor<2xf64>, %x: tensor<2xf64>):
          %p = dl.mul %g, %x : tensor<2xf64>
          %q = dl.sin %p : tensor<2xf64>
          dl.yield %q : tensor<2xf64>
        } : (tensor<2xf64>, tensor<3x2xf64>) -> tensor<2xf64>
        dl.yield %n : tensor<2xf64>
      } : (tensor<2xf64>, tensor<3x2xf64>) -> tensor<2xf64>)",
     {{"tensor<2xf64>"}, {"tensor<3x2xf64>"}}},
    {"scan_symbolic",
     R"(dl.scan <T> carry(%a) inputs(%b) {
      ^bb0(%h: tensor<2xf64>, %x: tensor<2xf64>):
        %n = dl.mul %h, %x : tensor<2xf64>
        dl.yield %n : tensor<2xf64>
      } : (tensor<2xf64>, tensor<?x2xf64, #dl.dims<T, 2>>) -> tensor<2xf64>)",
     {{"tensor<2xf64>"}, {"tensor<?x2xf64, #dl.dims<T, 2>>"}}},
    {"transpose", "dl.transpose %a permutation [2, 0, 1] : tensor<2x3x4xf64>", {{"tensor<2x3x4xf64>"}}},
    {"conv2d",
     "dl.conv2d %a, %b strides [2, 1] padding [1, 0, 1, 2] dilation [1, 2] groups 2 : tensor<2x5x4x4xf64>, tensor<3x2x2x2xf64>",
     {{"tensor<2x5x4x4xf64>"}, {"tensor<3x2x2x2xf64>"}}},
    {"softmax", "dl.softmax %a axis 1 : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}},
    {"log_softmax", "dl.log_softmax %a axis 1 : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}},
    {"sparse_cross_entropy",
     "dl.sparse_categorical_cross_entropy %a, %b : tensor<3x4xf64>, tensor<3xi32>",
     {{"tensor<3x4xf64>", 0.1, 0.9}, {"tensor<3xi32>", 0, 4}}},
    {"sparse_cross_entropy_logits",
     "dl.sparse_categorical_cross_entropy %a, %b {from_logits} : tensor<3x4xf64>, tensor<3xi32>",
     {{"tensor<3x4xf64>"}, {"tensor<3xi32>", 0, 4}}},
    {"sparse_cross_entropy_counted",
     "dl.sparse_categorical_cross_entropy %a, %b {from_logits, mean_over_counted} : tensor<5x4xf64>, tensor<5xi32>",
     {{"tensor<5x4xf64>"}, {"tensor<5xi32>", -4, 4}}},
    {"cross_entropy",
     "dl.categorical_cross_entropy %a, %b : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>", 0.1, 0.9}, {"tensor<3x4xf64>", 0, 1}}},
    {"cross_entropy_logits",
     "dl.categorical_cross_entropy %a, %b {from_logits} : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>"}, {"tensor<3x4xf64>", 0, 1}}},
    {"binary_cross_entropy",
     "dl.binary_cross_entropy %a, %b : tensor<3xf64>, tensor<3xf64>",
     {{"tensor<3xf64>", 0.1, 0.9}, {"tensor<3xf64>", 0, 1}}},
    {"binary_cross_entropy_logits",
     "dl.binary_cross_entropy %a, %b {from_logits} : tensor<3xf64>, tensor<3xf64>",
     {{"tensor<3xf64>"}, {"tensor<3xf64>", 0, 1}}},
    {"mse", "dl.mse %a, %b : tensor<3xf64>, tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"mse_half", "dl.mse %a, %b {half} : tensor<3xf64>, tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"sparse_cross_entropy_smooth",
     "dl.sparse_categorical_cross_entropy %a, %b {label_smoothing = 0.25} : tensor<3x4xf64>, tensor<3xi32>",
     {{"tensor<3x4xf64>", 0.1, 0.9}, {"tensor<3xi32>", 0, 4}}},
    {"sparse_cross_entropy_smooth_logits",
     "dl.sparse_categorical_cross_entropy %a, %b {from_logits, label_smoothing = 0.25, ignore_index = 1} : tensor<5x4xf64>, tensor<5xi32>",
     {{"tensor<5x4xf64>"}, {"tensor<5xi32>", 0, 4}}},
    {"cross_entropy_smooth",
     "dl.categorical_cross_entropy %a, %b {from_logits, label_smoothing = 0.25} : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>"}, {"tensor<3x4xf64>", 0, 1}}},
    {"kl_divergence",
     "dl.kl_divergence %a, %b : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>", 0.1, 0.9}, {"tensor<3x4xf64>", 0.1, 0.9}}},
    {"kl_divergence_logits",
     "dl.kl_divergence %a, %b {from_logits} : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>"}, {"tensor<3x4xf64>", 0.1, 0.9}}},
    {"nll", "dl.nll %a, %b {mean_over_counted} : tensor<5x4xf64>, tensor<5xi32>", {{"tensor<5x4xf64>"}, {"tensor<5xi32>", -4, 4}}},
    {"multi_margin",
     "dl.multi_margin %a, %b {margin = 0.5} : tensor<5x4xf64>, tensor<5xi32>",
     {{"tensor<5x4xf64>"}, {"tensor<5xi32>", -1, 4}}},
    {"huber", "dl.huber %a, %b {delta = 0.25} : tensor<8xf64>, tensor<8xf64>", {{"tensor<8xf64>"}, {"tensor<8xf64>"}}},
    {"hinge", "dl.hinge %a, %b : tensor<8xf64>, tensor<8xf64>", {{"tensor<8xf64>"}, {"tensor<8xf64>", -2, 2}}},
    {"kl_sparsity", "dl.kl_sparsity %a target 0.05 weight 3.0 : tensor<3x4xf64>", {{"tensor<3x4xf64>"}}},
    {"mae", "dl.mae %a, %b : tensor<3xf64>, tensor<3xf64>", {{"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"slice", "dl.slice %a offsets <0, 1> sizes <3, 2> strides [1, 2] : tensor<3x5xf64>", {{"tensor<3x5xf64>"}}},
    {"pad", "dl.pad %a low <0, 1> high <0, 2> interior [0, 1] value 0.0 : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}},
    {"concat", "dl.concat %a, %b axis 0 : tensor<2x3xf64>, tensor<1x3xf64>", {{"tensor<2x3xf64>"}, {"tensor<1x3xf64>"}}},
    {"update_slice",
     "dl.update_slice %a, %b offsets <1, 1> : tensor<3x5xf64>, tensor<2x3xf64>",
     {{"tensor<3x5xf64>"}, {"tensor<2x3xf64>"}}},
    {"gather", "dl.gather %a, %b axis 0 outside 2.0 : tensor<4x2xf64>, tensor<2x3xi64>", {{"tensor<4x2xf64>"}, {"tensor<2x3xi64>", -1, 6}}},
    {"gather_batch",
     "dl.gather %a, %b axis 2 batch 1 : tensor<2x2x3x2xf64>, tensor<2x4xi32>",
     {{"tensor<2x2x3x2xf64>"}, {"tensor<2x4xi32>", 0, 3}}},
    {"scatter_sum",
     "dl.scatter_sum %a, %b axis 1 : tensor<2x5x3xf64>, tensor<5xi8> -> tensor<2x4x3xf64>",
     {{"tensor<2x5x3xf64>"}, {"tensor<5xi8>", -1, 6}}},
    {"reverse", "dl.reverse %a dims [1] : tensor<2x3xf64>", {{"tensor<2x3xf64>"}}},
    {"max_pool2d",
     "%y:2 = dl.max_pool2d %a kernel [2, 3] strides [1, 2] padding [1, 0, 0, 1] : tensor<1x4x5x2xf64>",
     {{"tensor<1x4x5x2xf64>"}}},
    {"sum_pool2d", "dl.sum_pool2d %a kernel [2, 3] strides [1, 2] padding [1, 0, 0, 1] : tensor<1x4x5x2xf64>", {{"tensor<1x4x5x2xf64>"}}},
    {"avg_pool2d", "dl.avg_pool2d %a kernel [2, 3] strides [1, 2] padding [1, 0, 0, 1] : tensor<1x4x5x2xf64>", {{"tensor<1x4x5x2xf64>"}}},
    {"batch_norm",
     "dl.batch_norm %a, %b, %c, %d, %e : tensor<4x3xf64>, tensor<3xf64>",
     {{"tensor<4x3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>", 0.5, 2}}},
    {"batch_norm_train",
     "%y:3 = dl.batch_norm_train %a, %b, %c : tensor<4x3xf64>, tensor<3xf64>",
     {{"tensor<4x3xf64>"}, {"tensor<3xf64>"}, {"tensor<3xf64>"}}},
    {"layer_norm",
     "dl.layer_norm %a, %b, %c : tensor<2x4xf64>, tensor<4xf64>",
     {{"tensor<2x4xf64>"}, {"tensor<4xf64>"}, {"tensor<4xf64>"}}},
};
INSTANTIATE_TEST_SUITE_P(Op, Derivatives, testing::ValuesIn(cases), [](const auto &info) { return std::string(info.param.name); });
} // namespace
