// Windows, normalisation and losses: derivatives of first and second order against central differences in f64.
#include "test/unit/Derivatives.h"
#include <gtest/gtest.h>

using namespace dlc::test;
namespace {
class WindowDerivatives : public testing::TestWithParam<Case> {};
TEST_P(WindowDerivatives, AreThoseOfDifferences) { checkDerivatives(GetParam()); }

const Case cases[] = {
    {"conv2d", "dl.conv2d %a, %b : tensor<2x4x3x2xf64>, tensor<2x2x2x3xf64>", {{"tensor<2x4x3x2xf64>"}, {"tensor<2x2x2x3xf64>"}}},
    {"conv2d_strided", "dl.conv2d %a, %b strides [2, 3] padding [1, 0, 2, 1] : tensor<1x4x5x1xf64>, tensor<3x2x1x2xf64>",
     {{"tensor<1x4x5x1xf64>"}, {"tensor<3x2x1x2xf64>"}}, 3},
    {"conv2d_dilated", "dl.conv2d %a, %b strides [2, 1] padding [1, 1, 1, 2] dilation [2, 3] groups 2 : tensor<1x5x4x2xf64>, tensor<2x2x1x4xf64>",
     {{"tensor<1x5x4x2xf64>"}, {"tensor<2x2x1x4xf64>"}}},
    {"conv2d_symbolic", "dl.conv2d %a, %b padding [1, 1, 1, 1] : tensor<?x?x4x1xf64, #dl.dims<B, H, 4, 1>>, tensor<3x3x1x1xf64>",
     {{"tensor<?x?x4x1xf64, #dl.dims<B, H, 4, 1>>"}, {"tensor<3x3x1x1xf64>"}}},
    {"max_pool2d", "%y, %i = dl.max_pool2d %a kernel [2, 2] strides [2, 2] : tensor<1x4x5x2xf64>", {{"tensor<1x4x5x2xf64>"}}},
    {"max_pool2d_overlapping", "%y, %i = dl.max_pool2d %a kernel [3, 2] strides [2, 1] padding [1, 1, 1, 0] : tensor<1x4x4x1xf64>",
     {{"tensor<1x4x4x1xf64>"}}},
    {"max_pool2d_dilated", "%y, %i = dl.max_pool2d %a kernel [2, 2] strides [2, 1] padding [1, 0, 0, 1] dilation [3, 2] : tensor<1x5x4x1xf64>",
     {{"tensor<1x5x4x1xf64>"}}},
    {"max_pool2d_symbolic", "%y, %i = dl.max_pool2d %a kernel [2, 2] strides [2, 2] : tensor<1x?x4x1xf64, #dl.dims<1, H, 4, 1>>",
     {{"tensor<1x?x4x1xf64, #dl.dims<1, H, 4, 1>>"}}},
    {"sum_pool2d", "dl.sum_pool2d %a kernel [2, 3] strides [1, 2] padding [0, 1, 1, 2] : tensor<1x3x4x2xf64>", {{"tensor<1x3x4x2xf64>"}}},
    {"avg_pool2d", "dl.avg_pool2d %a kernel [2, 3] strides [1, 2] padding [0, 1, 1, 2] : tensor<1x3x4x2xf64>", {{"tensor<1x3x4x2xf64>"}}},
    {"avg_pool2d_taps", "dl.avg_pool2d %a kernel [2, 3] strides [1, 2] padding [0, 1, 1, 2] count_include_pad : tensor<1x3x4x2xf64>",
     {{"tensor<1x3x4x2xf64>"}}},

    {"softmax", "dl.softmax %a axis 1 : tensor<3x4xf64>", {{"tensor<3x4xf64>"}}},
    {"softmax_first", "dl.softmax %a axis 0 : tensor<?x2xf64, #dl.dims<B, 2>>", {{"tensor<?x2xf64, #dl.dims<B, 2>>"}}},
    {"log_softmax", "dl.log_softmax %a axis 1 : tensor<3x4xf64>", {{"tensor<3x4xf64>"}}},
    {"batch_norm", "dl.batch_norm %a, %b, %c, %d, %e : tensor<4x2xf64>, tensor<2xf64>",
     {{"tensor<4x2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}, {"tensor<2xf64>", 0.5, 2}}},
    {"batch_norm_train", "%y:3 = dl.batch_norm_train %a, %b, %c {epsilon = 0.1} : tensor<2x?x2xf64, #dl.dims<2, W, 2>>, tensor<2xf64>",
     {{"tensor<2x?x2xf64, #dl.dims<2, W, 2>>"}, {"tensor<2xf64>"}, {"tensor<2xf64>"}}},
    {"layer_norm", "dl.layer_norm %a, %b, %c {epsilon = 0.1} : tensor<2x4xf64>, tensor<4xf64>",
     {{"tensor<2x4xf64>"}, {"tensor<4xf64>"}, {"tensor<4xf64>"}}},
    {"dropout", "dl.dropout %a rate 0.5 : tensor<3xf64>", {{"tensor<3xf64>"}}},

    {"sparse_of_logits", "dl.sparse_categorical_cross_entropy %a, %b {from_logits} : tensor<6x3xf64>, tensor<6xi32>",
     {{"tensor<6x3xf64>"}, {"tensor<6xi32>", -1, 4}}},
    {"sparse_of_probabilities", "dl.sparse_categorical_cross_entropy %a, %b : tensor<6x3xf64>, tensor<6xi8>",
     {{"tensor<6x3xf64>", 0.2, 0.9}, {"tensor<6xi8>", -1, 4}}},
    {"sparse_of_sequences", "dl.sparse_categorical_cross_entropy %a, %b {from_logits} : tensor<?x2x3xf64, #dl.dims<B, 2, 3>>, tensor<?x2xi64, #dl.dims<B, 2>>",
     {{"tensor<?x2x3xf64, #dl.dims<B, 2, 3>>"}, {"tensor<?x2xi64, #dl.dims<B, 2>>", 0, 3}}},
    {"categorical_of_logits", "dl.categorical_cross_entropy %a, %b {from_logits} : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>"}, {"tensor<3x4xf64>", 0, 1}}},
    {"categorical_of_probabilities", "dl.categorical_cross_entropy %a, %b : tensor<3x4xf64>, tensor<3x4xf64>",
     {{"tensor<3x4xf64>", 0.2, 0.9}, {"tensor<3x4xf64>", 0, 1}}},
    {"binary_of_logits", "dl.binary_cross_entropy %a, %b {from_logits} : tensor<6xf64>, tensor<6xf64>", {{"tensor<6xf64>"}, {"tensor<6xf64>", 0, 1}}},
    {"binary_of_probabilities", "dl.binary_cross_entropy %a, %b : tensor<6xf64>, tensor<6xf64>",
     {{"tensor<6xf64>", 0.2, 0.8}, {"tensor<6xf64>", 0, 1}}},
    {"mse", "dl.mse %a, %b : tensor<3x2xf64>, tensor<3x2xf64>", {{"tensor<3x2xf64>"}, {"tensor<3x2xf64>"}}},
    {"mse_half", "dl.mse %a, %b {half} : tensor<?x2xf64, #dl.dims<B, 2>>, tensor<?x2xf64, #dl.dims<B, 2>>",
     {{"tensor<?x2xf64, #dl.dims<B, 2>>"}, {"tensor<?x2xf64, #dl.dims<B, 2>>"}}},
    {"mae", "dl.mae %a, %b : tensor<3x2xf64>, tensor<3x2xf64>", {{"tensor<3x2xf64>"}, {"tensor<3x2xf64>"}}},
};
INSTANTIATE_TEST_SUITE_P(Op, WindowDerivatives, testing::ValuesIn(cases), [](const auto &info) { return std::string(info.param.name); });
} // namespace
